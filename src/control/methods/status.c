/* SPDX-License-Identifier: MIT */
#include "control/methods/status.h"

#include "control/reply.h"

#include <errno.h>
#include <string.h>

/* Splits "file+chat" into an array of names. */
static struct json_object *status_report_names(const char *joined, int *r)
{
	struct json_object *names = json_object_new_array();

	while (*joined) {
		size_t len = strcspn(joined, "+");

		reply_append(names, reply_string(joined, len), r);
		joined += len;
		joined += *joined == '+';
	}
	return names;
}

static struct json_object *status_report_listeners(const struct status *st, int *r)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < st->n_listeners; i++) {
		const struct status_listener *l = &st->listeners[i];
		struct json_object *o = json_object_new_object();

		reply_text(o, "address", l->address, r);
		reply_add(o, "roles", status_report_names(l->roles, r), r);
		reply_flag(o, "paused", l->paused, r);
		reply_number(o, "accepted", l->accepted, r);
		reply_number(o, "refused", l->refused, r);
		reply_append(all, o, r);
	}
	return all;
}

static struct json_object *status_report_roles(const struct status *st, int *r)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < st->n_roles; i++) {
		struct json_object *o = json_object_new_object();

		reply_text(o, "name", st->roles[i].name, r);
		reply_number(o, "requests", st->roles[i].requests, r);
		reply_number(o, "errors", st->roles[i].errors, r);
		reply_append(all, o, r);
	}
	return all;
}

static struct json_object *status_report_reload(const struct status *st, int *r)
{
	struct json_object *o = json_object_new_object();

	reply_number(o, "time_usec", st->reload_usec, r);
	reply_flag(o, "ok", st->reload_ok, r);
	reply_text(o, "text", st->reload_text, r);
	return o;
}

static struct json_object *status_report_warnings(const struct status *st, int *r)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < st->warnings.n; i++) {
		const char *text = st->warnings.list[i].text;

		reply_append(all, reply_string(text, strlen(text)), r);
	}
	return all;
}

/* The name of each warning, in the order of the sentences. */
static struct json_object *status_report_warning_names(const struct status *st, int *r)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < st->warnings.n; i++)
		reply_append(all, json_object_new_string(warning_rows[st->warnings.list[i].what].name), r);
	return all;
}

static void status_report_counters(const struct status *st, struct json_object *o, int *r)
{
	reply_number(o, "sessions", st->sessions, r);
	reply_number(o, "sessions_limit", st->sessions_limit, r);
	reply_number(o, "accepted", st->accepted, r);
	reply_number(o, "refused", st->refused, r);
	reply_number(o, "requests", st->requests, r);
	reply_number(o, "errors", st->errors, r);
	reply_number(o, "bytes_in", st->bytes_in, r);
	reply_number(o, "bytes_out", st->bytes_out, r);
	reply_number(o, "memory", st->memory, r);
	reply_number(o, "memory_limit", st->memory_limit, r);
	reply_text(o, "log_level", st->log_level, r);
	reply_number(o, "log_dropped", st->log_dropped, r);
}

int status_report(const struct status *st, struct json_object **ret)
{
	struct json_object *o = json_object_new_object();
	int r = 0;

	reply_number(o, "instance", st->instance, &r);
	reply_text(o, "state", st->state, &r);
	reply_text(o, "version", st->version, &r);
	reply_number(o, "pid", (uint64_t)st->pid, &r);
	reply_number(o, "started_usec", st->started_usec, &r);
	reply_number(o, "uptime_usec", st->uptime_usec, &r);
	reply_text(o, "config", st->config, &r);
	reply_text(o, "state_dir", st->state_dir, &r);
	reply_number(o, "reactors", st->reactors, &r);
	reply_number(o, "workers", st->workers, &r);
	status_report_counters(st, o, &r);
	if (st->reload_usec)
		reply_add(o, "reload", status_report_reload(st, &r), &r);
	reply_add(o, "listeners", status_report_listeners(st, &r), &r);
	reply_add(o, "roles", status_report_roles(st, &r), &r);
	reply_add(o, "warnings", status_report_warnings(st, &r), &r);
	reply_add(o, "warning_names", status_report_warning_names(st, &r), &r);
	if (r < 0) {
		(void)json_object_put(o);
		return r;
	}
	*ret = o;
	return 0;
}
