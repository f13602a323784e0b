/* SPDX-License-Identifier: MIT */
/* Identities: what they say, how long they live, and when a session has one. */

#include "session/identity.h"
#include "base/macro.h"
#include "session/session-private.h"

#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <string.h>

#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"
#include "unit/fixture/session_fixture.h"

static struct address address_of(const char *text)
{
	struct address a = { .port = 4711 };

	ck_assert_int_eq(inet_pton(AF_INET6, text, &a.ip), 1);
	return a;
}

START_TEST(a_session_without_a_nick_is_its_address)
{
	struct address a = address_of("::ffff:192.0.2.7");
	struct identity *i = identity_new(&a, NULL);

	ck_assert_ptr_nonnull(i);
	ck_assert_ptr_null(i->nick);
	ck_assert_str_eq(i->name, "192.0.2.7");
	ck_assert_str_eq(i->address_text, "192.0.2.7");
	ck_assert_uint_eq(i->name_len, 9);
	ck_assert_uint_eq(i->address.port, 4711);
	ck_assert_ptr_null(identity_unref(i));
	ck_assert_ptr_null(identity_unref(NULL));
}
END_TEST

START_TEST(a_nick_goes_before_the_address)
{
	struct address a = address_of("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
	char longest[NICK_MAX + 1];
	struct identity *i;

	memset(longest, 'n', NICK_MAX);
	longest[NICK_MAX] = '\0';
	i = identity_new(&a, longest);
	ck_assert_ptr_nonnull(i);
	ck_assert_str_eq(i->nick, longest);
	ck_assert_ptr_eq(i->name, i->nick);
	ck_assert_uint_eq(i->name_len, NICK_MAX);
	ck_assert_str_eq(i->address_text, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
	(void)identity_unref(i);
}
END_TEST

#define REFS 100000

static void *take_and_give_back(void *arg)
{
	for (unsigned i = 0; i < REFS; i++)
		(void)identity_unref(identity_ref(arg));
	return NULL;
}

START_TEST(threads_count_it_together)
{
	struct address a = address_of("::1");
	struct identity *i = identity_new(&a, "Anna");
	pthread_t threads[4];

	ck_assert_ptr_nonnull(i);
	for (unsigned n = 0; n < ELEMENTSOF(threads); n++)
		ck_assert_int_eq(pthread_create(&threads[n], NULL, take_and_give_back, i), 0);
	for (unsigned n = 0; n < ELEMENTSOF(threads); n++)
		ck_assert_int_eq(pthread_join(threads[n], NULL), 0);
	ck_assert_uint_eq(atomic_load(&i->refs), 1);
	(void)identity_unref(i);
}
END_TEST

/* The identity that the only session has, without asking for it. */
static void look(struct reactor *r, void *arg)
{
	struct identity **ret = arg;

	if (!list_is_empty(&r->sessions))
		*ret = container_of(r->sessions.next, struct session, link)->identity;
}

static void ask(struct reactor *r, void *arg)
{
	struct identity **ret = arg;
	struct session *s = container_of(r->sessions.next, struct session, link);

	*ret = identity_ref(session_identity(s));
	ck_assert_ptr_eq(session_identity(s), *ret);
	ck_assert_ptr_eq(s->identity, *ret);
}

START_TEST(a_session_makes_one_when_it_is_asked_and_another_with_a_new_name)
{
	struct identity *i = NULL, *first, *second;
	int c;

	session_fixture_start(0, "");
	c = serve_connect();
	serve_say(c, "PING\n");
	serve_expect(c, "PONG\n");
	serve_call(0, look, &i);
	ck_assert_ptr_null(i);
	serve_call(0, ask, &first);
	ck_assert_str_eq(first->name, "127.0.0.1");

	serve_say(c, "NICK,Anna\n");
	serve_expect(c, "OK,Anna\n");
	serve_call(0, ask, &second);
	ck_assert_ptr_ne(first, second);
	ck_assert_str_eq(second->name, "Anna");
	ck_assert_str_eq(second->address_text, "127.0.0.1");
	ck_assert_str_eq(first->name, "127.0.0.1"); /* who asked before has it still */
	ck_assert_uint_eq(atomic_load(&first->refs), 1);

	serve_say(c, "BYE\n");
	serve_expect(c, "BYE\n");
	serve_expect_end(c);
	serve_stop();
	ck_assert_uint_eq(atomic_load(&second->refs), 1);
	ck_assert_str_eq(second->name, "Anna");
	(void)identity_unref(first);
	(void)identity_unref(second);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("identity");
	TCase *tc = tcase_create("identity");

	tcase_add_test(tc, a_session_without_a_nick_is_its_address);
	tcase_add_test(tc, a_nick_goes_before_the_address);
	tcase_add_test(tc, threads_count_it_together);
	tcase_add_test(tc, a_session_makes_one_when_it_is_asked_and_another_with_a_new_name);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
