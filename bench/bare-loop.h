#pragma once
/* SPDX-License-Identifier: MIT */
/* What every bare server does before it does its one thing. They are the limit: nothing is checked that need not be. */

#include <stdint.h>

/* A listener on 127.0.0.1, or negative errno. */
int bare_listen(uint16_t port);

/* A connection, not blocking, without Nagle's delay. -1: none. */
int bare_accept(int listener);

/* Accepts, and calls @serve with what has become ready and epoll's events, until the end of days or negative errno.
 * Whoever closes the fd needs to say no more; @epoll is for who waits for room. */
int bare_run(int listener, void (*serve)(int epoll, int fd, uint32_t events));
