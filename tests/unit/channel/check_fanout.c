/* SPDX-License-Identifier: MIT */
/*
 * A room with more members than are flushed in one pass. A member that enters, leaves, is expelled or sends a request
 * in between has received its messages, in order. All steps are taken in the reactor's own thread, between two passes,
 * so the result does not depend on timing.
 */

#include "base/macro.h"
#include "channel/channel-private.h"
#include "session/session.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"
#include "unit/session/session_inspect.h"

#define MEMBERS 200 /* several passes; the last one speaks the dialect line */

static void room_limits(_unused_ const struct settings *s, struct channel_limits *ret)
{
	*ret = (struct channel_limits){ .open = 10, .members = 1000 };
}

static uint64_t room_max_subscriptions(_unused_ const struct settings *s)
{
	return 10;
}

/* In ioe/1 in brackets. */
static int room_format(const struct channel_event *e, enum dialect d, struct buf *to)
{
	if (memmem(e->text, e->text_len, "unspeakable", 11))
		return -ENOMEM;
	if (memmem(e->text, e->text_len, "untold", 6))
		return 0;
	return buf_printf(to, d == DIALECT_IOE1 ? "[%.*s]\n" : "%.*s\n", (int)e->text_len, e->text);
}

static void room_say(struct channel *c, const char *text, size_t len)
{
	struct channel_message *m = channel_message_new(0, "", 0, text, len);

	channel_notify(c, m);
	(void)channel_message_unref(m);
}

static void room_left(struct channel *c, _unused_ struct channel_member *m, const char *why)
{
	room_say(c, why, strlen(why));
}

static void room_expelled(struct session *s, _unused_ const char *channel, _unused_ size_t len)
{
	(void)session_event_text(s, "out\n", 4, false);
}

static const struct channel_policy room_policy = {
	.kind = 0,
	.limits = room_limits,
	.max_subscriptions = room_max_subscriptions,
	.format = room_format,
	.left = room_left,
	.expelled = room_expelled,
};

struct server_task {
	struct channel_request rq;
	struct channel_subscription *subscription;
};

static void join_act(struct channel *c, struct channel_request *rq)
{
	const struct address nowhere = {};
	struct channel_member *m;

	channel_finish(rq, channel_enter(c, rq, "x", 1, &nowhere, &m));
}

static const struct channel_request_kind join_kind = {
	.id = 1, .name = "join", .act = join_act, .size = sizeof(struct server_task)
};

static void join_done(struct channel_request *rq)
{
	struct server_task *e = container_of(rq, struct server_task, rq);

	request_ok(rq->request);
	channel_subscription_go(e->subscription, rq, rq->counts.last);
	free(e);
}

static int test_join(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;
	struct server_task *e = calloc(1, sizeof(*e));
	int r;

	channel_request_init(&e->rq, call->state, &room_policy, q, f->at[0].data, f->at[0].len);
	e->rq.create = true;
	e->rq.kind = &join_kind;
	e->rq.on_complete = join_done;
	e->subscription = channel_subscription_begin(&e->rq, &r);
	ck_assert_ptr_nonnull(e->subscription);
	channel_submit(&e->rq);
	return ACT_DEFERRED;
}

static const struct role_verb test_verbs[] = {
	{ { "JOIN", "JOIN,room", "", 1, 1, VERB_BARRIER, ACCESS_NONE, 0 }, test_join },
};

static int test_start(const struct role_start *with, void **ret_state, _unused_ char *why, _unused_ size_t why_size)
{
	*ret_state = with->engine;
	return 0;
}

static const struct role test_role = {
	.name = "test",
	.verbs = test_verbs,
	.n_verbs = ELEMENTSOF(test_verbs),
	.uses_channels = true,
	.start = test_start,
};

static const struct role *const roles[] = { &test_role, NULL };

static int fds[MEMBERS];

/* Every third one speaks ioe/1. */
static bool is_ioe1(unsigned i)
{
	return i % 3 == 0;
}

static void start(unsigned n)
{
	serve_start(&serve_schema, roles,
		    "listeners = ( { port = 0; roles = [ \"test\" ]; raw = false; } );\n"
		    "state_dir = \"%s/state\"; runtime_dir = \"%s/run\"; reactors = 1; workers = 1;\n"
		    "limits = { output = \"256M\"; memory = \"1G\"; };");
	for (unsigned i = 0; i < n; i++) {
		char line[128] = "";

		fds[i] = serve_connect();
		if (is_ioe1(i)) {
			serve_say(fds[i], "HELLO,ioe/1\n");
			(void)serve_line(fds[i], line, sizeof(line));
		}
		serve_say(fds[i], "JOIN,r\n");
		serve_expect(fds[i], "OK\n");
	}
}

static void stop(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (fds[i] >= 0)
			serve_close(fds[i]);
	serve_stop();
}

static void expect(unsigned i, const char *text)
{
	char line[128];

	(void)snprintf(line, sizeof(line), is_ioe1(i) ? "[%s]\n" : "%s\n", text);
	serve_expect(fds[i], line);
}

