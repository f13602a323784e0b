#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * ioe-client at a terminal of its own: what it was told, and what stands on its screen. The screen is xterm's as far as
 * the client uses it, or with @wraps that of one that wraps its rows anew when the size changes; any other escape than
 * those it knows fails the test.
 */

#include "harness.h"

#define TERMINAL_ROWS    40
#define TERMINAL_COLUMNS 250

struct terminal {
	int master;
	GPid pid;
	GString *seen; /* what was told, behind what was looked for */
	GString *all;
	unsigned rows, columns;
	gunichar cells[TERMINAL_ROWS][TERMINAL_COLUMNS];
	bool wraps;
	bool goes_on[TERMINAL_ROWS]; /* in the next row */
	unsigned row, column; /* column may be @columns: the next character is in the next row */
	GString *begun;       /* of an escape or a character */
};

/* @args up to a NULL. @term and @lc_all: of the environment; NULL: not there. */
void terminal_start(struct terminal *m, unsigned columns, const char *term, const char *lc_all, ...)
	G_GNUC_NULL_TERMINATED;
void terminal_start_program(struct terminal *m, unsigned columns, const char *term, const char *lc_all,
			    const char *const *argv);
/* How it ended, -1: by a signal. Frees all. */
int terminal_finish(struct terminal *m);

void terminal_type(struct terminal *m, const char *keys);
void terminal_type_bytes(struct terminal *m, const char *keys, size_t n);
void terminal_resize(struct terminal *m, unsigned columns);

/* What there is. Where somebody else is waited for, in turn with that: a program whose output nobody reads stands
 * still. */
void terminal_drain(struct terminal *m);
/* Reads on until the terminal has been told this, behind what was looked for before. */
void terminal_see(struct terminal *m, const char *what);
/* Reads on until these rows, joined by LF, stand on the screen one below the other, without blanks at their ends; of
 * the first its end is enough. */
void terminal_show(struct terminal *m, const char *rows);
/* The rows of the screen, each with an LF. */
char *terminal_screen(const struct terminal *m);
