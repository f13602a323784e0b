/* SPDX-License-Identifier: MIT */
#include "ctl/status.h"

#include "base/macro.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "ctl/request.h"
#include "ctl/view.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define STATUS_ROW "  %-9s  "

static const char *status_colour(const char *state, bool colour)
{
	if (!colour)
		return "";
	return strcmp(state, "running") == 0 ? "\033[32m" : "\033[33m";
}

static const char *status_plain(bool colour)
{
	return colour ? "\033[0m" : "";
}

/* The width of the column of these values. */
typedef char *(*status_view_fn)(char *dst, struct json_object *o, const char *key);
static int status_width(struct json_object *array, const char *key, status_view_fn view)
{
	char text[VIEW_MAX];
	size_t width = 0;

	for (size_t i = 0; i < view_count(array); i++)
		width = MAX(width, strlen(view(text, json_object_array_get_idx(array, i), key)));
	return width;
}

static void status_print_listeners(FILE *f, struct json_object *o)
{
	char address[VIEW_MAX], roles[VIEW_MAX], accepted[VIEW_MAX], refused[VIEW_MAX];
	struct json_object *all = view_array(o, "listeners");
	int address_width = status_width(all, "address", view_text),
	    roles_width = status_width(all, "roles", view_joined);

	if (view_count(all) == 0)
		(void)fprintf(f, STATUS_ROW "none\n", "Listeners");
	for (size_t i = 0; i < view_count(all); i++) {
		struct json_object *l = json_object_array_get_idx(all, i);

		(void)fprintf(f, STATUS_ROW "%-*s  %-*s  %s accepted, %s refused%s\n", i == 0 ? "Listeners" : "",
			      address_width, view_text(address, l, "address"), roles_width,
			      view_joined(roles, l, "roles"), view_number(accepted, l, "accepted"),
			      view_number(refused, l, "refused"),
			      view_flag(l, "paused") ? ", paused: out of descriptors or memory" : "");
	}
}

static void status_print_requests(FILE *f, struct json_object *o)
{
	char name[VIEW_MAX], requests[VIEW_MAX], errors[VIEW_MAX];
	struct json_object *all = view_array(o, "roles");
	int name_width = status_width(all, "name", view_text),
	    requests_width = status_width(all, "requests", view_number);

	(void)fprintf(f, STATUS_ROW "%s, %s of them answered with an error\n", "Requests",
		      view_number(requests, o, "requests"), view_number(errors, o, "errors"));
	for (size_t i = 0; i < view_count(all); i++) {
		struct json_object *role = json_object_array_get_idx(all, i);

		(void)fprintf(f, STATUS_ROW "%-*s  %*s, %s errors\n", "", name_width, view_text(name, role, "name"),
			      requests_width, view_number(requests, role, "requests"),
			      view_number(errors, role, "errors"));
	}
}

static void status_print_reload(FILE *f, struct json_object *o)
{
	char time[VIEW_MAX], text[VIEW_MAX];
	struct json_object *reload;

	if (!json_object_object_get_ex(o, "reload", &reload)) {
		(void)fprintf(f, STATUS_ROW "none since the start\n", "Reload");
		return;
	}
	(void)fprintf(f, STATUS_ROW "%s, %s%s%s\n", "Reload", view_time(time, reload, "time_usec"),
		      view_flag(reload, "ok") ? "done" : "refused", view_text(text, reload, "text")[0] ? ": " : "",
		      text);
}

static void status_print_warnings(FILE *f, struct json_object *o, bool colour)
{
	struct json_object *all = view_array(o, "warnings");

	if (view_count(all) == 0)
		(void)fprintf(f, STATUS_ROW "none\n", "Warnings");
	for (size_t i = 0; i < view_count(all); i++) {
		char text[VIEW_MAX];

		(void)fprintf(f, STATUS_ROW "%s%s%s\n", i == 0 ? "Warnings" : "", status_colour("", colour),
			      view_string(text, json_object_array_get_idx(all, i)), status_plain(colour));
	}
}

static void status_print_limits(FILE *f, struct json_object *o)
{
	char a[VIEW_MAX], b[VIEW_MAX], c[VIEW_MAX], d[VIEW_MAX];

	(void)fprintf(f, STATUS_ROW "%s of at most %s (%s accepted, %s refused)\n", "Sessions",
		      view_number(a, o, "sessions"), view_number(b, o, "sessions_limit"), view_number(c, o, "accepted"),
		      view_number(d, o, "refused"));
	status_print_requests(f, o);
	(void)fprintf(f, STATUS_ROW "%s in, %s out\n", "Traffic", view_size(a, o, "bytes_in"),
		      view_size(b, o, "bytes_out"));
	(void)fprintf(f, STATUS_ROW "%s of at most %s\n", "Memory", view_size(a, o, "memory"),
		      view_size(b, o, "memory_limit"));
	(void)fprintf(f, STATUS_ROW "%s for clients, %s for the disk\n", "Threads", view_number(a, o, "reactors"),
		      view_number(b, o, "workers"));
}

