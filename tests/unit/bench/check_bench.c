/* SPDX-License-Identifier: MIT */
/* What figures rest on: the histogram and the check of answers. bench/ is no library, so its parts come in here. */
#include "../../../bench/conn.c"
#include "../../../bench/frame.c"
#include "../../../bench/ftp.c"
#include "../../../bench/hist.c"
#include "../../../bench/letter.c"
#include "../../../bench/pattern.c"
#include "../../../bench/pubsub.c"
#include "../../../bench/target.c"
#include "../../../bench/transfer.c"

#include <check.h>

#include "unit/fixture/run.h"

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

/* What a text that publisher 0x12 says for the 77th time comes in, as ioed tells it. */
static size_t said_by_ioe(char buf[PUBSUB_MAX], const char *number, const char *who)
{
	char text[FRAME_TEXT_BYTES];

	frame_make_text(text, 0x12, 77);
	return (size_t)snprintf(buf, PUBSUB_MAX, "SAID,bench,%s,1700000000000,m%s,%.64s\n", number, who, text);
}

START_TEST(frame_in_odd_pieces)
{
	const struct pubsub *p = pubsub_find("ioe");
	char buf[PUBSUB_MAX], text[FRAME_TEXT_BYTES];
	enum pubsub_kind kind;
	struct frame frame;
	size_t n, len, i;
	unsigned who;

	n = said_by_ioe(buf, "4294967297", "0012");
	for (i = 0; i < n; i++)
		ck_assert_int_eq(pubsub_receive(p, buf, i, &kind, &frame, &len), -EAGAIN);
	/* what is behind it is left alone */
	buf[n] = 'S';
	ck_assert_int_eq(pubsub_receive(p, buf, n + 1, &kind, &frame, &len), 0);
	ck_assert_uint_eq(len, n);
	ck_assert_int_eq(kind, PUBSUB_SAID);
	ck_assert_uint_eq(frame.number, 4294967297);
	ck_assert_uint_eq(frame.who, 0x12);
	frame_make_text(text, 0x12, 77);
	ck_assert_mem_eq(frame.text, text, sizeof(text));
	ck_assert_int_eq(frame_who(frame.text, &who), 0);
	ck_assert_uint_eq(who, 0x12);
}
END_TEST

START_TEST(frame_refuses)
{
	const struct pubsub *p = pubsub_find("ioe");
	char buf[PUBSUB_MAX];
	enum pubsub_kind kind;
	struct frame frame;
	size_t n, len;

	n = said_by_ioe(buf, "", "0012");
	ck_assert_int_eq(pubsub_receive(p, buf, n, &kind, &frame, &len), -EBADMSG);
	n = said_by_ioe(buf, "12345678901234567890", "0012");
	ck_assert_int_eq(pubsub_receive(p, buf, n, &kind, &frame, &len), -EBADMSG);
	n = said_by_ioe(buf, "1", "00g2");
	ck_assert_int_eq(pubsub_receive(p, buf, n, &kind, &frame, &len), -EBADMSG);
	n = said_by_ioe(buf, "1", "0012");
	buf[n - 1] = 'x';
	ck_assert_int_eq(pubsub_receive(p, buf, n, &kind, &frame, &len), -EBADMSG);
	ck_assert_int_eq(pubsub_receive(p, "SAID,bend", 9, &kind, &frame, &len), -EBADMSG);
	ck_assert_int_eq(pubsub_receive(p, "ERROR: slow: ", 13, &kind, &frame, &len), -EBADMSG);
	ck_assert_int_eq(pubsub_receive(p, "OK,5\n", 5, &kind, &frame, &len), 0);
	ck_assert_int_eq(kind, PUBSUB_REPLY);
	ck_assert_int_eq(pubsub_receive(p, "JOINED,bench,m0001\n", 19, &kind, &frame, &len), 0);
	ck_assert_int_eq(kind, PUBSUB_IGNORED);
}
END_TEST

