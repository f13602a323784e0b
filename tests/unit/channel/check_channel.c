/* SPDX-License-Identifier: MIT */
/*
 * Rooms: every member receives each message once, in one order, from the number on that it asked for, and nothing after
 * it has left. With one reactor and with four.
 */

#include "base/clock.h"
#include "base/macro.h"
#include "server/server.h"
#include "session/reactor.h"
#include "session/session.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture/channel_fixture.h"
#include "unit/fixture/folder.h"
#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"
#include "unit/fixture/store.h"
#include "unit/session/session_inspect.h"

/* Sends the request until this is the reply. */
static void until(int fd, const char *ask, const char *want)
{
	uint64_t end = clock_usec() + 60 * USEC_PER_SEC;
	char line[256];

	do {
		ck_assert_msg(clock_usec() < end, "'%s' instead of '%s'", line, want);
		serve_say(fd, ask);
		(void)serve_line(fd, line, sizeof(line));
	} while (strcmp(line, want) != 0);
}

/* The sender receives its own message before the reply; then the others receive it. */
START_TEST(what_is_said_reaches_all)
{
	int fd[8];
	char name[16], line[64];

	channel_fixture_start(_i);
	for (unsigned i = 0; i < 8; i++) {
		(void)snprintf(name, sizeof(name), "m%u", i);
		fd[i] = channel_fixture_connect(name);
		serve_say(fd[i], "JOIN,lobby\n");
		(void)snprintf(line, sizeof(line), "OK,0\nlobby +m%u \n", i);
		serve_expect(fd[i], line);
	}
	/* Skips the notifications of those that entered later. */
	for (unsigned i = 0; i < 8; i++)
		for (unsigned j = i + 1; j < 8; j++) {
			(void)snprintf(line, sizeof(line), "lobby +m%u \n", j);
			serve_expect(fd[i], line);
		}
	serve_say(fd[3], "SAY,d,lobby,one\nSAY,d,lobby,two\nPING\n");
	serve_expect(fd[3], "lobby 1 m3 one\nOK,1\nlobby 2 m3 two\nOK,2\nPONG\n");
	for (unsigned i = 0; i < 8; i++)
		if (i != 3)
			serve_expect(fd[i], "lobby 1 m3 one\nlobby 2 m3 two\n");
	serve_say(fd[0], "COUNT,lobby\nTELL,lobby,M5,boo\nPART,lobby\nSAY,d,lobby,three\n");
	serve_expect(fd[0], "OK,8\nOK\nlobby -m0 left\nOK\nOK,3\n");
	serve_expect(fd[5], "lobby -psst boo\nlobby -m0 left\nlobby 3 m0 three\n");
	serve_say(fd[6], "KICK,lobby,m7\n");
	serve_expect(fd[6], "lobby -m0 left\nlobby 3 m0 three\nlobby -m7 kicked\nOK\n");
	serve_expect(fd[7], "lobby -m0 left\nlobby 3 m0 three\nlobby -m7 kicked\nout of lobby\n");
	serve_say(fd[7], "SAY,d,lobby,four\nJOIN,lobby,3\n");
	serve_expect(fd[7], "OK,4\nOK,4\nlobby 4 m7 four\n");
	for (unsigned i = 0; i < 8; i++)
		serve_close(fd[i]);
	serve_stop();
}
END_TEST

/* A session that has received its expulsion is out, and can enter again at once. */
START_TEST(the_expelled_may_come_again)
{
	int owner, fd;

	channel_fixture_start(_i);
	owner = channel_fixture_connect("owner");
	fd = channel_fixture_connect("x");
	serve_say(fd, "JOIN,r\n");
	serve_expect(fd, "OK,0\nr +x \n");
	for (unsigned i = 0; i < 500; i++) {
		serve_say(owner, "KICK,r,x\n");
		serve_expect(fd, "r -x kicked\n");
		serve_say(fd, "JOIN,r\n");
		serve_expect(fd, "out of r\nOK,0\nr +x \n");
		serve_expect(owner, "OK\n");
	}
	serve_close(fd);
	serve_close(owner);
	serve_stop();
}
END_TEST

