#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The durable part of an upload: a file without a name gets the bytes; at the end it gets its name, whole and on disk,
 * or it is removed. All of these calls can block: they are for workers only. They know no session.
 */

#include "roles/file/path.h"

#include <stdbool.h>
#include <stdint.h>

struct file_state;

struct publish {
	int fd;       /* the file; without a name, or in the staging folder */
	int dir_fd;   /* the folder that it will be in */
	int staging_fd; /* its staging folder: the root's, or the folder's own; -1: it was not needed so far */
	char base[PATH_ELEMENT_MAX + 1];
	char staged[32]; /* its name in the staging folder; "" while it has none */
};

#define PUBLISH_INERT                                    \
	{                                                \
		.fd = -1, .dir_fd = -1, .staging_fd = -1 \
	}

/* The result that publish_commit() would have now: 0 or negative errno. */
int publish_look(const struct file_state *state, const char *path, bool overwrite);

/* 0 or negative errno; publish_abandon() must follow, after an error, too. */
int publish_open(struct publish *p, const struct file_state *state, const char *path, unsigned mode);
int publish_write(struct publish *p, const void *data, size_t n, uint64_t off);

/* Puts these bytes in front of the @n that were written. */
int publish_put_in_front(struct publish *p, uint64_t n, const char *front, size_t n_front);

/*
 * Makes the file visible under its name. With @overwrite it replaces an old file in one step. With @sync the file and
 * its folder are fsynced. After a negative errno the upload must not be acknowledged; -ENOSYS: /proc is gone.
 */
int publish_commit(struct publish *p, const struct file_state *state, bool sync, bool overwrite);

/* Closes the file, and removes it if it was not committed. */
void publish_abandon(struct publish *p);
