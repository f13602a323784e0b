/* SPDX-License-Identifier: MIT */
/*
 * The output queue beside a plain copy of what should come out of it: through sockets that take little, with parts of
 * files that are in memory or not, and with the pool's account back at nothing.
 */

#include "net/outq.h"
#include "base/macro.h"
#include "net/chunk.h"
#include "net/slice.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "unit/fixture/files.h"
#include "unit/fixture/run.h"

#define FILE_PIECE (256U << 10)

static struct chunk_pool pool;
static struct outq out;
static int ends[2]; /* ours, the peer's */

/* What the peer should read, and what it did. */
static char *want, *got;
static size_t want_len, got_len;
#define STREAM_MAX (32U << 20)

static void setup(void)
{
	int small = 4096;

	(void)signal(SIGPIPE, SIG_IGN); /* as main.c has it: sendfile() cannot be told otherwise */
	chunk_pool_init(&pool, UINT64_MAX);
	out = (struct outq){};
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	want = malloc(STREAM_MAX);
	got = malloc(STREAM_MAX);
	want_len = got_len = 0;
}

static void teardown(void)
{
	outq_clear(&out, &pool);
	ck_assert(outq_is_empty(&out));
	ck_assert_uint_eq(out.bytes, 0);
	ck_assert_uint_eq(out.files, 0);
	ck_assert_uint_eq(out.events, 0);
	ck_assert_uint_eq(chunk_pool_used(&pool), 0);
	chunk_pool_done(&pool);
	ck_assert_uint_eq(pool.n_free, 0);
	ck_assert_uint_eq(pool.n_free_slices, 0);
	ck_assert_ptr_null(pool.current[0]);
	ck_assert_ptr_null(pool.spare);
	(void)close(ends[0]);
	(void)close(ends[1]);
	free(want);
	free(got);
}

/* Recognisable bytes: each tells its place. */
static void fill(char *p, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)((i + seed) * 2654435761U >> 13);
}

static void put(struct outq *q, size_t n)
{
	char *bytes = malloc(n + 1);

	fill(bytes, n, (unsigned)want_len);
	ck_assert_int_eq(outq_put(q, &pool, bytes, n), 0);
	memcpy(want + want_len, bytes, n);
	want_len += n;
	free(bytes);
}

/* A file that is in memory (in the build directory) or whose file system cannot tell (in a tmpfs). */
static int make_file(bool cold, size_t size)
{
	char name[] = "check_outq.XXXXXX";
	char *bytes = malloc(size + 1);
	int fd;

	if (cold) {
		fd = memfd_create("check_outq", MFD_CLOEXEC);
	} else {
		fd = mkostemp(name, O_CLOEXEC);
		(void)unlink(name);
	}
	ck_assert_int_ge(fd, 0);
	fill(bytes, size, 7);
	ck_assert_int_eq(pwrite(fd, bytes, size, 0), (ssize_t)size);
	free(bytes);
	return fd;
}

static void put_file(struct outq *q, int fd, size_t off, size_t len)
{
	ck_assert_int_eq(pread(fd, want + want_len, len, (off_t)off), (ssize_t)len);
	want_len += len;
	ck_assert_int_eq(outq_put_file(q, &pool, fd, off, len), 0);
}

/* The peer reads at most @max. */
static void take(size_t max)
{
	ssize_t n = recv(ends[1], got + got_len, max, MSG_DONTWAIT);

	if (n > 0)
		got_len += (size_t)n;
}

static unsigned colds, calls;

/* Until all is sent; the peer reads @sip bytes whenever the socket is full. */
static void send_all(size_t bound, size_t sip)
{
	for (;;) {
		uint64_t sent = UINT64_MAX, off, len;
		int r = outq_send(&out, &pool, NULL, ends[0], bound, &sent);
		int fd;

		calls++;
		if (sent == UINT64_MAX)
			ck_abort_msg("ret_sent was not set");
		if (r == 1)
			break;
		if (r == -EINPROGRESS) {
			colds++;
			outq_not_resident(&out, &fd, &off, &len);
			if (fd < 0 || len == 0 || len > FILE_PIECE)
				ck_abort_msg("a cold piece of %llu bytes", (unsigned long long)len);
			outq_resident(&out, len);
		} else if (r == -EAGAIN) {
			take(sip);
		} else if (r != 0) {
			ck_abort_msg("outq_send: %s", strerror(-r));
		}
	}
	ck_assert(outq_is_empty(&out));
	ck_assert_uint_eq(out.bytes, 0);
	ck_assert_uint_eq(out.files, 0);
	ck_assert_uint_eq(out.events, 0);
	ck_assert_uint_eq(chunk_pool_used(&pool), 0);
	while (got_len < want_len) {
		size_t before = got_len;

		take(STREAM_MAX - got_len);
		ck_assert_uint_gt(got_len, before);
	}
	ck_assert_uint_eq(got_len, want_len);
	ck_assert_int_eq(memcmp(got, want, want_len), 0);
}

