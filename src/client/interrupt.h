#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What SIGINT, SIGTERM and SIGHUP do. They remove a local file that is not whole, and end the program: SIGINT with
 * exit code 9, the others as they always do. At the prompt, and once during a command that was typed there, SIGINT
 * only ends the wait.
 */

#include <poll.h>
#include <stdbool.h>

void interrupt_install(bool interactive);

/* Before each prompt and each command typed there: the next SIGINT is the first again. */
void interrupt_clear(void);

/* poll(2), which a SIGINT ends with EINTR, also one that has come before, but behind interrupt_clear(). */
int interrupt_poll(struct pollfd *fds, nfds_t n, int timeout_msec);

/* Whether a SIGINT has come since interrupt_clear(). */
bool interrupt_is_seen(void);
