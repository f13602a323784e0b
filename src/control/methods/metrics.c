/* SPDX-License-Identifier: MIT */
/*
 * A metric family is one row. Its samples are one number of the status, one number for each listener or role, or come
 * from a function of the row.
 */
#include "control/methods/metrics.h"

#include "base/clock.h"
#include "base/macro.h"
#include "control/reply.h"

#include <errno.h>
#include <string.h>

enum metrics_of {
	METRICS_OF_STATUS,
	METRICS_OF_LISTENERS,
	METRICS_OF_ROLES,
	METRICS_OF_STATES,
	METRICS_OF_VERSION,
	METRICS_OF_PAUSES,
	METRICS_OF_RELOAD,
	METRICS_OF_WARNINGS,
	METRICS_OF_STORE,
};

struct metrics_row {
	const char *name;
	const char *kind; /* "counter", "gauge", "stateset", "info" */
	const char *unit; /* also the end of the name; NULL: none */
	const char *help;
	enum metrics_of of;
	size_t offset; /* of the uint64_t in the status, the listener or the role */
	bool seconds;  /* the field has microseconds, and the sample is in seconds */
};

#define NUMBER(member)   METRICS_OF_STATUS, offsetof(struct status, member), false
#define SECONDS(member)  METRICS_OF_STATUS, offsetof(struct status, member), true
#define LISTENER(member) METRICS_OF_LISTENERS, offsetof(struct status_listener, member), false
#define ROLE(member)     METRICS_OF_ROLES, offsetof(struct status_role, member), false

_Static_assert(sizeof(((struct status *)0)->warnings.n) == sizeof(uint64_t), "a count is read like a counter");
static const struct metrics_row metrics_rows[] = {
	{ "ioe_build", "info", NULL, "The version of the daemon.", METRICS_OF_VERSION, 0, false },
	{ "ioe_state", "stateset", NULL, "What the daemon is doing.", METRICS_OF_STATES, 0, false },
	{ "ioe_start_time_seconds", "gauge", "seconds", "When the daemon started, since 1970.", SECONDS(started_usec) },
	{ "ioe_sessions", "gauge", NULL, "Connections there are.", NUMBER(sessions) },
	{ "ioe_sessions_limit", "gauge", NULL, "Connections there may be.", NUMBER(sessions_limit) },
	{ "ioe_connections", "counter", NULL, "Connections that were accepted.", LISTENER(accepted) },
	{ "ioe_connections_refused", "counter", NULL, "Connections that were refused for a limit.", LISTENER(refused) },
	{ "ioe_listener_paused", "gauge", NULL, "Whether a listener lacks descriptors or memory.", METRICS_OF_PAUSES, 0,
	  false },
	{ "ioe_requests", "counter", NULL, "Requests that were answered.", ROLE(requests) },
	{ "ioe_request_errors", "counter", NULL, "Requests that were answered with an error.", ROLE(errors) },
	{ "ioe_messages_expired", "counter", NULL, "Messages that were dropped because they were too old.",
	  ROLE(expired) },
	{ "ioe_received_bytes", "counter", "bytes", "Bytes that came from clients.", NUMBER(bytes_in) },
	{ "ioe_sent_bytes", "counter", "bytes", "Bytes that were sent to clients.", NUMBER(bytes_out) },
	{ "ioe_memory_bytes", "gauge", "bytes", "Clients' data held in memory.", NUMBER(memory) },
	{ "ioe_memory_limit_bytes", "gauge", "bytes", "How much of it there may be.", NUMBER(memory_limit) },
	{ "ioe_reactors", "gauge", NULL, "Threads that serve clients.", NUMBER(reactors) },
	{ "ioe_workers", "gauge", NULL, "Threads that wait for the disk.", NUMBER(workers) },
	{ "ioe_log_dropped", "counter", NULL, "Log events that were dropped.", NUMBER(log_dropped) },
	{ "ioe_last_reload_success", "gauge", NULL, "Whether the last reload succeeded; absent without one.",
	  METRICS_OF_RELOAD, 0, false },
	{ "ioe_last_reload_time_seconds", "gauge", "seconds", "Time of the last reload, since 1970; 0 without one.",
	  SECONDS(reload_usec) },
	{ "ioe_store_up", "gauge", NULL, "Whether rooms and mailboxes can be kept.", METRICS_OF_STORE, 0, false },
	{ "ioe_warnings", "gauge", NULL, "Warnings that the status shows.", NUMBER(warnings.n) },
	{ "ioe_warning", "stateset", NULL, "Of which kinds they are.", METRICS_OF_WARNINGS, 0, false },
};

