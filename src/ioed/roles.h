#pragma once
/* SPDX-License-Identifier: MIT */
/* The only list of roles, and with it the schema of the whole configuration. */

#include "base/option.h"
#include "session/role.h"

extern const struct role *const ioed_roles[]; /* NULL-terminated */
extern const struct option_schema ioed_schema;
