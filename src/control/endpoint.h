#pragma once
/* SPDX-License-Identifier: MIT */
/* The listening UNIX socket, and its name in the file system. */

#include <stddef.h>
#include <sys/types.h>

#define ENDPOINT_PATH_MAX 107 /* bytes, of sockaddr_un without its NUL */

/* Inert with fd -1 and path NULL. */
struct endpoint {
	int fd;
	char *path;
	dev_t dev; /* of the name that was bound, so that only that one is unlinked */
	ino_t ino;
};
#define ENDPOINT_NULL { .fd = -1 }

/*
 * Binds DIR/@name, mode 0660, for @group (-1: the process's own) where that is permitted, and listens. A socket that
 * nobody listens on is replaced, nothing else ever is. 0; -EADDRINUSE where somebody listens; another negative
 * errno. @why holds a sentence on failure.
 */
int endpoint_open(const char *dir, const char *name, gid_t group, struct endpoint *ret, char *why, size_t why_size);

/* Closes, and unlinks the name if it still is the one that was bound. */
void endpoint_done(struct endpoint *e);
