/* SPDX-License-Identifier: MIT */
/* ioed's command line: what is taken, and what is said to the rest. */

#include "ioed/arguments.h"
#include "base/macro.h"

#include <check.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture/run.h"

static struct arguments got;
static char *said;   /* on stderr */
static char *showed; /* on stdout */

static char *take(FILE *f, int fd, int kept)
{
	char *text = calloc(1, 8192);
	size_t n;

	(void)fflush(NULL);
	rewind(f);
	n = fread(text, 1, 8191, f);
	text[n] = '\0';
	(void)fclose(f);
	ck_assert_int_eq(dup2(kept, fd), fd);
	(void)close(kept);
	return text;
}

/* With the words of @line as arguments; "''" is an empty one. */
static int parse(const char *line)
{
	static char words[8192];
	char *argv[32] = { (char[]){ "ioed" } };
	FILE *err = tmpfile(), *out = tmpfile();
	int argc = 1, kept_err, kept_out, r;

	(void)snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok(words, " "); w && argc < 31; w = strtok(NULL, " "))
		argv[argc++] = strcmp(w, "''") == 0 ? w + 2 : w;
	(void)fflush(NULL);
	kept_err = dup(STDERR_FILENO);
	kept_out = dup(STDOUT_FILENO);
	(void)dup2(fileno(err), STDERR_FILENO);
	(void)dup2(fileno(out), STDOUT_FILENO);
	optind = 0; /* glibc: begin anew */
	memset(&got, 'x', sizeof(got));
	r = arguments_parse(&got, argc, argv);
	free(said);
	free(showed);
	said = take(err, STDERR_FILENO, kept_err);
	showed = take(out, STDOUT_FILENO, kept_out);
	return r;
}

static void teardown(void)
{
	free(said);
	free(showed);
}

START_TEST(nothing_is_the_first_instance)
{
	ck_assert_int_eq(parse(""), -1);
	ck_assert_uint_eq(got.instance, 1);
	ck_assert_ptr_null(got.config);
	ck_assert(!got.test);
	ck_assert_str_eq(said, "");
	ck_assert_str_eq(showed, "");
}
END_TEST

START_TEST(all_options_have_two_names)
{
	static const char *const lines[] = { "-i 42 -c /x/y.conf -t", "-t -i42 -c/x/y.conf",
					     "--instance=42 --config=/x/y.conf --test", "--instance 42 --config /x/y.conf -t" };

	for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
		ck_assert_int_eq(parse(lines[i]), -1);
		ck_assert_uint_eq(got.instance, 42);
		ck_assert_str_eq(got.config, "/x/y.conf");
		ck_assert(got.test);
		ck_assert_str_eq(said, "");
	}
}
END_TEST

START_TEST(instances_that_are_some)
{
	static const char *const numbers[] = { "1", "9", "10", "999", "9999" };
	char line[64];

	for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
		(void)snprintf(line, sizeof(line), "-i %s", numbers[i]);
		ck_assert_int_eq(parse(line), -1);
		ck_assert_uint_eq(got.instance, (unsigned)strtoul(numbers[i], NULL, 10));
	}
}
END_TEST

START_TEST(instances_that_are_none)
{
	static const char *const numbers[] = {
		"0", "00", "01", "0001", "10000", "99999999999999999999999999", "-1", "+1", "1x", "x", "''", "1.0", "0x1", "1,2",
		"%i", "4294967297",
	};
	char line[64], want[64];

	for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
		const char *shown = strcmp(numbers[i], "''") == 0 ? "" : numbers[i];

		(void)snprintf(line, sizeof(line), "-i %s", numbers[i]);
		(void)snprintf(want, sizeof(want), "'%s'", shown);
		ck_assert_msg(parse(line) == 2, "%s was taken", numbers[i]);
		ck_assert_msg(strstr(said, want) && strstr(said, "1 to 9999"), "%s", said);
		ck_assert_str_eq(showed, "");
	}
}
END_TEST

START_TEST(what_is_not_understood_is_refused)
{
	static const char *const lines[] = { "-x", "--nonsense", "-i", "--config", "start", "-t more", "--test=1", "-- x" };

	for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
		ck_assert_msg(parse(lines[i]) == 2, "'%s' was taken", lines[i]);
		ck_assert_ptr_nonnull(strstr(said, "Usage: ioed"));
		ck_assert_str_eq(showed, "");
	}
}
END_TEST

START_TEST(version_and_help_go_to_stdout)
{
	ck_assert_int_eq(parse("-V"), 0);
	ck_assert_str_eq(showed, "ioed " PACKAGE_VERSION "\n");
	ck_assert_str_eq(said, "");
	ck_assert_int_eq(parse("--help"), 0);
	ck_assert_ptr_nonnull(strstr(showed, "Usage: ioed"));
	ck_assert_ptr_nonnull(strstr(showed, "--instance"));
	ck_assert_str_eq(said, "");
	/* The first that matters decides. */
	ck_assert_int_eq(parse("-i x --help"), 2);
	ck_assert_int_eq(parse("-h -i x"), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("arguments");
	TCase *tc = tcase_create("arguments");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, nothing_is_the_first_instance);
	tcase_add_test(tc, all_options_have_two_names);
	tcase_add_test(tc, instances_that_are_some);
	tcase_add_test(tc, instances_that_are_none);
	tcase_add_test(tc, what_is_not_understood_is_refused);
	tcase_add_test(tc, version_and_help_go_to_stdout);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
