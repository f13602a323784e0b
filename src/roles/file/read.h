#pragma once
/* SPDX-License-Identifier: MIT */
/* READ and LIST. */

#include "session/role.h"

int read_file(struct request *q, struct fields *f);
int read_list(struct request *q, struct fields *f);