START_TEST(nothing_is_all_sent)
{
	uint64_t sent = 1;

	ck_assert_int_eq(outq_send(&out, &pool, NULL, ends[0], 100, &sent), 1);
	ck_assert_uint_eq(sent, 0);
	outq_clear(&out, &pool);
}
END_TEST

START_TEST(bytes_of_all_sizes)
{
	static const size_t sizes[] = { 0, 1, 2, 4000, 4055, 4056, 4057, 4095, 4096, 5000, 65536, 1, 0, 300000, 17 };

	for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
		put(&out, sizes[i]);
		ck_assert_uint_eq(out.bytes, want_len);
		ck_assert_uint_ge(chunk_pool_used(&pool), want_len);
	}
	send_all(UINT64_MAX, 1000);
}
END_TEST

/* Many more pieces than one system call takes. */
START_TEST(hundreds_of_pieces)
{
	for (unsigned i = 0; i < 500; i++)
		put(&out, 3000 + i);
	send_all(UINT64_MAX, 50000);
	ck_assert_uint_eq(atomic_load(&pool.sent), want_len);
}
END_TEST

/* One call sends little more than its bound, and says that there is more. */
START_TEST(the_bound_holds)
{
	uint64_t sent;
	int fd = make_file(false, 4 * FILE_PIECE), large = 16 << 20;

	(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &large, sizeof(large));
	put_file(&out, fd, 0, 4 * FILE_PIECE);
	if (outq_send(&out, &pool, NULL, ends[0], 1, &sent) == -EINPROGRESS) {
		outq_resident(&out, FILE_PIECE);
		ck_assert_int_eq(outq_send(&out, &pool, NULL, ends[0], 1, &sent), 0);
	}
	ck_assert_uint_ge(sent, 1);
	ck_assert_uint_le(sent, FILE_PIECE);
	ck_assert(!outq_is_empty(&out));
	send_all(1, 1 << 20);
}
END_TEST

START_TEST(small_puts_share_a_piece)
{
	uint64_t used;

	put(&out, 10);
	used = chunk_pool_used(&pool);
	for (unsigned i = 0; i < 60; i++)
		put(&out, 30);
	ck_assert_uint_eq(chunk_pool_used(&pool), used);
	send_all(UINT64_MAX, 100);
}
END_TEST

START_TEST(reserved_room_is_not_sent_before_it_is_committed)
{
	static const size_t sizes[] = { 1, 100, 4056, 70000 };

	for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
		uint64_t sent;
		char *to = outq_reserve(&out, &pool, sizes[i]);

		ck_assert_ptr_nonnull(to);
		memset(to, 'x', sizes[i]);
		ck_assert_uint_eq(out.bytes, 0);
		ck_assert_int_eq(outq_send(&out, &pool, NULL, ends[0], UINT64_MAX, &sent), 1);
		ck_assert_uint_eq(sent, 0);
		ck_assert_uint_eq(chunk_pool_used(&pool), 0);

		/* Given up and asked for anew, less is committed than was reserved; what is put next stands behind
		 * it. */
		(void)outq_reserve(&out, &pool, sizes[i]);
		to = outq_reserve(&out, &pool, sizes[i] + 10);
		fill(to, sizes[i], (unsigned)i);
		outq_commit(&out, sizes[i]);
		memcpy(want + want_len, to, sizes[i]);
		want_len += sizes[i];
		put(&out, 5);
		send_all(UINT64_MAX, 100);
	}
}
END_TEST

/* What was reserved in front of a file and given up must not get into its way. */
START_TEST(an_empty_piece_before_a_file_does_no_harm)
{
	(void)outq_reserve(&out, &pool, 100);
	put_file(&out, make_file(false, 1000), 0, 1000);
	(void)outq_reserve(&out, &pool, 100);
	put_file(&out, make_file(false, 1000), 10, 20);
	(void)outq_reserve(&out, &pool, 0);
	send_all(UINT64_MAX, 100);
}
END_TEST

