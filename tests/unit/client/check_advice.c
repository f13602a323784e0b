/* SPDX-License-Identifier: MIT */
#include "client/advice.h"

#include "base/macro.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture/run.h"

static const struct {
	const char *server, *client;
} sentences[] = {
	{ "", "" },
	{ "the disk is full", "the disk is full" },
	{ "'-l' is not there; LIST shows what is", "'-l' is not there; `ls` shows what is" },
	{ "'docs' is a folder; LIST,docs shows what is in it", "'docs' is a folder; `ls docs` shows what is in it" },
	/* Names hold anything, and stay as they are. */
	{ "'my docs' is a folder; LIST,my docs shows what is in it", "'my docs' is a folder; `ls my docs` shows what is in it" },
	{ "'a; LIST b' is a folder; LIST,a; LIST b shows it", NULL },
	{ "'it's LIST' is not there; LIST shows what is", "'it's LIST' is not there; `ls` shows what is" },
	{ "'LIST' is not there", "'LIST' is not there" },
	{ "you are not in the room 'x'; JOIN,x first", "you are not in the room 'x'; `/join x` first" },
	{ "there is no room 'x'; ROOMS lists them, JOIN makes one", "there is no room 'x'; `/rooms` lists them, `/join` makes one" },
	{ "no; LISTEN, RELIST and LIST_ are no verbs", "no; LISTEN, RELIST and LIST_ are no verbs" },
	{ "no; LIST", "no; `ls`" },
	{ "no; LIST,", "no; `ls`," },
	{ "no; LIST, then", "no; `ls`, then" },
	{ "no; ", "no; " },
	{ "; LIST", "; `ls`" },
	{ "'; LIST", "'; `ls`" },
};

START_TEST(speaks_the_clients_language)
{
	char *got = advice_translate(sentences[_i].server);

	ck_assert_ptr_nonnull(got);
	if (sentences[_i].client)
		ck_assert_str_eq(got, sentences[_i].client);
	free(got);
}
END_TEST

START_TEST(a_long_one)
{
	size_t n = 32U << 10;
	char *text = malloc(n + 1), *got;

	for (size_t i = 0; i < n; i += 8)
		memcpy(text + i, "; LIST,x", 8);
	text[n] = '\0';
	got = advice_translate(text);
	ck_assert_uint_eq(strlen(got), n);
	ck_assert_str_eq(got + strlen(got) - 8, "; `ls x`");
	free(got);
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("advice");
	TCase *t = tcase_create("advice");

	tcase_add_loop_test(t, speaks_the_clients_language, 0, (int)ELEMENTSOF(sentences));
	tcase_add_test(t, a_long_one);
	suite_add_tcase(s, t);
	return run_suite(s);
}
