/* SPDX-License-Identifier: MIT */
/* What a sink gets, and what stands on stderr without one. */

#include "base/log.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "unit/fixture/run.h"

static struct {
	unsigned n;
	enum log_level level;
	size_t n_fields;
	char field[64];
	char text[2048];
} seen;

static void seen_sink(enum log_level level, const struct log_field *fields, size_t n_fields, const char *text)
{
	seen.n++;
	seen.level = level;
	seen.n_fields = n_fields;
	if (n_fields > 0)
		(void)snprintf(seen.field, sizeof(seen.field), "%s=%s", fields[0].name, fields[0].value);
	(void)snprintf(seen.text, sizeof(seen.text), "%s", text);
	errno = EBADF;
}

static void setup(void)
{
	static char program[] = "prog";

	program_invocation_short_name = program;
	memset(&seen, 0, sizeof(seen));
	log_set_sink(seen_sink);
}

START_TEST(sink_gets_level_fields_and_text)
{
	const struct log_field fields[] = { { "IOE_PEER", "127.0.0.1:5" }, { "IOE_NICK", "ann" } };

	log_full(LOG_LEVEL_WARNING, fields, 2, "%d of %s", 3, "four");
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_int_eq(seen.level, LOG_LEVEL_WARNING);
	ck_assert_uint_eq(seen.n_fields, 2);
	ck_assert_str_eq(seen.field, "IOE_PEER=127.0.0.1:5");
	ck_assert_str_eq(seen.text, "3 of four");
}
END_TEST

START_TEST(sink_gets_no_more_fields_than_allowed)
{
	struct log_field fields[LOG_FIELDS_MAX + 3];

	for (size_t i = 0; i < ELEMENTSOF(fields); i++)
		fields[i] = (struct log_field){ "A", "b" };
	log_full(LOG_LEVEL_INFO, fields, ELEMENTSOF(fields), "x");
	ck_assert_uint_eq(seen.n_fields, LOG_FIELDS_MAX);
}
END_TEST

START_TEST(only_wanted_levels_pass)
{
	ck_assert_int_eq(log_get_level(), LOG_LEVEL_INFO);
	log_debug("no");
	ck_assert_uint_eq(seen.n, 0);
	log_info("yes");
	ck_assert_uint_eq(seen.n, 1);

	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("yes");
	ck_assert_uint_eq(seen.n, 2);

	log_set_level(LOG_LEVEL_ERR);
	log_warning("no");
	ck_assert_uint_eq(seen.n, 2);
	log_err("yes");
	ck_assert_uint_eq(seen.n, 3);
}
END_TEST

