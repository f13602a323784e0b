/* SPDX-License-Identifier: MIT */
/* How far a transfer is: on a terminal only, in one line, without escapes, and nothing of it stays. */
#include "client/progress.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "unit/fixture/run.h"

static struct client client = { .label = "put f" };
static struct progress p;
static char seen[65536];
static int from, before;

/* Standard error is a terminal of @columns, or a pipe. */
static void begin(unsigned short columns)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	int ends[2], slave;

	before = dup(STDERR_FILENO);
	if (columns == 0) {
		ck_assert_int_eq(pipe(ends), 0);
		from = ends[0];
		slave = ends[1];
	} else {
		from = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		ck_assert_int_eq(grantpt(from), 0);
		ck_assert_int_eq(unlockpt(from), 0);
		slave = open(ptsname(from), O_RDWR | O_NOCTTY | O_CLOEXEC);
		ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &size), 0);
	}
	(void)dup2(slave, STDERR_FILENO);
	(void)close(slave);
}

/* What came since the last time, and the longest line of it. A terminal hands it on a little later: to a mark. */
static size_t look(void)
{
	size_t longest = 0, n = 0;

	(void)fputc('#', stderr);
	do
		ck_assert_int_eq(read(from, seen + n, 1), 1);
	while (seen[n] != '#' && ++n < sizeof(seen) - 1);
	seen[n] = '\0';
	for (const char *s = seen; *s; s += strcspn(s, "\r") + (s[strcspn(s, "\r")] == '\r'))
		longest = strcspn(s, "\r") > longest ? strcspn(s, "\r") : longest;
	return longest;
}

static void end(void)
{
	(void)dup2(before, STDERR_FILENO);
}

START_TEST(a_terminal)
{
	size_t longest;

	begin((unsigned short)_i);
	progress_delay_usec = 0;
	progress_begin(&p, &client, "nothing was stored", 40 << 20);
	progress_step(&p, 10 << 20);
	longest = look();
	end();
	ck_assert_uint_gt(longest, 0);
	ck_assert_uint_lt(longest, (size_t)_i);
	ck_assert_ptr_null(strchr(seen, '\x1b'));
	ck_assert_ptr_null(strchr(seen, '\n'));
	if (_i >= 80)
		ck_assert_ptr_nonnull(strstr(seen, "10.0 of 40.0 MiB, 25%, "));
	(void)dup2(before, STDERR_FILENO);
	begin((unsigned short)_i);
	progress_wait(&p, "not known");
	progress_end(&p);
	(void)look();
	progress_end(&p);
	end();
	/* The last that was drawn is blanks, from the left edge to it. */
	ck_assert_int_eq(seen[strlen(seen) - 1], '\r');
	for (const char *s = seen + strlen(seen) - 2; *s != '\r'; s--)
		ck_assert_int_eq(*s, ' ');
}
END_TEST

START_TEST(not_at_once)
{
	begin(80);
	progress_delay_usec = 3600 * 1000000ULL;
	progress_begin(&p, &client, "", 100);
	progress_step(&p, 50);
	progress_wait(&p, "");
	progress_end(&p);
	(void)look();
	end();
	ck_assert_str_eq(seen, "");
}
END_TEST

START_TEST(no_terminal)
{
	begin(0);
	progress_delay_usec = 0;
	progress_begin(&p, &client, "", 100);
	progress_step(&p, 50);
	progress_wait(&p, "");
	progress_end(&p);
	(void)look();
	end();
	ck_assert_str_eq(seen, "");
}
END_TEST

START_TEST(numbers_at_their_ends)
{
	static const uint64_t ends[] = { 0, 1, UINT64_MAX };

	begin(80);
	progress_delay_usec = 0;
	for (unsigned i = 0; i < 9; i++) {
		progress_begin(&p, &client, "", ends[i % 3]);
		progress_step(&p, ends[i / 3]);
		progress_end(&p);
		ck_assert_uint_lt(look(), 80);
	}
	end();
}
END_TEST

int main(void)
{
	static const int widths[] = { 80, 20, 2, 400 };
	Suite *s = suite_create("progress");
	TCase *t = tcase_create("progress");

	for (unsigned i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		tcase_add_loop_test(t, a_terminal, widths[i], widths[i] + 1);
	tcase_add_test(t, not_at_once);
	tcase_add_test(t, no_terminal);
	tcase_add_test(t, numbers_at_their_ends);
	suite_add_tcase(s, t);
	return run_suite(s);
}
