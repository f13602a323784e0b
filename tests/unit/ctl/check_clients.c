/* SPDX-License-Identifier: MIT */
/* ioectl: who is there, and who is not to be. */
#include "base/macro.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/ioectl.h"

#define C(n, more)                                                                                                    \
	"{\"id\":\"0." n ".1\",\"address\":\"127.0.0.1:" n "\",\"listener\":\"127.0.0.1:9001\",\"dialect\":\"line\"," \
	"\"state\":\"idle\",\"connected_usec\":1000000000000000,\"idle_usec\":61000000,\"requests\":2,"               \
	"\"bytes_in\":100,\"bytes_out\":2048" more "}"

/* Two replies to one call. */
static const char two_pages[] =
	"{\"parameters\":{\"clients\":["
	C("1", ",\"name\":\"K\xc3\xa4the\"") "," C("2", "")
	"],\"truncated\":false},\"continues\":true}\0"
	"{\"parameters\":{\"clients\":[" C("30000", "") "],\"truncated\":false}}";

START_TEST(test_clients)
{
	ioectl_daemon(1, ioectl_act_trickle, two_pages, sizeof(two_pages));
	ioectl("clients");
	ck_assert_str_eq(ioectl_got.err.data, "");
	ck_assert_str_eq(
		ioectl_got.out.data,
		"ID         NAME   ADDRESS          LISTENER        DIALECT  STATE  CONNECTED            IDLE\n"
		"0.1.1      K\xc3\xa4the  127.0.0.1:1      127.0.0.1:9001  line     idle   2001-09-09 01:46:40  1 min 1 s\n"
		"0.2.1      -      127.0.0.1:2      127.0.0.1:9001  line     idle   2001-09-09 01:46:40  1 min 1 s\n"
		"0.30000.1  -      127.0.0.1:30000  127.0.0.1:9001  line     idle   2001-09-09 01:46:40  1 min 1 s\n");
	ck_assert_int_eq(ioectl_got.status, 0);
	ioectl("clients", "--columns", "sent,received,id", "some filter");
	ck_assert_str_eq(ioectl_got.out.data,
			 "SENT     RECEIVED  ID\n2.0 KiB  100 B     0.1.1\n2.0 KiB  100 B     0.2.1\n"
			 "2.0 KiB  100 B     0.30000.1\n");
	ioectl("clients", "--columns=all");
	ck_assert_ptr_nonnull(strstr(ioectl_got.out.data, "INSTANCE  ID "));
	ck_assert_ptr_nonnull(strstr(ioectl_got.out.data, "REQUESTS  RECEIVED  SENT\n"));
	ioectl("-j", "-i", "1", "clients");
	ck_assert_ptr_nonnull(strstr(ioectl_got.out.data, "\"id\":\"0.30000.1\""));
	ck_assert_ptr_null(strstr(ioectl_got.out.data, "\"instance\""));
	ck_assert(ioectl_got.out.data[0] == '[' && ioectl_got.status == 0);
	ioectl("-j", "clients");
	ck_assert_ptr_nonnull(strstr(ioectl_got.out.data, "\"instance\":1"));
}
END_TEST

/* Several instances, one of which fails in the middle of its answer. */
START_TEST(test_clients_of_several)
{
	ioectl_answering(7, "{\"parameters\":{\"clients\":[" C("1", "") "]}}");
	ioectl("clients", "--columns=id");
	ck_assert_str_eq(ioectl_got.out.data, "ID\n0.1.1\n");
	ioectl_daemon(8, ioectl_act_answer, two_pages, strlen(two_pages) + 1);
	ioectl("clients", "--columns=id,instance");
	ioectl_said("Instance 8 closed the connection without an answer");
	ck_assert_str_eq(ioectl_got.out.data, "ID     INSTANCE\n0.1.1  7\n0.1.1  8\n0.2.1  8\n");
	ck_assert_int_eq(ioectl_got.status, 8);
	ioectl("clients");
	ck_assert_ptr_nonnull(strstr(ioectl_got.out.data, "INSTANCE  ID "));
}
END_TEST

/* What a page should not be, and text that tries to be more. */
START_TEST(test_clients_strange)
{
	static const char *const answers[] = {
		"{}",
		"{\"parameters\":{\"clients\":5}}",
		"{\"parameters\":{\"clients\":[1,null,[],{}]}}",
		("{\"parameters\":{\"clients\":[{\"id\":\"\\u001b[31m\",\"name\":\"a\\nb\\u0000c\",\"address\":5,"
		 "\"idle_usec\":-1,\"connected_usec\":1e99,\"state\":{}}]}}"),
	};

	for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
		char number[8];

		ioectl_answering((unsigned)i + 1, answers[i]);
		(void)snprintf(number, sizeof(number), "%zu", i + 1);
		ioectl("-i", number, "clients");
		ck_assert_int_eq(ioectl_got.status, 0);
		for (const char *c = ioectl_got.out.data; *c; c++)
			ck_assert_msg(*c == '\n' || (*c >= ' ' && *c < 0x7f), "%s: %s", answers[i],
				      ioectl_got.out.data);
		ioectl("-j", "clients");
		ck_assert_int_eq(ioectl_got.status, 0);
	}
}
END_TEST

