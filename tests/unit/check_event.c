/* SPDX-License-Identifier: MIT */
/*
 * What is said to sessions unasked, and what hangs on them: events between replies, those who do not read, old clients
 * who want one thing a recv, and who is told when a session drains, is renamed, or ends.
 */

#include "base/clock.h"
#include "base/macro.h"
#include "daemon/event.h"
#include "daemon/limits.h"
#include "daemon/session-private.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/run.h"
#include "unit/serve.h"

/* Who has said FOLLOW; the only reactor's. */
struct guest {
	struct attachment attachment;
	struct list link;
	struct session *session;
};

static struct list guests;
static char heard[1024]; /* under the lock */
static pthread_mutex_t heard_lock = PTHREAD_MUTEX_INITIALIZER;

static void hear(const char *what, const char *text)
{
	size_t n;

	(void)pthread_mutex_lock(&heard_lock);
	n = strlen(heard);
	(void)snprintf(heard + n, sizeof(heard) - n, "%s %s;", what, text);
	(void)pthread_mutex_unlock(&heard_lock);
}

static bool has_heard(_unused_ struct reactor *r, void *arg)
{
	bool yes;

	(void)pthread_mutex_lock(&heard_lock);
	yes = strstr(heard, arg) != NULL;
	(void)pthread_mutex_unlock(&heard_lock);
	return yes;
}

static void guest_gone(struct attachment *a, _unused_ struct session *s, const char *why)
{
	struct guest *g = container_of(a, struct guest, attachment);

	hear("gone", why);
	list_remove(&g->link);
	free(g);
}

static void guest_renamed(_unused_ struct attachment *a, struct session *s, const char *old)
{
	char name[SESSION_NAME_MAX];

	(void)session_get_name(s, name);
	hear(old, name);
}

static void guest_drained(_unused_ struct attachment *a, _unused_ struct session *s)
{
	hear("drained", "");
}

static void guest_taken(_unused_ struct attachment *a, _unused_ struct session *s)
{
	hear("taken", "");
}

static const struct attachment_ops guest_ops = {
	.gone = guest_gone,
	.renamed = guest_renamed,
	.drained = guest_drained,
	.taken = guest_taken,
};

static int test_follow(struct request *q, _unused_ struct fields *f)
{
	struct guest *g = calloc(1, sizeof(*g));

	g->attachment.ops = &guest_ops;
	g->session = request_session(q);
	session_attach(g->session, &g->attachment);
	ck_assert_ptr_eq(session_attached(g->session, &guest_ops), &g->attachment);
	list_add_tail(&guests, &g->link);
	request_ok(q);
	return 0;
}

/* To all who follow, formatted once a dialect. */
static int test_cast(struct request *q, struct fields *f)
{
	struct frame frames[DIALECT_MAX] = {};
	struct pool *pool = &request_reactor(q)->pool;
	char line[2048];
	size_t n = (size_t)snprintf(line, sizeof(line), "%.*s\n", (int)f->at[0].len, f->at[0].data);

	for (struct list *l = guests.next; l != &guests; l = l->next) {
		struct session *s = container_of(l, struct guest, link)->session;
		enum dialect d = session_dialect(s);

		if (!frames[d].segment)
			ck_assert_int_eq(frame_new(pool, d, line, d == DIALECT_RAW ? n - 1 : n, &frames[d]), 0);
		(void)session_event(s, &frames[d]);
	}
	for (unsigned i = 0; i < DIALECT_MAX; i++)
		if (frames[i].segment)
			frame_done(pool, &frames[i]);
	request_ok(q);
	return 0;
}

static int test_want(struct request *q, struct fields *f)
{
	struct session *s = request_session(q);
	struct attachment *a = session_attached(s, &guest_ops);

	if (f->at[0].data[0] == 't')
		a->want_taken = true;
	else
		a->want_drained = true;
	session_want(s, a);
	request_ok(q);
	return 0;
}

