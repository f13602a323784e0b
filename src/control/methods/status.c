/* SPDX-License-Identifier: MIT */
#include "control/methods/status.h"

#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

/* Keys are literals and come once: nothing to copy, nothing to look for. */
#define REPORT_ADD (JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT)

void report_add(struct json_object *o, const char *key, struct json_object *value, int *r)
{
	if (!value || !o || json_object_object_add_ex(o, key, value, REPORT_ADD) < 0) {
		(void)json_object_put(value);
		*r = -ENOMEM;
	}
}

void report_append(struct json_object *array, struct json_object *value, int *r)
{
	if (!value || !array || json_object_array_add(array, value) < 0) {
		(void)json_object_put(value);
		*r = -ENOMEM;
	}
}

struct json_object *report_string(const char *s, size_t len)
{
	_cleanup_(freep) char *harmless = NULL;

	if (str_is_utf8(s, len))
		return json_object_new_string_len(s, (int)len);
	harmless = malloc(len);
	if (!harmless)
		return NULL;
	return json_object_new_string_len(harmless, (int)str_harmless(harmless, s, len));
}

void report_text(struct json_object *o, const char *key, const char *s, int *r)
{
	report_add(o, key, report_string(s, strlen(s)), r);
}

void report_number(struct json_object *o, const char *key, uint64_t v, int *r)
{
	report_add(o, key, json_object_new_int64((int64_t)MIN(v, (uint64_t)INT64_MAX)), r);
}

void report_flag(struct json_object *o, const char *key, bool v, int *r)
{
	report_add(o, key, json_object_new_boolean(v), r);
}

/* "file+chat" as an array of names. */
static struct json_object *report_names(const char *joined, int *r)
{
	struct json_object *names = json_object_new_array();

	while (*joined) {
		size_t len = strcspn(joined, "+");

		report_append(names, report_string(joined, len), r);
		joined += len;
		joined += *joined == '+';
	}
	return names;
}

static struct json_object *report_listeners(const struct status *st, int *r)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < st->n_listeners; i++) {
		const struct status_listener *l = &st->listeners[i];
		struct json_object *o = json_object_new_object();

		report_text(o, "address", l->address, r);
		report_add(o, "roles", report_names(l->roles, r), r);
		report_flag(o, "paused", l->paused, r);
		report_number(o, "accepted", l->accepted, r);
		report_number(o, "refused", l->refused, r);
		report_append(all, o, r);
	}
	return all;
}

static struct json_object *report_roles(const struct status *st, int *r)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < st->n_roles; i++) {
		struct json_object *o = json_object_new_object();

		report_text(o, "name", st->roles[i].name, r);
		report_number(o, "requests", st->roles[i].requests, r);
		report_number(o, "errors", st->roles[i].errors, r);
		report_append(all, o, r);
	}
	return all;
}

static struct json_object *report_reload(const struct status *st, int *r)
{
	struct json_object *o = json_object_new_object();

	report_number(o, "time_usec", st->reload_usec, r);
	report_flag(o, "ok", st->reload_ok, r);
	report_text(o, "text", st->reload_text, r);
	return o;
}

static struct json_object *report_warnings(const struct status *st, int *r)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < st->warnings.n; i++) {
		const char *text = st->warnings.list[i].text;

		report_append(all, report_string(text, strlen(text)), r);
	}
	return all;
}

/* The kinds of the sentences, one for each, in the same order. */
static struct json_object *report_warning_names(const struct status *st, int *r)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < st->warnings.n; i++)
		report_append(all, json_object_new_string(warning_rows[st->warnings.list[i].what].name), r);
	return all;
}

static void report_counters(const struct status *st, struct json_object *o, int *r)
{
	report_number(o, "sessions", st->sessions, r);
	report_number(o, "sessions_limit", st->sessions_limit, r);
	report_number(o, "accepted", st->accepted, r);
	report_number(o, "refused", st->refused, r);
	report_number(o, "requests", st->requests, r);
	report_number(o, "errors", st->errors, r);
	report_number(o, "bytes_in", st->bytes_in, r);
	report_number(o, "bytes_out", st->bytes_out, r);
	report_number(o, "memory", st->memory, r);
	report_number(o, "memory_limit", st->memory_limit, r);
	report_text(o, "log_level", st->log_level, r);
	report_number(o, "log_dropped", st->log_dropped, r);
}

int report_status(const struct status *st, struct json_object **ret)
{
	struct json_object *o = json_object_new_object();
	int r = 0;

	report_number(o, "instance", st->instance, &r);
	report_text(o, "state", st->state, &r);
	report_text(o, "version", st->version, &r);
	report_number(o, "pid", (uint64_t)st->pid, &r);
	report_number(o, "started_usec", st->started_usec, &r);
	report_number(o, "uptime_usec", st->uptime_usec, &r);
	report_text(o, "config", st->config, &r);
	report_text(o, "state_dir", st->state_dir, &r);
	report_number(o, "reactors", st->reactors, &r);
	report_number(o, "workers", st->workers, &r);
	report_counters(st, o, &r);
	if (st->reload_usec)
		report_add(o, "reload", report_reload(st, &r), &r);
	report_add(o, "listeners", report_listeners(st, &r), &r);
	report_add(o, "roles", report_roles(st, &r), &r);
	report_add(o, "warnings", report_warnings(st, &r), &r);
	report_add(o, "warning_names", report_warning_names(st, &r), &r);
	if (r < 0) {
		(void)json_object_put(o);
		return r;
	}
	*ret = o;
	return 0;
}
