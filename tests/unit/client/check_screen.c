/* SPDX-License-Identifier: MIT */
/* What reaches standard output, which is a temporary file here. */
#include "client/screen.h"

#include "base/macro.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

static char seen[32768];
static size_t n_seen;

/* Writes @s in pieces of @piece bytes, and looks at what came out. */
static void show(struct screen *s, const char *text, size_t n, size_t piece)
{
	FILE *file = tmpfile();
	int saved = dup(STDOUT_FILENO);

	ck_assert_ptr_nonnull(file);
	(void)fflush(stdout);
	ck_assert_int_ge(dup2(fileno(file), STDOUT_FILENO), 0);
	for (size_t k; n > 0; text += k, n -= k) {
		k = MIN(piece, n);
		ck_assert_int_eq(screen_write(s, text, k), 0);
	}
	ck_assert_int_eq(screen_finish(s), 0);
	ck_assert_int_ge(dup2(saved, STDOUT_FILENO), 0);
	(void)close(saved);
	rewind(file);
	n_seen = fread(seen, 1, sizeof(seen) - 1, file);
	seen[n_seen] = '\0';
	(void)fclose(file);
}

static const struct {
	const char *text;
	const char *shown;
} rows[] = {
	{ "", "" },
	{ "plain\n", "plain\n" },
	{ "\n\n a\tb\n", "\n\n a\tb\n" },
	{ "\x1b[2J\x1b]0;x\x07y", "?[2J?]0;x?y" },
	{ "a\rb\x7f\x08\n", "a?b??\n" },
	{ "gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x98\x80\n", "gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x98\x80\n" },
	{ "\xc2\x9b[2J", "?[2J" }, /* C1 in UTF-8 */
	{ "\x9b[2J\xff\xfe", "?[2J??" },
	{ "photo\xe2\x80\xaegpj.exe\xd8\x9c\n", "photo?gpj.exe?\n" },
	{ "cut \xe2\x82", "cut ??" },
	{ "cut \xe2\x82\nnext", "cut ??\nnext" },
	{ "\xc3\xc3\xbc|", NULL }, /* broken and then good: only harmlessness is promised */
};

START_TEST(harmless_in_pieces)
{
	for (size_t piece = 1; piece <= 8; piece++) {
		struct screen s = { .harmless = true };

		show(&s, rows[_i].text, strlen(rows[_i].text), piece);
		if (rows[_i].shown)
			ck_assert_str_eq(seen, rows[_i].shown);
		for (size_t i = 0; i < n_seen; i++)
			ck_assert(seen[i] == '\n' || seen[i] == '\t' || (unsigned char)seen[i] >= 0x20);
	}
}
END_TEST

/* Longer than any piece in between, with characters of three bytes at every place a cut may be. */
START_TEST(long_line)
{
	static char text[15004];
	size_t n = 0;

	for (size_t i = 0; i < (size_t)_i; i++)
		text[n++] = 'x';
	while (n + 3 <= 15000) {
		memcpy(text + n, "\xe2\x82\xac", 3);
		n += 3;
	}
	for (size_t piece = n - 1; piece <= n; piece++) {
		struct screen s = { .harmless = true };

		show(&s, text, n, piece);
		ck_assert_uint_eq(n_seen, n);
		ck_assert_mem_eq(seen, text, n);
	}
}
END_TEST

START_TEST(as_it_is)
{
	static const char text[] = "\0\x1b[2J\xff\r\n\xe2\x82";
	struct screen s = { 0 };

	show(&s, text, sizeof(text) - 1, 3);
	ck_assert_uint_eq(n_seen, sizeof(text) - 1);
	ck_assert_mem_eq(seen, text, sizeof(text) - 1);
}
END_TEST

START_TEST(full_disk)
{
	struct screen s = { 0 };
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), saved = dup(STDOUT_FILENO), r;

	ck_assert_int_ge(full, 0);
	ck_assert_int_ge(dup2(full, STDOUT_FILENO), 0);
	r = screen_write(&s, "x\n", 2);
	if (r == 0)
		r = screen_finish(&s);
	ck_assert_int_ge(dup2(saved, STDOUT_FILENO), 0);
	clearerr(stdout);
	ck_assert_int_lt(r, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("screen");
	TCase *t = tcase_create("screen");

	tcase_add_loop_test(t, harmless_in_pieces, 0, (int)ELEMENTSOF(rows));
	tcase_add_loop_test(t, long_line, 0, 4);
	tcase_add_test(t, as_it_is);
	tcase_add_test(t, full_disk);
	suite_add_tcase(s, t);
	return run_suite(s);
}
