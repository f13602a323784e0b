#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The verbs of every listener (HELLO, PING, NICK, HELP, BYE and so on), as the rows of a role that each listener
 * offers.
 */

#include "session/role.h"

extern const struct role builtin_role;
