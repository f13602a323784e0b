#pragma once
/* SPDX-License-Identifier: MIT */
/* The role relay: its verbs are known, and answer unavailable. */

#include "daemon/role.h"

extern const struct role relay_role;
