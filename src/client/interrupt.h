#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What signals do that end a program. They remove a local file that is not whole, and end it: SIGINT with exit code 9,
 * the others as they always do. At the prompt, and once during a command that was typed there, SIGINT only ends the
 * wait.
 */

#include <poll.h>
#include <stdbool.h>

void interrupt_install(bool interactive);

/* What a SIGINT that ends the program says, NULL: nothing. The caller's, until it says otherwise. */
void interrupt_set_words(const char *words);

/* Before each prompt and each command typed there: the next SIGINT is the first again. */
void interrupt_clear(void);

/* poll(2), which a SIGINT ends with EINTR, also one that has come before, but behind interrupt_clear(); and a change of the
 * terminal (terminal.h). */
int interrupt_poll(struct pollfd *fds, nfds_t n, int timeout_msec);

/* Whether a SIGINT has come since interrupt_clear(). */
bool interrupt_is_seen(void);
