/* SPDX-License-Identifier: MIT */
/*
 * `ioectl metrics`: OpenMetrics 1.0 text. A family is printed once, with the samples of all instances; a label names
 * the instance of a sample.
 */
#include "ctl/metrics.h"

#include "base/io.h"
#include "base/macro.h"
#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/output.h"
#include "ctl/request.h"
#include "ctl/view.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* A word of the daemon for the OpenMetrics text. A word with other characters could add lines to it, and is left
 * out. */
static const char *metrics_word(struct json_object *o, const char *key)
{
	const char *s = json_object_get_string(json_object_object_get(o, key));

	if (!s || !*s || (*s >= '0' && *s <= '9'))
		return NULL;
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] ? NULL : s;
}

/* Prints a HELP text or a label value, with backslash, quote and line feed escaped. */
static void metrics_print_escaped(FILE *f, struct json_object *o, const char *key)
{
	char text[VIEW_MAX];

	(void)view_text(text, o, key);
	for (const char *p = text; *p; p++)
		(void)fprintf(f, *p == '\\' || *p == '"' ? "\\%c" : "%c", *p);
}

static const char *metrics_suffix(const char *kind)
{
	return strcmp(kind, "counter") == 0 ? "_total" : strcmp(kind, "info") == 0 ? "_info" : "";
}

/* NAME_total{instance="1",role="file"} 12 */
static void metrics_print_sample(FILE *f, const char *name, const char *kind, const char *instance, struct json_object *o)
{
	struct json_object *value = json_object_object_get(o, "value");
	const char *label = metrics_word(o, "label"), *before = "{";

	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
		return;
	(void)fprintf(f, "%s%s", name, metrics_suffix(kind));
	if (instance) {
		(void)fprintf(f, "{instance=\"%s\"", instance);
		before = ",";
	}
	if (label) {
		(void)fprintf(f, "%s%s=\"", before, label);
		metrics_print_escaped(f, o, "label_value");
		(void)fputc('"', f);
	}
	(void)fprintf(f, "%s ", instance || label ? "}" : "");
	if (json_object_is_type(value, json_type_int))
		(void)fprintf(f, "%lld\n", (long long)json_object_get_int64(value));
	else
		(void)fprintf(f, "%.6f\n", json_object_get_double(value));
}

static struct json_object *metrics_find(struct json_object *families, const char *name)
{
	for (size_t i = 0; i < view_count(families); i++) {
		struct json_object *o = json_object_array_get_idx(families, i);
		const char *other = metrics_word(o, "name");

		if (other && strcmp(other, name) == 0)
			return o;
	}
	return NULL;
}

/* The samples of one family, of all instances. */
static void metrics_print_samples(FILE *f, struct json_object *all, const char *name, const char *kind)
{
	for (size_t i = 0; i < view_count(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i),
				   *family = metrics_find(view_array(one, "metrics"), name),
				   *samples = family ? view_array(family, "samples") : NULL;
		const char *other_kind = family ? metrics_word(family, "kind") : NULL;

		/* A daemon of another version has another kind under this name. */
		if (!other_kind || strcmp(other_kind, kind) != 0)
			continue;
		for (size_t k = 0; k < view_count(samples); k++) {
			char instance[VIEW_MAX];
			bool numbered = json_object_object_get_ex(one, "instance", NULL);

			metrics_print_sample(f, name, kind, numbered ? view_any(instance, one, "instance") : NULL,
					     json_object_array_get_idx(samples, k));
		}
	}
}

static void metrics_print_family(FILE *f, struct json_object *all, struct json_object *family)
{
	const char *name = metrics_word(family, "name"), *kind = metrics_word(family, "kind"),
		   *unit = metrics_word(family, "unit");

	if (!name || !kind)
		return;
	(void)fprintf(f, "# TYPE %s %s\n", name, kind);
	if (unit)
		(void)fprintf(f, "# UNIT %s %s\n", name, unit);
	(void)fprintf(f, "# HELP %s ", name);
	metrics_print_escaped(f, family, "help");
	(void)fputc('\n', f);
	metrics_print_samples(f, all, name, kind);
}

void metrics_print(FILE *f, struct json_object *all)
{
	for (size_t i = 0; i < view_count(all); i++) {
		struct json_object *families = view_array(json_object_array_get_idx(all, i), "metrics");

		for (size_t k = 0; k < view_count(families); k++) {
			struct json_object *family = json_object_array_get_idx(families, k);
			const char *name = metrics_word(family, "name");
			bool printed = false;

			for (size_t j = 0; name && j < i; j++)
				printed |= metrics_find(view_array(json_object_array_get_idx(all, j), "metrics"), name) != NULL;
			if (!printed)
				metrics_print_family(f, all, family);
		}
	}
	(void)fprintf(f, "# EOF\n");
}

static enum exit_code metrics_answered(void *userdata, const struct ctl_instance *i, struct json_object *answer)
{
	if (i->number && json_object_object_add(answer, "instance", instance_json(i)) < 0)
		return EXIT_CODE_FAILED;
	return json_object_array_add(userdata, json_object_get(answer)) < 0 ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

/* Replaces the file at once: writes beside it, then renames. */
static enum exit_code metrics_write(const char *path, const char *text, size_t len)
{
	_cleanup_(freep) char *dir = NULL;
	_cleanup_(closep) int fd = -1;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int r;

	dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	r = !dir ? -ENOMEM : !*name ? -EISDIR : 0;
	if (r == 0) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = fd < 0 ? -errno : io_replace_file(fd, name, text, len, 0644);
	}
	if (r == 0)
		return EXIT_CODE_OK;
	(void)fprintf(stderr, "ioectl: %s cannot be written: %s\n", path, strerror(-r));
	return r == -EACCES || r == -EPERM ? EXIT_CODE_NOT_PERMITTED : EXIT_CODE_FAILED;
}

/* Prints or writes the text. If no instance answered, a file stays as it is: a collector shows how old it is. */
static enum exit_code metrics_deliver(struct output *out, const char *path, enum exit_code requested)
{
	enum exit_code code;

	if (!path)
		return output_finish(out);
	if (output_close(out) < 0)
		return output_fail_memory();
	code = requested == EXIT_CODE_OK || requested == EXIT_CODE_SOME_FAILED ? metrics_write(path, out->text, out->len) : EXIT_CODE_OK;
	free(out->text);
	return code;
}

static enum exit_code metrics_run(const struct ctl *ctl, const struct args *a)
{
	const char *path = args_get(a, "write");
	enum exit_code requested, delivered;
	struct json_object *all;
	struct output out;

	all = json_object_new_array();
	if (!all || output_open(&out) < 0) {
		(void)json_object_put(all);
		return output_fail_memory();
	}
	requested = request_each(ctl, "org.ioe.control.Metrics", NULL, metrics_answered, all);
	if (ctl->json)
		view_answers(out.file, all, ctl->all);
	else if (view_count(all) > 0)
		metrics_print(out.file, all);
	(void)json_object_put(all);
	delivered = metrics_deliver(&out, path, requested);
	return (delivered != EXIT_CODE_OK ? delivered : requested);
}

static const struct flag metrics_flags[] = {
	{ "write", "FILE", NULL },
	{ 0 },
};

const struct ctl_command metrics_command = {
	.row = {
		.name = "metrics",
		.args = "[--write=FILE]",
		.help = "print numbers for a monitoring system",
		.flags = metrics_flags,
	},
	.run = metrics_run,
};
