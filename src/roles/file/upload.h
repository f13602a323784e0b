#pragma once
/* SPDX-License-Identifier: MIT */
/* WRITE: a file that comes in pieces, and is there at once or not at all. */

#include "session/role.h"

int upload_write(struct request *q, struct fields *f);
