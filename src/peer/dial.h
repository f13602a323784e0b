#pragma once
/* SPDX-License-Identifier: MIT */
/* A connected TCP socket before a deadline, and waiting on it. */

#include <stdint.h>

/*
 * Tries each address of @host in the resolver's order. The fd is nonblocking, CLOEXEC and TCP_NODELAY, the caller's.
 * 0, -ENXIO where the name has no address, -EAGAIN where it cannot be looked up now, -ETIMEDOUT, -EINTR, or what the
 * last address tried said. The resolver itself keeps its own time (resolv.conf(5)).
 */
int dial_tcp(const char *host, const char *port, uint64_t deadline_usec, int *ret_fd);

/* Waits for @events of poll(2): 0 once there are any, -ETIMEDOUT, or -EINTR where a signal came. */
int dial_wait(int fd, short events, uint64_t deadline_usec, short *ret_events);