START_TEST(moving_keeps_the_order)
{
	struct outq a = {}, b = {};

	outq_move(&out, &a); /* nothing to nothing */
	ck_assert(outq_is_empty(&out));
	put(&out, 100);
	outq_move(&out, &a);
	ck_assert_uint_eq(out.bytes, 100);
	put(&a, 5000);
	put_file(&a, make_file(false, 999), 1, 500);
	put(&a, 6);
	outq_move(&out, &a);
	ck_assert(outq_is_empty(&a));
	ck_assert_uint_eq(a.bytes, 0);
	ck_assert_uint_eq(a.files, 0);
	ck_assert_uint_eq(out.bytes, 5106);
	ck_assert_uint_eq(out.files, 1);
	put(&b, 1);
	outq_move(&out, &b);
	put(&out, 40);
	put(&a, 20); /* it is as good as new */
	outq_move(&out, &a);
	send_all(UINT64_MAX, 64);
}
END_TEST

START_TEST(parts_of_files)
{
	unsigned before = files_open();

	for (int cold = 0; cold <= 1; cold++) {
		put(&out, 8);
		put_file(&out, make_file(cold, 5), 0, 5);
		put_file(&out, make_file(cold, 3 * FILE_PIECE), 0, 3 * FILE_PIECE);
		put(&out, 8);
		put_file(&out, make_file(cold, 3 * FILE_PIECE), FILE_PIECE - 1, FILE_PIECE + 1);
		put_file(&out, make_file(cold, 10), 3, 0); /* nothing of it */
		ck_assert_uint_eq(out.files, 3);
		ck_assert_uint_eq(out.bytes, 16);
		send_all(UINT64_MAX, 10000);
	}
	ck_assert_uint_eq(files_open(), before);
}
END_TEST

/* What a worker has brought into memory is sent piece by piece without asking him for the same again. */
START_TEST(a_cold_piece_is_asked_for_once)
{
	int fd = make_file(true, 4 * FILE_PIECE);
	struct iovec iov = { .iov_base = want, .iov_len = 1 };

	if (preadv2(fd, &iov, 1, 0, RWF_NOWAIT) == 1) {
		(void)close(fd);
		return; /* this kernel's tmpfs can tell */
	}
	put_file(&out, fd, 0, 4 * FILE_PIECE);
	send_all(UINT64_MAX, 1000);
	ck_assert_uint_eq(colds, 4);
}
END_TEST

#define EDGE_FILE (12U << 20)

/* Where one looks is counted, and from the edge on nothing is in memory. */
static off_t edge = EDGE_FILE;
static unsigned looks;

ssize_t preadv2(int fd, const struct iovec *iov, int n, off_t off, int flags)
{
	looks++;
	if (off >= edge) {
		errno = EAGAIN;
		return -1;
	}
	return syscall(SYS_preadv2, fd, iov, n, off, 0L, flags);
}

START_TEST(a_file_that_is_in_memory_is_looked_at_now_and_then)
{
	put_file(&out, make_file(false, EDGE_FILE), 0, EDGE_FILE);
	looks = calls = 0;
	send_all(UINT64_MAX, STREAM_MAX);
	ck_assert_uint_eq(colds, 0);
	/* Once for what the socket takes, and a few times in the beginning. */
	ck_assert_uint_le(looks, calls + 5);
}
END_TEST

/* Wherever memory ends: up to there all is sent, and no piece beyond without a worker. */
START_TEST(the_edge_of_what_is_in_memory_is_found)
{
	for (edge = 0; edge < EDGE_FILE; edge += 5 * FILE_PIECE / 3 + 1) {
		int fd = make_file(false, EDGE_FILE);
		uint64_t sent, off, len;
		int r;

		want_len = got_len = 0;
		put_file(&out, fd, 0, EDGE_FILE);
		while ((r = outq_send(&out, &pool, NULL, ends[0], UINT64_MAX, &sent)) == -EAGAIN)
			take(STREAM_MAX - got_len);
		ck_assert_int_eq(r, -EINPROGRESS);
		outq_not_resident(&out, &fd, &off, &len);
		ck_assert_uint_le(off, (uint64_t)edge);
		ck_assert_uint_gt(off + FILE_PIECE, (uint64_t)edge);
		outq_resident(&out, len);
		send_all(UINT64_MAX, STREAM_MAX);
	}
}
END_TEST

START_TEST(what_was_not_sent_is_closed)
{
	unsigned before = files_open();
	int fd = make_file(false, 100), bad;

	put(&out, 10);
	put_file(&out, fd, 0, 100);
	put(&out, 10);
	outq_clear(&out, &pool);
	ck_assert_uint_eq(files_open(), before);
	ck_assert_uint_eq(chunk_pool_used(&pool), 0);

	/* Consumed in any case. */
	bad = make_file(false, 1);
	ck_assert_int_eq(outq_put_file(&out, &pool, bad, 0, 0), 0);
	ck_assert(outq_is_empty(&out));
	ck_assert_uint_eq(files_open(), before);
}
END_TEST

