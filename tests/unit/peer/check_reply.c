/* SPDX-License-Identifier: MIT */
/* What a server says: answers in whatever pieces, bodies, and what was not asked for. */
#include "peer/peer.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "unit/fixture/fake_server.h"
#include "unit/fixture/run.h"

START_TEST(endless_line)
{
	const struct fake_play play = { 0 };
	struct fake f = { .play = &play };
	struct peer *p = NULL;
	struct peer_reply reply;

	fake_start(&f, fake_serve_flood);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, FAKE_LONG_USEC, FAKE_LONG_USEC), 0);
	ck_assert_int_eq(fake_ask(p, "PING", &reply), -EMSGSIZE);
	ck_assert_int_eq(fake_ask(p, "PING", &reply), -EMSGSIZE);
	ck_assert(!peer_is_open(p));
	peer_free(p);
	fake_stop(&f);
}
END_TEST

START_TEST(longest_line)
{
	_cleanup_(freep) char *number = malloc(PEER_LINE_MAX + 2);
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };
	struct fake_play play;

	memset(number, '7', PEER_LINE_MAX);
	memcpy(number + PEER_LINE_MAX, "\n", 2);
	play = (struct fake_play){ .answers = (const char *[]){ FAKE_HI, number, NULL }, .piece = 65537, .stay = true };
	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	ck_assert_int_eq(fake_ask(p, "DOUBLE,1", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_LINE);
	ck_assert_uint_eq(reply.n_fields, 1);
	ck_assert_uint_eq(reply.fields[0].len, PEER_LINE_MAX);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static const size_t pieces[] = { 0, 1, 2, 3, 7, 64 };

/* Lines, sized bodies and errors one behind the other, in pieces that are cut anywhere. */
START_TEST(conversation_in_pieces)
{
	const struct fake_play play = {
		.answers = (const char *[]){ FAKE_HI, "12\na%2Cb\nccc/\nd", "34567\n", "0\n",
					     "ERROR: not-found: there is no 'a%2Cb' here%21\n", "OK,a%2Cb,,\r\n", NULL },
		.piece = pieces[_i],
		.stay = true,
	};
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };
	char body[32];
	size_t n = 0;
	ssize_t k;

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);

	ck_assert_int_eq(fake_ask(p, "list", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_SIZED);
	ck_assert_uint_eq(reply.size, 12);
	ck_assert_str_eq(reply.line, "12");
	while ((k = peer_read_body(p, body + n, 5)) > 0)
		n += (size_t)k;
	ck_assert_int_eq(k, 0);
	ck_assert_uint_eq(n, 12);
	ck_assert_mem_eq(body, "a%2Cb\nccc/\nd", 12);

	ck_assert_int_eq(fake_ask(p, "DOUBLE,17283.5", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_LINE);
	fake_expect_field(&reply, 0, "34567");

	ck_assert_int_eq(fake_ask(p, "READ,empty", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_SIZED);
	ck_assert_uint_eq(reply.size, 0);
	ck_assert_int_eq(peer_read_body(p, body, sizeof(body)), 0);

	ck_assert_int_eq(fake_ask(p, "READ,a%2Cb", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_ERROR);
	ck_assert_int_eq(reply.code, ERROR_NOT_FOUND);
	ck_assert_str_eq(reply.text, "there is no 'a,b' here!");
	ck_assert_str_eq(reply.line, "ERROR: not-found: there is no 'a%2Cb' here%21");

	ck_assert_int_eq(fake_ask(p, "NICK,x", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_LINE);
	ck_assert_uint_eq(reply.n_fields, 4);
	fake_expect_field(&reply, 1, "a,b");
	fake_expect_field(&reply, 3, "");
	ck_assert(peer_is_open(p));
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static const struct {
	const char *line;
	enum error_code code;
	const char *text;
} errors[] = {
	{ "ERROR: denied: no\n", ERROR_DENIED, "no" },   { "ERROR: denied:\n", ERROR_DENIED, "" },
	{ "ERROR: denied\n", ERROR_DENIED, "" },         { "ERROR: out-of-ink: fill it up\n", ERROR_MAX, "fill it up" },
	{ "ERROR: quota: 100%\n", ERROR_QUOTA, "100%" }, { "ERROR: \n", ERROR_MAX, "" },
};

START_TEST(error_answers)
{
	const struct fake_play play = { .answers = (const char *[]){ FAKE_HI, errors[_i].line, NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	ck_assert_int_eq(fake_ask(p, "LIST", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_ERROR);
	ck_assert_int_eq(reply.code, errors[_i].code);
	ck_assert_str_eq(reply.text, errors[_i].text);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static const char *const broken_sizes[] = {
	"12x\n", "-1\n", "+1\n", " 1\n", "1 \n", "0x10\n", "1000000000000000000\n", "18446744073709551616\n", "OK\n", "\n",
	"1,2\n", "OK,%\n",
};

START_TEST(size_that_is_none)
{
	const struct fake_play play = { .answers = (const char *[]){ FAKE_HI, broken_sizes[_i], NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };
	char c;

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	ck_assert_int_eq(fake_ask(p, "READ,f", &reply), -EPROTO);
	ck_assert_int_eq(peer_read_body(p, &c, 1), -EPROTO);
	ck_assert_int_eq(peer_send(p, "x", 1), -EPROTO);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

START_TEST(too_many_fields)
{
	char line[256] = "OK";
	const struct fake_play play = { .answers = (const char *[]){ FAKE_HI, line, NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };

	memset(line + 2, ',', FIELDS_MAX);
	line[2 + FIELDS_MAX] = '\n';
	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	ck_assert_int_eq(fake_ask(p, "PING", &reply), -EPROTO);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static void serve_nul(struct fake *f, int fd)
{
	(void)fake_receive(f, fd);
	fake_say(fd, FAKE_HI, strlen(FAKE_HI), 0);
	(void)fake_receive(f, fd);
	fake_say(fd, "OK,\0,x\n", 7, 0);
}

START_TEST(nul_in_a_line)
{
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };

	fake_start(&f, serve_nul);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, FAKE_LONG_USEC, FAKE_LONG_USEC), 0);
	ck_assert_int_eq(fake_ask(p, "PING", &reply), -EPROTO);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

START_TEST(breaks_in_the_middle)
{
	/* Of a line, of a body; with a FIN, with a reset. */
	static const char *const answers[] = { "PONG,hal", "10\n12345" };
	const struct fake_play play = { .answers = (const char *[]){ FAKE_HI, answers[_i & 1], NULL }, .reset = _i & 2 };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };
	char body[16];
	ssize_t k;
	int r;

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	r = fake_ask(p, _i & 1 ? "READ,f" : "PING", &reply);
	if (_i & 1 && r == 0) {
		ck_assert_uint_eq(reply.size, 10);
		while ((k = peer_read_body(p, body, sizeof(body))) > 0)
			;
		r = (int)k;
	}
	ck_assert_int_eq(r, -ECONNRESET);
	ck_assert(!peer_is_open(p));
	ck_assert_int_eq(peer_request_raw(p, "PING", 4), -ECONNRESET);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

START_TEST(answer_that_never_comes)
{
	const struct fake_play play = { .answers = (const char *[]){ FAKE_HI, "10\n123", NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };
	char body[16];
	ssize_t k;

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	ck_assert_int_eq(peer_request_raw(p, "READ,f", strlen("READ,f")), 0);
	/* The answer is there; the time for the rest of its body begins when its first line is read. */
	ck_assert_int_eq(poll(&(struct pollfd){ .fd = peer_fd(p), .events = POLLIN }, 1, -1), 1);
	peer_set_timeout(p, FAKE_SHORT_USEC);
	ck_assert_int_eq(peer_reply(p, &reply), 0);
	while ((k = peer_read_body(p, body, sizeof(body))) > 0)
		;
	ck_assert_int_eq(k, -ETIMEDOUT);
	ck_assert_int_eq(peer_reply(p, &reply), -ETIMEDOUT);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST


struct reported {
	unsigned n;
	char all[512];
};

static void handed_out_news(void *userdata, const struct news *n)
{
	struct reported *t = userdata;
	size_t len = strlen(t->all);

	t->n++;
	(void)snprintf(t->all + len, sizeof(t->all) - len, "%d:%.*s:%.*s;", (int)n->kind, (int)n->name.len,
		       n->name.data ? n->name.data : "", (int)n->text.len, n->text.data ? n->text.data : "");
}

/* Between replies and before them, in whatever pieces; inside a body the same bytes are the body's. */
static void news_are_handed_out_in(size_t piece)
{
	const struct fake_play play = {
		.answers = (const char *[]){ FAKE_HI, "SAID,r,1,2,ann,a%2Cb\nPONG\nJOINED,r,bob\n12\nJOINED,r,eve", "", NULL },
		.piece = piece,
		.stay = true,
	};
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct reported reported = { 0 };
	struct peer_reply reply;
	struct fake f = { 0 };
	char body[16];
	size_t n = 0;

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	peer_set_news(p, handed_out_news, &reported);
	ck_assert_int_eq(peer_request_raw(p, "PING", 4), 0);
	ck_assert_int_eq(peer_request_raw(p, "LIST", 4), 0);
	ck_assert_int_eq(peer_reply(p, &reply), 0);
	ck_assert_str_eq(reported.all, "0:ann:a,b;");
	ck_assert_int_eq(peer_reply(p, &reply), 0);
	ck_assert_uint_eq(reply.size, 12);
	while (n < 12) {
		ssize_t k = peer_read_body(p, body + n, sizeof(body) - n);

		ck_assert_int_gt(k, 0);
		n += (size_t)k;
	}
	ck_assert_mem_eq(body, "JOINED,r,eve", 12);
	ck_assert_str_eq(reported.all, "0:ann:a,b;1:bob:;");
	ck_assert_int_eq(peer_receive(p), 0);
	p = peer_free(p);
	fake_stop(&f);
}

START_TEST(news_are_handed_out)
{
	news_are_handed_out_in(0);
	news_are_handed_out_in(1);
	news_are_handed_out_in(7);
}
END_TEST

/* Until it is over, or there is something. */
static int receive(struct peer *p)
{
	struct pollfd from = { .fd = peer_fd(p), .events = POLLIN };
	int r;

	while ((r = peer_receive(p)) == 0)
		ck_assert_int_eq(poll(&from, 1, 20000), 1);
	return r;
}

START_TEST(error_is_sent)
{
	const struct fake_play play = {
		.answers = (const char *[]){ FAKE_HI "JOINED,r,bob\nERROR: slow: read%2C faster\n", NULL },
	};
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct reported reported = { 0 };
	struct fake f = { 0 };
	int r;

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	peer_set_news(p, handed_out_news, &reported);
	while ((r = receive(p)) > 0)
		;
	ck_assert_int_eq(r, -ECONNRESET);
	ck_assert_int_eq(peer_receive(p), -ECONNRESET);
	ck_assert_str_eq(reported.all, "1:bob:;7::read, faster;");
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static const char *const bad_news[] = {
	FAKE_HI "SAID,r,x,2,ann,a\n",
	FAKE_HI "MAIL\n",
	FAKE_HI "OK\n",
	FAKE_HI "12\n",
};

START_TEST(bad_news_break)
{
	const struct fake_play play = { .answers = (const char *[]){ bad_news[_i], NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct reported reported = { 0 };
	struct fake f = { 0 };

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	peer_set_news(p, handed_out_news, &reported);
	ck_assert_int_eq(receive(p), -EPROTO);
	ck_assert_uint_eq(reported.n, 0);
	ck_assert(!peer_is_open(p));
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

START_TEST(goaway_is_sent)
{
	const struct fake_play play = {
		.answers = (const char *[]){ FAKE_HI, "GOAWAY\nPONG\nGOAWAY,stop\n", NULL },
		.stay = true,
	};
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	ck_assert_int_eq(fake_ask(p, "PING", &reply), 0);
	ck_assert_str_eq(reply.line, "PONG");
	ck_assert_ptr_nonnull(peer_goaway(p));
	ck_assert(!peer_is_open(p));
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

START_TEST(answer_to_nothing)
{
	const struct fake_play play = { .answers = (const char *[]){ FAKE_HI "OK\n", NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct fake f = { 0 };

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	/* Both lines leave in one send, so the second one is here. */
	ck_assert(!peer_is_open(p));
	ck_assert_int_eq(peer_request_raw(p, "PING", 4), -EPROTO);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static void on_alarm(int sig _unused_)
{
}

START_TEST(signal_ends_the_wait)
{
	const struct fake_play play = { .answers = (const char *[]){ FAKE_HI, NULL }, .stay = true };
	const struct sigaction action = { .sa_handler = on_alarm };
	/* Again and again: the first might come before the wait begins. */
	const struct itimerval every = { .it_interval.tv_usec = 20000, .it_value.tv_usec = 20000 };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct fake f = { .play = &play };
	struct peer_reply reply;
	sigset_t alarm_only;

	(void)sigemptyset(&alarm_only);
	(void)sigaddset(&alarm_only, SIGALRM);
	(void)sigaction(SIGALRM, &action, NULL);
	/* The server's thread inherits the mask, so the signal is the client's. */
	(void)pthread_sigmask(SIG_BLOCK, &alarm_only, NULL);
	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	(void)pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
	(void)setitimer(ITIMER_REAL, &every, NULL);
	ck_assert_int_eq(fake_ask(p, "PING", &reply), -EINTR);
	ck_assert_int_eq(fake_ask(p, "PING", &reply), -EINTR);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("peer_reply");
	TCase *tc = tcase_create("peer_reply");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, endless_line);
	tcase_add_test(tc, longest_line);
	tcase_add_loop_test(tc, conversation_in_pieces, 0, (int)ELEMENTSOF(pieces));
	tcase_add_loop_test(tc, error_answers, 0, (int)ELEMENTSOF(errors));
	tcase_add_loop_test(tc, size_that_is_none, 0, (int)ELEMENTSOF(broken_sizes));
	tcase_add_test(tc, too_many_fields);
	tcase_add_test(tc, nul_in_a_line);
	tcase_add_loop_test(tc, breaks_in_the_middle, 0, 4);
	tcase_add_test(tc, answer_that_never_comes);
	tcase_add_test(tc, news_are_handed_out);
	tcase_add_test(tc, error_is_sent);
	tcase_add_loop_test(tc, bad_news_break, 0, (int)ELEMENTSOF(bad_news));
	tcase_add_test(tc, goaway_is_sent);
	tcase_add_test(tc, answer_to_nothing);
	tcase_add_test(tc, signal_ends_the_wait);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
