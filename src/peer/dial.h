#pragma once
/* SPDX-License-Identifier: MIT */
/* Connects a TCP socket, and waits on it, each with a deadline. */

#include "peer/countdown.h"

/*
 * Tries the addresses of @host, both families in turn (RFC 8305): the next one begins a little later while those before
 * are silent, or at once where one fails; the first connected socket is taken. The fd is nonblocking, CLOEXEC and
 * TCP_NODELAY, detects within two minutes that the other side has vanished, and is owned by the caller. 0, -ETIMEDOUT,
 * -EINTR, an error of resolve_host(), or that of the last address that failed.
 */
int dial_tcp(const char *host, const char *port, struct countdown *c, int *ret_fd);

/* Waits for @events of poll(2): 0 once there are any, -ETIMEDOUT, or -EINTR at a signal. Checks once even where no
 * time is left. */
int dial_wait(int fd, short events, struct countdown *c, short *ret_events);