START_TEST(the_ended_are_gone)
{
	int watcher, fd;

	channel_fixture_start(_i);
	watcher = channel_fixture_connect("watcher");
	serve_say(watcher, "JOIN,r\n");
	serve_expect(watcher, "OK,0\nr +watcher \n");
	fd = channel_fixture_connect("a");
	serve_say(fd, "JOIN,r\nBYE\n");
	serve_expect(watcher, "r +a \nr -a bye\n");
	serve_close(fd);
	fd = channel_fixture_connect("b");
	serve_say(fd, "JOIN,r\n");
	serve_end(fd);
	serve_expect(watcher, "r +b \nr -b closed\n");
	serve_close(fd);
	/* Mostly the session ends before the owner has answered. */
	for (unsigned i = 0; i < 200; i++) {
		fd = serve_connect();
		serve_say(fd, "JOIN,q\nSAY,d,q,x\nJOIN,p,0\nPART,q\nJOIN,q,1\n");
		serve_reset(fd);
	}
	serve_until_sessions(1);
	serve_say(watcher, "PART,r\n");
	serve_expect(watcher, "r -watcher left\nOK\n");
	/* Possibly none of them was read before its reset. */
	serve_say(watcher, "JOIN,q\nSAY,d,q,kept\nPART,q\n");
	for (char line[256];;) {
		(void)serve_line(watcher, line, sizeof(line));
		if (strcmp(line, "OK") == 0)
			break;
	}
	until(watcher, "COUNT,q\n", "OK,0");
	until(watcher, "COUNT,p\n", "ERROR: internal: NOT_FOUND");
	serve_close(watcher);
	serve_stop();
}
END_TEST

/* A session that enters a room, and is not told of anything there. */
struct coming {
	struct channel_request rq;
	bool ends; /* in the pass of its loop in which the request that enters is back */
	bool done;
};

static void coming_act(struct channel *c, struct channel_request *rq)
{
	const struct address nowhere = {};
	struct channel_member *m;

	channel_finish(rq, channel_enter(c, rq, "brief", 5, &nowhere, &m));
}

static const struct channel_request_kind coming_kind = {
	.id = 100, .name = "coming", .act = coming_act, .size = sizeof(struct coming)
};

static void coming_done(struct channel_request *rq)
{
	struct coming *c = container_of(rq, struct coming, rq);

	ck_assert_int_eq(rq->result, 0);
	ck_assert_int_eq(channel_request_session(rq) != NULL, !c->ends);
	c->done = true;
}

static void come_in(struct reactor *r, void *arg)
{
	struct session *s = session_inspect_last(r);
	struct coming *c = arg;
	int e;

	channel_request_init_alone(&c->rq, serve_server()->reactors.roles[0].state, &channel_fixture_policy, r, s, "r", 1);
	c->rq.kind = &coming_kind;
	c->rq.on_complete = coming_done;
	ck_assert_ptr_nonnull(channel_subscription_begin(&c->rq, &e));
	if (c->ends)
		session_inspect_end(s, "for the test");
	channel_submit(&c->rq);
}

/* A watcher is in the room, and @fd has come in. */
static int watch_it_come_in(struct coming *c, int *fd)
{
	int watcher;

	channel_fixture_start(0);
	watcher = channel_fixture_connect("watcher");
	serve_say(watcher, "JOIN,r\n");
	serve_expect(watcher, "OK,0\nr +watcher \n");
	*fd = channel_fixture_connect("brief");
	serve_call(0, come_in, c);
	ck_assert(c->done);
	return watcher;
}

static void watch_it_gone(int watcher)
{
	serve_expect(watcher, "r -brief closed\n");
	serve_say(watcher, "COUNT,r\n");
	serve_expect(watcher, "OK,1\n");
}

START_TEST(ended_while_it_came_in_is_gone)
{
	struct coming c = { .ends = true };
	int fd, watcher = watch_it_come_in(&c, &fd);

	watch_it_gone(watcher);
	serve_expect_end(fd);
	serve_close(watcher);
	serve_stop();
}
END_TEST

/* The session is a member and has not gone on yet, as one whose name has changed meanwhile. */
START_TEST(ended_before_it_went_on_is_gone)
{
	struct coming c = {};
	int fd, watcher = watch_it_come_in(&c, &fd);

	serve_say(watcher, "COUNT,r\n");
	serve_expect(watcher, "OK,2\n");
	serve_end(fd);
	watch_it_gone(watcher);
	serve_close(fd);
	serve_close(watcher);
	serve_stop();
}
END_TEST

