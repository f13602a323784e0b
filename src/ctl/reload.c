/* SPDX-License-Identifier: MIT */
/* `ioectl reload`. */
#include "base/macro.h"
#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/output.h"
#include "ctl/request.h"
#include "ctl/view.h"

#include <string.h>

struct reload {
	const struct ctl *ctl;
	bool check, diff;
	FILE *f;
	struct json_object *array;
};

static void reload_print_lines(FILE *f, struct json_object *answer)
{
	const char *sentences = json_object_get_string(json_object_object_get(answer, "text"));

	for (; sentences && *sentences; sentences += *sentences == '\n') {
		size_t n = strcspn(sentences, "\n");
		struct json_object *line = json_object_new_string_len(sentences, (int)n);
		char text[VIEW_MAX];

		(void)fprintf(f, "  %s\n", view_string(text, line));
		(void)json_object_put(line);
		sentences += n;
	}
}

/* The value of an option, for people; "" means that it is not set. */
static const char *reload_value(char dst[VIEW_MAX], struct json_object *o, const char *key)
{
	(void)view_text(dst, o, key);
	return *dst ? dst : "nothing";
}

static void reload_print_changes(FILE *f, struct json_object *answer)
{
	char option[VIEW_MAX], from[VIEW_MAX], to[VIEW_MAX];
	struct json_object *all = view_array(answer, "changes");

	if (view_count(all) == 0)
		(void)fprintf(f, "  no option changes\n");
	for (size_t i = 0; i < view_count(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);

		(void)fprintf(f, "  %s: %s -> %s%s\n", view_text(option, o, "option"), reload_value(from, o, "from"),
			      reload_value(to, o, "to"), view_flag(o, "restart") ? " (after a restart)" : "");
	}
}

static enum exit_code reload_answered(void *userdata, const struct ctl_instance *i, struct json_object *answer)
{
	struct reload *l = userdata;

	if (l->ctl->json) {
		if (l->ctl->all)
			(void)json_object_object_add(answer, "instance", instance_json(i));
		return json_object_array_add(l->array, json_object_get(answer)) < 0 ? EXIT_CODE_FAILED : EXIT_CODE_OK;
	}
	(void)fprintf(l->f, "%s %s\n", i->name, l->check ? "would take the configuration" : "has reloaded its configuration");
	if (l->diff)
		reload_print_changes(l->f, answer);
	reload_print_lines(l->f, answer);
	return EXIT_CODE_OK;
}

static enum exit_code reload_request(struct reload *l)
{
	struct json_object *o = json_object_new_object();
	enum exit_code code;

	if (l->check)
		(void)json_object_object_add(o, "check", json_object_new_boolean(true));
	code = request_each(l->ctl, "org.ioe.control.Reload", o, reload_answered, l);
	(void)json_object_put(o);
	if (l->ctl->json)
		view_answers(l->f, l->array, l->ctl->all);
	return code;
}

static enum exit_code reload_run(const struct ctl *ctl, const struct args *a)
{
	struct reload l = { .ctl = ctl, .check = args_has(a, "check"), .diff = args_has(a, "diff") };
	enum exit_code requested, printed;
	struct output out;

	l.array = json_object_new_array();
	if (!l.array || output_open(&out) < 0) {
		(void)json_object_put(l.array);
		return output_fail_memory();
	}
	l.f = out.file;
	requested = reload_request(&l);
	(void)json_object_put(l.array);
	printed = output_finish(&out);
	return (printed != EXIT_CODE_OK ? printed : requested);
}

static const struct flag reload_flags[] = {
	{ "check", NULL, NULL },
	{ "diff", NULL, NULL },
	{ 0 },
};

const struct ctl_command reload_command = {
	.row = {
		.name = "reload",
		.args = "[--check] [--diff]",
		.help = "read the configuration again",
		.flags = reload_flags,
	},
	.run = reload_run,
};