static void expect_all(unsigned n, const char *text)
{
	for (unsigned i = 0; i < n; i++)
		if (fds[i] >= 0)
			expect(i, text);
}

static struct channel_shard *the_shard(void)
{
	struct channel_engine *engine = serve_server()->reactors.roles[0].state;

	return &engine->shards[0];
}

static struct channel *the_room(void)
{
	struct map_node *n = map_next(&the_shard()->channels, NULL);

	return container_of(n, struct channel, node);
}

static void say(const char *text)
{
	room_say(the_room(), text, strlen(text));
}

/* As the loop does at the end of a pass. */
static void slice(void)
{
	fanout_flush_some(&the_shard()->flush);
}

/* Members are in the order in which they entered, and are flushed in that order. */
static struct channel_member *member(unsigned i)
{
	struct channel_member *m = channel_next_member(the_room(), NULL);

	while (i-- > 0)
		m = channel_next_member(the_room(), m);
	return m;
}

static struct session *member_session(struct reactor *r, unsigned i)
{
	return reactor_find(r, member(i)->session);
}

static bool nothing_is_pending(_unused_ struct reactor *r, _unused_ void *arg)
{
	return the_shard()->pending_bytes == 0 && list_is_empty(&the_shard()->active);
}

static void say_in_between(_unused_ struct reactor *r, _unused_ void *arg)
{
	say("a");
	say("b");
	slice();
	ck_assert(!list_is_empty(&the_shard()->active)); /* not all at once */
	say("untold");
	say("c");
	slice();
	say("d");
	slice();
	slice();
	say("e");
}

START_TEST(each_receives_all_in_order)
{
	static const char *const texts[] = { "a", "b", "c", "d", "e" };

	start(MEMBERS);
	serve_call(0, say_in_between, NULL);
	for (unsigned k = 0; k < ELEMENTSOF(texts); k++)
		expect_all(MEMBERS, texts[k]);
	serve_until(nothing_is_pending, NULL);
	stop(MEMBERS);
}
END_TEST

static struct server_task *server_task_new(struct reactor *r, struct session *s)
{
	struct server_task *e = calloc(1, sizeof(*e));

	channel_request_init_alone(&e->rq, the_shard()->engine, &room_policy, r, s, "r", 1);
	return e;
}

static void came_done(struct channel_request *rq)
{
	struct server_task *e = container_of(rq, struct server_task, rq);

	channel_subscription_go(e->subscription, rq, rq->counts.last);
	free(e);
}

/* The session that has connected last enters the room. */
static void come(struct reactor *r)
{
	struct session *s = session_inspect_last(r);
	struct server_task *e = server_task_new(r, s);
	int error;

	e->rq.kind = &join_kind;
	e->rq.on_complete = came_done;
	e->subscription = channel_subscription_begin(&e->rq, &error);
	ck_assert_ptr_nonnull(e->subscription);
	channel_submit(&e->rq);
}

static void come_in_between(struct reactor *r, _unused_ void *arg)
{
	say("a");
	slice();
	say("b");
	come(r);
	say("c");
}

START_TEST(a_member_that_joins_in_between_receives_later_messages)
{
	start(MEMBERS - 1);
	fds[MEMBERS - 1] = serve_connect();
	serve_until_sessions(MEMBERS);
	serve_call(0, come_in_between, NULL);
	expect(MEMBERS - 1, "c");
	for (unsigned i = 0; i < MEMBERS - 1; i++) {
		expect(i, "a");
		expect(i, "b");
		expect(i, "c");
	}
	serve_until(nothing_is_pending, NULL);
	serve_expect_nothing(fds[MEMBERS - 1]);
	stop(MEMBERS);
}
END_TEST

static void part_act(struct channel *c, struct channel_request *rq)
{
	channel_leave(c, channel_find_member(c, rq->session));
	channel_finish(rq, 0);
}

static const struct channel_request_kind part_kind = {
	.id = 2, .name = "part", .act = part_act, .size = sizeof(struct server_task)
};

static void part_done(struct channel_request *rq)
{
	channel_subscription_end(channel_subscription_find(channel_request_session(rq), &room_policy, "r", 1));
	(void)session_event_text(channel_request_session(rq), "parted\n", 7, false);
	free(container_of(rq, struct server_task, rq));
}

static void part(struct reactor *r, struct session *s)
{
	struct server_task *e = server_task_new(r, s);

	e->rq.kind = &part_kind;
	e->rq.on_complete = part_done;
	channel_submit(&e->rq);
}

/* The last ones are flushed last: they have received nothing when they leave. */
static void leave_in_between(struct reactor *r, _unused_ void *arg)
{
	struct session *ended = member_session(r, MEMBERS - 1), *parted = member_session(r, MEMBERS - 2);
	struct channel_member *expelled = member(MEMBERS - 3), *reported = member(MEMBERS - 4);
	struct channel_message *m = channel_message_new(0, "", 0, "psst", 4);
	struct session *first = member_session(r, 0), *second = member_session(r, 1);

	say("a");
	slice();
	session_inspect_end(ended, "gone");
	part(r, parted);
	say("b");
	channel_expel(the_room(), expelled, m);
	channel_notify_member(the_room(), reported, m);
	/* Likewise of those that have received "a" but not "b". */
	session_inspect_end(first, "gone");
	part(r, second);
	slice();
	say("c");
	(void)channel_message_unref(m);
}

