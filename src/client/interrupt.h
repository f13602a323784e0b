#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Signals that end the program. Each removes the local file that is not complete and ends the program: SIGINT with exit
 * code 9, the others as usual. At the prompt, and once during a command that was typed there, SIGINT only ends the
 * wait.
 */

#include <poll.h>
#include <stdbool.h>

void interrupt_install(bool interactive);

/* The text that a SIGINT prints when it ends the program; NULL: none. The text stays the caller's, and has to live
 * until the next call. */
void interrupt_set_words(const char *words);

/* Before each prompt and each command typed there: the next SIGINT is the first again. */
void interrupt_clear(void);

/* poll(2), which a SIGINT ends with EINTR, also one that has come before, but behind interrupt_clear(); and a change of
 * the terminal (terminal.h). */
int interrupt_poll(struct pollfd *fds, nfds_t n, int timeout_msec);

/* Whether a SIGINT has come since interrupt_clear(). */
bool interrupt_is_seen(void);