START_TEST(limits_hold)
{
	int a, b;

	channel_fixture_start(_i);
	channel_fixture_limits = (struct channel_limits){ .open = 1000, .members = 1 };
	channel_fixture_subscriptions = 2;
	a = serve_connect();
	b = serve_connect();
	serve_say(a, "JOIN,x\n");
	serve_expect(a, "OK,0\nx +127.0.0.1 \n");
	serve_say(a, "JOIN,y\n");
	serve_expect(a, "OK,0\ny +127.0.0.1 \n");
	serve_say(a, "JOIN,x\nJOIN,z\n");
	serve_expect(a, "ERROR: internal: MEMBER\nERROR: internal: SUBSCRIPTIONS\n");
	serve_say(b, "JOIN,x\nCOUNT,x\n");
	serve_expect(b, "NO,MEMBERS\nOK,1\n");
	/* A channel in use is not freed for another one. */
	channel_fixture_limits = (struct channel_limits){ .open = 1, .members = 1 };
	channel_fixture_subscriptions = 100;
	for (unsigned i = 0, refused = 0; refused == 0; i++) {
		char line[64];

		ck_assert_uint_lt(i, 50);
		(void)snprintf(line, sizeof(line), "JOIN,w%u\n", i);
		serve_say(b, line);
		(void)serve_line(b, line, sizeof(line));
		refused = strcmp(line, "NO,CHANNELS") == 0;
		if (!refused)
			(void)serve_line(b, line, sizeof(line));
	}
	serve_close(a);
	serve_close(b);
	serve_stop();
}
END_TEST

/* Unused names do not stay in memory, however many are asked for. */
START_TEST(names_without_end_take_no_memory)
{
	char line[128], *p;
	int fd;

	channel_fixture_start(_i);
	channel_fixture_limits.open = 64;
	fd = serve_connect();
	for (unsigned i = 0; i < 3000; i++) {
		(void)snprintf(line, sizeof(line), "JOIN,room%u\nPART,room%u\n", i, i);
		serve_say(fd, line);
		do
			(void)serve_line(fd, line, sizeof(line));
		while (strcmp(line, "OK") != 0);
	}
	serve_say(fd, "OPEN\n");
	(void)serve_line(fd, line, sizeof(line));
	p = strchr(line, ',');
	ck_assert_ptr_nonnull(p);
	ck_assert_int_le(atoi(p + 1), 64);
	serve_close(fd);
	serve_stop();
}
END_TEST

