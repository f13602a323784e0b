/* SPDX-License-Identifier: MIT */
/* A server is met: what it says first, and what is none. */
#include "peer/peer.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "unit/fixture/fake_server.h"
#include "unit/fixture/run.h"

START_TEST(hello_names_the_server)
{
	const struct fake_play play = { .answers = (const char *[]){ FAKE_HI, NULL }, .stay = true };
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct fake f = { 0 };
	char address[32];

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	ck_assert_str_eq(f.received, "HELLO,ioe/1");
	ck_assert_str_eq(peer_server(p), "ioed/0.1.0");
	ck_assert_uint_eq(peer_instance(p), 3);
	ck_assert_str_eq(peer_store(p), "5f,3e");
	ck_assert_str_eq(peer_roles(p), "file+compute");
	ck_assert(peer_offers(p, "file") && peer_offers(p, "compute"));
	ck_assert(!peer_offers(p, "comp") && !peer_offers(p, "chat") && !peer_offers(p, "file+compute"));
	ck_assert(peer_can(p, "range") && !peer_can(p, "shared"));
	ck_assert_uint_gt(peer_received_msec(p), 0);
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
	const struct fake_play play = { .greeting = strangers[_i], .stay = true };
	struct peer *p = NULL;
	struct fake f = { 0 };

	ck_assert_int_eq(fake_connect(&f, &play, &p), -EPROTO);
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
	const struct fake_play play = { .greeting = refusals[_i].line };
	struct peer *p = NULL;
	struct fake f = { 0 };

	ck_assert_int_eq(fake_connect(&f, &play, &p), refusals[_i].error);
	fake_stop(&f);
}
END_TEST

START_TEST(leading_hii_is_skipped)
{
	const struct fake_play play = {
		.greeting = _i == 0 ? "Hii" : "HiiHii",
		.answers = (const char *[]){ FAKE_HI, "PONG,Hii\n", NULL },
		.piece = 1,
		.stay = true,
	};
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct peer_reply reply;
	struct fake f = { 0 };

	ck_assert_int_eq(fake_connect(&f, &play, &p), 0);
	ck_assert_str_eq(peer_server(p), "ioed/0.1.0");
	ck_assert_int_eq(fake_ask(p, "PING,Hii", &reply), 0);
	fake_expect_field(&reply, 1, "Hii");
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
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, FAKE_LONG_USEC, FAKE_LONG_USEC), -ECONNREFUSED);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", "no port", FAKE_LONG_USEC, FAKE_LONG_USEC), -ENXIO);
	ck_assert_ptr_null(p);
}
END_TEST

START_TEST(closes_at_once)
{
	const struct fake_play play = { .greeting = NULL };
	struct fake f = { 0 };
	struct peer *p = NULL;
	int r;

	r = fake_connect(&f, &play, &p);
	ck_assert_msg(r == -ECONNRESET || r == -EPIPE, "%d", r);
	fake_stop(&f);
}
END_TEST

START_TEST(silence_ends_at_the_deadline)
{
	const struct fake_play play = { .stay = true };
	struct fake f = { .play = &play };
	uint64_t begin = clock_usec();
	struct peer *p = NULL;

	fake_start(&f, fake_serve_play);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, FAKE_SHORT_USEC, FAKE_SHORT_USEC), -ETIMEDOUT);
	ck_assert_uint_ge(clock_usec() - begin, FAKE_SHORT_USEC);
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
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, FAKE_SHORT_USEC, FAKE_SHORT_USEC), -ETIMEDOUT);
	fake_stop(&f);
}
END_TEST

START_TEST(endless_greeting)
{
	struct fake f = { 0 };
	struct peer *p = NULL;

	fake_start(&f, fake_serve_flood);
	ck_assert_int_eq(peer_connect(&p, "127.0.0.1", f.port, FAKE_LONG_USEC, FAKE_LONG_USEC), -EPROTO);
	fake_stop(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("peer");
	TCase *tc = tcase_create("peer");

	tcase_add_test(tc, hello_names_the_server);
	tcase_add_loop_test(tc, no_ioe_server, 0, (int)ELEMENTSOF(strangers));
	tcase_add_loop_test(tc, refused, 0, (int)ELEMENTSOF(refusals));
	tcase_add_loop_test(tc, leading_hii_is_skipped, 0, 2);
	tcase_add_test(tc, nothing_listens);
	tcase_add_test(tc, closes_at_once);
	tcase_add_test(tc, silence_ends_at_the_deadline);
	tcase_add_test(tc, greeting_in_drops_ends_at_the_deadline);
	tcase_add_test(tc, endless_greeting);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
