#pragma once
/* SPDX-License-Identifier: MIT */
/* One file to or from a server, over a blocking connection. What files hold is in pattern.h. */

#include <stdbool.h>
#include <stdint.h>

struct target;

/* A connection that is ready for files. */
int transfer_open(const struct target *target, uint16_t port, int *ret_fd);

/* With @look every byte is compared with the pattern. Without, only the answer's head and the number of bytes count:
 * they are taken from the socket without a copy, so that the server's pace is what is measured. -EBADMSG: it is
 * wrong. */
int transfer_get(const struct target *target, int fd, const char *name, uint64_t size, bool look);

/* Sends the pattern and waits for the confirmation. */
int transfer_put(const struct target *target, int fd, const char *name, uint64_t size);

/* The file @dir/@name, seen from this side: -EBADMSG where it is not what was sent. */
int transfer_check(const char *dir, const char *name, uint64_t size);

/* Makes such a file. */
int transfer_make(const char *dir, const char *name, uint64_t size);
