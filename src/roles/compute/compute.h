#pragma once
/* SPDX-License-Identifier: MIT */
/* The role compute: a number in, its double out. */

#include "session/role.h"

extern const struct role compute_role;
