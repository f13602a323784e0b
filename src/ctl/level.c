/* SPDX-License-Identifier: MIT */
/* `ioectl log-level`. */
#include "base/clock.h"
#include "base/macro.h"
#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/output.h"
#include "ctl/request.h"
#include "ctl/view.h"

#include <string.h>

static const char *const level_names[] = { "err", "warning", "notice", "info", "debug" };

static bool level_is_known(const char *name)
{
	for (size_t i = 0; i < ELEMENTSOF(level_names); i++)
		if (strcmp(level_names[i], name) == 0)
			return true;
	(void)fprintf(stderr, "ioectl: '%s' is no log level: err, warning, notice, info or debug\n", name);
	return false;
}

struct level {
	const struct ctl *ctl;
	bool set;         /* and not only printed */
	const char *time; /* NULL: until the next reload */
	FILE *f;
	struct json_object *array;
};

static enum exit_code level_answered(void *userdata, const struct ctl_instance *i, struct json_object *answer)
{
	char level[VIEW_MAX], configured[VIEW_MAX];
	struct level *l = userdata;

	if (l->ctl->json) {
		if (l->ctl->all)
			(void)json_object_object_add(answer, "instance", instance_json(i));
		return json_object_array_add(l->array, json_object_get(answer)) < 0 ? EXIT_CODE_FAILED : EXIT_CODE_OK;
	}
	(void)view_text(configured, answer, "configured");
	(void)fprintf(l->f, "%s logs %s and above", i->name, view_text(level, answer, "level"));
	if (l->time)
		(void)fprintf(l->f, " for %s, then %s\n", l->time, configured);
	else if (l->set)
		(void)fprintf(l->f, " until the next reload\n");
	else if (strcmp(level, configured) != 0)
		(void)fprintf(l->f, " for now; the configuration says %s\n", configured);
	else
		(void)fprintf(l->f, "\n");
	return EXIT_CODE_OK;
}

/* @name NULL: prints the level. */
static enum exit_code level_request(struct level *l, const char *name, uint64_t usec)
{
	struct json_object *o = json_object_new_object();
	enum exit_code requested, printed;
	struct output out;

	l->array = json_object_new_array();
	if (!o || !l->array || output_open(&out) < 0) {
		(void)json_object_put(o);
		(void)json_object_put(l->array);
		return output_fail_memory();
	}
	l->f = out.file;
	if (name)
		(void)json_object_object_add(o, "level", json_object_new_string(name));
	if (l->time)
		(void)json_object_object_add(o, "for_usec", json_object_new_int64((int64_t)usec));
	requested = request_each(l->ctl, "org.ioe.control.LogLevel", o, level_answered, l);
	if (l->ctl->json)
		view_answers(out.file, l->array, l->ctl->all);
	(void)json_object_put(o);
	(void)json_object_put(l->array);
	printed = output_finish(&out);
	return printed != EXIT_CODE_OK ? printed : requested;
}

static enum exit_code level_run(const struct ctl *ctl, const struct args *a)
{
	struct level l = { .ctl = ctl, .set = a->n > 0, .time = args_get(a, "for") };
	uint64_t usec = 0;
	char why[128];

	if (l.set && !level_is_known(a->words[0]))
		return EXIT_CODE_USAGE;
	if (l.time && !l.set) {
		(void)fprintf(stderr, "ioectl: --for=%s needs a level: err, warning, notice, info or debug\n", l.time);
		return EXIT_CODE_USAGE;
	}
	if (l.time && args_time("for", l.time, &usec, why, sizeof(why)) < 0) {
		(void)fprintf(stderr, "ioectl: %s\n", why);
		return EXIT_CODE_USAGE;
	}
	if (l.time && (usec == 0 || usec > 366 * 86400 * USEC_PER_SEC)) {
		(void)fprintf(stderr, "ioectl: --for=%s is out of range: above 0, and at most 366d\n", l.time);
		return EXIT_CODE_USAGE;
	}
	return level_request(&l, a->words[0], usec);
}

static const struct flag level_flags[] = {
	{ "for", "TIME", NULL },
	{ 0 },
};

const struct ctl_command level_command = {
	.row = {
		.name = "log-level",
		.args = "[[--for=TIME] LEVEL]",
		.help = "show or change what is logged",
		.flags = level_flags,
		.max = 1,
	},
	.run = level_run,
};
