#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The durable half of an upload: a file without a name that takes bytes, and gets its name at the end, whole and on
 * disk, or vanishes. All of this may block: workers only. No part of it knows a session.
 */

#include "roles/file/path.h"

#include <stdbool.h>
#include <stdint.h>

struct file_state;

struct publish {
	int fd;       /* the file; without a name, or in the staging folder */
	int dir_fd;   /* the folder it shall be in */
	int staging_fd; /* its staging folder: the root's, or the folder's own; -1: it was not needed so far */
	char base[PATH_ELEMENT_MAX + 1];
	char staged[32]; /* its name in the staging folder; "" while it has none */
};

#define PUBLISH_INERT                                    \
	{                                                \
		.fd = -1, .dir_fd = -1, .staging_fd = -1 \
	}

/* As things are now: the negative errno that publish_commit() would end with, or 0. */
int publish_look(const struct file_state *state, const char *path, bool overwrite);

/* 0 or negative errno; call publish_abandon() in any case. */
int publish_open(struct publish *p, const struct file_state *state, const char *path, unsigned mode);
int publish_write(struct publish *p, const void *data, size_t n, uint64_t off);

/* Puts these bytes in front of the @n that were written. */
int publish_put_in_front(struct publish *p, uint64_t n, const char *front, size_t n_front);

/*
 * Makes it visible under its name, replacing what is there at once where @overwrite, and with @sync durable: the file
 * and its folder are fsynced. After a negative errno nothing may be acknowledged; -ENOSYS: there is no /proc any more.
 */
int publish_commit(struct publish *p, const struct file_state *state, bool sync, bool overwrite);

/* Closes; what was not committed vanishes. */
void publish_abandon(struct publish *p);
