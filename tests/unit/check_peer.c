/* SPDX-License-Identifier: MIT */
/* A thread plays a server that does what a test needs, once, on a loopback port the kernel chose. */
#include "peer/peer.h"

#include "base/clock.h"
#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "unit/run.h"

#define HI "HI,ioe/1,ioed/0.1.0,3,file+compute,127.0.0.1,range,5f%2C3e\n"

#define LONG_TIME  (20 * USEC_PER_SEC)
#define SHORT_TIME (60 * USEC_PER_MSEC)

/* A conversation: an answer for each line that is heard. NULL ends it; then the server closes. */
struct play {
	const char *greeting; /* said right after accept, NULL: nothing */
	const char *const *answers;
	size_t piece; /* bytes a send, 0: all at once */
	bool stay;    /* after the last answer: until the client closes */
	bool reset;   /* close with a reset */
};

struct fake {
	int listener;
	char port[8];
	pthread_t thread;
	void (*serve)(struct fake *f, int fd);
	const struct play *play;
	char heard[256]; /* the last line */
};

static void fake_say(int fd, const char *s, size_t n, size_t piece)
{
	for (size_t k; n > 0; s += k, n -= k) {
		ssize_t sent = send(fd, s, piece > 0 ? MIN(piece, n) : n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		k = (size_t)sent;
	}
}

/* One line; what does not fit is dropped. False at end of file. */
static bool fake_hear(struct fake *f, int fd)
{
	size_t n = 0;
	char c;

	while (recv(fd, &c, 1, 0) == 1) {
		if (c == '\n') {
			f->heard[n] = '\0';
			return true;
		}
		if (n < sizeof(f->heard) - 1)
			f->heard[n++] = c;
	}
	return false;
}

static void fake_drain(int fd)
{
	char junk[4096];

	while (recv(fd, junk, sizeof(junk), 0) > 0)
		;
}

/* Until the test is over: a client whose bytes nobody reads cannot make itself heard by closing. */
static void fake_wait(struct fake *f)
{
	struct pollfd over = { .fd = f->listener, .events = POLLIN };

	(void)poll(&over, 1, 10000);
}

static void fake_serve_play(struct fake *f, int fd)
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	const struct play *play = f->play;

	if (play->greeting)
		fake_say(fd, play->greeting, strlen(play->greeting), play->piece);
	for (size_t i = 0; play->answers && play->answers[i] && fake_hear(f, fd); i++)
		fake_say(fd, play->answers[i], strlen(play->answers[i]), play->piece);
	if (play->reset)
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	if (play->stay)
		fake_drain(fd);
}

static void *fake_run(void *p)
{
	struct fake *f = p;
	int one = 1, fd = accept(f->listener, NULL, NULL);

	if (fd < 0)
		return NULL;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	f->serve(f, fd);
	(void)close(fd);
	return NULL;
}

