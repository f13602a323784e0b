#pragma once
/* SPDX-License-Identifier: MIT */
/* The state directory: found, made, locked for this daemon alone, and given a name that is the data's own. */

#include <stddef.h>

struct server;
struct server_options;

/* Fills state_dir, runtime_dir, state_fd, lock_fd, store_id and state_shared of @s, and takes from others what rights
 * they have on the files in there. 0 or negative errno with a sentence in @why. */
int state_open(struct server *s, const struct server_options *o, char *why, size_t why_size);
/* Looks again who else may change or enter it. */
void state_look(struct server *s);
void state_close(struct server *s);