/* Attributes and numbers are there again when the channel comes back into memory, and after a restart. */
START_TEST(notes_and_numbers_outlive_memory)
{
	char state[64], line[64];
	int fd;

	(void)snprintf(state, sizeof(state), "/tmp/ioe-check-state.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state));
	for (unsigned round = 0; round < 2; round++) {
		channel_fixture_start_in(_i, state, "256K");
		channel_fixture_limits.open = 8;
		fd = serve_connect();
		if (round == 0) {
			serve_say(fd, "NOTE,r,first\nNOTE,r,tea\nSAY,d,r,one\n");
			serve_expect(fd, "OK\nOK\nOK,1\n");
			serve_say(fd, "READ,r\n");
			serve_expect(fd, "tea\n");
		}
		for (unsigned i = 0; i < 50; i++) {
			(void)snprintf(line, sizeof(line), "NOTE,other%u,x\n", i);
			serve_say(fd, line);
			serve_expect(fd, "OK\n");
		}
		serve_say(fd, "READ,r\nREAD,nowhere\nSAY,d,r,more\n");
		(void)snprintf(line, sizeof(line), "tea\nERROR: internal: NOT_FOUND\nOK,%u\n", round + 2);
		serve_expect(fd, line);
		serve_close(fd);
		serve_stop();
	}
	(void)snprintf(folder_path, sizeof(folder_path), "%s", state);
	folder_remove();
}
END_TEST

/* Ephemeral messages have numbers, too. None is given twice: not after a restart, and not to a durable message. */
START_TEST(numbers_of_what_is_not_kept)
{
	char state[64], line[128];
	uint64_t last = 0;
	int fd, other;

	(void)snprintf(state, sizeof(state), "/tmp/ioe-check-state.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state));
	for (unsigned round = 0; round < 3; round++) {
		channel_fixture_start_in(_i, state, "256K");
		fd = serve_connect();
		other = channel_fixture_connect("other");
		serve_say(other, "JOIN,r\n");
		(void)serve_line(other, line, sizeof(line));
		(void)serve_line(other, line, sizeof(line));
		for (unsigned i = 0; i < 200; i++) {
			bool kept = i % 7 == 3 || i % 11 == 4;
			uint64_t n;

			serve_say(fd, kept ? "SAY,d,r,x\n" : "SAY,v,r,x\n");
			(void)serve_line(fd, line, sizeof(line));
			ck_assert_int_eq(sscanf(line, "OK,%lu", &n), 1);
			ck_assert_uint_gt(n, last);
			if (i > 0 && !kept && i % 7 != 4 && i % 11 != 5)
				ck_assert_uint_eq(n, last + 1);
			last = n;
			(void)serve_line(other, line, sizeof(line));
			ck_assert_int_eq(sscanf(line, "r %lu", &n), 1);
			ck_assert_uint_eq(n, last);
		}
		serve_close(fd);
		serve_close(other);
		serve_stop();
	}
	(void)snprintf(folder_path, sizeof(folder_path), "%s", state);
	folder_remove();
}
END_TEST

static uint64_t said_behind(int fd, const char *how, unsigned room, uint64_t last)
{
	char line[128];
	uint64_t n;

	(void)snprintf(line, sizeof(line), "SAY,%s,room%u,x\n", how, room);
	serve_say(fd, line);
	(void)serve_line(fd, line, sizeof(line));
	ck_assert_int_eq(sscanf(line, "OK,%lu", &n), 1);
	ck_assert_uint_gt(n, last);
	return n;
}

/* The same for rooms that are not on disk: neither after they were freed, nor when they come to disk. */
START_TEST(numbers_of_what_no_disk_knows)
{
	enum { ROOMS = 40 };
	uint64_t last[ROOMS] = { 0 }, n;
	char state[64];
	int fd;

	(void)snprintf(state, sizeof(state), "/tmp/ioe-check-state.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state));
	for (unsigned round = 0; round < 3; round++) {
		channel_fixture_start_in(_i, state, "256K");
		channel_fixture_limits.open = 8;
		fd = serve_connect();
		for (unsigned i = 0; i < 5 * ROOMS; i++) {
			unsigned room = i * 7 % ROOMS;

			n = said_behind(fd, "v", room, last[room]);
			last[room] = said_behind(fd, "v", room, n);
			ck_assert_uint_eq(last[room], n + 1);
		}
		for (unsigned room = round; room < ROOMS; room += 3)
			last[room] = said_behind(fd, "d", room, last[room]);
		for (unsigned room = 0; room < ROOMS; room++)
			last[room] = said_behind(fd, "v", room, last[room]);
		serve_close(fd);
		serve_stop();
	}
	(void)snprintf(folder_path, sizeof(folder_path), "%s", state);
	folder_remove();
}
END_TEST

/* Messages of several sessions, durable and ephemeral, in one order for all. */
static void *talk(void *arg)
{
	const char *how = arg;
	int fd = serve_connect();
	char line[128];

	for (unsigned i = 0; i < 25; i++) {
		for (unsigned k = 0; k < 40; k++) {
			(void)snprintf(line, sizeof(line), "SAY,%c,r,%u\n", how[k % 4], i * 40 + k);
			serve_say(fd, line);
		}
		for (unsigned k = 0; k < 40; k++) {
			(void)serve_line(fd, line, sizeof(line));
			ck_assert_msg(strncmp(line, "OK,", 3) == 0, "%s", line);
		}
	}
	serve_end(fd);
	serve_expect_end(fd);
	return NULL;
}

static void receive_all(const char *how)
{
	pthread_t threads[4];
	char line[4][128];
	int fd[4];

	for (unsigned i = 0; i < 4; i++) {
		fd[i] = serve_connect();
		serve_say(fd[i], "JOIN,r\n");
		(void)serve_line(fd[i], line[i], sizeof(line[i]));
	}
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, talk, (void *)how), 0);
	for (unsigned n = 0; n < 4000;) {
		for (unsigned i = 0; i < 4; i++) {
			do
				(void)serve_line(fd[i], line[i], sizeof(line[i]));
			while (strchr("+-", line[i][2]));
			ck_assert_str_eq(line[i], line[0]);
		}
		n++;
	}
	for (unsigned i = 0; i < 4; i++)
		(void)pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < 4; i++)
		serve_close(fd[i]);
}

START_TEST(all_receive_one_order)
{
	channel_fixture_start(_i);
	receive_all("dddd");
	receive_all("vvvv");
	receive_all("dvdv");
	serve_stop();
}
END_TEST

