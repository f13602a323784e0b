#pragma once
/* SPDX-License-Identifier: MIT */
/* HISTORY: what was said in a room. */

#include "daemon/role.h"

int chat_history(struct request *q, struct fields *f);