static void fake_start(struct fake *f, void (*serve)(struct fake *, int))
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);

	f->serve = serve;
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(f->listener, 0);
	ck_assert_int_eq(bind(f->listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_eq(listen(f->listener, 4), 0);
	ck_assert_int_eq(getsockname(f->listener, (struct sockaddr *)&sa, &len), 0);
	(void)snprintf(f->port, sizeof(f->port), "%u", ntohs(sa.sin_port));
	ck_assert_int_eq(pthread_create(&f->thread, NULL, fake_run, f), 0);
}

/* The client has closed, or the server does by itself. */
static void fake_stop(struct fake *f)
{
	(void)shutdown(f->listener, SHUT_RDWR);
	(void)pthread_join(f->thread, NULL);
	(void)close(f->listener);
}

static int connect_to(struct fake *f, const struct play *play, struct peer **ret)
{
	f->play = play;
	fake_start(f, fake_serve_play);
	return peer_connect(ret, "127.0.0.1", f->port, LONG_TIME);
}

static int ask(struct peer *p, const char *line, struct peer_reply *ret)
{
	int r = peer_request_raw(p, line, strlen(line));

	return r < 0 ? r : peer_reply(p, ret);
}

static void assert_field(const struct peer_reply *reply, unsigned i, const char *expect)
{
	ck_assert_uint_lt(i, reply->n_fields);
	ck_assert_uint_eq(reply->fields[i].len, strlen(expect));
	ck_assert_mem_eq(reply->fields[i].data, expect, strlen(expect));
}

START_TEST(hello_tells_who_it_is)
{
	const struct play play = { .answers = (const char *[]){ HI, NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct fake f = { 0 };
	char address[32];

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	ck_assert_str_eq(f.heard, "HELLO,ioe/1");
	ck_assert_str_eq(peer_server(p), "ioed/0.1.0");
	ck_assert_uint_eq(peer_instance(p), 3);
	ck_assert_str_eq(peer_store(p), "5f,3e");
	(void)snprintf(address, sizeof(address), "127.0.0.1:%s", f.port);
	ck_assert_str_eq(peer_address(p), address);
	ck_assert(peer_is_open(p));
	ck_assert_ptr_null(peer_goaway(p));
	p = peer_free(p);
	ck_assert_ptr_null(p);
	fake_stop(&f);
}
END_TEST

static const char *const strangers[] = {
	"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
	"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
	"HI\n",
	"HI,ioe/2,x/1,1,r,n,c,s\n",
	"HI,ioe/1\n",
	"HI,ioe/1,ioed/0.1.0,1,file,name,caps\n",
	"HI,ioe/1,ioed/0.1.0,one,file,name,caps,store\n",
	"HI,ioe/1,ioed/0.1.0,10000,file,name,caps,store\n",
	"HI,ioe/1,ioed%zz,1,file,name,caps,store\n",
	"HI,ioe/10,ioed/0.1.0,1,file,name,caps,store\n",
	"Hii\n",
	"Hi\n",
	"\n",
	"ERROR: bad-command: HELLO is no command here\n",
	"ERROR: \n",
	"ERROR:\n",
	"5\nhello",
};

START_TEST(no_ioe_server)
{
	const struct play play = { .greeting = strangers[_i], .stay = true };
	struct peer *p = NULL;
	struct fake f = { 0 };

	ck_assert_int_eq(connect_to(&f, &play, &p), -EPROTO);
	ck_assert_ptr_null(p);
	fake_stop(&f);
}
END_TEST

static const struct {
	const char *line;
	int error;
} refusals[] = {
	{ "ERROR: limit: 4096 sessions are open, which is limits.connections\n", -EBUSY },
	{ "ERROR: busy: later\n", -EBUSY },
	{ "ERROR: shutting-down: in a moment\n", -ESHUTDOWN },
	{ "ERROR: denied: not from there\n", -EACCES },
};

START_TEST(refused)
{
	const struct play play = { .greeting = refusals[_i].line };
	struct peer *p = NULL;
	struct fake f = { 0 };

	ck_assert_int_eq(connect_to(&f, &play, &p), refusals[_i].error);
	fake_stop(&f);
}
END_TEST

START_TEST(leading_hii_is_skipped)
{
	const struct play play = {
		.greeting = _i == 0 ? "Hii" : "HiiHii",
		.answers = (const char *[]){ HI, "PONG,Hii\n", NULL },
		.piece = 1,
		.stay = true,
	};
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	ck_assert_str_eq(peer_server(p), "ioed/0.1.0");
	ck_assert_int_eq(ask(p, "PING,Hii", &reply), 0);
	assert_field(&reply, 1, "Hii");
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

START_TEST(nothing_listens)
{
	struct fake f = { 0 };
	struct peer *p = NULL;

	fake_start(&f, fake_serve_play);
	fake_stop(&f);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, LONG_TIME), -ECONNREFUSED);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", "no port", LONG_TIME), -ENXIO);
	ck_assert_ptr_null(p);
}
END_TEST

START_TEST(closes_at_once)
{
	const struct play play = { .greeting = NULL };
	struct fake f = { 0 };
	struct peer *p = NULL;
	int r;

	r = connect_to(&f, &play, &p);
	ck_assert_msg(r == -ECONNRESET || r == -EPIPE, "%d", r);
	fake_stop(&f);
}
END_TEST

START_TEST(silence_ends_at_the_deadline)
{
	const struct play play = { .stay = true };
	struct fake f = { .play = &play };
	uint64_t begin = clock_usec();
	struct peer *p = NULL;

	fake_start(&f, fake_serve_play);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, SHORT_TIME), -ETIMEDOUT);
	ck_assert_uint_ge(clock_usec() - begin, SHORT_TIME);
	ck_assert_uint_lt(clock_usec() - begin, LONG_TIME / 2);
	fake_stop(&f);
}
END_TEST

static void serve_drops(struct fake *f _unused_, int fd)
{
	/* Says a byte of an endless greeting whenever 10 ms have passed without the client going away. */
	struct pollfd gone = { .fd = fd, .events = POLLRDHUP };

	while (poll(&gone, 1, 10) == 0)
		fake_say(fd, "x", 1, 0);
}