/* A size was promised that cannot be kept: only an end of the connection can say that. */
START_TEST(a_file_shorter_than_promised_is_an_error)
{
	for (int cold = 0; cold <= 1; cold++)
		for (size_t size = 0; size <= 100; size += 50) {
			int fd = make_file(cold, size);
			uint64_t sent, total = 0;
			int r;

			ck_assert_int_eq(outq_put_file(&out, &pool, fd, 0, 101), 0);
			/* What the file lacks may look as if the socket were full, once. */
			for (unsigned i = 0; i < 3; i++) {
				r = outq_send(&out, &pool, NULL, ends[0], UINT64_MAX, &sent);
				if (r == -EPIPE)
					break;
				total += sent;
				if (r == -EINPROGRESS)
					outq_resident(&out, 101);
			}
			ck_assert_int_eq(r, -EPIPE);
			ck_assert_uint_le(total + sent, size);
			outq_clear(&out, &pool);
		}
}
END_TEST

START_TEST(a_broken_connection_is_an_error)
{
	uint64_t sent;

	put(&out, 10);
	put(&out, 10000);
	(void)shutdown(ends[1], SHUT_RD);
	(void)close(ends[1]);
	ends[1] = -1;
	ck_assert_int_eq(outq_send(&out, &pool, NULL, ends[0], UINT64_MAX, &sent), -EPIPE);
	outq_clear(&out, &pool);
	put_file(&out, make_file(false, 10), 0, 10);
	ck_assert_int_lt(outq_send(&out, &pool, NULL, ends[0], UINT64_MAX, &sent), 0);
}
END_TEST

START_TEST(the_free_list_is_bounded)
{
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 1000; i++)
			put(&out, 2000);
		outq_clear(&out, &pool);
		ck_assert_uint_ge(pool.n_free, 1);
		ck_assert_uint_le(pool.n_free, 64);
		want_len = 0;
	}
	/* Large pieces are not kept. */
	put(&out, 100000);
	outq_clear(&out, &pool);
	ck_assert_uint_le(pool.n_free, 64);
}
END_TEST

START_TEST(any_order_of_anything)
{
	int cold = make_file(true, 600000), warm = make_file(false, 600000);
	struct outq other = {};

	srandom(99);
	for (unsigned round = 0; round < 60; round++) {
		for (unsigned i = 0; i < 40 && want_len < STREAM_MAX - (2 << 20); i++) {
			/* Moved or direct: what has been put aside goes first. */
			struct outq *q = random() % 2 ? &out : &other;
			size_t off = (size_t)random() % 500000;

			if (q == &out)
				outq_move(&out, &other);
			switch (random() % 5) {
			case 0:
				(void)outq_reserve(q, &pool, (size_t)random() % 9000);
				break;
			case 1:
				put_file(q, fcntl(random() % 2 ? cold : warm, F_DUPFD_CLOEXEC, 0), off,
					 (size_t)random() % (i % 8 ? 1000 : 100000));
				break;
			default:
				put(q, (size_t)random() % (i % 8 ? 100 : 20000));
			}
		}
		outq_move(&out, &other);
		send_all(1 + (size_t)random() % 100000, 1 + (size_t)random() % 20000);
	}
	(void)close(cold);
	(void)close(warm);
}
END_TEST

/* Bytes that several queues refer to; here the one. */
static void put_shared(struct outq *q, const char *text)
{
	struct slice f = {};

	ck_assert_int_eq(slice_new(&pool, 0, text, strlen(text), &f), 0);
	ck_assert_int_eq(memcmp(f.buffer->data + f.start, text, strlen(text)), 0);
	ck_assert_int_eq(outq_put_slice(q, &pool, &f), 0);
	slice_done(&pool, &f);
	ck_assert_ptr_null(f.buffer);
}

static void expect(const char *text)
{
	memcpy(want + want_len, text, strlen(text));
	want_len += strlen(text);
}

