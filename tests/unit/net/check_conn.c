/* SPDX-License-Identifier: MIT */
/* A connection in a loop: one write a pass, back-pressure, and an end that is told once, from wherever it comes. */

#include "net/conn.h"
#include "base/clock.h"
#include "base/macro.h"
#include "net/chunk.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "unit/fixture/run.h"

static struct loop loop;
static struct chunk_pool pool;
static struct conn conn;
static int peer;

/* What was called, and which of it ends the connection. */
static unsigned readable, drained, stalled, broken, cold;
static unsigned *done_in;
static int error;
static ssize_t read_n;

/* Cold pieces: told at once, or later by the test. */
static bool warm_at_once;
static int cold_fd;
static uint64_t cold_off, cold_len;

static void called(struct conn *c, unsigned *n)
{
	++*n;
	if (n == done_in) {
		conn_done(c);
		conn_done(c);
	}
}

static void on_readable(struct conn *c)
{
	char bytes[16];

	read_n = conn_read(c, bytes, sizeof(bytes));
	called(c, &readable);
}

static void on_flushed(struct conn *c)
{
	called(c, &drained);
}

static void on_stalled(struct conn *c)
{
	called(c, &stalled);
}

static void on_broken(struct conn *c, int e)
{
	error = e;
	called(c, &broken);
	conn_done(c);
}

static void on_cold(struct conn *c, int fd, uint64_t off, uint64_t len)
{
	cold_fd = fd;
	cold_off = off;
	cold_len = len;
	called(c, &cold);
	if (warm_at_once)
		conn_resident(c, len);
}

static const struct conn_ops ops = {
	.readable = on_readable,
	.flushed = on_flushed,
	.stalled = on_stalled,
	.broken = on_broken,
	.not_resident = on_cold,
};

