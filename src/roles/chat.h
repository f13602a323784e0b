#pragma once
/* SPDX-License-Identifier: MIT */
/* The role chat: its verbs are known, and answer unavailable. */

#include "daemon/role.h"

extern const struct role chat_role;
