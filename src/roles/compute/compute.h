#pragma once
/* SPDX-License-Identifier: MIT */
/* The role compute: replies to a number with its double. */

#include "session/role.h"

extern const struct role compute_role;
