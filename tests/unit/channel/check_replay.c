/* SPDX-License-Identifier: MIT */
/* Going live: a member that was catching up receives live messages from an exact number on, ephemeral ones included. */

#include "channel/channel-private.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture/channel_fixture.h"
#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"

/* The owner's answer to a session that has read up to a number; in the owner's thread. */
struct ask {
	struct channel_go_live w;
	bool came;
};

static void ask_done(struct channel_request *rq)
{
	container_of(rq, struct ask, w.rq)->came = true;
}

static void ask_submit(struct reactor *r, void *arg)
{
	struct ask *a = arg;
	struct channel_engine *engine = serve_server()->reactors.roles[0].state;
	struct map_node *n = map_next(&engine->shards[0].channels, NULL);
	struct channel *c = container_of(n, struct channel, node);
	uint64_t at = a->w.args.at;

	*a = (struct ask){ .w.args.at = at };
	channel_request_init_alone(&a->w.rq, engine, &channel_fixture_policy, r, NULL, "r", 1);
	a->w.rq.session = container_of(list_first(&c->members), struct channel_member, link)->session;
	a->w.rq.kind = &replay_go_live;
	a->w.rq.on_complete = ask_done;
	channel_submit(&a->w.rq);
}

/* Asks to go live. -1: not yet; else the number of messages in the answer: all behind @at, and no other. */
static int ask(uint64_t at)
{
	struct ask a = { .w.args.at = at };
	unsigned n;

	serve_call(0, ask_submit, &a);
	ck_assert(a.came);
	ck_assert_int_eq(a.w.rq.result, 0);
	n = a.w.n_replay;
	for (unsigned i = 0; i < n; i++) {
		ck_assert_uint_eq(a.w.replay[i]->event.number, at + 1 + i);
		(void)channel_message_unref(a.w.replay[i]);
	}
	ck_assert(n == 0 || a.w.rq.counts.last == at + n);
	free(a.w.replay);
	return a.w.ready ? (int)n : -1;
}

static void say_more(int fd, unsigned from, unsigned to)
{
	char line[128];

	for (unsigned i = from; i <= to; i++)
		serve_say(fd, "SAY,v,r,x\n");
	for (unsigned i = from; i <= to; i++) {
		(void)serve_line(fd, line, sizeof(line));
		(void)serve_line(fd, line, sizeof(line));
	}
}

START_TEST(going_live_is_at_an_exact_number)
{
	int fd;

	channel_fixture_start(0);
	fd = serve_connect();
	serve_say(fd, "JOIN,r\n");
	serve_expect(fd, "OK,0\nr +127.0.0.1 \n");
	say_more(fd, 1, 3);
	ck_assert_int_eq(ask(3), 0);
	ck_assert_int_eq(ask(2), -1); /* the replay buffer begins with this request */
	ck_assert_int_eq(ask(2), -1);
	say_more(fd, 4, 8);
	ck_assert_int_eq(ask(2), -1); /* 3 is not among them */
	ck_assert_int_eq(ask(4), 4);
	ck_assert_int_eq(ask(4), -1); /* it has been dropped */
	say_more(fd, 9, 9);
	ck_assert_int_eq(ask(8), 1);
	/* The buffer is bounded. */
	ck_assert_int_eq(ask(8), -1);
	say_more(fd, 10, 10 + REPLAY_MAX);
	ck_assert_int_eq(ask(9), -1);
	ck_assert_int_eq(ask(10), REPLAY_MAX);
	serve_close(fd);
	serve_stop();
}
END_TEST

/* Enters in a flow of ephemeral messages: the first one received has the number behind that of the reply. */
static atomic_uint in_flow;

static void *jump_in(_unused_ void *arg)
{
	int fd = serve_connect();
	char line[256];
	unsigned last;

	for (unsigned round = 0; round < 100; round++) {
		serve_say(fd, "JOIN,r,0\n");
		do
			(void)serve_line(fd, line, sizeof(line));
		while (sscanf(line, "OK,%u", &last) != 1);
		for (unsigned received = 0; received < 20;) {
			(void)serve_line(fd, line, sizeof(line));
			if (channel_fixture_line_number(line) == 0)
				continue;
			ck_assert_msg(channel_fixture_line_number(line) == last + 1 + received, "'%s', %u behind %u",
				      line, received, last);
			received++;
		}
		serve_say(fd, "PART,r\n");
		do
			(void)serve_line(fd, line, sizeof(line));
		while (strcmp(line, "OK") != 0);
	}
	serve_close(fd);
	atomic_fetch_sub(&in_flow, 1);
	return NULL;
}

static void *flow(_unused_ void *arg)
{
	int fd = serve_connect();
	char line[128];

	while (atomic_load(&in_flow) > 0) {
		serve_say(fd, "SAY,v,r,1\nSAY,v,r,2\nSAY,v,r,3\nSAY,v,r,4\nSAY,v,r,5\nSAY,v,r,6\nSAY,v,r,7\nSAY,v,r,8\n");
		for (unsigned k = 0; k < 8; k++)
			(void)serve_line(fd, line, sizeof(line));
	}
	serve_close(fd);
	return NULL;
}

START_TEST(going_live_in_the_flow_has_no_gap)
{
	pthread_t threads[5];

	channel_fixture_start(_i);
	atomic_store(&in_flow, 3);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, i < 3 ? jump_in : flow, NULL), 0);
	for (unsigned i = 0; i < 5; i++)
		(void)pthread_join(threads[i], NULL);
	serve_stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("replay");
	TCase *tc = tcase_create("replay");

	tcase_set_timeout(tc, 240);
	tcase_add_test(tc, going_live_is_at_an_exact_number);
	tcase_add_loop_test(tc, going_live_in_the_flow_has_no_gap, 0, CHANNEL_FIXTURE_WAYS);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
