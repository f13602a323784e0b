/* SPDX-License-Identifier: MIT */
#include "client/servers.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "unit/fixture/run.h"

static const struct {
	const char *list;
	struct {
		const char *name, *host, *port;
	} at[3];
} good[] = {
	{ "127.0.0.1:9001", { { "127.0.0.1:9001", "127.0.0.1", "9001" } } },
	{ "a:1,b.example:65535", { { "a:1", "a", "1" }, { "b.example:65535", "b.example", "65535" } } },
	{ "files.example", { { "files.example:9001", "files.example", "9001" } } },
	{ "[::1],192.0.2.1,x:2",
	  { { "[::1]:9001", "::1", "9001" }, { "192.0.2.1:9001", "192.0.2.1", "9001" }, { "x:2", "x", "2" } } },
	{ "[fe80::1%eth0]:65535", { { "[fe80::1%eth0]:65535", "fe80::1%eth0", "65535" } } },
	{ "[::1]:9001,x:2", { { "[::1]:9001", "::1", "9001" }, { "x:2", "x", "2" } } },
};

START_TEST(parses)
{
	struct servers s = { 0 };
	char why[256] = "";
	size_t n = 0;

	ck_assert_int_eq(servers_parse(good[_i].list, &s, why, sizeof(why)), 0);
	for (; n < 3 && good[_i].at[n].name; n++) {
		ck_assert_uint_lt(n, s.n);
		ck_assert_str_eq(s.at[n].name, good[_i].at[n].name);
		ck_assert_str_eq(s.at[n].host, good[_i].at[n].host);
		ck_assert_str_eq(s.at[n].port, good[_i].at[n].port);
	}
	ck_assert_uint_eq(s.n, n);
	servers_done(&s);
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

static const struct {
	const char *list;
	const char *why; /* how the sentence begins */
} bad[] = {
	{ "", "'' is no server" },
	{ "localhost:", "'localhost:' has no port from 1 to 65535" },
	{ "localhost:0", "'localhost:0' has no port from 1 to 65535" },
	{ "localhost:65536", "'localhost:65536' has no port from 1 to 65535" },
	{ "localhost:ftp", "'localhost:ftp' has no port from 1 to 65535" },
	{ "localhost:+1", "'localhost:+1' has no port from 1 to 65535" },
	{ "localhost:99999999999999999999", "'localhost:99999999999999999999' has no port from 1 to 65535" },
	{ ":9001", "':9001' has no host" },
	{ "[]:9001", "'[]:9001' has no host" },
	{ "[]", "'[]' has no host" },
	{ "::1:9001", "'::1:9001' is an IPv6 address without brackets" },
	{ "::1", "'::1' is an IPv6 address without brackets" },
	{ "fe80::1%eth0", "'fe80::1%eth0' is an IPv6 address without brackets" },
	{ "[::1", "'[::1' has a bracket" },
	{ "[::1]9001", "'[::1]9001' has a bracket" },
	{ "::1]:9001", "'::1]:9001' is an IPv6 address" },
	{ "a]:9001", "'a]:9001' has a bracket" },
	{ "[a]b:9001", "'[a]b:9001' has a bracket" },
	{ "no port", "'no port' holds a blank" },
	{ "a:1, b:1", "' b:1' holds a blank" },
	{ "a:1,", "'' is no server" },
	{ ",a:1", "'' is no server" },
	{ "a:1,,b:1", "'' is no server" },
	{ "a:1,\x1b[2J", "'\\x1b[2J' holds a blank or a control character" },
};

START_TEST(refuses)
{
	struct servers s = { .n = 7 };
	char why[256] = "";

	ck_assert_int_eq(servers_parse(bad[_i].list, &s, why, sizeof(why)), -EINVAL);
	ck_assert_msg(strncmp(why, bad[_i].why, strlen(bad[_i].why)) == 0, "%s", why);
	ck_assert_ptr_nonnull(strstr(why, "HOST:PORT"));
	ck_assert_uint_eq(s.n, 7);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("servers");
	TCase *t = tcase_create("servers");

	tcase_add_loop_test(t, parses, 0, (int)ELEMENTSOF(good));
	tcase_add_loop_test(t, refuses, 0, (int)ELEMENTSOF(bad));
	suite_add_tcase(s, t);
	return run_suite(s);
}
