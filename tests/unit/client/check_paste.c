/* SPDX-License-Identifier: MIT */
/* What is pasted and what are keys, in whatever pieces and whatever is in it. */
#include "client/paste.h"

#include "base/macro.h"

#include <check.h>
#include <string.h>

#include "unit/fixture/run.h"

/* Keys as they are, a paste in <>, one that is too large as <!>. */
static void feed(struct paste *p, struct buf *out, const char *bytes, size_t n)
{
	char key;

	for (size_t i = 0; i < n; i++) {
		switch (paste_take(p, bytes[i])) {
		case PASTE_KEYS:
			break;
		case PASTE_TEXT:
			ck_assert_int_eq(buf_printf(out, "<%.*s>", (int)p->text.len, p->text.data ? p->text.data : ""), 0);
			break;
		case PASTE_TOO_LARGE:
			ck_assert_int_eq(buf_append_str(out, "<!>"), 0);
			break;
		}
		while (paste_key(p, &key))
			ck_assert_int_eq(buf_append(out, &key, 1), 0);
	}
}

static const struct {
	const char *bytes, *wanted;
} pastes[] = {
	{ "", "" },
	{ "abc\r", "abc\r" },
	{ "\033[200~text\033[201~", "<text>" },
	{ "a\033[200~text\r\033[201~b\033[200~\033[201~", "a<text\r>b<>" },
	/* Keys that begin like one. */
	{ "\033[A\033[2~\033[20x\033\033[200~t\033[201~", "\033[A\033[2~\033[20x\033<t>" },
	{ "\033[200\033[200~t\033[201~", "\033[200<t>" },
	/* An end that is none, a beginning inside, an end outside. */
	{ "\033[200~a\033[201b\033\033[20\033[200~c\033[201~d", "<a\033[201b\033\033[20\033[200~c>d" },
	{ "\033[201~x", "\033[201~x" },
	/* Not ended: nothing of it is a key. */
	{ "a\033[200~b\003\033[20", "a" },
};

START_TEST(pastes_and_keys)
{
	struct paste p = { 0 };
	struct buf out = { 0 };

	feed(&p, &out, pastes[_i].bytes, strlen(pastes[_i].bytes));
	ck_assert_str_eq(buf_str(&out), pastes[_i].wanted);
	buf_done(&out);
	paste_done(&p);
}
END_TEST

static void feed_large(size_t n, const char *wanted)
{
	struct paste p = { 0 };
	struct buf out = { 0 };
	size_t taken = 0;

	feed(&p, &out, "\033[200~", 6);
	for (size_t i = 0; i < n; i++)
		taken += paste_take(&p, 'x') == PASTE_KEYS;
	ck_assert_uint_eq(taken, n);
	ck_assert_uint_le(p.text.len, PASTE_MAX);
	if (!wanted) {
		for (size_t i = 0; i < 5; i++)
			(void)paste_take(&p, "\033[201"[i]);
		ck_assert_int_eq(paste_take(&p, '~'), PASTE_TEXT);
		ck_assert_uint_eq(p.text.len, n);
	} else {
		feed(&p, &out, "\033[201~\033[200~y\033[201~", 19);
		ck_assert_str_eq(buf_str(&out), wanted);
	}
	buf_done(&out);
	paste_done(&p);
}

START_TEST(as_much_as_may_be_and_no_more)
{
	feed_large(PASTE_MAX, NULL);
	feed_large(PASTE_MAX + 1, "<!><y>");
	feed_large(3 * PASTE_MAX, "<!><y>");
}
END_TEST

static const struct {
	const char *text, *wanted;
	size_t n;
} texts[] = {
	{ "", "", 0 },
	{ "a", "a", 1 },
	{ "a\r", "a\n", 1 },
	{ "a\nb", "a\nb", 2 },
	{ "a\r\nb\r\n", "a\nb\n", 2 },
	{ "\r\r\n\n", "\n\n\n", 3 },
	{ "\n\r", "\n\n", 2 },
	{ "a\tb\033[2J\x7f\x03\r\xff\xc2\x9b", "a\tb?[2J??\n??", 2 },
	{ "\xe6\x97\xa5\r\xe6\x97", "\xe6\x97\xa5\n??", 2 },
};

START_TEST(lines_of_harmless_text)
{
	struct buf text = { 0 };

	ck_assert_int_eq(buf_append_str(&text, texts[_i].text), 0);
	ck_assert_uint_eq(paste_clean(&text), texts[_i].n);
	ck_assert_str_eq(buf_str(&text), texts[_i].wanted);
	buf_done(&text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("paste");
	TCase *t = tcase_create("paste");

	tcase_add_loop_test(t, pastes_and_keys, 0, (int)ELEMENTSOF(pastes));
	tcase_add_test(t, as_much_as_may_be_and_no_more);
	tcase_add_loop_test(t, lines_of_harmless_text, 0, (int)ELEMENTSOF(texts));
	suite_add_tcase(s, t);
	return run_suite(s);
}
