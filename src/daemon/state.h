#pragma once
/* SPDX-License-Identifier: MIT */
/* The state directory: found, made, locked for this daemon alone, and given a name that is the data's own. */

#include <stddef.h>

struct server;
struct server_options;

/* Fills state_dir, runtime_dir, state_fd, lock_fd and store_id of @s. 0 or negative errno with a sentence in @why. */
int state_open(struct server *s, const struct server_options *o, char *why, size_t why_size);
void state_close(struct server *s);
