/* SPDX-License-Identifier: MIT */
/* Addresses in their one form, and how many connections are admitted from each. */

#include "net/acceptor.h"
#include "base/macro.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/fixture/run.h"

static struct acceptor acceptor;

static void setup(void)
{
	ck_assert_int_eq(acceptor_init(&acceptor, NULL, NULL, NULL), 0);
	acceptor_set_limits(&acceptor, 10, 3);
}

static void teardown(void)
{
	acceptor_done(&acceptor);
}

static struct address from(const char *text)
{
	struct sockaddr_storage sa = {};
	struct sockaddr_in *in = (struct sockaddr_in *)&sa;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&sa;
	struct address a;

	memset(&a, 'x', sizeof(a));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(12345);
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(12345);
	}
	address_from_sockaddr(&a, &sa);
	return a;
}

static enum acceptor_verdict enter(const char *text)
{
	struct address a = from(text);

	return acceptor_enter(&acceptor, &a);
}

static void leave(const char *text)
{
	struct address a = from(text);

	acceptor_leave(&acceptor, &a);
}

START_TEST(addresses_as_text)
{
	static const struct {
		const char *in, *out;
		bool loopback;
	} rows[] = {
		{ "127.0.0.1", "127.0.0.1", true },
		{ "127.255.3.4", "127.255.3.4", true },
		{ "128.0.0.1", "128.0.0.1", false },
		{ "0.0.0.0", "0.0.0.0", false },
		{ "192.0.2.7", "192.0.2.7", false },
		{ "::ffff:192.0.2.7", "192.0.2.7", false },
		{ "::ffff:127.0.0.1", "127.0.0.1", true },
		{ "::1", "::1", true },
		{ "::2", "::2", false },
		{ "::", "::", false },
		{ "2001:db8:0:0:0:0:0:1", "2001:db8::1", false },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
	};

	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		struct address a = from(rows[i].in);
		char text[ADDRESS_TEXT_MAX];

		ck_assert_str_eq(address_text(&a, text), rows[i].out);
		ck_assert_int_eq(address_is_loopback(&a), rows[i].loopback);
		ck_assert_uint_eq(a.port, 12345);
	}
}
END_TEST

/* A socket of another family has no address: it is not taken for loopback. */
START_TEST(other_families_are_nobody)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNIX };
	struct address a;

	address_from_sockaddr(&a, &sa);
	ck_assert(!address_is_loopback(&a));
	ck_assert_uint_eq(a.port, 0);
}
END_TEST

START_TEST(so_many_from_one_address)
{
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(enter("192.0.2.1"), ACCEPTOR_ADMITTED);
	ck_assert_int_eq(enter("192.0.2.1"), ACCEPTOR_ADDRESS_FULL);
	ck_assert_int_eq(enter("::ffff:192.0.2.1"), ACCEPTOR_ADDRESS_FULL); /* the same */
	ck_assert_uint_eq(acceptor.connections, 3); /* who was refused does not count */
	ck_assert_int_eq(enter("192.0.2.2"), ACCEPTOR_ADMITTED);
	leave("192.0.2.1");
	ck_assert_int_eq(enter("192.0.2.1"), ACCEPTOR_ADMITTED);
	ck_assert_int_eq(enter("192.0.2.1"), ACCEPTOR_ADDRESS_FULL);
}
END_TEST

START_TEST(a_host_of_ipv6_is_its_64)
{
	ck_assert_int_eq(enter("2001:db8:0:1::1"), ACCEPTOR_ADMITTED);
	ck_assert_int_eq(enter("2001:db8:0:1:ffff:ffff:ffff:ffff"), ACCEPTOR_ADMITTED);
	ck_assert_int_eq(enter("2001:db8:0:1::"), ACCEPTOR_ADMITTED);
	ck_assert_int_eq(enter("2001:db8:0:1::7"), ACCEPTOR_ADDRESS_FULL);
	ck_assert_int_eq(enter("2001:db8:0:2::1"), ACCEPTOR_ADMITTED);
	leave("2001:db8:0:1::7"); /* any of them */
	ck_assert_int_eq(enter("2001:db8:0:1::8"), ACCEPTOR_ADMITTED);
	/* IPv4 addresses share their first 64 bits, and are not one host. */
	ck_assert_int_eq(enter("192.0.2.1"), ACCEPTOR_ADMITTED);
	ck_assert_int_eq(enter("192.0.2.2"), ACCEPTOR_ADMITTED);
	ck_assert_int_eq(enter("192.0.2.3"), ACCEPTOR_ADMITTED);
	ck_assert_int_eq(enter("192.0.2.4"), ACCEPTOR_ADMITTED);
}
END_TEST