static void start_as(int type)
{
	int fds[2], small = 4096;

	ck_assert_int_eq(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	(void)setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	peer = fds[1];
	ck_assert_int_eq(conn_init(&conn, &loop, &pool, fds[0], NULL, &ops), 0);
}

static void setup(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(loop_init(&loop), 0);
	chunk_pool_init(&pool, UINT64_MAX);
	peer = -1;
}

static void teardown(void)
{
	if (conn.ops)
		conn_done(&conn);
	ck_assert_uint_eq(chunk_pool_used(&pool), 0);
	chunk_pool_done(&pool);
	loop_done(&loop);
	if (peer >= 0)
		(void)close(peer);
}

static void pass(void)
{
	ck_assert_int_eq(loop_pass(&loop, 0), 0);
}

static void say(const char *s)
{
	conn_write(&conn, s, strlen(s));
}

/* A large answer, of which the socket takes a part. */
#define LARGE (1U << 20)
static char large[LARGE];

static void say_large(void)
{
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (char)(i * 2654435761U >> 11);
	conn_write(&conn, large, LARGE);
}

/* Reads and passes until all is there. */
static void take_all(const char *bytes, size_t len, size_t sip)
{
	static char got[LARGE];
	size_t n = 0;

	while (n < len) {
		ssize_t k = recv(peer, got + n, MIN(sip, len - n), 0);

		n += k > 0 ? (size_t)k : 0;
		pass();
	}
	ck_assert_int_eq(memcmp(got, bytes, len), 0);
}

START_TEST(what_one_pass_says_leaves_in_one_write)
{
	char got[100];

	start_as(SOCK_SEQPACKET); /* which keeps the writes apart */
	say("one ");
	say("two ");
	say("three");
	ck_assert_int_eq(recv(peer, got, sizeof(got), 0), -1);
	pass();
	ck_assert_int_eq(recv(peer, got, sizeof(got), 0), 13);
	ck_assert_int_eq(memcmp(got, "one two three", 13), 0);
	ck_assert_int_eq(recv(peer, got, sizeof(got), 0), -1);
	ck_assert_uint_eq(drained, 1);
	ck_assert_uint_eq(conn.sent, 13);
	pass();
	ck_assert_uint_eq(drained, 1);
}
END_TEST

START_TEST(a_full_socket_is_waited_for)
{
	unsigned full;

	start_as(SOCK_STREAM);
	say_large();
	pass();
	ck_assert_uint_eq(stalled, 1);
	ck_assert_uint_eq(drained, 0);
	ck_assert(conn.full);
	for (unsigned i = 0; i < 10; i++)
		pass(); /* nothing to do: not even an attempt */
	ck_assert_uint_eq(stalled, 1);
	full = (unsigned)conn.sent;
	ck_assert_uint_lt(full, LARGE);

	take_all(large, LARGE, 10000);
	ck_assert_uint_eq(drained, 1);
	ck_assert_uint_eq(conn.sent, LARGE);
	ck_assert_uint_eq(chunk_pool_used(&pool), 0);
	ck_assert_uint_eq(broken, 0);
}
END_TEST

START_TEST(a_broken_connection_is_reported_once)
{
	start_as(SOCK_STREAM);
	(void)close(peer);
	peer = -1;
	say("nobody hears");
	for (unsigned i = 0; i < 3; i++)
		pass();
	ck_assert_uint_eq(broken, 1);
	ck_assert_int_eq(error, -EPIPE);
	ck_assert_uint_eq(drained, 0);
	conn_write(&conn, "x", 1); /* and is harmless afterwards */
	pass();
	ck_assert_uint_eq(broken, 1);
}
END_TEST

/* Nobody reads and nobody writes: without being told of it the loop would spin, or it would stay for ever. */
START_TEST(a_paused_connection_learns_of_its_end)
{
	start_as(SOCK_STREAM);
	conn_pause(&conn);
	(void)close(peer);
	peer = -1;
	pass();
	pass();
	ck_assert_uint_eq(readable, 0);
	ck_assert_uint_eq(broken, 1);
	ck_assert_int_eq(error, -ECONNRESET);
}
END_TEST

START_TEST(reading_reports_bytes_then_the_end)
{
	start_as(SOCK_STREAM);
	pass();
	ck_assert_uint_eq(readable, 0);
	ck_assert_int_eq(conn_read(&conn, large, 1), -EAGAIN);
	ck_assert_int_eq(send(peer, "12345678901234567890", 20, 0), 20);
	pass();
	ck_assert_uint_eq(readable, 1);
	ck_assert_int_eq(read_n, 16);
	/* The last bytes are read before the end is told. */
	(void)shutdown(peer, SHUT_WR);
	pass();
	ck_assert_int_eq(read_n, 4);
	pass();
	ck_assert_int_eq(read_n, 0);
	ck_assert_uint_eq(readable, 3);
	/* What answers may still be sent. */
	conn_pause(&conn);
	say("bye");
	pass();
	ck_assert_uint_eq(drained, 1);
	ck_assert_int_eq(recv(peer, large, 10, 0), 3);
	ck_assert_uint_eq(broken, 0);
}
END_TEST

START_TEST(paused_is_not_read)
{
	start_as(SOCK_STREAM);
	ck_assert_int_eq(send(peer, "abc", 3, 0), 3);
	conn_pause(&conn);
	pass();
	pass();
	ck_assert_uint_eq(readable, 0);
	conn_unpause(&conn);
	pass();
	ck_assert_uint_eq(readable, 1);
	ck_assert_int_eq(read_n, 3);
}
END_TEST

START_TEST(shutdown_lets_the_peer_go_on)
{
	char c;

	start_as(SOCK_STREAM);
	ck_assert_int_eq(conn_shutdown(&conn), 0);
	ck_assert_int_eq(recv(peer, &c, 1, 0), 0);
	ck_assert_int_eq(send(peer, "x", 1, 0), 1);
	pass();
	ck_assert_int_eq(read_n, 1);
}
END_TEST

/* The end may be decided in any of the calls; nothing is called afterwards, though all of it is due. */
static void done_inside(unsigned *which)
{
	done_in = which;
	start_as(SOCK_STREAM);
	if (which == &readable)
		ck_assert_int_eq(send(peer, "abc", 3, 0), 3);
	if (which == &drained || which == &readable)
		say("abc");
	if (which == &stalled)
		say_large();
	if (which == &broken)
		conn_pause(&conn);
	if (which == &broken) {
		(void)close(peer);
		peer = -1;
	}
	for (unsigned i = 0; i < 3; i++)
		pass();
	ck_assert_uint_eq(*which, 1);
	ck_assert_uint_eq(readable + drained + stalled + broken, 1);
	ck_assert_int_eq(conn.watch.fd, -1);
	ck_assert_uint_eq(chunk_pool_used(&pool), 0);
}

START_TEST(done_in_readable)
{
	done_inside(&readable);
}
END_TEST

START_TEST(done_in_drained)
{
	done_inside(&drained);
}
END_TEST

START_TEST(done_in_stalled)
{
	done_inside(&stalled);
}
END_TEST

START_TEST(done_in_broken)
{
	done_inside(&broken);
}
END_TEST

struct owner {
	struct conn conn;
	struct timer timer;
	struct deferred reap;
};

static void owner_reap(struct deferred *l)
{
	free(container_of(l, struct owner, reap));
}

static void owner_fire(struct timer *t)
{
	struct owner *o = container_of(t, struct owner, timer);

	conn_done(&o->conn);
	loop_defer(&loop, &o->reap);
}

/*
 * A timer ends it in the pass in which the socket has room again and some of it is sent, and its owner is freed in the
 * next one: a flush that were still put off then would be one of freed memory.
 */
START_TEST(a_timer_may_end_it_while_it_is_ready)
{
	struct owner *o = calloc(1, sizeof(*o));
	int fds[2];

	o->timer.fire = owner_fire;
	o->reap.run = owner_reap;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_int_eq(conn_init(&o->conn, &loop, &pool, fds[0], NULL, &ops), 0);
	conn_write(&o->conn, large, LARGE);
	pass();
	ck_assert(o->conn.full);
	while (recv(fds[1], large, LARGE, 0) > 0)
		;
	loop_timer(&loop, &o->timer, 0);
	pass();
	pass();
	ck_assert(list_is_empty(&loop.deferred_calls));
	ck_assert_uint_eq(drained + broken, 0);
	ck_assert_uint_eq(stalled, 2);
	(void)close(fds[1]);
}
END_TEST

static int cold_file(size_t size)
{
	int fd = memfd_create("check_conn", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, large, size, 0), (ssize_t)size);
	return fd;
}

