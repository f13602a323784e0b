/* SPDX-License-Identifier: MIT */
/* Numbers through sessions: as a line, as a verb, and what is said to those who send none. */

#include "base/macro.h"
#include "ioed/roles.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"

/* The old clients' answer, to the letter. */
#define NO_NUMBER "Received data is not a valid integer\n"

static void start(const char *roles)
{
	char config[512];

	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ %s ]; raw = false; } );\n"
		       "state_dir = \"%%s/state\"; runtime_dir = \"%%s/run\"; reactors = 2;\n",
		       roles);
	serve_start(&ioed_schema, ioed_roles, config);
}

static const struct {
	const char *say, *receive;
} numbers[] = {
	{ "21", "42\n" },
	{ "0", "0\n" },
	{ "-0", "0\n" },
	{ "-5", "-10\n" },
	{ "+5", "10\n" },
	{ " 1_000\t", "2000\n" },
	{ "007", "14\n" },
	{ "99999999999999999999999999999999999999999", "199999999999999999999999999999999999999998\n" },
	{ "5\r", "10\n" },
};

static const char *const no_numbers[] = { "5.0", "0x10", "1e3", "- 5", "1__0", "_1", "1_", "five", "--5", "1,5" };

START_TEST(a_number_is_doubled)
{
	char text[200];
	int c;

	start(_i ? "\"compute\"" : "\"file\", \"chat\", \"relay\", \"compute\"");
	c = serve_connect();
	for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
		(void)snprintf(text, sizeof(text), "%s\nDOUBLE,%s\ndouble,%s\n", numbers[i].say, numbers[i].say,
			       numbers[i].say);
		serve_say(c, text);
		for (unsigned k = 0; k < 3; k++)
			serve_expect(c, numbers[i].receive);
	}
	serve_close(c);
	serve_stop();
}
END_TEST

/* Where there is nothing but compute, all that is no verb was meant for it. */
START_TEST(what_is_no_number_alone)
{
	char text[200];
	int c;

	start("\"compute\"");
	c = serve_connect();
	for (size_t i = 0; i < ELEMENTSOF(no_numbers); i++) {
		(void)snprintf(text, sizeof(text), "%s\nDOUBLE,%s\nPING\n", no_numbers[i], no_numbers[i]);
		serve_say(c, text);
		serve_expect(c, NO_NUMBER);
		serve_expect_error(c, "bad-argument");
		serve_expect(c, "PONG\n");
	}
	serve_say(c, "\nDOUBLE,\nDOUBLE\n");
	serve_expect(c, NO_NUMBER);
	serve_expect_error(c, "bad-argument");
	serve_expect_error(c, "bad-argument");
	/* A program gets an error like any other. */
	serve_say(c, "HELLO,ioe/1\n");
	(void)serve_line(c, text, sizeof(text));
	serve_say(c, "five\nDOUBLE,fi%2Cve\n4\nDOUBLE,%34\n");
	serve_expect_error(c, "bad-command");
	serve_expect_error(c, "bad-argument");
	serve_expect(c, "8\n8\n");
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(what_is_no_number_among_others)
{
	char text[200];
	int c;

	start("\"file\", \"compute\"");
	c = serve_connect();
	for (size_t i = 0; i < ELEMENTSOF(no_numbers); i++) {
		(void)snprintf(text, sizeof(text), "%s\n", no_numbers[i]);
		serve_say(c, text);
		serve_expect_error(c, "bad-command");
	}
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(where_it_is_not_offered)
{
	int c;

	start("\"file\"");
	c = serve_connect();
	serve_say(c, "5\nDOUBLE,5\n");
	serve_expect_error(c, "bad-command");
	serve_expect_error(c, "unavailable");
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(numbers_up_to_the_line_limit)
{
	enum { DIGITS = 64 << 10 };
	char *say = malloc(DIGITS + 2), *receive = malloc(DIGITS + 3);
	int c;

	/* 999...9, twice: 1999...98 */
	memset(say, '9', DIGITS);
	memcpy(say + DIGITS, "\n", 2);
	memset(receive, '9', DIGITS + 1);
	receive[0] = '1';
	receive[DIGITS] = '8';
	memcpy(receive + DIGITS + 1, "\n", 2);
	start("\"compute\"");
	c = serve_connect();
	for (unsigned i = 0; i < 20; i++)
		serve_say(c, say);
	for (unsigned i = 0; i < 20; i++)
		serve_expect(c, receive);
	say[DIGITS] = '9';
	serve_say_n(c, say, DIGITS + 1);
	serve_say(c, "\n1\n");
	serve_expect_error(c, "too-long");
	serve_expect(c, "2\n");
	serve_close(c);
	serve_stop();
	free(say);
	free(receive);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("compute");
	TCase *tc = tcase_create("compute");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_number_is_doubled, 0, 2);
	tcase_add_test(tc, what_is_no_number_alone);
	tcase_add_test(tc, what_is_no_number_among_others);
	tcase_add_test(tc, where_it_is_not_offered);
	tcase_add_test(tc, numbers_up_to_the_line_limit);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
