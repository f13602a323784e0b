/* SPDX-License-Identifier: MIT */
/* Whose mailbox a name is: one for all its spellings, and none for what nobody can be called. */
#include "roles/relay/name.h"

#include "base/macro.h"

#include <check.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/fixture/run.h"

static const struct {
	const char *name, *box;
	bool is_address;
} names[] = {
	{ "bob", "bob", false },
	{ "BoB", "bob", false },
	{ "a", "a", false },
	{ "a.b-c_9", "a.b-c_9", false },
	{ "1234", "1234", false }, /* without a dot it reads as no address */
	{ "12345678901234567890123456789012", "12345678901234567890123456789012", false },
	{ "127.0.0.1", "127.0.0.1", true },
	{ "::ffff:127.0.0.1", "127.0.0.1", true },
	{ "::FFFF:7F00:1", "127.0.0.1", true },
	{ "2001:DB8::1", "2001:db8::1", true },
	{ "2001:db8:0:0:0:0:0:1", "2001:db8::1", true },
	{ "::1", "::1", true },
};

START_TEST(one_form)
{
	struct relay_name name;

	ck_assert_int_eq(relay_name_parse(names[_i].name, strlen(names[_i].name), &name), 0);
	ck_assert_uint_eq(name.len, strlen(names[_i].box));
	ck_assert_mem_eq(name.text, names[_i].box, name.len);
	ck_assert_int_eq(name.is_address, names[_i].is_address);
	ck_assert(relay_name_is(&name, names[_i].box, strlen(names[_i].box)));
	ck_assert(!relay_name_is(&name, names[_i].box, strlen(names[_i].box) - 1));
}
END_TEST

static const struct {
	const char *name;
	size_t len;
} bad[] = {
	{ "", 0 },
	{ " ", 1 },
	{ "a b", 3 },
	{ "a,b", 3 },
	{ "b\303\274b", 4 },
	{ "bob\n", 4 },
	{ "bob\0", 4 },
	{ "127.0.0.1\0x", 11 },
	{ "127.0.0.1 ", 10 },
	{ "127.1", 5 },
	{ "127.0.0.01", 10 },
	{ "0x7f.1", 6 },
	{ "1.2.3", 5 },
	{ "::1%lo", 6 },
	{ "[::1]", 5 },
	{ "2001:db8::1::2", 14 },
	{ "123456789012345678901234567890123", 33 },
	{ "../../etc/passwd", 16 },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 68 },
};

START_TEST(no_name)
{
	struct relay_name name = { .len = 7 };
	char *exact = malloc(bad[_i].len + !bad[_i].len); /* so that a byte too far is seen */

	memcpy(exact, bad[_i].name, bad[_i].len);
	ck_assert_int_lt(relay_name_parse(exact, bad[_i].len, &name), 0);
	ck_assert_uint_eq(name.len, 7);
	free(exact);
}
END_TEST

/* What a session is called without a nick is a name that reaches it. */
START_TEST(of_sessions)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201) };
	struct relay_name name, again;
	struct sockaddr_storage ss = {};
	struct address a;

	memcpy(&ss, &sa, sizeof(sa));
	address_from_sockaddr(&a, &ss);
	relay_name_set_address(&a, &name);
	ck_assert(relay_name_is(&name, "192.0.2.1", 9));
	ck_assert(name.is_address);
	ck_assert_int_eq(relay_name_parse(name.text, name.len, &again), 0);
	ck_assert(relay_name_is(&again, name.text, name.len));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("relay_name");
	TCase *t = tcase_create("relay_name");

	tcase_add_loop_test(t, one_form, 0, ELEMENTSOF(names));
	tcase_add_loop_test(t, no_name, 0, ELEMENTSOF(bad));
	tcase_add_test(t, of_sessions);
	suite_add_tcase(s, t);
	return run_suite(s);
}