void status_print_one(FILE *f, struct json_object *o, bool colour)
{
	char a[VIEW_MAX], b[VIEW_MAX], c[VIEW_MAX];
	const char *on;

	on = status_colour(view_text(c, o, "state"), colour);
	(void)fprintf(f, "ioed %s, instance %s: %s%s%s\n", view_text(a, o, "version"), view_number(b, o, "instance"),
		      on, c, status_plain(colour));
	(void)fprintf(f, STATUS_ROW "%s, since %s, pid %s\n", "Uptime", view_duration(a, o, "uptime_usec"),
		      view_time(b, o, "started_usec"), view_number(c, o, "pid"));
	status_print_listeners(f, o);
	status_print_limits(f, o);
	(void)fprintf(f, STATUS_ROW "%s\n", "Config", view_text(a, o, "config"));
	status_print_reload(f, o);
	(void)fprintf(f, STATUS_ROW "%s\n", "State", view_text(a, o, "state_dir"));
	(void)fprintf(f, STATUS_ROW "%s and above, %s events dropped\n", "Log", view_text(a, o, "log_level"),
		      view_number(b, o, "log_dropped"));
	status_print_warnings(f, o, colour);
}

/* A column of the table. Spaces align the lines, for values of any length. */
struct status_column {
	const char *head;
	const char *key;
	status_view_fn view;
};

static char *status_view_warnings(char dst[VIEW_MAX], struct json_object *o, const char *key)
{
	(void)snprintf(dst, VIEW_MAX, "%zu", view_count(view_array(o, key)));
	return dst;
}

static const struct status_column status_columns[] = {
	{ "INSTANCE", "instance", view_number },
	{ "STATE", "state", view_text },
	{ "VERSION", "version", view_text },
	{ "PID", "pid", view_number },
	{ "UPTIME", "uptime_usec", view_duration },
	{ "SESSIONS", "sessions", view_number },
	{ "LIMIT", "sessions_limit", view_number },
	{ "REQUESTS", "requests", view_number },
	{ "MEMORY", "memory", view_size },
	{ "WARNINGS", "warnings", status_view_warnings },
};

void status_print_table(FILE *f, struct json_object *array, bool colour, bool no_headers)
{
	int widths[ELEMENTSOF(status_columns)];
	char text[VIEW_MAX];

	for (size_t i = 0; i < ELEMENTSOF(status_columns); i++) {
		const struct status_column *c = &status_columns[i];

		widths[i] = MAX(status_width(array, c->key, c->view), (int)strlen(c->head));
		if (!no_headers)
			(void)fprintf(f, "%s%-*s", i == 0 ? "" : "  ",
				      i + 1 == ELEMENTSOF(status_columns) ? 0 : widths[i], c->head);
	}
	for (size_t n = 0; n < view_count(array); n++) {
		for (size_t i = 0; i < ELEMENTSOF(status_columns); i++) {
			const struct status_column *c = &status_columns[i];
			bool coloured = colour && strcmp(c->key, "state") == 0;

			(void)c->view(text, json_object_array_get_idx(array, n), c->key);
			(void)fprintf(f, "%s%s%-*s%s", i > 0 ? "  " : n > 0 || !no_headers ? "\n" : "",
				      status_colour(text, coloured),
				      i + 1 == ELEMENTSOF(status_columns) ? 0 : widths[i], text,
				      status_plain(coloured));
		}
	}
	(void)fputc('\n', f);
}

static enum exit_code status_keep(void *userdata, _unused_ const struct ctl_instance *i, struct json_object *answer)
{
	char state[VIEW_MAX];

	if (json_object_array_add(userdata, json_object_get(answer)) < 0)
		return EXIT_CODE_FAILED;
	return strcmp(view_text(state, answer, "state"), "degraded") == 0 ? EXIT_CODE_DEGRADED : EXIT_CODE_OK;
}

static void status_print(FILE *f, const struct ctl *ctl, struct json_object *array, bool no_headers)
{
	size_t n = view_count(array);

	if (ctl->json)
		view_answers(f, array, ctl->all);
	else if (n == 1)
		status_print_one(f, json_object_array_get_idx(array, 0), ctl->colour);
	else if (n > 1)
		status_print_table(f, array, ctl->colour, no_headers);
}

static enum exit_code status_run(const struct ctl *ctl, const struct args *a)
{
	bool no_headers = args_has(a, "no-headers");
	struct json_object *array;
	struct output out;
	enum exit_code requested, printed;

	array = json_object_new_array();
	if (!array || output_open(&out) < 0) {
		(void)json_object_put(array);
		return output_fail_memory();
	}
	requested = request_each(ctl, "org.ioe.control.Status", NULL, status_keep, array);
	status_print(out.file, ctl, array, no_headers);
	(void)json_object_put(array);
	printed = output_finish(&out);
	return printed != EXIT_CODE_OK ? printed : requested;
}

static const struct flag status_flags[] = {
	{ "no-headers", NULL, NULL },
	{ 0 },
};

const struct ctl_command status_command = {
	.row = {
		.name = "status",
		.args = "[--no-headers]",
		.help = "show what the daemon is doing",
		.flags = status_flags,
	},
	.run = status_run,
};
