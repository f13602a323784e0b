#pragma once
/* SPDX-License-Identifier: MIT */
/* The state directory: its path, its lock for one daemon, and the store id, a name of the data. In main's thread. */

#include <stddef.h>

struct server;
struct server_options;

/* Fills state_dir, runtime_dir, state_fd, lock_fd, store_id and state_shared of @s, which state_dir_close() frees also
 * after an error. Removes the permissions of other users on the files in it. 0 or negative errno with a sentence in
 * @why. */
int state_dir_open(struct server *s, const struct server_options *o, char *why, size_t why_size);
/* Sets state_shared anew: whether other users can enter or replace the directory. */
void state_dir_check(struct server *s);
/* The same for a program that changes the data while no daemon runs. Only the lock is made, and gets the owner of the
 * directory. Fills state_dir, state_fd and lock_fd. 0 or negative errno with a sentence in @why. */
int state_dir_open_stopped(struct server *s, const struct server_options *o, char *why, size_t why_size);
/* Before the reactors start, after the data was replaced by a copy: makes a new store id. 0: it is on disk; or negative
 * errno. */
int state_dir_renew_store_id(struct server *s);
void state_dir_close(struct server *s);
