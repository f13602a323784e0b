#pragma once
/* SPDX-License-Identifier: MIT */
/* The state directory: found, made, locked for this daemon alone, and given a name that is the data's own. */

#include <stddef.h>

struct server;
struct server_options;

/* Fills state_dir, runtime_dir, state_fd, lock_fd, store_id and state_shared of @s, and takes from others what rights
 * they have on the files in there. 0 or negative errno with a sentence in @why. */
int state_dir_open(struct server *s, const struct server_options *o, char *why, size_t why_size);
/* Looks again who else may change or enter it. */
void state_dir_check(struct server *s);
/* The same for whoever changes what lies there while no daemon runs: nothing is made but the lock, which has the owner that
 * the folder has. Fills state_dir, state_fd and lock_fd. */
int state_dir_open_stopped(struct server *s, const struct server_options *o, char *why, size_t why_size);
/* Before the reactors start: the data is not what clients know by the old one. 0 or negative errno; once it is 0 the new
 * one is on disk. */
int state_dir_renew_store_id(struct server *s);
void state_dir_close(struct server *s);
