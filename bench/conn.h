#pragma once
/* SPDX-License-Identifier: MIT */
/* Connections to a server on this machine where waiting is allowed: before the measuring begins, and in threads. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One attempt at 127.0.0.1. 0, -ECONNREFUSED where nobody listens yet, or another negative errno. */
int conn_try(uint16_t port, int *ret_fd);

/* Tries until somebody listens or CLOCK_MONOTONIC reaches @until_usec (-ETIMEDOUT). */
int conn_open(uint16_t port, uint64_t until_usec, int *ret_fd);

/* For whole files: a slow disk has to take a GiB meanwhile. */
#define CONN_FILE_SEC 120

/* How long a send or a receive on it may take: 5 s from the beginning. */
int conn_set_patience(int fd, unsigned sec);

/* Takes the greeting where there is one, asks once and checks the answer: after that the server has accepted. The fd
 * stays blocking, with the short timeout of conn_try(). 0, -EBADMSG, -EAGAIN (no answer in time), -ECONNRESET. */
int conn_check(int fd, bool greets, const char *request, const char *answer);

/* All of it. @more: something follows at once. */
int conn_send(int fd, const void *p, size_t n, bool more);

/* The bytes of @answer (TARGET_ANY for any one), and not one behind them that has come already; with @more what is
 * behind them is left where it is. 0, -EBADMSG, -EAGAIN, -ECONNRESET. */
int conn_expect(int fd, const char *answer, bool more);