START_TEST(loopback_is_exempt_but_counts_in_all)
{
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_int_eq(enter("127.0.0.1"), ACCEPTOR_ADMITTED);
		ck_assert_int_eq(enter("::1"), ACCEPTOR_ADMITTED);
	}
	ck_assert_uint_eq(acceptor.addresses.n, 0);
	ck_assert_int_eq(enter("127.0.0.1"), ACCEPTOR_FULL);
	ck_assert_int_eq(enter("192.0.2.1"), ACCEPTOR_FULL);
	leave("127.0.0.1");
	ck_assert_int_eq(enter("192.0.2.1"), ACCEPTOR_ADMITTED);
}
END_TEST

/* The limits may be lowered below what is there: then only ends make room. */
START_TEST(limits_may_change_meanwhile)
{
	ck_assert_int_eq(enter("192.0.2.1"), ACCEPTOR_ADMITTED);
	ck_assert_int_eq(enter("192.0.2.1"), ACCEPTOR_ADMITTED);
	acceptor_set_limits(&acceptor, 10, 1);
	ck_assert_int_eq(enter("192.0.2.1"), ACCEPTOR_ADDRESS_FULL);
	leave("192.0.2.1");
	ck_assert_int_eq(enter("192.0.2.1"), ACCEPTOR_ADDRESS_FULL);
	leave("192.0.2.1");
	ck_assert_int_eq(enter("192.0.2.1"), ACCEPTOR_ADMITTED);
}
END_TEST

/* Addresses that have gone hold no memory. */
START_TEST(nothing_is_kept_of_who_left)
{
	char text[64];

	acceptor_set_limits(&acceptor, 100000, 3);
	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(text, sizeof(text), i % 2 ? "10.0.%u.%u" : "2001:db8:%x:%x::1", i / 200 + 1, i % 200);
		ck_assert_int_eq(enter(text), ACCEPTOR_ADMITTED);
	}
	ck_assert_uint_eq(acceptor.addresses.n, 5000);
	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(text, sizeof(text), i % 2 ? "10.0.%u.%u" : "2001:db8:%x:%x::1", i / 200 + 1, i % 200);
		leave(text);
	}
	ck_assert_uint_eq(acceptor.addresses.n, 0);
	ck_assert_uint_eq(acceptor.connections, 0);
}
END_TEST

START_TEST(networks)
{
	static const struct {
		const char *in, *out;
		bool network;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", false },
		{ "192.0.2.0", "192.0.2.0", false },
		{ "127.0.0.1", "127.0.0.1", false },
		{ "::1", "::1", false },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", true },
		{ "2001:db8:1:2::", "2001:db8:1:2::", true },
		{ "fe80::ffff:ffff:ffff:ffff", "fe80::", true },
		{ "::ffff:192.0.2.1", "192.0.2.1", false },
	};

	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		const struct address a = from(rows[i].in), net = { .ip = address_network(&a) };
		char text[ADDRESS_TEXT_MAX];

		ck_assert_str_eq(address_text(&net, text), rows[i].out);
		ck_assert_int_eq(address_is_network(&net), rows[i].network);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("acceptor");
	TCase *tc = tcase_create("acceptor");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, addresses_as_text);
	tcase_add_test(tc, networks);
	tcase_add_test(tc, other_families_are_nobody);
	tcase_add_test(tc, so_many_from_one_address);
	tcase_add_test(tc, a_host_of_ipv6_is_its_64);
	tcase_add_test(tc, loopback_is_exempt_but_counts_in_all);
	tcase_add_test(tc, limits_may_change_meanwhile);
	tcase_add_test(tc, nothing_is_kept_of_who_left);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
