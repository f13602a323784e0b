#pragma once
/* SPDX-License-Identifier: MIT */
/* HISTORY: what was said in a room. */

#include "session/role.h"

int chat_history(struct request *q, struct fields *f);
