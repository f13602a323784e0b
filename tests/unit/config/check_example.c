/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include "base/macro.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture/config_values.h"
#include "unit/fixture/run.h"

/* The example sets nothing, and says everything. */
START_TEST(example)
{
	_cleanup_(settings_unrefp) struct settings *s = NULL;
	struct buf text = {};

	ck_assert_int_eq(config_write_example(&schema, &text), 0);
	s = config_parsed_as(buf_str(&text), 3);
	config_expect_default(s, 3);
	for (size_t i = 0; schema_sections[i]; i++) {
		for (size_t j = 0; j < schema_sections[i]->n_rows; j++) {
			char line[64];

			(void)snprintf(line, sizeof(line), "%s# %s = ", schema_sections[i]->name[0] ? "\t" : "\n",
				       schema_sections[i]->rows[j].path);
			ck_assert_msg(strstr(text.data, line) != NULL, "%s is not in the example", line);
		}
	}
	ck_assert_ptr_null(strstr(strstr(text.data, "\nlimits = {") + 1, "\nlimits = {"));
	for (char *line = text.data; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		ck_assert_uint_le(strcspn(line, "\n"), 110);
	buf_done(&text);
}
END_TEST

/* Where "# name = " begins a setting that is commented out, NULL: not in this line. */
static char *commented(char *line)
{
	char *p = line + strspn(line, "\t");
	size_t n;

	if (strncmp(p, "# ", 2) != 0)
		return NULL;
	n = strspn(p + 2, "abcdefghijklmnopqrstuvwxyz_");
	return n > 0 && strncmp(p + 2 + n, " = ", 3) == 0 ? p : NULL;
}

/* Takes the comment off a setting, which may go on until the line that ends it. */
static void uncomment(char *p)
{
	bool is_list = strncmp(p + strcspn(p, "\n") - 1, "(", 1) == 0;

	for (;;) {
		bool is_last = !is_list || strncmp(p, "# );", 4) == 0;

		memset(p, ' ', 2);
		if (is_last)
			return;
		p = strchr(p, '\n') + 1;
	}
}

START_TEST(example_uncommented)
{
	struct buf text = {};
	int n = 0;

	ck_assert_int_eq(config_write_example(&schema, &text), 0);
	for (char *line = buf_str(&text); line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		_cleanup_(settings_unrefp) struct settings *s = NULL;
		_cleanup_(freep) char *copy = strdup(text.data);
		char *p;

		ck_assert_ptr_nonnull(copy);
		p = commented(copy + (line - text.data));
		if (!p)
			continue;
		uncomment(p);
		s = config_parsed_as(copy, 3);
		if (strstr(copy, "\n  root = ") || strstr(copy, "\t  root = "))
			ck_assert_str_eq(config_file(s)->root, "/srv/ioe");
		else
			config_expect_default(s, 3);
		n++;
	}
	ck_assert_int_eq(n, 6 + 8 + 5 + 1 + 2); /* the rows, listeners, instances */
	buf_done(&text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("example");
	TCase *tc = tcase_create("example");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, example);
	tcase_add_test(tc, example_uncommented);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
