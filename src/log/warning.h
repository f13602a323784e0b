#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Warnings: what is wrong with the daemon just now, for as long as it is. Each kind is a row; what is shown of it are its
 * sentences. Nobody keeps them: who asks for the status has them gathered anew, from the server itself and from each
 * role (role.h: warn()). What only happened is an event (log/event.h).
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
	const char *name; /* for programs, for ever: ioectl(1) has it */
	bool degrades;    /* part of what should be served is not */
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
	bool short_of_memory; /* some are missing */
};

/* One more sentence. A sentence that is there already is not said twice: roles share what they stand on. */
void warnings_add(struct warnings *w, enum warning what, const char *fmt, ...) _printf_(3, 4);
bool warnings_has(const struct warnings *w, enum warning what);
bool warnings_degrade(const struct warnings *w); /* whether one of them does */
void warnings_done(struct warnings *w);
