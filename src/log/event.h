#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Incidents: the events in the log that an administrator acts on. Each is a row with an id, which is the MESSAGE_ID of
 * its records in the journal and stays what it is for ever. ioed(8) and systemd/ioe.catalog tell of the same rows.
 */

#include "base/log.h"

#include <stdbool.h>

enum incident {
	INCIDENT_STARTED,
	INCIDENT_STOPPING,
	INCIDENT_RELOADED,
	INCIDENT_RELOAD_REFUSED,
	INCIDENT_OPEN_TO_NETWORK,
	INCIDENT_LIMIT_SESSIONS,
	INCIDENT_LIMIT_ADDRESS,
	INCIDENT_LIMIT_MEMORY,
	INCIDENT_OUT_OF_RESOURCES,
	INCIDENT_DISK_FULL,
	INCIDENT_DISK_FAILED,
	INCIDENT_STORE_CLOSED,
	INCIDENT_ROOT_GONE,
	INCIDENT_ROOT_BACK,
	INCIDENT_ROOT_READ_ONLY,
	INCIDENT_REQUEST_FAILED,
	INCIDENT_SLOW_SESSION,
	INCIDENT_CONTROL_REFUSED,
	INCIDENT_EXPIRED,
	INCIDENT_CLOCK_SET,
	INCIDENT_MAX,
};

struct incident_row {
	const char *name;
	const char *id; /* 32 hex digits, of systemd-id128 new */
	enum log_level level;
	bool per_address; /* it says something of a peer: each address is counted by itself (log/ratelimit.h) */
	const char *doc;  /* what happened, in one sentence */
};

extern const struct incident_row incident_rows[INCIDENT_MAX];

/* One record, with these fields. */
void incident_log(enum incident what, const struct log_field *fields, size_t n_fields, const char *fmt, ...)
	_printf_(4, 5);
void incident_log_v(enum incident what, const struct log_field *fields, size_t n_fields, const char *fmt, va_list ap)
	_printf_(4, 0);
