#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Warnings: the faults that the daemon has just now. Each kind is a row, and each warning of it is a sentence. Warnings
 * are not stored: each status gathers them again, from the server and from each role (role.h: warn()). A thing that
 * happened once is a log event instead (log/event.h).
 */

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>

enum warning {
	WARNING_STORE,
	WARNING_ROOT_GONE,
	WARNING_ROOT_READ_ONLY,
	WARNING_DISK_FULL,
	WARNING_DISK_SLOW,
	WARNING_LISTENER_PAUSED,
	WARNING_LOG_DROPPED,
	WARNING_RELOAD_REFUSED,
	WARNING_STATE_SHARED,
	WARNING_OPEN_TO_NETWORK,
	WARNING_MAX,
};

struct warning_row {
	const char *name; /* for programs; never changes; ioectl(1) lists it */
	bool degrades;    /* the daemon serves less than it should */
	const char *doc;
};

extern const struct warning_row warning_rows[WARNING_MAX];

struct warning_entry {
	enum warning what;
	char *text; /* what is wrong, where, and what to do */
};

/* Inert when zero. */
struct warnings {
	struct warning_entry *list; /* in the order in which they came */
	size_t n, cap;
	bool short_of_memory; /* warnings are missing in the list */
};

/* Adds a sentence, unless the list has it: two roles can report the same fault. */
void warnings_add(struct warnings *w, enum warning what, const char *fmt, ...) _printf_(3, 4);
bool warnings_has(const struct warnings *w, enum warning what);
bool warnings_degrade(const struct warnings *w); /* whether one of them degrades */
void warnings_done(struct warnings *w);