/* Adds a sample with one label, or none. */
static void metrics_put(struct json_object *samples, const char *label, const char *label_value,
			struct json_object *value, int *r)
{
	struct json_object *o = json_object_new_object();

	if (label) {
		reply_text(o, "label", label, r);
		reply_text(o, "label_value", label_value, r);
	}
	reply_add(o, "value", value, r);
	reply_append(samples, o, r);
}

static struct json_object *metrics_number(const struct metrics_row *row, const void *of)
{
	uint64_t v;

	memcpy(&v, (const char *)of + row->offset, sizeof(v));
	if (row->seconds)
		return json_object_new_double((double)v / (double)USEC_PER_SEC);
	return json_object_new_int64((int64_t)MIN(v, (uint64_t)INT64_MAX));
}

static void metrics_put_states(struct json_object *samples, const struct metrics_row *row, const char *now, int *r)
{
	static const char *const states[] = { "starting", "running", "degraded", "stopping" };

	for (size_t i = 0; i < ELEMENTSOF(states); i++)
		metrics_put(samples, row->name, states[i], json_object_new_int64(strcmp(states[i], now) == 0), r);
}

static void metrics_put_warnings(struct json_object *samples, const struct metrics_row *row, const struct warnings *w, int *r)
{
	for (unsigned i = 0; i < WARNING_MAX; i++)
		metrics_put(samples, row->name, warning_rows[i].name, json_object_new_int64(warnings_has(w, (enum warning)i)), r);
}

static struct json_object *metrics_samples(const struct metrics_row *row, const struct status *st, int *r)
{
	struct json_object *all = json_object_new_array();

	switch (row->of) {
	case METRICS_OF_STATUS:
		metrics_put(all, NULL, NULL, metrics_number(row, st), r);
		break;
	case METRICS_OF_LISTENERS:
		for (size_t i = 0; i < st->n_listeners; i++)
			metrics_put(all, "listener", st->listeners[i].address, metrics_number(row, &st->listeners[i]), r);
		break;
	case METRICS_OF_PAUSES:
		for (size_t i = 0; i < st->n_listeners; i++)
			metrics_put(all, "listener", st->listeners[i].address,
				    json_object_new_int64(st->listeners[i].paused), r);
		break;
	case METRICS_OF_ROLES:
		for (size_t i = 0; i < st->n_roles; i++)
			metrics_put(all, "role", st->roles[i].name, metrics_number(row, &st->roles[i]), r);
		break;
	case METRICS_OF_STATES:
		metrics_put_states(all, row, st->state, r);
		break;
	case METRICS_OF_VERSION:
		metrics_put(all, "version", st->version, json_object_new_int64(1), r);
		break;
	case METRICS_OF_RELOAD:
		if (st->reload_usec)
			metrics_put(all, NULL, NULL, json_object_new_int64(st->reload_ok), r);
		break;
	case METRICS_OF_STORE:
		metrics_put(all, NULL, NULL, json_object_new_int64(!warnings_has(&st->warnings, WARNING_STORE)), r);
		break;
	case METRICS_OF_WARNINGS:
		metrics_put_warnings(all, row, &st->warnings, r);
		break;
	}
	return all;
}

int metrics_report(const struct status *st, struct json_object **ret)
{
	struct json_object *o = json_object_new_object(), *all = json_object_new_array();
	int r = 0;

	for (size_t i = 0; i < ELEMENTSOF(metrics_rows); i++) {
		const struct metrics_row *row = &metrics_rows[i];
		struct json_object *family = json_object_new_object();

		reply_text(family, "name", row->name, &r);
		reply_text(family, "kind", row->kind, &r);
		if (row->unit)
			reply_text(family, "unit", row->unit, &r);
		reply_text(family, "help", row->help, &r);
		reply_add(family, "samples", metrics_samples(row, st, &r), &r);
		reply_append(all, family, &r);
	}
	reply_add(o, "metrics", all, &r);
	if (r < 0) {
		(void)json_object_put(o);
		return r;
	}
	*ret = o;
	return 0;
}
