#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The terminal on standard input and output: its width, the width of a text on it, and its modes, which are restored at
 * the end. There is one for the process, since a signal handler can reach only global variables.
 */

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* Columns; 80 where the terminal does not say. */
size_t terminal_columns(void);

/*
 * Where the cursor is behind a text that libedit shows, counted in cells of rows of @columns; @at is where it begins.
 * A character of two cells is not parted by the end of a row.
 */
size_t terminal_end(size_t columns, size_t at, const char *s, size_t len);

/*
 * Saves the modes of the terminal, which terminal_release() restores. With @hold, keys that are pressed between two
 * lines wait; the kernel neither edits nor shows them. 0, or -ENOTTY. The calls can be nested.
 */
struct terminal_state;
int terminal_take(struct terminal_state **ret, bool hold);
void terminal_release(struct terminal_state *s);

/* Bracketed paste, where the terminal knows it. */
void terminal_set_pastes(bool on);

/* All modes as they were before the first terminal_take(), if there was one. To be called before the process ends or
 * stops, also by a signal handler. */
void terminal_restore(void);

/* The modes as they are now are those for typing; terminal_again() sets them again, after whatever has changed them. */
void terminal_keep(void);
void terminal_again(void);

/* Control-C, Control-\ and Control-Z as signals, or as keys like all others; only between take and release. */
void terminal_set_signals(bool on);

/* The key that stands for this signal (SIGINT, SIGQUIT, SIGTSTP); -1: none. */
int terminal_signal_key(int sig);

/* SIGWINCH or SIGCONT since the last time. Both come only within interrupt_poll(). */
bool terminal_is_changed(void);