/* What stands behind each other in a shared buffer is one slice, as long as nothing comes in between. */
START_TEST(what_is_shared_makes_one_piece)
{
	char line[] = "line 000\n";

	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(line, sizeof(line), "line %03u\n", i);
		put_shared(&out, line);
		expect(line);
	}
	ck_assert_uint_eq(out.events, 900);
	ck_assert_uint_eq(out.bytes, 0);
	ck_assert_uint_eq(pool.current[0]->refs, 1);
	send_all(UINT64_MAX, 100);
	ck_assert_uint_eq(pool.n_free_slices, 1);
	ck_assert_ptr_null(pool.current[0]);

	put_shared(&out, "a\n");
	ck_assert_int_eq(outq_put(&out, &pool, "OK\n", 3), 0);
	put_shared(&out, "b\n");
	ck_assert_int_eq(outq_put_event(&out, &pool, "c\n", 2), 0);
	ck_assert_int_eq(outq_put_event(&out, &pool, "d\n", 2), 0);
	ck_assert_int_eq(outq_put(&out, &pool, "OK2\n", 4), 0);
	expect("a\nOK\nb\nc\nd\nOK2\n");
	ck_assert_uint_eq(out.events, 8);
	ck_assert_uint_eq(out.bytes, 7);
	send_all(UINT64_MAX, 100);
}
END_TEST

/* Many shared buffers, of which some go late; and what is larger than one. */
START_TEST(buffers_go_with_their_last_reference)
{
	static char line[40000];
	struct outq other = {};

	memset(line, 'x', sizeof(line) - 1);
	for (unsigned i = 0; i < 100; i++) {
		line[i % 2 ? 200 : sizeof(line) - 2] = '\0';
		put_shared(i % 10 ? &out : &other, line);
		if (i % 10)
			expect(line);
		line[200] = line[sizeof(line) - 2] = 'x';
	}
	ck_assert_uint_ge(chunk_pool_used(&pool), want_len);
	outq_clear(&other, &pool);
	send_all(UINT64_MAX, 5000);
}
END_TEST

/* The one whose beginning is sent goes on up to its end; those behind it go, and answers stay. _i: a copy, or shared */
START_TEST(dropped_events_are_dropped_whole)
{
	char line[1001 + 1];
	uint64_t sent = 0;

	memset(line, 'e', sizeof(line));
	line[1000] = '\n';
	line[1001] = '\0';
	for (unsigned i = 0; i < 100; i++) {
		if (_i)
			put_shared(&out, line);
		else
			ck_assert_int_eq(outq_put_event(&out, &pool, line, 1001), 0);
	}
	ck_assert_int_eq(outq_put(&out, &pool, "OK\n", 3), 0);
	put_shared(&out, "more\n");
	ck_assert_int_eq(outq_send(&out, &pool, NULL, ends[0], UINT64_MAX, &sent), -EAGAIN);
	ck_assert_uint_gt(sent, 0);
	outq_drop_events(&out, &pool);
	for (unsigned i = 0; i < (sent + 1000) / 1001; i++)
		expect(line);
	ck_assert_uint_eq(out.events, want_len - sent);
	ck_assert_uint_eq(out.bytes, 3);
	ck_assert_int_eq(outq_put(&out, &pool, "END\n", 4), 0);
	expect("OK\nEND\n");
	send_all(UINT64_MAX, 100);

	put_shared(&out, "none of them was begun\n");
	put_shared(&out, "nor this\n");
	outq_drop_events(&out, &pool);
	ck_assert(outq_is_empty(&out) && out.events == 0);
	put(&out, 10);
	send_all(UINT64_MAX, 100);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("outq");
	TCase *tc = tcase_create("outq");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_is_all_sent);
	tcase_add_test(tc, bytes_of_all_sizes);
	tcase_add_test(tc, hundreds_of_pieces);
	tcase_add_test(tc, the_bound_holds);
	tcase_add_test(tc, small_puts_share_a_piece);
	tcase_add_test(tc, reserved_room_is_not_sent_before_it_is_committed);
	tcase_add_test(tc, an_empty_piece_before_a_file_does_no_harm);
	tcase_add_test(tc, moving_keeps_the_order);
	tcase_add_test(tc, parts_of_files);
	tcase_add_test(tc, a_cold_piece_is_asked_for_once);
	tcase_add_test(tc, a_file_that_is_in_memory_is_looked_at_now_and_then);
	tcase_add_test(tc, the_edge_of_what_is_in_memory_is_found);
	tcase_add_test(tc, what_was_not_sent_is_closed);
	tcase_add_test(tc, a_file_shorter_than_promised_is_an_error);
	tcase_add_test(tc, a_broken_connection_is_an_error);
	tcase_add_test(tc, the_free_list_is_bounded);
	tcase_add_test(tc, what_is_shared_makes_one_piece);
	tcase_add_test(tc, buffers_go_with_their_last_reference);
	tcase_add_loop_test(tc, dropped_events_are_dropped_whole, 0, 2);
	tcase_add_test(tc, any_order_of_anything);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