/* Three events to oneself, the second alone where it matters, and the answer. */
static int test_tell(struct request *q, _unused_ struct fields *f)
{
	struct session *s = request_session(q);
	bool raw = session_dialect(s) == DIALECT_RAW;

	ck_assert_int_eq(session_event_text(s, "one\n", raw ? 3 : 4, false), 0);
	ck_assert_int_eq(session_event_text(s, "two\n", raw ? 3 : 4, true), 0);
	ck_assert_int_eq(session_event_text(s, "three\n", raw ? 5 : 6, false), 0);
	ck_assert_int_eq(session_event_text(s, "four\n", raw ? 4 : 5, false), 0);
	request_ok(q);
	return 0;
}

/* Something breaks it off, and further up it is still worked with. */
static int test_break(struct request *q, _unused_ struct fields *f)
{
	struct session *s = request_session(q);
	struct attachment *a = session_attached(s, &guest_ops);

	session_end(s, "broken");
	a->want_drained = a->want_taken = true;
	session_want(s, a);
	ck_assert(!list_is_linked(&s->resume.link));
	ck_assert_int_eq(session_event_text(s, "too late\n", 9, false), -EPIPE);
	request_ok(q);
	return 0;
}

static int test_big(struct request *q, struct fields *f)
{
	static char big[1 << 20];

	memset(big, 'b', sizeof(big));
	request_sized(q, big, sizeof(big));
	(void)f;
	return 0;
}

static const struct role_verb test_verbs[] = {
	{ { "FOLLOW", "FOLLOW", "", 0, 0, VERB_CONCURRENT }, test_follow },
	{ { "CAST", "CAST,text", "", 1, 1, VERB_CONCURRENT }, test_cast },
	{ { "WANT", "WANT,what", "", 1, 1, VERB_CONCURRENT }, test_want },
	{ { "TELL", "TELL", "", 0, 0, VERB_CONCURRENT }, test_tell },
	{ { "BIG", "BIG", "", 0, 0, VERB_CONCURRENT }, test_big },
	{ { "BREAK", "BREAK", "", 0, 0, VERB_CONCURRENT }, test_break },
};

/* A listener of its own: asks who is silent for a name, which ends in an !. */
static void test_quiet(struct session *s)
{
	session_set_intercept(s, true);
	(void)session_event_text(s, "Hii", 3, true);
}

static int test_line(struct request *q, char *line, size_t len, _unused_ bool alone)
{
	struct session *s = request_session(q);

	if (len == 0 || line[len - 1] != '!')
		return 0;
	session_set_intercept(s, false);
	request_silent(q);
	(void)session_event_text(s, line, len, false);
	return 1;
}

static const struct role test_role = {
	.name = "test",
	.verbs = test_verbs,
	.n_verbs = ELEMENTSOF(test_verbs),
	.line = test_line,
	.quiet = test_quiet,
};
static const struct role other_role = { .name = "other" };

static const struct role *const roles[] = { &test_role, &other_role, NULL };
static const char *const role_names[] = { "test", "other", NULL };
static const struct option_section *const sections[] = { &server_section, &limits_section, NULL };
static const struct option_schema schema = {
	.sections = sections,
	.listener = &listener_section,
	.roles = role_names,
	.listeners_default = "( { port = 0; roles = [ \"test\" ]; } )",
};

static void start(bool alone)
{
	char config[512];

	list_init(&guests);
	heard[0] = '\0';
	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ \"test\"%s ]; } );\n"
		       "state_dir = \"%%s/state\"; runtime_dir = \"%%s/run\"; reactors = 1; workers = 1;\n"
		       "limits = { output = \"16K\"; };",
		       alone ? "" : ", \"other\"");
	serve_start(&schema, roles, config);
}

static void until_heard(const char *what)
{
	serve_until(has_heard, (void *)what);
}

