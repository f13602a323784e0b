#pragma once
/* SPDX-License-Identifier: MIT */
/* Connections to a server on this machine, before the measuring begins: here waiting is allowed. */

#include <stdint.h>

struct target;

/* One attempt at 127.0.0.1. 0, -ECONNREFUSED where nobody listens yet, or another negative errno. */
int conn_try(uint16_t port, int *ret_fd);

/* Tries until somebody listens or CLOCK_MONOTONIC reaches @until_usec (-ETIMEDOUT). */
int conn_open(uint16_t port, uint64_t until_usec, int *ret_fd);

/* Takes the greeting where there is one, asks once and checks the answer: after that the server has accepted. The fd
 * stays blocking, with the short timeout of conn_try(). 0, -EBADMSG, -EAGAIN (no answer in time), -ECONNRESET. */
int conn_check(int fd, const struct target *target);
