/* SPDX-License-Identifier: MIT */
#include "wire/foreign.h"

#include "base/macro.h"
#include "base/str.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture/run.h"

#define TEXT(s) s, sizeof(s) - 1

START_TEST(by_the_first_byte)
{
	for (unsigned c = 0; c < 256; c++) {
		char text[] = { (char)c, 'x', '\n', '\0' };
		enum foreign want = c == 0x16 ? FOREIGN_TLS :
				    c < 0x20 && c != '\t' && c != '\r' && c != '\n' ? FOREIGN_OTHER : FOREIGN_NONE;

		for (size_t n = 1; n <= sizeof(text); n++)
			ck_assert_int_eq(foreign_look(text, n), want);
		ck_assert_int_eq(foreign_look_line(text, 2), want);
		/* Of what follows only a NUL tells. */
		if (c > 0)
			ck_assert_int_eq(foreign_look_more(text, 2), FOREIGN_NONE);
	}
	ck_assert_int_eq(foreign_look("", 0), FOREIGN_NONE);
	ck_assert_int_eq(foreign_look_line("", 0), FOREIGN_NONE);
}
END_TEST

static const struct {
	const char *data;
	size_t n;
	enum foreign early, line; /* of the first bytes, and of the line that they are */
} lines[] = {
	{ TEXT("PING"), FOREIGN_NONE, FOREIGN_NONE },
	{ TEXT("\026\003\001\002\000\001"), FOREIGN_TLS, FOREIGN_TLS },
	{ TEXT("\200\056\001\003\001\000\025"), FOREIGN_OTHER, FOREIGN_OTHER },                /* the hello of SSL 2 */
	{ TEXT("\005\001\000"), FOREIGN_OTHER, FOREIGN_OTHER },                                /* SOCKS 5 */
	{ TEXT("\004\001\000\120\177\000\000\001x\000"), FOREIGN_OTHER, FOREIGN_OTHER },       /* SOCKS 4 */
	{ TEXT("\000\000\000\205\377SMB\162"), FOREIGN_OTHER, FOREIGN_OTHER },                 /* SMB */
	{ TEXT("\003\000\000\023"), FOREIGN_OTHER, FOREIGN_OTHER },                            /* RDP */
	{ TEXT("AMQP\000\000\011\001"), FOREIGN_OTHER, FOREIGN_OTHER },
	{ TEXT("READ,a\0b"), FOREIGN_OTHER, FOREIGN_OTHER },
	{ TEXT("PING\0"), FOREIGN_OTHER, FOREIGN_OTHER },
	{ TEXT("\377\373\000PING"), FOREIGN_NONE, FOREIGN_OTHER }, /* telnet's, to be taken out before it is a line */
	{ TEXT("x\377\373\000PING"), FOREIGN_NONE, FOREIGN_OTHER },
	{ TEXT("GET / HTTP/1.1"), FOREIGN_NONE, FOREIGN_HTTP },
	{ TEXT("get / HTTP/1.0"), FOREIGN_NONE, FOREIGN_HTTP },
	{ TEXT("WRITE,a,3 HTTP/1.1"), FOREIGN_NONE, FOREIGN_HTTP },
	{ TEXT("PRI * HTTP/2.0"), FOREIGN_NONE, FOREIGN_HTTP },
	{ TEXT(" HTTP/1.1"), FOREIGN_NONE, FOREIGN_HTTP },
	{ TEXT("HTTP/1.1"), FOREIGN_NONE, FOREIGN_NONE },
	{ TEXT("GET / HTTP/1.1 "), FOREIGN_NONE, FOREIGN_NONE },
	{ TEXT("GET / HTTP/1."), FOREIGN_NONE, FOREIGN_NONE },
	{ TEXT("GET / HTTP/x.1"), FOREIGN_NONE, FOREIGN_NONE },
	{ TEXT("GET / HTTP/1,1"), FOREIGN_NONE, FOREIGN_NONE },
	{ TEXT("GET / http/1.1"), FOREIGN_NONE, FOREIGN_NONE },
	{ TEXT("GET /"), FOREIGN_NONE, FOREIGN_NONE },
};

