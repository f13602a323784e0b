#pragma once
/* SPDX-License-Identifier: MIT */
/* Brings a piece of a file into memory by a worker, so that the loop can send it without waiting for the disk. */

#include "session/name.h"

struct reactor;

/* The fd is duplicated: the session may end meanwhile. Afterwards the session's conn_resident() is called, if it is
 * there. 0 or negative errno. */
int prefetch_start(struct reactor *r, struct handle session, int fd, uint64_t off, uint64_t len);
