/* SPDX-License-Identifier: MIT */
/*
 * What ioed is made of, as text for docs.sh: a line each for verbs, error words, events, warnings and options, from the
 * rows themselves; or, with --example, the example configuration; or, with --dictionary, the words that the fuzz
 * targets mix in.
 */
#include "base/buf.h"
#include "config/config.h"
#include "ioed/roles.h"
#include "log/event.h"
#include "log/warning.h"
#include "session/builtin.h"
#include "wire/error_code.h"

#include <stdio.h>
#include <string.h>

static void rows_print_verbs(const struct role *role)
{
	for (size_t i = 0; i < role->n_verbs; i++) {
		const struct verb *v = &role->verbs[i].verb;

		(void)printf("verb\t%s\t%s\t%s\n", role->name, v->syntax, v->flags & VERB_NOT_YET ? "unavailable" : "served");
	}
}

static void rows_print_options(const struct option_section *section)
{
	for (size_t i = 0; i < section->n_rows; i++) {
		const struct option *o = &section->rows[i];

		(void)printf("option\t%s%s%s\t%s\n", section->name, *section->name ? "." : "", o->path,
			     o->value ? o->value : "-");
	}
}

static int rows_print_example(void)
{
	struct buf b = { .max = 1 << 20 };
	int r;

	r = config_write_example(&ioed_schema, &b);
	if (r >= 0)
		(void)fwrite(b.data, 1, b.len, stdout);
	else
		(void)fprintf(stderr, "docs-rows: no example: %s\n", strerror(-r));
	buf_done(&b);
	return r < 0;
}

/* libFuzzer's form: a verb with what may stand behind it. */
static void rows_print_words(const struct role *role)
{
	for (size_t i = 0; i < role->n_verbs; i++) {
		const struct verb *v = &role->verbs[i].verb;

		if (v->min == 0)
			(void)printf("\"%s\\x0a\"\n", v->name);
		if (v->max > 0)
			(void)printf("\"%s,\"\n", v->name);
	}
}

static void rows_print_dictionary(void)
{
	(void)printf("# The verbs, for libFuzzer's -dict: what docs-rows --dictionary prints.\n");
	rows_print_words(&builtin_role);
	for (size_t i = 0; ioed_roles[i]; i++)
		rows_print_words(ioed_roles[i]);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--example") == 0)
		return rows_print_example();
	if (argc == 2 && strcmp(argv[1], "--dictionary") == 0) {
		rows_print_dictionary();
		return 0;
	}
	if (argc != 1) {
		(void)fprintf(stderr, "Usage: docs-rows [--dictionary | --example]\n");
		return 2;
	}
	rows_print_verbs(&builtin_role);
	for (size_t i = 0; ioed_roles[i]; i++)
		rows_print_verbs(ioed_roles[i]);
	for (unsigned i = 0; i < ERROR_MAX; i++)
		(void)printf("code\t%s\n", error_code_name((enum error_code)i));
	for (unsigned i = 0; i < LOG_EVENT_MAX; i++)
		(void)printf("event\t%s\t%s\t%s\t%s\n", log_event_rows[i].name, log_event_rows[i].id,
			     log_level_name(log_event_rows[i].level), log_event_rows[i].doc);
	for (unsigned i = 0; i < WARNING_MAX; i++)
		(void)printf("warning\t%s\n", warning_rows[i].name);
	for (size_t i = 0; ioed_schema.sections[i]; i++)
		rows_print_options(ioed_schema.sections[i]);
	rows_print_options(ioed_schema.listener);
	return 0;
}
