#pragma once
/* SPDX-License-Identifier: MIT */
/* Which rooms there are, and who is there. */

#include "session/role.h"

int chat_list_rooms(struct request *q, struct fields *f);
int chat_list_who(struct request *q, struct fields *f);