START_TEST(a_member_that_leaves_in_between_has_received_its_messages)
{
	start(MEMBERS);
	serve_call(0, leave_in_between, NULL);
	expect(MEMBERS - 2, "a");
	serve_expect(fds[MEMBERS - 2], "parted\n");
	expect(MEMBERS - 3, "a");
	expect(MEMBERS - 3, "b");
	expect(MEMBERS - 3, "psst");
	serve_expect(fds[MEMBERS - 3], "out\n");
	expect(MEMBERS - 4, "a");
	expect(MEMBERS - 4, "b");
	expect(MEMBERS - 4, "psst");
	expect(MEMBERS - 4, "c");
	expect(1, "a");
	expect(1, "b");
	serve_expect(fds[1], "parted\n");
	for (unsigned i = 2; i < MEMBERS - 4; i++) {
		expect(i, "a");
		expect(i, "b");
		expect(i, "c");
	}
	serve_expect_end(fds[MEMBERS - 1]);
	fds[MEMBERS - 1] = -1;
	/* The others have received that two have left; those two have not. */
	for (unsigned i = 2; i < MEMBERS - 3; i++) {
		expect(i, "closed");
		expect(i, "closed");
	}
	serve_until(nothing_is_pending, NULL);
	serve_expect_nothing(fds[1]);
	serve_expect_nothing(fds[MEMBERS - 2]);
	serve_expect_nothing(fds[MEMBERS - 3]);
	stop(MEMBERS);
}
END_TEST

static void all_leave(struct reactor *r, _unused_ void *arg)
{
	say("a");
	slice();
	say("b");
	while (channel_n_members(the_room()) > 0)
		part(r, member_session(r, 0));
	ck_assert(nothing_is_pending(r, NULL));
	ck_assert_ptr_null(map_next(&the_shard()->fanouts, NULL));
	slice();
}

START_TEST(nothing_is_kept_for_nobody)
{
	start(MEMBERS);
	serve_call(0, all_leave, NULL);
	for (unsigned i = 0; i < MEMBERS; i++) {
		expect(i, "a");
		expect(i, "b");
		serve_expect(fds[i], "parted\n");
	}
	stop(MEMBERS);
}
END_TEST

/* More than fits the output of one session at once, and the second time more than may be pending. */
static char long_text[4001];

static void say_much(_unused_ struct reactor *r, void *arg)
{
	unsigned *n = arg;
	size_t most = 0;

	for (unsigned i = 0; i < *n; i++) {
		(void)snprintf(long_text, sizeof(long_text), "%04000u", i);
		say(long_text);
		most = MAX(most, the_shard()->pending_bytes);
	}
	ck_assert_uint_gt(most, 100 * 4000);
	ck_assert_uint_le(most, 1 << 20);
}

START_TEST(much_is_reported_in_order_and_bounded)
{
	static char want[4100];
	unsigned n = _i ? 400 : 100;

	start(9);
	serve_call(0, say_much, &n);
	for (unsigned k = 0; k < n; k++)
		for (unsigned i = 0; i < 9; i++) {
			int len = snprintf(want, sizeof(want), is_ioe1(i) ? "[%04000u]\n" : "%04000u\n", k);

			serve_expect_n(fds[i], want, (size_t)len);
		}
	serve_until(nothing_is_pending, NULL);
	stop(9);
}
END_TEST

/* A message that cannot be formatted would be missed: its sessions are dropped as slow instead. */
static void say_unspeakable(_unused_ struct reactor *r, _unused_ void *arg)
{
	say("a");
	slice();
	say("unspeakable");
	say("b");
}

START_TEST(nobody_misses_anything_unnoticed)
{
	start(MEMBERS);
	serve_call(0, say_unspeakable, NULL);
	for (unsigned i = 0; i < MEMBERS; i++) {
		char line[512];

		/* Dropped, or sent already. */
		(void)serve_line(fds[i], line, sizeof(line));
		if (line[0] == 'a' || line[0] == '[')
			(void)serve_line(fds[i], line, sizeof(line));
		ck_assert_msg(strncmp(line, "ERROR: slow: ", 13) == 0, "'%s'", line);
	}
	stop(MEMBERS);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("branch");
	TCase *tc = tcase_create("branch");

	tcase_set_timeout(tc, 240);
	tcase_add_test(tc, each_receives_all_in_order);
	tcase_add_test(tc, a_member_that_joins_in_between_receives_later_messages);
	tcase_add_test(tc, a_member_that_leaves_in_between_has_received_its_messages);
	tcase_add_test(tc, nothing_is_kept_for_nobody);
	tcase_add_loop_test(tc, much_is_reported_in_order_and_bounded, 0, 2);
	tcase_add_test(tc, nobody_misses_anything_unnoticed);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