START_TEST(greeting_in_drops_ends_at_the_deadline)
{
	struct fake f = { 0 };
	struct peer *p = NULL;

	fake_start(&f, serve_drops);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, SHORT_TIME), -ETIMEDOUT);
	fake_stop(&f);
}
END_TEST

static void serve_flood(struct fake *f, int fd)
{
	static char flood[8192];

	memset(flood, 'x', sizeof(flood));
	if (f->play) {
		(void)fake_hear(f, fd);
		fake_say(fd, HI, strlen(HI), 0);
		(void)fake_hear(f, fd);
	}
	while (send(fd, flood, sizeof(flood), MSG_NOSIGNAL) > 0)
		;
}

START_TEST(endless_greeting)
{
	struct fake f = { 0 };
	struct peer *p = NULL;

	fake_start(&f, serve_flood);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, LONG_TIME), -EPROTO);
	fake_stop(&f);
}
END_TEST

START_TEST(endless_line)
{
	const struct play play = { 0 };
	struct fake f = { .play = &play };
	struct peer *p = NULL;
	struct peer_reply reply;

	fake_start(&f, serve_flood);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, LONG_TIME), 0);
	ck_assert_int_eq(ask(p, "PING", &reply), -EMSGSIZE);
	ck_assert_int_eq(ask(p, "PING", &reply), -EMSGSIZE);
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
	struct play play;

	memset(number, '7', PEER_LINE_MAX);
	memcpy(number + PEER_LINE_MAX, "\n", 2);
	play = (struct play){ .answers = (const char *[]){ HI, number, NULL }, .piece = 65537, .stay = true };
	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	ck_assert_int_eq(ask(p, "DOUBLE,1", &reply), 0);
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
	const struct play play = {
		.answers = (const char *[]){ HI, "12\na%2Cb\nccc/\nd", "34567\n", "0\n",
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

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);

	ck_assert_int_eq(ask(p, "list", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_SIZED);
	ck_assert_uint_eq(reply.size, 12);
	ck_assert_str_eq(reply.line, "12");
	while ((k = peer_read_body(p, body + n, 5)) > 0)
		n += (size_t)k;
	ck_assert_int_eq(k, 0);
	ck_assert_uint_eq(n, 12);
	ck_assert_mem_eq(body, "a%2Cb\nccc/\nd", 12);

	ck_assert_int_eq(ask(p, "DOUBLE,17283.5", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_LINE);
	assert_field(&reply, 0, "34567");

	ck_assert_int_eq(ask(p, "READ,empty", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_SIZED);
	ck_assert_uint_eq(reply.size, 0);
	ck_assert_int_eq(peer_read_body(p, body, sizeof(body)), 0);

	ck_assert_int_eq(ask(p, "READ,a%2Cb", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_ERROR);
	ck_assert_int_eq(reply.slug, SLUG_NOT_FOUND);
	ck_assert_str_eq(reply.text, "there is no 'a,b' here!");
	ck_assert_str_eq(reply.line, "ERROR: not-found: there is no 'a%2Cb' here%21");

	ck_assert_int_eq(ask(p, "NICK,x", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_LINE);
	ck_assert_uint_eq(reply.n_fields, 4);
	assert_field(&reply, 1, "a,b");
	assert_field(&reply, 3, "");
	ck_assert(peer_is_open(p));
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static const struct {
	const char *line;
	enum slug slug;
	const char *text;
} errors[] = {
	{ "ERROR: denied: no\n", SLUG_DENIED, "no" },
	{ "ERROR: denied:\n", SLUG_DENIED, "" },
	{ "ERROR: denied\n", SLUG_DENIED, "" },
	{ "ERROR: out-of-ink: fill it up\n", SLUG_MAX, "fill it up" },
	{ "ERROR: quota: 100%\n", SLUG_QUOTA, "100%" },
	{ "ERROR: \n", SLUG_MAX, "" },
};

START_TEST(error_answers)
{
	const struct play play = { .answers = (const char *[]){ HI, errors[_i].line, NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	ck_assert_int_eq(ask(p, "LIST", &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_ERROR);
	ck_assert_int_eq(reply.slug, errors[_i].slug);
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
	const struct play play = { .answers = (const char *[]){ HI, broken_sizes[_i], NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };
	char c;

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	ck_assert_int_eq(ask(p, "READ,f", &reply), -EPROTO);
	ck_assert_int_eq(peer_read_body(p, &c, 1), -EPROTO);
	ck_assert_int_eq(peer_send(p, "x", 1), -EPROTO);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

START_TEST(too_many_fields)
{
	char line[256] = "OK";
	const struct play play = { .answers = (const char *[]){ HI, line, NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };

	memset(line + 2, ',', FIELDS_MAX);
	line[2 + FIELDS_MAX] = '\n';
	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	ck_assert_int_eq(ask(p, "PING", &reply), -EPROTO);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static void serve_nul(struct fake *f, int fd)
{
	(void)fake_hear(f, fd);
	fake_say(fd, HI, strlen(HI), 0);
	(void)fake_hear(f, fd);
	fake_say(fd, "OK,\0,x\n", 7, 0);
}

START_TEST(nul_in_a_line)
{
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };

	fake_start(&f, serve_nul);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, LONG_TIME), 0);
	ck_assert_int_eq(ask(p, "PING", &reply), -EPROTO);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

START_TEST(breaks_in_the_middle)
{
	/* Of a line, of a body; with a FIN, with a reset. */
	static const char *const answers[] = { "PONG,hal", "10\n12345" };
	const struct play play = { .answers = (const char *[]){ HI, answers[_i & 1], NULL }, .reset = _i & 2 };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };
	char body[16];
	ssize_t k;
	int r;

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	r = ask(p, _i & 1 ? "READ,f" : "PING", &reply);
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
	const struct play play = { .answers = (const char *[]){ HI, "10\n123", NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };
	char body[16];
	ssize_t k;

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	ck_assert_int_eq(ask(p, "READ,f", &reply), 0);
	peer_set_timeout(p, SHORT_TIME);
	while ((k = peer_read_body(p, body, sizeof(body))) > 0)
		;
	ck_assert_int_eq(k, -ETIMEDOUT);
	ck_assert_int_eq(peer_reply(p, &reply), -ETIMEDOUT);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

START_TEST(requests_are_encoded)
{
	const struct play play = { .answers = (const char *[]){ HI, "OK\n", NULL }, .stay = true };
	struct field fields[] = { { (char *)"WRITE", 5 }, { (char *)"a,b%c\n\x7f\xc3\xa9", 9 }, { (char *)"", 0 } };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	ck_assert_int_eq(peer_request_raw(p, "LIST\nBYE", 8), -EINVAL);
	ck_assert_int_eq(peer_request(p, fields, ELEMENTSOF(fields)), 0);
	ck_assert_int_eq(peer_reply(p, &reply), 0);
	ck_assert_str_eq(f.heard, "WRITE,a%2Cb%25c%0A%7F\xc3\xa9,");
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

/* All requests are sent before the first answer is read; digits are a size or a number as the request has it. */
START_TEST(pipelined)
{
	static const char *answers[PEER_OPEN_MAX + 2] = { HI };
	const struct play play = { .answers = answers, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };
	char c;

	for (unsigned i = 0; i < PEER_OPEN_MAX; i++)
		answers[i + 1] = i % 3 == 0 ? "1\n5" : "1\n";
	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	for (unsigned i = 0; i < PEER_OPEN_MAX; i++)
		ck_assert_int_eq(peer_request_raw(p, i % 3 == 0 ? "READ,f" : "DOUBLE", 6), 0);
	ck_assert_int_eq(peer_request_raw(p, "PING", 4), -EBUSY);
	for (unsigned i = 0; i < PEER_OPEN_MAX; i++) {
		ck_assert_int_eq(peer_reply(p, &reply), 0);
		ck_assert_int_eq(reply.kind, i % 3 == 0 ? PEER_REPLY_SIZED : PEER_REPLY_LINE);
		if (reply.kind != PEER_REPLY_SIZED)
			continue;
		if (i == 0)
			ck_assert_int_eq(peer_request_raw(p, "PING", 4), -EBUSY);
		ck_assert_int_eq(peer_read_body(p, &c, 1), 1);
		ck_assert_int_eq(c, '5');
	}
	/* No request is open. */
	ck_assert_int_eq(peer_reply(p, &reply), -EBUSY);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static void serve_refuses_body(struct fake *f, int fd)
{
	static const char answer[] = "ERROR: too-large: 104857600 bytes are more than file.max_size\n";

	(void)fake_hear(f, fd);
	fake_say(fd, HI, strlen(HI), 0);
	(void)fake_hear(f, fd);
	/* GOAWAY is no answer. */
	fake_say(fd, "GOAWAY,drain%2C soon\n", 21, 0);
	/* To close now is a reset, which would throw away what the kernel has not sent yet: so not in pieces. */
	fake_say(fd, answer, strlen(answer), f->play->reset ? 0 : 1);
	/* Else nothing more is read: the client must notice while its sending is stuck. */
	if (!f->play->reset)
		fake_wait(f);
}

START_TEST(answer_before_the_body_is_sent)
{
	const struct play play = { .reset = _i };
	_cleanup_(freep) char *piece = calloc(1, 1 << 20);
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct fake f = { .play = &play };
	struct peer_reply reply;
	int r = 0;

	fake_start(&f, serve_refuses_body);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, LONG_TIME), 0);
	ck_assert_int_eq(peer_request_raw(p, "WRITE,f,104857600", 17), 0);
	for (unsigned i = 0; i < 100 && r == 0; i++)
		r = peer_send(p, piece, 1 << 20);
	ck_assert_int_eq(r, PEER_E_ANSWERED);
	ck_assert_int_eq(peer_send(p, piece, 1), PEER_E_ANSWERED);
	ck_assert_int_eq(peer_reply(p, &reply), 0);
	ck_assert_int_eq(reply.kind, PEER_REPLY_ERROR);
	ck_assert_int_eq(reply.slug, SLUG_TOO_LARGE);
	ck_assert_str_eq(peer_goaway(p), "drain, soon");
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static void serve_deaf(struct fake *f, int fd)
{
	(void)fake_hear(f, fd);
	fake_say(fd, HI, strlen(HI), 0);
	fake_wait(f);
}

START_TEST(server_that_takes_no_more)
{
	_cleanup_(freep) char *piece = calloc(1, 1 << 20);
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct fake f = { 0 };
	int r = 0;

	fake_start(&f, serve_deaf);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, LONG_TIME), 0);
	peer_set_timeout(p, SHORT_TIME);
	ck_assert_int_eq(peer_request_raw(p, "WRITE,f,104857600", 17), 0);
	for (unsigned i = 0; i < 100 && r == 0; i++)
		r = peer_send(p, piece, 1 << 20);
	ck_assert_int_eq(r, -ETIMEDOUT);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

struct told {
	unsigned n;
	char all[512];
};

static void told_news(void *userdata, const struct news *n)
{
	struct told *t = userdata;
	size_t len = strlen(t->all);

	t->n++;
	(void)snprintf(t->all + len, sizeof(t->all) - len, "%d:%.*s:%.*s;", (int)n->kind, (int)n->name.len,
		       n->name.data ? n->name.data : "", (int)n->text.len, n->text.data ? n->text.data : "");
}

/* Between replies and before them, in whatever pieces; inside a body the same bytes are the body's. */
static void news_are_told_in(size_t piece)
{
	const struct play play = {
		.answers = (const char *[]){ HI, "SAID,r,1,2,ann,a%2Cb\nPONG\nJOINED,r,bob\n12\nJOINED,r,eve", "", NULL },
		.piece = piece,
		.stay = true,
	};
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct told told = { 0 };
	struct peer_reply reply;
	struct fake f = { 0 };
	char body[16];
	size_t n = 0;

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	peer_set_news(p, told_news, &told);
	ck_assert_int_eq(peer_request_raw(p, "PING", 4), 0);
	ck_assert_int_eq(peer_request_raw(p, "LIST", 4), 0);
	ck_assert_int_eq(peer_reply(p, &reply), 0);
	ck_assert_str_eq(told.all, "0:ann:a,b;");
	ck_assert_int_eq(peer_reply(p, &reply), 0);
	ck_assert_uint_eq(reply.size, 12);
	while (n < 12) {
		ssize_t k = peer_read_body(p, body + n, sizeof(body) - n);

		ck_assert_int_gt(k, 0);
		n += (size_t)k;
	}
	ck_assert_mem_eq(body, "JOINED,r,eve", 12);
	ck_assert_str_eq(told.all, "0:ann:a,b;1:bob:;");
	ck_assert_int_eq(peer_hear(p), 0);
	p = peer_free(p);
	fake_stop(&f);
}

START_TEST(news_are_told)
{
	news_are_told_in(0);
	news_are_told_in(1);
	news_are_told_in(7);
}
END_TEST

/* Until it is over, or there is something. */
static int hear(struct peer *p)
{
	struct pollfd from = { .fd = peer_fd(p), .events = POLLIN };
	int r;

	while ((r = peer_hear(p)) == 0)
		ck_assert_int_eq(poll(&from, 1, 20000), 1);
	return r;
}

START_TEST(error_is_told)
{
	const struct play play = {
		.answers = (const char *[]){ HI "JOINED,r,bob\nERROR: slow: read%2C faster\n", NULL },
	};
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct told told = { 0 };
	struct fake f = { 0 };
	int r;

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	peer_set_news(p, told_news, &told);
	while ((r = hear(p)) > 0)
		;
	ck_assert_int_eq(r, -ECONNRESET);
	ck_assert_int_eq(peer_hear(p), -ECONNRESET);
	ck_assert_str_eq(told.all, "1:bob:;7::read, faster;");
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

static const char *const bad_news[] = { HI "SAID,r,x,2,ann,a\n", HI "MAIL\n", HI "OK\n", HI "12\n" };

START_TEST(bad_news_break)
{
	const struct play play = { .answers = (const char *[]){ bad_news[_i], NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct told told = { 0 };
	struct fake f = { 0 };

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	peer_set_news(p, told_news, &told);
	ck_assert_int_eq(hear(p), -EPROTO);
	ck_assert_uint_eq(told.n, 0);
	ck_assert(!peer_is_open(p));
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

START_TEST(goaway_is_told)
{
	const struct play play = {
		.answers = (const char *[]){ HI, "GOAWAY\nPONG\nGOAWAY,stop\n", NULL },
		.stay = true,
	};
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	ck_assert_int_eq(ask(p, "PING", &reply), 0);
	ck_assert_str_eq(reply.line, "PONG");
	ck_assert_ptr_nonnull(peer_goaway(p));
	ck_assert(!peer_is_open(p));
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

START_TEST(answer_to_nothing)
{
	const struct play play = { .answers = (const char *[]){ HI "OK\n", NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct fake f = { 0 };

	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
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
	const struct play play = { .answers = (const char *[]){ HI, NULL }, .stay = true };
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
	ck_assert_int_eq(connect_to(&f, &play, &p), 0);
	(void)pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
	(void)setitimer(ITIMER_REAL, &every, NULL);
	ck_assert_int_eq(ask(p, "PING", &reply), -EINTR);
	ck_assert_int_eq(ask(p, "PING", &reply), -EINTR);
	p = peer_free(p);
	fake_stop(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("peer");
	TCase *connecting = tcase_create("connecting"), *talking = tcase_create("talking");

	tcase_add_test(connecting, hello_tells_who_it_is);
	tcase_add_loop_test(connecting, no_ioe_server, 0, (int)ELEMENTSOF(strangers));
	tcase_add_loop_test(connecting, refused, 0, (int)ELEMENTSOF(refusals));
	tcase_add_loop_test(connecting, leading_hii_is_skipped, 0, 2);
	tcase_add_test(connecting, nothing_listens);
	tcase_add_test(connecting, closes_at_once);
	tcase_add_test(connecting, silence_ends_at_the_deadline);
	tcase_add_test(connecting, greeting_in_drops_ends_at_the_deadline);
	tcase_add_test(connecting, endless_greeting);
	suite_add_tcase(s, connecting);

	tcase_set_timeout(talking, 30);
	tcase_add_loop_test(talking, conversation_in_pieces, 0, (int)ELEMENTSOF(pieces));
	tcase_add_loop_test(talking, error_answers, 0, (int)ELEMENTSOF(errors));
	tcase_add_loop_test(talking, size_that_is_none, 0, (int)ELEMENTSOF(broken_sizes));
	tcase_add_test(talking, endless_line);
	tcase_add_test(talking, longest_line);
	tcase_add_test(talking, too_many_fields);
	tcase_add_test(talking, nul_in_a_line);
	tcase_add_loop_test(talking, breaks_in_the_middle, 0, 4);
	tcase_add_test(talking, answer_that_never_comes);
	tcase_add_test(talking, requests_are_encoded);
	tcase_add_test(talking, pipelined);
	tcase_add_loop_test(talking, answer_before_the_body_is_sent, 0, 2);
	tcase_add_test(talking, server_that_takes_no_more);
	tcase_add_test(talking, goaway_is_told);
	tcase_add_test(talking, news_are_told);
	tcase_add_test(talking, error_is_told);
	tcase_add_loop_test(talking, bad_news_break, 0, (int)ELEMENTSOF(bad_news));
	tcase_add_test(talking, answer_to_nothing);
	tcase_add_test(talking, signal_ends_the_wait);
	suite_add_tcase(s, talking);
	return run_suite(s);
}