START_TEST(a_file_that_is_not_in_memory_is_asked_for)
{
	int fd;

	start_as(SOCK_STREAM);
	say_large();
	outq_clear(&conn.out, &pool);
	fd = cold_file(LARGE);
	ck_assert_int_eq(outq_put_file(&conn.out, &pool, fd, 100, LARGE - 100), 0);
	conn_defer_flush(&conn);
	pass();
	if (cold == 0)
		return; /* this kernel's tmpfs can tell what is in memory */
	ck_assert_uint_eq(cold, 1);
	ck_assert_int_eq(cold_fd, fd);
	ck_assert_uint_eq(cold_off, 100);
	ck_assert_uint_gt(cold_len, 0);
	/* Until the answer comes nothing is tried. */
	conn_defer_flush(&conn);
	pass();
	ck_assert_uint_eq(cold, 1);
	ck_assert_uint_eq(conn.sent, 0);

	warm_at_once = true;
	conn_resident(&conn, cold_len);
	take_all(large + 100, LARGE - 100, 50000);
	ck_assert_uint_eq(drained, 1);
	ck_assert_uint_ge(cold, 2);
}
END_TEST

START_TEST(done_in_cold)
{
	done_in = &cold;
	start_as(SOCK_STREAM);
	ck_assert_int_eq(outq_put_file(&conn.out, &pool, cold_file(1000), 0, 1000), 0);
	conn_defer_flush(&conn);
	pass();
	pass();
	ck_assert_uint_eq(cold + drained, 1);
	ck_assert_uint_eq(broken, 0);
}
END_TEST

/* A fast reader of a large file gets a bounded part of it a pass. */
START_TEST(one_connection_does_not_take_the_whole_pass)
{
	static char got[LARGE];
	char name[] = "check_conn.XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC), roomy = 64 << 20;
	unsigned passes = 0;
	ssize_t n;

	(void)unlink(name);
	ck_assert_int_eq(ftruncate(fd, 64 << 20), 0);
	start_as(SOCK_STREAM);
	warm_at_once = true;
	(void)setsockopt(conn.watch.fd, SOL_SOCKET, SO_SNDBUF, &roomy, sizeof(roomy));
	ck_assert_int_eq(outq_put_file(&conn.out, &pool, fd, 0, 64 << 20), 0);
	conn_defer_flush(&conn);
	while (drained == 0) {
		uint64_t before = conn.sent;

		pass();
		passes++;
		ck_assert_uint_le(conn.sent - before, 2 << 20);
		while ((n = recv(peer, got, sizeof(got), 0)) > 0)
			;
	}
	ck_assert_uint_ge(passes, 32);
	ck_assert_uint_eq(conn.sent, 64 << 20);
}
END_TEST

START_TEST(a_bad_fd_stays_the_callers)
{
	struct conn bad;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* which epoll refuses */

	ck_assert_int_lt(conn_init(&bad, &loop, &pool, fd, NULL, &ops), 0);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conn");
	TCase *tc = tcase_create("conn");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_one_pass_says_leaves_in_one_write);
	tcase_add_test(tc, a_full_socket_is_waited_for);
	tcase_add_test(tc, a_broken_connection_is_reported_once);
	tcase_add_test(tc, a_paused_connection_learns_of_its_end);
	tcase_add_test(tc, reading_reports_bytes_then_the_end);
	tcase_add_test(tc, paused_is_not_read);
	tcase_add_test(tc, shutdown_lets_the_peer_go_on);
	tcase_add_test(tc, done_in_readable);
	tcase_add_test(tc, done_in_drained);
	tcase_add_test(tc, done_in_stalled);
	tcase_add_test(tc, done_in_broken);
	tcase_add_test(tc, a_timer_may_end_it_while_it_is_ready);
	tcase_add_test(tc, a_file_that_is_not_in_memory_is_asked_for);
	tcase_add_test(tc, done_in_cold);
	tcase_add_test(tc, one_connection_does_not_take_the_whole_pass);
	tcase_add_test(tc, a_bad_fd_stays_the_callers);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
