#pragma once
/* SPDX-License-Identifier: MIT */
/* The listening UNIX socket, and its name in the file system. */

#include <stddef.h>
#include <sys/types.h>

#define ENDPOINT_PATH_MAX 107 /* bytes of sun_path, without its NUL */

/* Inert with fd -1 and path NULL. */
struct endpoint {
	int fd;
	char *path;
	dev_t dev; /* of the name that was bound, so that only that one is unlinked */
	ino_t ino;
};
#define ENDPOINT_NULL { .fd = -1 }

/*
 * Binds DIR/@name with mode 0660, gives it to @group (-1: the group of the process) if that is permitted, and listens.
 * It replaces a socket on which no process listens, and no other file. 0; -EADDRINUSE: a process listens; or another
 * negative errno. On failure @why has a sentence.
 */
int endpoint_open(const char *dir, const char *name, gid_t group, struct endpoint *ret, char *why, size_t why_size);

/* Closes the socket, and unlinks the name if it still is the socket that was bound. */
void endpoint_done(struct endpoint *e);
