#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Log events: the log records on which an administrator acts. Each event is a row with an id, which is the MESSAGE_ID
 * of its records in the journal and never changes. ioed(8) and systemd/ioe.catalog describe the same rows.
 */

#include "base/log.h"

#include <stdbool.h>

enum log_event {
	LOG_EVENT_STARTED,
	LOG_EVENT_STOPPING,
	LOG_EVENT_RELOADED,
	LOG_EVENT_RELOAD_REFUSED,
	LOG_EVENT_OPEN_TO_NETWORK,
	LOG_EVENT_LIMIT_SESSIONS,
	LOG_EVENT_LIMIT_ADDRESS,
	LOG_EVENT_LIMIT_MEMORY,
	LOG_EVENT_OUT_OF_RESOURCES,
	LOG_EVENT_DISK_FULL,
	LOG_EVENT_DISK_FAILED,
	LOG_EVENT_STORE_CLOSED,
	LOG_EVENT_ROOT_GONE,
	LOG_EVENT_ROOT_BACK,
	LOG_EVENT_ROOT_READ_ONLY,
	LOG_EVENT_REQUEST_FAILED,
	LOG_EVENT_SLOW_SESSION,
	LOG_EVENT_CONTROL_REFUSED,
	LOG_EVENT_EXPIRED,
	LOG_EVENT_CLOCK_SET,
	LOG_EVENT_MAX,
};

struct log_event_row {
	const char *name;
	const char *id; /* 32 hex digits, of systemd-id128 new */
	enum log_level level;
	bool per_address; /* the event is about a peer: each address has a rate limit of its own (log/ratelimit.h) */
	const char *doc;  /* what happened, in one sentence */
};

extern const struct log_event_row log_event_rows[LOG_EVENT_MAX];

/* Logs one record with these fields. Any thread; never waits. */
void log_event(enum log_event what, const struct log_field *fields, size_t n_fields, const char *fmt, ...)
	_printf_(4, 5);
void log_event_v(enum log_event what, const struct log_field *fields, size_t n_fields, const char *fmt, va_list ap)
	_printf_(4, 0);
