#pragma once
/* SPDX-License-Identifier: MIT */
/* The list of all roles, and the schema of the whole configuration. */

#include "base/option.h"
#include "session/role.h"

extern const struct role *const ioed_roles[]; /* NULL-terminated */
extern const struct option_schema ioed_schema;
