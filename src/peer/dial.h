#pragma once
/* SPDX-License-Identifier: MIT */
/* A connected TCP socket in time, and waiting on it. */

#include "peer/countdown.h"

/*
 * Tries the addresses of @host, both families by turns (RFC 8305): another one a little later while those before are
 * still silent, or at once where they fail; the first that is connected is taken. The fd is nonblocking, CLOEXEC and
 * TCP_NODELAY, notices within two minutes that the other side has vanished, and is the caller's. 0, -ETIMEDOUT, -EINTR,
 * what resolve_host() says, or what the last address that failed did.
 */
int dial_tcp(const char *host, const char *port, struct countdown *c, int *ret_fd);

/* Waits for @events of poll(2): 0 once there are any, -ETIMEDOUT, or -EINTR where a signal came. It looks once also
 * where nothing is left of the time. */
int dial_wait(int fd, short events, struct countdown *c, short *ret_events);