START_TEST(by_the_first_line)
{
	ck_assert_int_eq(foreign_look(lines[_i].data, lines[_i].n), lines[_i].early);
	ck_assert_int_eq(foreign_look_line(lines[_i].data, lines[_i].n), lines[_i].line);
}
END_TEST

/* What stands behind the first line is somebody's file, for one. */
START_TEST(no_further_than_the_line)
{
	ck_assert_int_eq(foreign_look(TEXT("WRITE,f,3\n\0\0\0")), FOREIGN_NONE);
	ck_assert_int_eq(foreign_look(TEXT("\n\0")), FOREIGN_NONE);
	ck_assert_int_eq(foreign_look_more(TEXT("9\n\0")), FOREIGN_NONE);
	ck_assert_int_eq(foreign_look_more(TEXT("9\0\n")), FOREIGN_OTHER);
	ck_assert_int_eq(foreign_look_more(TEXT("\377\0\n")), FOREIGN_NONE);
	ck_assert_int_eq(foreign_look_more("", 0), FOREIGN_NONE);
}
END_TEST

static const struct {
	const char *text;
	bool http;
} beginnings[] = {
	{ "GET /", true },      { "GET /a,b HTTP/1.1", true }, { "x-y_z!1 /", true }, { "delete /", true },
	{ "GET ", false },      { "GET", false },              { "GET  /", false },   { " /", false },
	{ "/ /", false },       { "GET,/", false },            { "", false },         { "NAME: /x", false },
	{ "SAY,a,b /", false }, { "gr\303\274n /", false },    { "GET\t/", false },   { "GET *", false },
};

START_TEST(by_the_beginning)
{
	ck_assert_int_eq(foreign_begins_http(beginnings[_i].text, strlen(beginnings[_i].text)), beginnings[_i].http);
}
END_TEST

START_TEST(answers)
{
	const char *s, *body, *length;
	uint64_t reported;
	size_t n;

	n = foreign_answer(FOREIGN_HTTP, &s);
	ck_assert_int_eq(memcmp(s, "HTTP/1.1 421 ", 13), 0);
	length = memmem(s, n, "\r\nContent-Length: ", 18);
	ck_assert_ptr_nonnull(length);
	ck_assert_int_eq(str_to_u64(length + 18, strcspn(length + 18, "\r"), 1, 1000, &reported), 0);
	body = memmem(s, n, "\r\n\r\n", 4);
	ck_assert_ptr_nonnull(body);
	ck_assert_uint_eq(reported, (size_t)(s + n - (body + 4)));
	ck_assert_ptr_nonnull(memmem(s, n, "\r\nContent-Type: text/plain\r\n", 28));
	ck_assert_ptr_nonnull(memmem(s, n, "\r\nConnection: close\r\n", 21));

	/* A record of type alert whose length is that of the two bytes behind: fatal, and what. */
	n = foreign_answer(FOREIGN_TLS, &s);
	ck_assert_uint_eq(n, 7);
	ck_assert_mem_eq(s, "\025\003\001\000\002\002\050", 7);

	n = foreign_answer(FOREIGN_OTHER, &s);
	ck_assert_int_eq(memcmp(s, "ERROR: bad-command: ", 20), 0);
	ck_assert_ptr_eq(memchr(s, '\n', n), s + n - 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("foreign");
	TCase *t = tcase_create("foreign");

	tcase_add_test(t, by_the_first_byte);
	tcase_add_loop_test(t, by_the_first_line, 0, ELEMENTSOF(lines));
	tcase_add_test(t, no_further_than_the_line);
	tcase_add_loop_test(t, by_the_beginning, 0, ELEMENTSOF(beginnings));
	tcase_add_test(t, answers);
	suite_add_tcase(s, t);
	return run_suite(s);
}