/* One that said the same again, or what another says, must be seen. */
START_TEST(texts_differ)
{
	char a[FRAME_TEXT_BYTES], b[FRAME_TEXT_BYTES];
	uint64_t i;

	frame_make_text(a, 7, 1000);
	ck_assert_ptr_null(memchr(a, ',', sizeof(a)));
	ck_assert_ptr_null(memchr(a, '%', sizeof(a)));
	for (i = 0; i < 3000; i++) {
		frame_make_text(b, 7, i);
		ck_assert_int_eq(memcmp(a, b, sizeof(a)) == 0, i == 1000);
		frame_make_text(b, (unsigned)i, 1000);
		ck_assert_int_eq(memcmp(a, b, sizeof(a)) == 0, i == 7);
	}
}
END_TEST

/* Where PostgreSQL's messages from @at on end: a letter and a length each. */
static size_t postgres_end(const char *buf, size_t at, size_t n)
{
	const unsigned char *p = (const unsigned char *)buf;

	while (at < n) {
		ck_assert_int_ge(p[at], 'A');
		ck_assert_int_eq(p[at + 1] | p[at + 2] | p[at + 3], 0);
		at += 1U + p[at + 4];
	}
	return at;
}

/* Where lengths stand in what is said, they have to be right: MQTT's and PostgreSQL's. */
START_TEST(lengths_are_right)
{
	static const char *const names[] = { "ioe", "bare-fan", "redis", "nats", "mosquitto" };
	const struct pubsub *mqtt = pubsub_find("mosquitto");
	const struct letter *pg = letter_find("postgresql");
	char buf[LETTER_MAX], text[LETTER_TEXT_BYTES];
	const unsigned char *p = (const unsigned char *)buf;
	size_t n, at, i;

	for (i = 0; i < ELEMENTSOF(names); i++)
		ck_assert_ptr_nonnull(pubsub_find(names[i]));
	n = pubsub_enter(mqtt, 0xbeef, buf);
	ck_assert_ptr_nonnull(memmem(buf, n, "mbeef", 5));
	for (at = 0; at < n; at += 2 + p[at + 1])
		;
	ck_assert_uint_eq(at, n);
	frame_make_text(text, 1, 1);
	ck_assert_uint_eq(pubsub_say(mqtt, text, buf), 2U + p[1]);

	letter_make_text(text, 1, 1);
	n = (size_t)letter_write(&pg->send, 1, 2, text, buf);
	ck_assert_ptr_nonnull(memmem(buf, n, "m0002", 5));
	ck_assert_ptr_nonnull(memmem(buf, n, text, sizeof(text)));
	ck_assert_uint_eq(postgres_end(buf, 0, n), n);
	/* the first of what is said has no letter */
	n = (size_t)letter_write(&pg->hello, 1, 2, text, buf);
	ck_assert_uint_eq(postgres_end(buf, p[3], n), n);
	n = (size_t)letter_write(&pg->count, 1, 2, text, buf);
	ck_assert_uint_eq(postgres_end(buf, 0, n), n);
}
END_TEST

START_TEST(mail_scenario_are_written)
{
	static const struct letter_bytes long_one = { "{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}{x}", 33 };
	char text[LETTER_TEXT_BYTES], buf[LETTER_MAX], want[LETTER_MAX];
	const struct letter *l = letter_find("ioe");
	int n;

	letter_make_text(text, 3, 9);
	n = letter_write(&l->send, 3, 0xabc, text, buf);
	(void)snprintf(want, sizeof(want), "SEND,m0abc,%.100s\n", text);
	ck_assert_int_eq(n, (int)strlen(want));
	ck_assert_mem_eq(buf, want, (size_t)n);
	ck_assert_int_eq(letter_write(&long_one, 1, 1, text, buf), -ENOBUFS);
	ck_assert_ptr_null(letter_find("nats"));
}
END_TEST

START_TEST(targets_by_name)
{
	size_t i;

	for (i = 0; target_at(i); i++) {
		ck_assert_ptr_eq(target_find(target_at(i)->name), target_at(i));
		ck_assert(target_at(i)->request || target_at(i)->files || target_at(i)->ftp ||
			  pubsub_find(target_at(i)->name) || letter_find(target_at(i)->name));
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
	tcase_add_test(t, frame_in_odd_pieces);
	tcase_add_test(t, frame_refuses);
	tcase_add_test(t, texts_differ);
	tcase_add_test(t, lengths_are_right);
	tcase_add_test(t, mail_scenario_are_written);
	tcase_add_test(t, targets_by_name);
	suite_add_tcase(s, t);

	return run_suite(s);
}
