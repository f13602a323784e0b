/* SPDX-License-Identifier: MIT */
/* What figures rest on: the histogram and the check of answers. bench/ is no library, so its parts come in here. */
#include "../../bench/conn.c"
#include "../../bench/ftp.c"
#include "../../bench/hist.c"
#include "../../bench/pattern.c"
#include "../../bench/target.c"
#include "../../bench/transfer.c"

#include <check.h>

#include "unit/run.h"

START_TEST(hist_is_close)
{
	static struct hist h;
	uint64_t v, got;

	for (v = 0; v < (1ULL << 40); v = v < 300 ? v + 1 : v + v / 7) {
		h = (struct hist){};
		hist_add(&h, v);
		got = hist_percentile(&h, 50);
		ck_assert_uint_ge(got, v);
		ck_assert_uint_le(got - v, v < 128 ? 0 : v / 64);
	}
}
END_TEST

START_TEST(hist_takes_any_value)
{
	static struct hist h;

	ck_assert_uint_eq(hist_percentile(&h, 50), 0);
	hist_add(&h, UINT64_MAX);
	ck_assert_uint_eq(hist_bucket(UINT64_MAX), HIST_BUCKETS - 1);
	ck_assert_uint_eq(hist_percentile(&h, 100), UINT64_MAX);
}
END_TEST

START_TEST(hist_percentiles)
{
	static struct hist h;
	uint64_t v;

	for (v = 100; v >= 1; v--)
		hist_add(&h, v);

	ck_assert_uint_eq(hist_percentile(&h, 0), 1);
	ck_assert_uint_eq(hist_percentile(&h, 1), 1);
	ck_assert_uint_eq(hist_percentile(&h, 50), 50);
	ck_assert_uint_eq(hist_percentile(&h, 99), 99);
	ck_assert_uint_eq(hist_percentile(&h, 100), 100);
}
END_TEST

START_TEST(hist_merges)
{
	static struct hist a, b;
	uint64_t v;

	for (v = 1; v <= 100; v++)
		hist_add(v % 2 ? &a : &b, v);
	hist_merge(&a, &b);

	ck_assert_uint_eq(a.total, 100);
	ck_assert_uint_eq(hist_percentile(&a, 50), 50);
	ck_assert_uint_eq(hist_percentile(&a, 100), 100);
}
END_TEST

START_TEST(pattern_knows_its_place)
{
	static char buf[3 * PATTERN_PIECE];
	size_t i;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = *pattern_at(1000 + i);

	ck_assert(pattern_matches(1000, buf, sizeof(buf)));
	ck_assert(pattern_matches(1000 + PATTERN_PERIOD, buf, sizeof(buf)));
	ck_assert(pattern_matches(1143, buf + 143, 137));
	/* moved, by little and by what pieces of files are */
	ck_assert(!pattern_matches(1001, buf, sizeof(buf)));
	ck_assert(!pattern_matches(1000 + 4096, buf, sizeof(buf)));
	ck_assert(!pattern_matches(1000 + PATTERN_PIECE, buf, sizeof(buf)));
	/* the very last byte counts */
	buf[sizeof(buf) - 1]++;
	ck_assert(!pattern_matches(1000, buf, sizeof(buf)));
	/* or an answer's mask would hide it */
	ck_assert_ptr_null(memchr(pattern_at(0), TARGET_ANY, PATTERN_PIECE));
}
END_TEST

START_TEST(expand_puts_in)
{
	char *s;

	s = target_expand("{name} {size} {hex} {nam} {", "f1", 1024);
	ck_assert_str_eq(s, "f1 1024 400 {nam} {");
	free(s);
	s = target_expand("", "f1", 0);
	ck_assert_str_eq(s, "");
	free(s);
}
END_TEST

START_TEST(file_is_compared_whole)
{
	char dir[] = "/tmp/check_bench.XXXXXX", path[64];
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/a", dir);
	ck_assert_int_eq(transfer_make(dir, "a", 300000), 0);
	ck_assert_int_eq(transfer_check(dir, "a", 300000), 0);
	ck_assert_int_eq(transfer_check(dir, "a", 300001), -EBADMSG);
	ck_assert_int_eq(transfer_check(dir, "a", 299999), -EBADMSG);
	ck_assert_int_eq(transfer_check(dir, "b", 1), -ENOENT);

	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "?", 1, 299999), 1);
	ck_assert_int_eq(transfer_check(dir, "a", 300000), -EBADMSG);

	(void)close(fd);
	(void)unlink(path);
	(void)rmdir(dir);
}
END_TEST

/* What a server answers to READ, as it comes, and what is to be thought of it. */
static int get_answered(const char *answer, uint64_t size)
{
	const struct target *t = target_find("ioe");
	int fds[2], r;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(conn_send(fds[1], answer, strlen(answer), false), 0);
	(void)shutdown(fds[1], SHUT_WR);
	r = transfer_get(t, fds[0], "f", size, true);
	(void)close(fds[0]);
	(void)close(fds[1]);
	return r;
}