START_TEST(events_stand_between_replies)
{
	int a, b;

	start(false);
	a = serve_connect();
	b = serve_connect();
	serve_say(a, "FOLLOW\nCAST,first\nTELL\nPING\n");
	serve_expect(a, "OK\nfirst\nOK\none\ntwo\nthree\nfour\nOK\nPONG\n");
	serve_say(b, "HELLO,ioe/1\nFOLLOW\n");
	(void)serve_line(b, (char[256]){}, 256);
	serve_expect(b, "OK\n");
	for (unsigned i = 0; i < 1000; i++)
		serve_say(a, "CAST,a text\n");
	for (unsigned i = 0; i < 1000; i++)
		serve_expect(a, "a text\nOK\n");
	for (unsigned i = 0; i < 1000; i++)
		serve_expect(b, "a text\n");
	serve_close(a);
	serve_close(b);
	serve_stop();
}
END_TEST

/* In one piece: what is sent in several waits for the peer's delayed ACK. */
static void make_cast(char dst[1100])
{
	(void)snprintf(dst, 1100, "CAST,%01000d\n", 7);
}

/* It gets whole events up to some point, then the word, then the end; nobody else is disturbed. */
START_TEST(who_does_not_read_is_cut_off)
{
	char cast[1100], line[2048], *text = cast + 5;
	unsigned got = 0, sent = 0;
	int slow, quick;

	start(false);
	make_cast(cast);
	slow = serve_connect_small();
	quick = serve_connect();
	serve_say(slow, "FOLLOW\n");
	serve_expect(slow, "OK\n");
	serve_say(quick, "FOLLOW\n");
	serve_expect(quick, "OK\n");
	while (!has_heard(NULL, (void *)"gone slow")) {
		serve_say(quick, cast);
		serve_expect(quick, text);
		serve_expect(quick, "OK\n");
		ck_assert_uint_lt(++sent, 20000);
	}
	for (;;) {
		size_t n = serve_line(slow, line, sizeof(line));

		if (strncmp(line, "ERROR: slow: ", 13) == 0)
			break;
		ck_assert_uint_eq(n, 1000);
		ck_assert_int_eq(memcmp(line, text, n), 0);
		got++;
	}
	ck_assert_uint_lt(got, sent);
	serve_expect_end(slow);
	serve_close(quick);
	serve_stop();
}
END_TEST

/* One that never takes the word either is reset after a while. */
START_TEST(who_never_reads_again_is_reset)
{
	char cast[1100];
	int slow, quick;

	start(false);
	make_cast(cast);
	slow = serve_connect_small();
	quick = serve_connect();
	serve_say(slow, "FOLLOW\n");
	serve_expect(slow, "OK\n");
	while (!has_heard(NULL, (void *)"gone slow")) {
		serve_say(quick, cast);
		serve_expect(quick, "OK\n");
	}
	serve_until_sessions(1);
	serve_reset(slow);
	serve_close(quick);
	serve_stop();
}
END_TEST

START_TEST(what_hangs_on_a_session_hears_of_it)
{
	int a, b, c;

	start(false);
	a = serve_connect();
	serve_say(a, "FOLLOW\nWANT,drained\nWANT,taken\nNICK,bob\nNICK,bob\nNICK,Bob\n");
	serve_expect(a, "OK\nOK\nOK\nOK,bob\nOK,bob\nOK,Bob\n");
	until_heard("drained ;");
	until_heard("taken ;");
	until_heard("127.0.0.1 bob;");
	until_heard("bob Bob;");
	serve_say(a, "BYE\n");
	serve_expect(a, "BYE\n");
	until_heard("gone bye;");
	serve_expect_end(a);
	b = serve_connect();
	serve_say(b, "FOLLOW\n");
	serve_expect(b, "OK\n");
	serve_end(b);
	serve_expect_end(b);
	until_heard("gone closed;");
	c = serve_connect();
	serve_say(c, "FOLLOW\n");
	serve_expect(c, "OK\n");
	heard[0] = '\0';
	serve_reset(c);
	until_heard("gone ");
	serve_stop();
	ck_assert(list_is_empty(&guests));
}
END_TEST