START_TEST(errno_is_the_callers)
{
	errno = ENOSPC;
	log_err("%m");
	ck_assert_str_eq(seen.text, strerror(ENOSPC));
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

START_TEST(long_text_is_cut)
{
	char text[1030];

	memset(text, 'a', sizeof(text));
	text[1023] = '\0';
	log_info("%s", text);
	ck_assert_str_eq(seen.text, text);

	text[1023] = 'a';
	text[1024] = '\0';
	log_info("%s", text);
	ck_assert_uint_eq(strlen(seen.text), 1023);
	ck_assert_str_eq(seen.text + 1019, "a...");
}
END_TEST

START_TEST(line_looks_as_it_should)
{
	const struct log_field fields[] = { { "A", "b" }, { "C", "d e" } };
	char line[LOG_LINE_MAX];

	ck_assert_uint_eq(log_line(line, false, LOG_LEVEL_ERR, NULL, 0, "text"), strlen("prog: err: text\n"));
	ck_assert_str_eq(line, "prog: err: text\n");
	(void)log_line(line, true, LOG_LEVEL_DEBUG, NULL, 0, "<3>text");
	ck_assert_str_eq(line, "<7><3>text\n");
	(void)log_line(line, false, LOG_LEVEL_NOTICE, fields, 2, "text");
	ck_assert_str_eq(line, "prog: notice: text [A=b C=d e]\n");
}
END_TEST

/* Wherever it stands among the fields, and where it stands alone. */
START_TEST(line_leaves_the_id_out)
{
	const struct log_field fields[] = {
		{ LOG_FIELD_ID, "0" }, { "A", "b" }, { LOG_FIELD_ID, "0" }, { "C", "d" }, { LOG_FIELD_ID, "0" },
	};
	char line[LOG_LINE_MAX];

	(void)log_line(line, false, LOG_LEVEL_NOTICE, fields, 5, "text");
	ck_assert_str_eq(line, "prog: notice: text [A=b C=d]\n");
	(void)log_line(line, true, LOG_LEVEL_NOTICE, fields, 1, "text");
	ck_assert_str_eq(line, "<5>text\n");
}
END_TEST

/* One event per byte value, in text, name and value alike. */
START_TEST(line_is_harmless)
{
	for (int c = 1; c < 256; c++) {
		const char s[] = { 'x', (char)c, 'y', '\0' };
		const struct log_field field = { s, s };
		char line[LOG_LINE_MAX];
		size_t n;

		n = log_line(line, true, LOG_LEVEL_INFO, &field, 1, s);
		ck_assert_uint_eq(n, strlen(line));
		ck_assert_int_eq(line[n - 1], '\n');
		for (size_t i = 0; i < n - 1; i++)
			ck_assert_msg(line[i] >= 0x20 && line[i] <= 0x7e, "byte %d came through", c);
	}
}
END_TEST

START_TEST(line_keeps_its_bound_and_its_fields)
{
	struct log_field fields[LOG_FIELDS_MAX];
	char line[LOG_LINE_MAX], worst[1024];
	size_t n;

	memset(worst, 1, sizeof(worst) - 1);
	worst[sizeof(worst) - 1] = '\0';
	fields[0] = (struct log_field){ "WHO", "me" };
	for (size_t i = 1; i < LOG_FIELDS_MAX; i++)
		fields[i] = (struct log_field){ worst, worst };

	/* Every length up to the worst, so that each way of not fitting happens. */
	for (size_t cut = 0; cut < sizeof(worst); cut++) {
		n = log_line(line, false, LOG_LEVEL_INFO, fields, LOG_FIELDS_MAX, worst + cut);
		ck_assert_uint_lt(n, LOG_LINE_MAX);
		ck_assert_uint_eq(n, strlen(line));
		ck_assert_str_eq(line + n - 2, "]\n");
		ck_assert_ptr_nonnull(strstr(line, " [WHO=me "));
	}
}
END_TEST

/* What log_full() writes to fd 2, with $JOURNAL_STREAM naming it or (@lie) naming something else. */
static void stderr_of_an_event(char *ret, size_t size, bool is_journal, bool lie)
{
	int fds[2], saved = dup(STDERR_FILENO);
	char stream[64];
	struct stat st;
	ssize_t n;

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(fstat(fds[1], &st), 0);
	(void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino + lie);
	ck_assert_int_eq(is_journal ? setenv("JOURNAL_STREAM", stream, 1) : unsetenv("JOURNAL_STREAM"), 0);

	(void)dup2(fds[1], STDERR_FILENO);
	log_set_sink(NULL);
	log_warning("a\nb");
	(void)dup2(saved, STDERR_FILENO);

	(void)close(fds[1]);
	n = read(fds[0], ret, size - 1);
	ck_assert_int_gt(n, 0);
	ret[n] = '\0';
	ck_assert_int_eq(read(fds[0], ret + n, 1), 0);
	(void)close(fds[0]);
	(void)close(saved);
}

START_TEST(without_a_sink_it_is_stderr)
{
	char got[256];

	stderr_of_an_event(got, sizeof(got), false, false);
	ck_assert_str_eq(got, "prog: warning: a\\x0ab\n");
	stderr_of_an_event(got, sizeof(got), true, true);
	ck_assert_str_eq(got, "prog: warning: a\\x0ab\n");
	stderr_of_an_event(got, sizeof(got), true, false);
	ck_assert_str_eq(got, "<4>a\\x0ab\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("log");
	TCase *tc = tcase_create("log");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, sink_gets_level_fields_and_text);
	tcase_add_test(tc, sink_gets_no_more_fields_than_allowed);
	tcase_add_test(tc, only_wanted_levels_pass);
	tcase_add_test(tc, errno_is_the_callers);
	tcase_add_test(tc, long_text_is_cut);
	tcase_add_test(tc, line_looks_as_it_should);
	tcase_add_test(tc, line_leaves_the_id_out);
	tcase_add_test(tc, line_is_harmless);
	tcase_add_test(tc, line_keeps_its_bound_and_its_fields);
	tcase_add_test(tc, without_a_sink_it_is_stderr);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