START_TEST(test_kick)
{
	ioectl_answering(1, "{\"parameters\":{}}");
	ioectl("kick", "0.1.1", "--why", "go away", "0.2.1");
	ck_assert_str_eq(ioectl_got.err.data, "");
	ck_assert_int_eq(ioectl_got.status, 0);
	ioectl("-j", "kick", "0.1.1");
	ck_assert_str_eq(ioectl_got.out.data, "[\n  \"0.1.1\"\n]\n");
	ioectl_answering(2, "{\"error\":\"org.ioe.control.NotFound\",\"parameters\":{\"id\":\"0.2.1\"}}");
	ioectl("-i", "2", "kick", "0.2.1");
	ck_assert_str_eq(ioectl_got.err.data, "Instance 2 has no client '0.2.1': it has gone, or never existed\n");
	ck_assert_int_eq(ioectl_got.status, 5);
	ioectl("kick", "0.2.1");
	ioectl_said("kick is for one instance, and 2 have a socket");
	ck_assert_int_eq(ioectl_got.status, 2);
	ioectl_answering(3,
			 "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"id\"}}");
	ioectl("-i", "3", "kick", "1.2.99999999999999999999");
	ioectl_said("does not accept this 'id': what ioectl clients shows as ID");
	ck_assert_int_eq(ioectl_got.status, 2);
	ioectl_answering(5,
			 "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"filter\"}}");
	ioectl("-i", "5", "clients", "foo=bar");
	ioectl_said("KEY is id, name, address, ip, listener, dialect, state or requests");
	ck_assert_int_eq(ioectl_got.status, 2);
	ioectl_answering(4, "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{\"method\":\"x\"}}");
	ioectl("-i", "4", "kick", "0.1.1");
	ioectl_said("has another version");
	ck_assert_int_eq(ioectl_got.status, 1);
}
END_TEST

/* The list first, then an answer for each id in it: the second has gone meanwhile. */
static void act_kicks(int fd, const void *arg, size_t len)
{
	static const char *const answers[] = {
		"{\"parameters\":{}}",
		"{\"error\":\"org.ioe.control.NotFound\",\"parameters\":{\"id\":\"0.2.1\"}}",
		"{\"parameters\":{}}",
	};
	static unsigned calls;
	unsigned n = calls++ % (1 + ELEMENTSOF(answers));

	if (n == 0)
		ioectl_act_answer(fd, arg, len);
	else
		ioectl_act_answer(fd, answers[n - 1], strlen(answers[n - 1]) + 1);
}

START_TEST(test_kick_by)
{
	static const char *const who[] = { "K-t.he_", "127.0.0.1", "::1", "127.0.0.1:1", "[::1]:65535" };

	ioectl_daemon(1, act_kicks, two_pages, sizeof(two_pages));
	for (size_t i = 0; i < ELEMENTSOF(who); i++) {
		char expected[64];

		(void)snprintf(expected, sizeof(expected), "%s: 2 connections are ended\n", who[i]);
		ioectl("kick", who[i]);
		ck_assert_str_eq(ioectl_got.err.data, "");
		ck_assert_str_eq(ioectl_got.out.data, expected);
		ck_assert_int_eq(ioectl_got.status, 0);
	}
	ioectl("-j", "kick", "anna");
	ck_assert_str_eq(ioectl_got.out.data, "[\n  \"0.1.1\",\n  \"0.30000.1\"\n]\n");
	ioectl_answering(2, "{\"parameters\":{\"clients\":[],\"truncated\":false}}");
	ioectl("-i", "2", "kick", "anna");
	ck_assert_str_eq(ioectl_got.err.data, "Instance 2 has no client 'anna': it has gone, or never existed\n");
	ck_assert_int_eq(ioectl_got.status, 5);
	/* What a page should not be. */
	ioectl_answering(3, "{\"parameters\":{\"clients\":[1,{},{\"id\":5},null]}}");
	ioectl("-i", "3", "kick", "anna");
	ck_assert_int_eq(ioectl_got.status, 5);
	ioectl("kick", "anna");
	ioectl_said("kick is for one instance, and 3 have a socket");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, test_clients);
	tcase_add_test(tc, test_clients_of_several);
	tcase_add_test(tc, test_clients_strange);
	tcase_add_test(tc, test_kick);
	tcase_add_test(tc, test_kick_by);
}

int main(void)
{
	return ioectl_run_suite("ctl_clients", add);
}