START_TEST(get_refuses)
{
	char answer[64];

	(void)snprintf(answer, sizeof(answer), "20\n%.20s", pattern_at(0));
	ck_assert_int_eq(get_answered(answer, 21), -EBADMSG);
	answer[5]++;
	ck_assert_int_eq(get_answered(answer, 20), -EBADMSG);
	(void)snprintf(answer, sizeof(answer), "20\n%.19s", pattern_at(0));
	ck_assert_int_eq(get_answered(answer, 20), -ECONNRESET);
	(void)snprintf(answer, sizeof(answer), "20\n%.21s", pattern_at(0));
	ck_assert_int_eq(get_answered(answer, 20), -EBADMSG);
	ck_assert_int_eq(get_answered("ERROR: not-found: no f\n", 20), -EBADMSG);
}
END_TEST

START_TEST(get_takes_what_is_right)
{
	const struct target *t = target_find("ioe");
	char answer[64];
	int fds[2];

	(void)snprintf(answer, sizeof(answer), "20\n%.20s", pattern_at(0));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(conn_send(fds[1], answer, strlen(answer), false), 0);
	ck_assert_int_eq(transfer_get(t, fds[0], "f", 20, true), 0);
	ck_assert_int_eq(recv(fds[1], answer, sizeof(answer), 0), 7);
	ck_assert_mem_eq(answer, "READ,f\n", 7);
	(void)close(fds[0]);
	(void)close(fds[1]);
}
END_TEST

START_TEST(ftp_reply_ends)
{
	const char *all = "220-Welcome\r\n220 here is more\r\n220-\r\n220 You may log in\r\n";
	size_t n;

	for (n = 1; n < strlen("220-Welcome\r\n220 here is more\r\n"); n++)
		ck_assert(!ftp_is_whole(all, n));
	ck_assert(ftp_is_whole(all, n));
	ck_assert(ftp_is_whole(all, strlen(all)));
	ck_assert(ftp_is_whole("226 \r\n", 6));
	ck_assert(!ftp_is_whole("22\r\n", 4));
	ck_assert(!ftp_is_whole("", 0));
}
END_TEST

START_TEST(expect_in_odd_pieces)
{
	const char *text = "PONG\nPONG\nPONG\n";
	size_t piece, pos, n;
	struct expect e;

	ck_assert_int_eq(expect_init(&e, "PONG\n", 3), 0);
	ck_assert_uint_eq(e.len, strlen(text));

	for (piece = 1; piece <= e.len; piece++)
		for (pos = 0; pos < e.len; pos += n) {
			n = piece < e.len - pos ? piece : e.len - pos;
			ck_assert(expect_matches(&e, pos, text + pos, n));
		}

	expect_done(&e);
}
END_TEST

START_TEST(expect_refuses)
{
	struct expect e;

	ck_assert_int_eq(expect_init(&e, "PONG\n", 2), 0);
	ck_assert(!expect_matches(&e, 0, "PONG\nPONG\nP", 11));
	ck_assert(!expect_matches(&e, 9, "\nP", 2));
	ck_assert(!expect_matches(&e, 10, "P", 1));
	ck_assert(!expect_matches(&e, 0, "PONG\nPUNG\n", 10));
	ck_assert(!expect_matches(&e, 1, "PONG", 4));
	expect_done(&e);
}
END_TEST

START_TEST(expect_any_byte)
{
	struct expect e;

	ck_assert_int_eq(expect_init(&e, "a??b", 2), 0);
	ck_assert(expect_matches(&e, 0, "a12ba\377\0b", 8));
	ck_assert(expect_matches(&e, 1, "zzbazzb", 7));
	ck_assert(!expect_matches(&e, 0, "a12ca12b", 8));
	ck_assert(!expect_matches(&e, 0, "a12ba12bx", 9));
	ck_assert(!expect_matches(&e, 4, "b12b", 4));
	expect_done(&e);
}
END_TEST

START_TEST(targets_by_name)
{
	size_t i;

	for (i = 0; target_at(i); i++) {
		ck_assert_ptr_eq(target_find(target_at(i)->name), target_at(i));
		ck_assert(target_at(i)->request || target_at(i)->files || target_at(i)->ftp);
		ck_assert_int_eq(!target_at(i)->request, !target_at(i)->answer);
	}
	ck_assert_uint_ge(i, 6);
	ck_assert_ptr_null(target_find("nobody"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench");
	TCase *t = tcase_create("all");

	pattern_init();
	tcase_add_test(t, hist_is_close);
	tcase_add_test(t, hist_takes_any_value);
	tcase_add_test(t, hist_percentiles);
	tcase_add_test(t, hist_merges);
	tcase_add_test(t, pattern_knows_its_place);
	tcase_add_test(t, expand_puts_in);
	tcase_add_test(t, file_is_compared_whole);
	tcase_add_test(t, get_refuses);
	tcase_add_test(t, get_takes_what_is_right);
	tcase_add_test(t, ftp_reply_ends);
	tcase_add_test(t, expect_in_odd_pieces);
	tcase_add_test(t, expect_refuses);
	tcase_add_test(t, expect_any_byte);
	tcase_add_test(t, targets_by_name);
	suite_add_tcase(s, t);

	return run_suite(s);
}
