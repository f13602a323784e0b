/* SPDX-License-Identifier: MIT */
/* The table of sessions: a handle finds its own session, and never another one that came after it. */

#include "config/config.h"
#include "server/server.h"
#include "session/limits.h"
#include "session/session-private.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"

static struct reactor_set set;
static struct settings *settings;
static struct reactor reactor;

static void setup(void)
{
	static const char config[] = "limits = { memory = \"64M\"; };";
	struct buf why = {};

	ck_assert_msg(config_parse(config, strlen(config), "test", 1, &serve_schema, &settings, &why) == 0, "%s", buf_str(&why));
	set = (struct reactor_set){ .n = 4 };
	ck_assert_int_eq(reactor_init(&reactor, &set, 2, settings), 0);
}

static void teardown(void)
{
	reactor_done(&reactor);
	ck_assert_uint_eq(atomic_load(&settings->refs), 1);
	(void)settings_unref(settings);
}

static uint64_t count(void)
{
	return atomic_load(&reactor.counters.sessions);
}

START_TEST(has_its_share_of_the_memory)
{
	ck_assert_uint_eq(chunk_pool_limit(&reactor.pool), 16 << 20);
	ck_assert_uint_eq(reactor.limits->memory, 64 << 20);
}
END_TEST

START_TEST(a_handle_finds_its_session)
{
	struct session *s = calloc(1000, sizeof(*s));

	for (unsigned i = 0; i < 1000; i++) {
		ck_assert_int_eq(reactor_enter(&reactor, &s[i]), 0);
		ck_assert_uint_eq(s[i].handle.reactor, 2);
	}
	ck_assert_uint_eq(count(), 1000);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_ptr_eq(reactor_find(&reactor, s[i].handle), &s[i]);
	for (unsigned i = 0; i < 1000; i++)
		reactor_leave(&reactor, &s[i]);
	ck_assert_uint_eq(count(), 0);
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_ptr_null(reactor_find(&reactor, s[i].handle));
	free(s);
}
END_TEST

START_TEST(made_up_handles_find_nothing)
{
	struct session s = {};
	struct handle h;

	ck_assert_ptr_null(reactor_find(&reactor, (struct handle){ 2, 0, 0 }));
	ck_assert_int_eq(reactor_enter(&reactor, &s), 0);
	h = s.handle;
	h.reactor = 1;
	ck_assert_ptr_null(reactor_find(&reactor, h));
	h = s.handle;
	h.generation++;
	ck_assert_ptr_null(reactor_find(&reactor, h));
	h = s.handle;
	for (uint64_t slot = 0; slot <= UINT32_MAX; slot = slot * 3 + 1) {
		h.slot = (uint32_t)slot;
		ck_assert_ptr_eq(reactor_find(&reactor, h), slot == s.handle.slot ? &s : NULL);
	}
	reactor_leave(&reactor, &s);
}
END_TEST

START_TEST(a_slot_is_used_again_but_its_handle_is_not)
{
	struct session old, fresh;

	for (unsigned i = 0; i < 1000; i++) {
		memset(&old, 0, sizeof(old));
		memset(&fresh, 0, sizeof(fresh));
		ck_assert_int_eq(reactor_enter(&reactor, &old), 0);
		reactor_leave(&reactor, &old);
		ck_assert_int_eq(reactor_enter(&reactor, &fresh), 0);
		ck_assert_uint_eq(fresh.handle.slot, old.handle.slot);
		ck_assert(!handle_equal(fresh.handle, old.handle));
		ck_assert_ptr_null(reactor_find(&reactor, old.handle));
		ck_assert_ptr_eq(reactor_find(&reactor, fresh.handle), &fresh);
		reactor_leave(&reactor, &fresh);
	}
	ck_assert_uint_le(reactor.n_slots, 64); /* the table did not grow for it */
}
END_TEST

#define SESSIONS 300

START_TEST(any_coming_and_going)
{
	static struct session s[SESSIONS];
	static struct handle gone[10000];
	static bool there[SESSIONS];
	unsigned n_gone = 0, n = 0;

	srandom(7);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned i = (unsigned)random() % SESSIONS;

		if (!there[i]) {
			s[i] = (struct session){};
			if (reactor_enter(&reactor, &s[i]) < 0)
				ck_abort_msg("no memory");
			n++;
		} else {
			reactor_leave(&reactor, &s[i]);
			gone[n_gone++ % 10000] = s[i].handle;
			n--;
		}
		there[i] = !there[i];
		if (count() != n)
			ck_abort_msg("%u sessions are counted instead of %u", (unsigned)count(), n);
		for (unsigned k = 0; k < SESSIONS; k += 7)
			if (there[k] && reactor_find(&reactor, s[k].handle) != &s[k])
				ck_abort_msg("a session is lost");
		for (unsigned k = round % 50; k < MIN(n_gone, 10000U); k += 50)
			if (reactor_find(&reactor, gone[k]))
				ck_abort_msg("a handle of the past finds somebody");
	}
	ck_assert_uint_le(reactor.n_slots, 512);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reactor");
	TCase *tc = tcase_create("reactor");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, has_its_share_of_the_memory);
	tcase_add_test(tc, a_handle_finds_its_session);
	tcase_add_test(tc, made_up_handles_find_nothing);
	tcase_add_test(tc, a_slot_is_used_again_but_its_handle_is_not);
	tcase_add_test(tc, any_coming_and_going);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