/* Enters and leaves at random, and in the end has received each message once. */
#define SAYINGS 4000

static void *come_and_go(void *arg)
{
	unsigned seed = *(unsigned *)arg, at = 0, last = SAYINGS;
	char line[256];

	while (at < SAYINGS) {
		int fd = seed % 3 == 0 ? serve_connect_small() : serve_connect();
		unsigned stay = at + 1 + (unsigned)rand_r(&seed) % 700, n;

		(void)snprintf(line, sizeof(line), "JOIN,r,%u\n", at);
		serve_say(fd, line);
		while (at < SAYINGS && at < stay) {
			(void)serve_line(fd, line, sizeof(line));
			n = channel_fixture_line_number(line);
			if (n == 0)
				continue;
			ck_assert_msg(n == at + 1, "'%s' after %u", line, at);
			at = n;
			/* Leaves the room and enters again in the same session; often, while it is close behind the
			 * sender. */
			if (rand_r(&seed) % (last < at + 32 ? 8 : 200) == 0) {
				(void)snprintf(line, sizeof(line), "PART,r\nJOIN,r,%u\n", at);
				serve_say(fd, line);
				do
					(void)serve_line(fd, line, sizeof(line));
				while (strncmp(line, "OK", 2) != 0);
				do
					(void)serve_line(fd, line, sizeof(line));
				while (sscanf(line, "OK,%u", &last) != 1);
			}
		}
		if (rand_r(&seed) % 2)
			serve_reset(fd);
		else
			serve_close(fd);
	}
	return NULL;
}

static void *keep_talking(_unused_ void *arg)
{
	int fd = serve_connect();
	char line[128];

	for (unsigned i = 0; i < SAYINGS / 50; i++) {
		for (unsigned k = 0; k < 50; k++)
			serve_say(fd, "SAY,d,r,a text that fills a page now and then, so that there are several\n");
		for (unsigned k = 0; k < 50; k++) {
			(void)serve_line(fd, line, sizeof(line));
			ck_assert_msg(strncmp(line, "OK,", 3) == 0, "%s", line);
		}
	}
	serve_close(fd);
	return NULL;
}

START_TEST(nothing_is_missed_and_nothing_comes_twice)
{
	pthread_t talker, followers[6];
	unsigned seeds[6];

	channel_fixture_start(_i);
	for (unsigned i = 0; i < 6; i++) {
		seeds[i] = i + 1;
		ck_assert_int_eq(pthread_create(&followers[i], NULL, come_and_go, &seeds[i]), 0);
	}
	ck_assert_int_eq(pthread_create(&talker, NULL, keep_talking, NULL), 0);
	(void)pthread_join(talker, NULL);
	for (unsigned i = 0; i < 6; i++)
		(void)pthread_join(followers[i], NULL);
	serve_stop();
}
END_TEST

START_TEST(a_slow_member_leaves_and_catches_up)
{
	char say[1100], line[2048];
	unsigned sent = 0, at = 0;
	int slow, quick;

	channel_fixture_start_in(_i, "%s/state", "16K");
	(void)snprintf(say, sizeof(say), "SAY,v,r,%01000d\n", 7);
	say[4] = 'd';
	slow = serve_connect_small();
	quick = channel_fixture_connect("quick");
	serve_say(quick, "JOIN,r\n");
	serve_expect(quick, "OK,0\nr +quick \n");
	serve_say(slow, "NICK,slow\nJOIN,r\n");
	serve_expect(slow, "OK,slow\nOK,0\nr +slow \n");
	serve_expect(quick, "r +slow \n");
	for (bool left = false; !left;) {
		ck_assert_uint_lt(sent, 20000);
		for (unsigned i = 0; i < 10; i++)
			serve_say(quick, say);
		for (unsigned answers = 0; answers < 10;) {
			(void)serve_line(quick, line, sizeof(line));
			left = left || strcmp(line, "r -slow slow") == 0;
			answers += strncmp(line, "OK,", 3) == 0;
		}
		sent += 10;
	}
	for (;;) {
		(void)serve_line(slow, line, sizeof(line));
		if (strncmp(line, "ERROR: slow: ", 13) == 0)
			break;
		ck_assert_uint_eq(channel_fixture_line_number(line), at + 1);
		at++;
	}
	serve_expect_end(slow);
	ck_assert_uint_lt(at, sent);
	slow = serve_connect();
	(void)snprintf(line, sizeof(line), "JOIN,r,%u\n", at);
	serve_say(slow, line);
	(void)serve_line(slow, line, sizeof(line));
	while (at < sent) {
		(void)serve_line(slow, line, sizeof(line));
		if (channel_fixture_line_number(line) > 0)
			ck_assert_uint_eq(channel_fixture_line_number(line), ++at);
	}
	serve_close(slow);
	serve_close(quick);
	serve_stop();
}
END_TEST