/* A session is not closed before what it wants to know is known. */
START_TEST(taken_comes_before_the_end)
{
	int a;

	start(false);
	a = serve_connect_small();
	serve_say(a, "FOLLOW\nBIG\nWANT,taken\n");
	serve_end(a);
	serve_expect(a, "OK\n1048576\n");
	ck_assert(!has_heard(NULL, (void *)"taken"));
	for (unsigned i = 0; i < (1 << 20) / 4096; i++) {
		char got[4096];

		ck_assert_int_eq(recv(a, got, sizeof(got), MSG_WAITALL), sizeof(got));
	}
	serve_expect(a, "OK\n");
	serve_expect_end(a);
	until_heard("taken ;gone closed;");
	serve_stop();
}
END_TEST

static void expect_recv(int fd, const char *want)
{
	char got[256];
	ssize_t n = recv(fd, got, sizeof(got), 0);

	ck_assert_msg(n == (ssize_t)strlen(want) && memcmp(got, want, (size_t)n) == 0, "'%.*s' instead of '%s'", (int)MAX(n, 0),
		      got, want);
}

/* An old client takes one recv for one thing. */
/* Its memory is gone at the end of the pass, and nothing that was put off to then may look at it. */
START_TEST(who_has_ended_wants_nothing)
{
	int a;

	start(false);
	a = serve_connect();
	serve_say(a, "FOLLOW\nBREAK\n");
	until_heard("gone broken;");
	serve_until_sessions(0);
	ck_assert(!has_heard(NULL, (void *)"drained"));
	serve_close(a);
	serve_stop();
}
END_TEST

START_TEST(raw_has_one_thing_a_recv)
{
	int a, b;

	start(true);
	a = serve_connect();
	expect_recv(a, "Hii");
	serve_say(a, "TELL"); /* a verb, and not taken for a name */
	expect_recv(a, "OK");
	expect_recv(a, "one");
	expect_recv(a, "two");
	expect_recv(a, "three\nfour");
	serve_say(a, "bob!");
	expect_recv(a, "bob!");
	serve_say(a, "FOLLOW");
	expect_recv(a, "OK");
	b = serve_connect();
	serve_say(b, "CAST,x\nCAST,y\nCAST,z\n");
	serve_expect(b, "OK\nOK\nOK\n");
	expect_recv(a, "x\ny\nz");
	serve_close(b);
	serve_say(a, "BYE");
	expect_recv(a, "BYE");
	serve_expect_end(a);
	until_heard("gone bye;");
	serve_stop();
}
END_TEST

/* One of ours that was slow to begin still becomes what it is; one that begins at once is not greeted. */
START_TEST(a_late_hello_is_heard)
{
	char line[256];
	int a, b;

	start(true);
	a = serve_connect();
	expect_recv(a, "Hii");
	serve_say(a, "HELLO,ioe/1\nPING,a%2Cb\n");
	(void)serve_line(a, line, sizeof(line));
	ck_assert_msg(strncmp(line, "HI,ioe/1,", 9) == 0, "%s", line);
	serve_expect(a, "PONG,a%2Cb\n");
	b = serve_connect();
	serve_say(b, "PING\n");
	serve_expect(b, "PONG\n");
	serve_close(a);
	serve_close(b);
	serve_stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("event");
	TCase *tc = tcase_create("event");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, events_stand_between_replies);
	tcase_add_test(tc, who_does_not_read_is_cut_off);
	tcase_add_test(tc, who_never_reads_again_is_reset);
	tcase_add_test(tc, what_hangs_on_a_session_hears_of_it);
	tcase_add_test(tc, taken_comes_before_the_end);
	tcase_add_test(tc, who_has_ended_wants_nothing);
	tcase_add_test(tc, raw_has_one_thing_a_recv);
	tcase_add_test(tc, a_late_hello_is_heard);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