/* A channel that the store cannot open: all its requests are refused, and the daemon goes on. */
START_TEST(one_that_does_not_open)
{
	int fd;

	folder_make();
	channel_fixture_start_in(_i, folder_path, "256K");
	fd = serve_connect();
	serve_say(fd, "SAY,d,r,x\n");
	serve_expect(fd, "OK,1\n");
	store_tamper("DROP TABLE channel");
	for (unsigned i = 0; i < 100; i++) {
		serve_say(fd, "JOIN,a\nCOUNT,a\nCOUNT,a\n");
		serve_expect(fd, "NO,UNAVAILABLE\nERROR: internal: UNAVAILABLE\nERROR: internal: UNAVAILABLE\n");
	}
	serve_close(fd);
	serve_stop();
	folder_remove();
}
END_TEST

/* Without a store, all that needs no disk works. */
START_TEST(without_a_store)
{
	char state[64];
	int fd;

	(void)snprintf(state, sizeof(state), "/tmp/ioe-check-state.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state));
	(void)snprintf(folder_path, sizeof(folder_path), "%s", state);
	folder_fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	{
		char text[2048];

		memset(text, 'x', sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		folder_put("store.db", text);
	}
	(void)close(folder_fd);
	folder_fd = -1;
	channel_fixture_start_in(_i, state, "256K");
	fd = serve_connect();
	serve_say(fd, "SAY,d,r,x\nNOTE,r,x\n");
	serve_expect(fd, "ERROR: internal: UNAVAILABLE\nERROR: internal: UNAVAILABLE\n");
	serve_say(fd, "JOIN,r\nSAY,v,r,x\n");
	for (unsigned i = 0; i < 4; i++) {
		char line[128];

		(void)serve_line(fd, line, sizeof(line));
		ck_assert_msg(i == 2 ? strncmp(line, "r ", 2) == 0 : i == 1 ? strcmp(line, "r +127.0.0.1 ") == 0 : strncmp(line, "OK,", 3) == 0,
			      "%s", line);
	}
	serve_close(fd);
	serve_stop();
	(void)snprintf(folder_path, sizeof(folder_path), "%s", state);
	folder_remove();
}
END_TEST

/* An outcome of the store that the channel has no word for would be a success. */
START_TEST(each_outcome_of_the_store_has_one)
{
	ck_assert_int_eq(channel_outcome(0), 0);
	ck_assert_int_eq(channel_outcome(-EROFS), -EROFS);
	for (int outcome = STORE_E_NOT_FOUND; outcome < STORE_E_MAX; outcome++)
		ck_assert_int_ne(channel_outcome(outcome), 0);
	ck_assert_int_eq(channel_outcome(STORE_E_FULL), CHANNEL_E_FULL);
	ck_assert_int_eq(channel_outcome(STORE_E_NO_MEMORY), -ENOMEM);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("channel");
	TCase *tc = tcase_create("channel");

	tcase_set_timeout(tc, 240);
	tcase_add_loop_test(tc, what_is_said_reaches_all, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(tc, the_expelled_may_come_again, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(tc, the_ended_are_gone, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_test(tc, ended_while_it_came_in_is_gone);
	tcase_add_test(tc, ended_before_it_went_on_is_gone);
	tcase_add_loop_test(tc, limits_hold, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(tc, names_without_end_take_no_memory, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(tc, notes_and_numbers_outlive_memory, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(tc, numbers_of_what_is_not_kept, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(tc, numbers_of_what_no_disk_knows, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(tc, all_receive_one_order, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(tc, nothing_is_missed_and_nothing_comes_twice, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(tc, a_slow_member_leaves_and_catches_up, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(tc, one_that_does_not_open, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_loop_test(tc, without_a_store, 0, CHANNEL_FIXTURE_WAYS);
	tcase_add_test(tc, each_outcome_of_the_store_has_one);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
