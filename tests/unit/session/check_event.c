/* SPDX-License-Identifier: MIT */
/*
 * What sessions are told unasked, from both ends: the test speaks to them in their reactor's thread, as a room does,
 * and its clients are plain sockets that read, or do not.
 */

#include "session/event.h"

#include "base/clock.h"
#include "base/macro.h"
#include "session/raw/raw.h"
#include "session/builtin.h"
#include "session/session-private.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"

/* What observers heard, a word a call. */
static char received[4096];
static pthread_mutex_t event_reader_lock = PTHREAD_MUTEX_INITIALIZER;

static void receive(const char *word, const char *more)
{
	size_t n;

	(void)pthread_mutex_lock(&event_reader_lock);
	n = strlen(received);
	(void)snprintf(received + n, sizeof(received) - n, "%s%s ", word, more);
	(void)pthread_mutex_unlock(&event_reader_lock);
}

static bool has_received(_unused_ struct reactor *r, void *words)
{
	bool yes;

	(void)pthread_mutex_lock(&event_reader_lock);
	yes = strcmp(received, words) == 0;
	(void)pthread_mutex_unlock(&event_reader_lock);
	return yes;
}

static bool has_received_as_much(_unused_ struct reactor *r, void *words)
{
	bool as_much;

	(void)pthread_mutex_lock(&event_reader_lock);
	as_much = strlen(received) >= strlen(words);
	(void)pthread_mutex_unlock(&event_reader_lock);
	return as_much;
}

static void expect_received(const char *words)
{
	(void)pthread_mutex_lock(&event_reader_lock);
	ck_assert_str_eq(received, words);
	received[0] = '\0';
	(void)pthread_mutex_unlock(&event_reader_lock);
}

static void until_received(const char *words)
{
	serve_until(has_received, (void *)words);
	expect_received(words);
}

/* Who looks late learns of both at once. */
static void until_drained_and_taken(void)
{
	bool drained_first;

	serve_until(has_received_as_much, (void *)"drained taken ");
	(void)pthread_mutex_lock(&event_reader_lock);
	drained_first = received[0] == 'd';
	(void)pthread_mutex_unlock(&event_reader_lock);
	expect_received(drained_first ? "drained taken " : "taken drained ");
}

/* A member of the one room there is. */

static void member_gone(struct observer *a, _unused_ struct session *s, const char *why)
{
	receive("gone:", why);
	free(a);
}

static void member_renamed(_unused_ struct observer *a, struct session *s, const char *old)
{
	const struct identity *now = session_identity(s);
	char both[2 * IDENTITY_NAME_MAX + 2];

	ck_assert_ptr_nonnull(now);
	ck_assert_uint_eq(now->name_len, strlen(now->name));
	ck_assert_str_eq(now->nick, now->name);
	(void)snprintf(both, sizeof(both), "%s>%s", old, now->name);
	receive("renamed:", both);
}

static void member_flushed(_unused_ struct observer *a, struct session *s)
{
	ck_assert(outq_is_empty(&s->conn.out) && !raw_has_unsent(s));
	receive("drained", "");
}

static void member_acked(_unused_ struct observer *a, _unused_ struct session *s)
{
	receive("taken", "");
}

static const struct observer_ops member_ops = {
	.gone = member_gone,
	.renamed = member_renamed,
	.on_flushed = member_flushed,
	.on_acked = member_acked,
};

static void join(struct session *s)
{
	struct observer *a = calloc(1, sizeof(*a));

	a->ops = &member_ops;
	ck_assert_ptr_null(session_find_observer(s, &member_ops));
	session_add_observer(s, a);
	ck_assert_ptr_eq(session_find_observer(s, &member_ops), a);
}

/* The role. */

static struct request *held; /* in the one reactor that tests with HOLD have */
static char big[8 << 20]; /* more than sockets take */

static int test_join(const struct call *call)
{
	struct request *q = call->request;

	ck_assert_ptr_eq(request_reactor(q), session_reactor(call->session));
	join(call->session);
	request_ok(q);
	return ACT_ANSWERED;
}

static int test_hold(const struct call *call)
{
	struct request *q = call->request;

	request_defer(q);
	held = q;
	return ACT_DEFERRED;
}

static int test_big(const struct call *call)
{
	struct request *q = call->request;

	request_sized(q, big, sizeof(big));
	return ACT_ANSWERED;
}

/* Something breaks it off, and further up it is still worked with. */
static int test_break(const struct call *call)
{
	struct request *q = call->request;
	struct session *s = call->session;
	struct observer *a = session_find_observer(s, &member_ops);

	session_end(s, "broken");
	a->want_flushed = a->want_acked = true;
	session_want(s, a);
	session_finish(s);
	ck_assert(!list_is_linked(&s->resume.link));
	ck_assert_int_eq(session_event_text(s, "too late\n", 9, false), -EPIPE);
	request_ok(q);
	return ACT_ANSWERED;
}

/* Told to oneself before the answer. */
static int test_echo(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;
	struct session *s = call->session;
	char text[128];
	int n = snprintf(text, sizeof(text), "%.*s%s", (int)f->at[0].len, f->at[0].data,
			 session_dialect(s) == DIALECT_RAW ? "" : "\n");

	ck_assert_int_eq(session_event_text(s, text, (size_t)n, false), 0);
	request_ok(q);
	return ACT_ANSWERED;
}

/* The first thing that a quiet one says is its name; "no" is none, and "later" takes a while. */
static int test_line(const struct call *call, _unused_ bool alone)
{
	const char *line = call->fields->at[0].data;
	size_t len = call->fields->at[0].len;
	struct request *q = call->request;
	struct session *s = call->session;

	if (!s->pre_verb) {
		request_noreply(q);
		return ACT_ANSWERED;
	}
	if (len == 2 && memcmp(line, "no", 2) == 0)
		return ACT_PASSED;
	if (len == 5 && memcmp(line, "later", 5) == 0)
		return test_hold(call);
	session_set_pre_verb(s, false);
	join(s);
	request_begin(q, "hello ");
	request_field(q, line, len);
	request_end(q);
	return ACT_ANSWERED;
}

static void test_idle(struct session *s)
{
	ck_assert_int_eq(session_dialect(s), DIALECT_RAW);
	session_set_pre_verb(s, true);
	ck_assert_int_eq(session_event_text(s, "Hii", 3, true), 0);
}

static const struct role_verb test_verbs[] = {
	{ { "JOIN", "JOIN", "Becomes a member.", 0, 0, VERB_BARRIER, ACCESS_NONE, 0 }, test_join },
	{ { "HOLD", "HOLD", "Is answered when the test says so.", 0, 0, VERB_CONCURRENT, ACCESS_NONE, 0 }, test_hold },
	{ { "BREAK", "BREAK", "Ends the session.", 0, 0, VERB_CONCURRENT, ACCESS_NONE, 0 }, test_break },
	{ { "BIG", "BIG", "Many bytes.", 0, 0, VERB_CONCURRENT, ACCESS_NONE, 0 }, test_big },
	{ { "ECHO", "ECHO,text", "Tells oneself.", 1, 1, VERB_CONCURRENT, ACCESS_NONE, 0 }, test_echo },
};

static const struct role test_role = {
	.name = "test",
	.verbs = test_verbs,
	.n_verbs = ELEMENTSOF(test_verbs),
	.line = test_line,
	.idle = test_idle,
};

static const struct role other_role = {
	.name = "other",
};

static const struct role *const roles[] = { &test_role, &other_role, NULL };

static void start_as(const char *listener, unsigned reactors, const char *more)
{
	char config[512];

	received[0] = '\0';
	memset(big, 'b', sizeof(big));
	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ %s ]; } );\n"
		       "state_dir = \"%%s/state\"; runtime_dir = \"%%s/run\"; reactors = %u; workers = 1;\n%s",
		       listener, reactors, more);
	serve_start(&serve_schema, roles, config);
}

static void start(const char *more)
{
	start_as("\"test\", \"other\"", 1, more);
}

/* Clients. */

static int connect_member(const char *hello)
{
	char line[256];
	int c = serve_connect();

	serve_say(c, hello);
	if (hello[0] != '\0')
		(void)serve_line(c, line, sizeof(line));
	serve_say(c, "JOIN\n");
	serve_expect(c, "OK\n");
	return c;
}

/* Exactly this in one recv. */
static void expect_recv(int fd, const char *want)
{
	char got[4096];
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);

	ck_assert_msg(n > 0, "no bytes instead of '%s'", want);
	got[n] = '\0';
	ck_assert_str_eq(got, want);
}

/* In a reactor's thread. */

static struct session *only_session(struct reactor *r)
{
	ck_assert(!list_is_empty(&r->sessions));
	return container_of(r->sessions.next, struct session, link);
}

/* Each member hears each of @n sayings, from number @from on, @size bytes with its line's end. */
struct saying {
	unsigned from, n, size;
	int result; /* the last that was not 0 */
};

static void say(struct reactor *r, void *arg)
{
	struct saying *what = arg;

	for (unsigned i = what->from; i < what->from + what->n; i++) {
		for (enum dialect d = DIALECT_LINE; d < DIALECT_MAX; d++) {
			char text[4096];
			struct slice f;

			memset(text, '.', what->size);
			(void)snprintf(text, sizeof(text), "%c%08u", "?LIR"[d], i);
			text[9] = '.';
			if (d != DIALECT_RAW)
				text[what->size - 1] = '\n';
			ck_assert_int_eq(slice_new(&r->pool, d, text, what->size - (d == DIALECT_RAW), &f), 0);
			for (struct list *n = r->sessions.next; n != &r->sessions; n = n->next) {
				struct session *s = container_of(n, struct session, link);
				int e = s->dialect == d && s->observers ? session_event(s, &f) : 0;

				if (e < 0)
					what->result = e;
			}
			slice_done(&r->pool, &f);
			ck_assert_ptr_null(f.buffer);
		}
	}
}

static int saying(unsigned from, unsigned n, unsigned size)
{
	struct saying what = { from, n, size, 0 };

	serve_call(0, say, &what);
	return what.result;
}

/* The number of a whole saying of that dialect; -1: it is none. */
static int said(char dialect, const char *line)
{
	unsigned n;
	char d;

	return sscanf(line, "%c%8u", &d, &n) == 2 && d == dialect ? (int)n : -1;
}

static void expect_sayings(int fd, char dialect, unsigned from, unsigned n, unsigned size)
{
	char line[4096];

	for (unsigned i = from; i < from + n; i++) {
		ck_assert_uint_eq(serve_line(fd, line, sizeof(line)), size - 1);
		ck_assert_int_eq(said(dialect, line), (int)i);
	}
}

static void answer_held(_unused_ struct reactor *r, _unused_ void *arg)
{
	ck_assert_ptr_nonnull(held);
	request_line(STEAL_PTR(held), "answer", 6);
}

static bool is_held(_unused_ struct reactor *r, _unused_ void *arg)
{
	return held;
}

static void use_up_the_memory(struct reactor *r, _unused_ void *arg)
{
	chunk_pool_account(&r->pool, chunk_pool_limit(&r->pool));
}

static void give_it_back(struct reactor *r, _unused_ void *arg)
{
	chunk_pool_unaccount(&r->pool, chunk_pool_limit(&r->pool));
}

/* In order, in the words of each one's dialect, whatever comes in one pass and what in several; and the frames are gone
 * when they have been sent. */
START_TEST(all_are_notified_in_order)
{
	static const unsigned sizes[] = { 11, 64, 700, 4000 };
	int line, line2, ioe;

	start("");
	line = connect_member("");
	line2 = connect_member("");
	ioe = connect_member("HELLO,ioe/1\n");
	for (unsigned i = 0; i < 60; i++) {
		unsigned n = i % 7, size = sizes[i % ELEMENTSOF(sizes)];

		ck_assert_int_eq(saying(i * 10, n, size), 0);
		expect_sayings(line, 'L', i * 10, n, size);
		expect_sayings(line2, 'L', i * 10, n, size);
		expect_sayings(ioe, 'I', i * 10, n, size);
	}
	serve_close(line);
	serve_close(line2);
	serve_close(ioe);
	serve_stop();
}
END_TEST

/* One that is told of much, and reads it as it comes, is not slow, however much that is in all. */
START_TEST(who_reads_is_not_slow)
{
	int c;

	start("limits = { output = \"4K\"; };");
	c = connect_member("");
	for (unsigned i = 0; i < 300; i++) {
		ck_assert_int_eq(saying(i * 30, 30, 100), 0);
		expect_sayings(c, 'L', i * 30, 30, 100);
	}
	serve_close(c);
	serve_stop();
}
END_TEST

/* An event that comes while answers wait for an older one goes before them; none is cut in two by it. */
START_TEST(events_come_between_replies)
{
	int c;

	start("");
	c = connect_member("");
	serve_say(c, "HOLD\nPING,x\nBIG\nECHO,mine\n");
	serve_until(is_held, NULL);
	ck_assert_int_eq(saying(1, 2, 20), 0);
	serve_expect(c, "mine\nL00000001..........\nL00000002..........\n");
	serve_expect_nothing(c);
	serve_call(0, answer_held, NULL);
	serve_expect(c, "answer\nPONG,x\n8388608\n");
	/* Its end is not with the kernel yet. */
	ck_assert_int_eq(saying(3, 1, 20), 0);
	serve_expect_n(c, big, sizeof(big));
	serve_expect(c, "OK\nL00000003..........\n");
	serve_say(c, "ECHO,mine\n");
	serve_expect(c, "mine\nOK\n");
	serve_close(c);
	serve_stop();
}
END_TEST

/* Reads whole lines until there is another; how many of them are sayings in their order. */
static unsigned read_sayings(int fd, char dialect, char *ret_last, size_t size)
{
	for (unsigned i = 0;; i++) {
		(void)serve_line(fd, ret_last, size);
		if (said(dialect, ret_last) != (int)i)
			return i;
	}
}

/* One that does not read is told so behind what was begun, loses the rest, and the others see it go. _i: its dialect */
START_TEST(who_does_not_read_is_cut_off)
{
	char last[4096], hello[] = "HELLO,ioe/1\n";
	unsigned n = 0, got;
	int c, other;

	start("limits = { output = \"16K\"; };");
	other = connect_member("");
	c = serve_connect_small();
	if (_i) {
		serve_say(c, hello);
		(void)serve_line(c, last, sizeof(last));
	}
	serve_say(c, "JOIN\nHOLD\n");
	serve_expect(c, "OK\n");
	serve_until(is_held, NULL);
	while (saying(n, 1, 2000) == 0) {
		expect_sayings(other, 'L', n, 1, 2000);
		n++;
	}
	expect_sayings(other, 'L', n, 1, 2000);
	until_received("gone:slow ");
	ck_assert_int_eq(saying(n + 1, 1, 2000), 0); /* it is no member any more */
	expect_sayings(other, 'L', n + 1, 1, 2000);
	serve_say(other, "PING\n");
	serve_expect(other, "PONG\n");

	got = read_sayings(c, _i ? 'I' : 'L', last, sizeof(last));
	ck_assert_uint_gt(got, 0);
	ck_assert_uint_lt(got, n);
	ck_assert_msg(strstr(last, "ERROR: slow: ") == last && strstr(last, "16384 bytes"), "%s", last);
	ck_assert_ptr_null(strchr(last, ','));
	serve_end(c);
	serve_expect_end(c);
	serve_until_sessions(1);
	serve_call(0, answer_held, NULL); /* into nowhere */
	expect_received("");
	serve_close(other);
	serve_stop();
}
END_TEST

/* It has five seconds, and no more. */
START_TEST(who_takes_no_word_of_it_is_closed)
{
	uint64_t begin;
	int c;

	start("limits = { output = \"16K\"; };");
	serve_set_times((struct reactor_times){ .drop_usec = USEC_PER_SEC / 2 });
	c = serve_connect_small();
	serve_say(c, "JOIN\n");
	serve_expect(c, "OK\n");
	for (unsigned n = 0; saying(n, 1, 4000) == 0; n++)
		continue;
	begin = clock_usec();
	until_received("gone:slow ");
	serve_until_sessions(0);
	ck_assert_uint_ge(clock_usec() - begin, USEC_PER_SEC * 4 / 10);
	expect_received("");
	serve_close(c);
	serve_stop();
}
END_TEST

/* What waits of its answers is not held against it; its events are. And where the memory for all is used up, those that
 * do not read go sooner. */
START_TEST(answers_do_not_make_one_slow)
{
	int c;

	start("limits = { output = \"64K\"; };");
	c = serve_connect_small();
	serve_say(c, "JOIN\nBIG\nBIG\nBIG\n");
	serve_expect(c, "OK\n8388608\n");
	ck_assert_int_eq(saying(0, 60, 1000), 0);
	serve_call(0, use_up_the_memory, NULL);
	ck_assert_int_eq(saying(60, 1, 1000), -EPIPE);
	serve_call(0, give_it_back, NULL);
	until_received("gone:slow ");
	serve_expect_n(c, big, sizeof(big)); /* this one had been begun */
	serve_reset(c);
	serve_stop();
}
END_TEST

/* Observers. */

static void want(struct reactor *r, void *what)
{
	struct session *s = only_session(r);
	struct observer *a = session_find_observer(s, &member_ops);

	a->want_flushed = strchr(what, 'd');
	a->want_acked = strchr(what, 't');
	session_want(s, a);
}

static void ask(const char *what)
{
	serve_call(0, want, (void *)what);
}

static void check_handle(struct reactor *r, void *arg)
{
	struct session *s = only_session(r);
	struct handle *h = arg;
	bool alone = false;

	*h = session_handle(s);
	ck_assert_ptr_eq(reactor_find(r, *h), s);
	ck_assert(address_is_loopback(session_address(s)));
	ck_assert_ptr_eq(session_settings(s), r->settings);
	ck_assert(session_offers(s, &test_role, &alone) && !alone);
	ck_assert(!session_offers(s, &builtin_role, &alone));
}

static void check_gone(struct reactor *r, void *arg)
{
	ck_assert_ptr_null(reactor_find(r, *(struct handle *)arg));
}

START_TEST(a_new_name_is_announced)
{
	struct handle h;
	int c;

	start("");
	c = connect_member("");
	serve_say(c, "NICK,Anna\nNICK,Anna\nNICK,anna\nNICK,ping\nNICK,Bert\n");
	serve_expect(c, "OK,Anna\nOK,Anna\nOK,anna\n");
	serve_expect_error(c, "denied");
	serve_expect(c, "OK,Bert\n");
	expect_received("renamed:127.0.0.1>Anna renamed:Anna>anna renamed:anna>Bert ");
	serve_call(0, check_handle, &h);
	serve_close(c);
	until_received("gone:closed ");
	serve_call(0, check_gone, &h);
	serve_stop();
}
END_TEST

START_TEST(what_is_sent_and_taken_is_reported)
{
	int c;

	start("limits = { output = \"1M\"; };");
	c = serve_connect_small();
	serve_say(c, "JOIN\n");
	serve_expect(c, "OK\n");
	ask("d");
	until_received("drained "); /* it was already */
	ask("dt");
	until_received("taken drained ");

	/* More than our kernel takes, and then more than its peer's does. */
	serve_say(c, "BIG\n");
	serve_expect(c, "8388608\n");
	ask("dt");
	serve_expect_n(c, big, sizeof(big) / 8);
	expect_received("");
	serve_expect_n(c, big, sizeof(big) - sizeof(big) / 8);
	until_drained_and_taken();
	ck_assert_int_eq(saying(0, 6, 2000), 0);
	ask("t");
	expect_received(""); /* with our kernel it is, with its peer's not */
	expect_sayings(c, 'L', 0, 6, 2000);
	until_received("taken ");
	serve_say(c, "PING\n");
	serve_expect(c, "PONG\n");
	ask("");
	expect_received("");
	serve_close(c);
	until_received("gone:closed ");
	serve_stop();
}
END_TEST

/* It is not closed before that, whoever ends it. _i: BYE, or the end of its requests */
START_TEST(the_end_waits_for_what_is_not_taken)
{
	int c;

	start("");
	c = serve_connect_small();
	serve_say(c, "JOIN\n");
	serve_expect(c, "OK\n");
	ck_assert_int_eq(saying(0, 6, 2000), 0);
	ask("t");
	if (_i)
		serve_say(c, "BYE\n");
	else
		serve_end(c);
	ask("t");
	ask("t");
	expect_received("");
	serve_until_sessions(1);
	expect_sayings(c, 'L', 0, 6, 2000);
	if (_i)
		serve_expect(c, "BYE\n");
	until_received(_i ? "taken gone:bye " : "taken gone:closed ");
	serve_expect_end(c);
	serve_stop();
}
END_TEST

static void report(struct reactor *r, void *ret_result)
{
	*(int *)ret_result = session_event_text(only_session(r), "event\n", 6, false);
}

/* While an answer is owed, more may be said; then no more. _i: BYE, or the end of its requests */
START_TEST(events_end_with_the_last_answer)
{
	int c, r;

	start("limits = { output = \"16M\"; };");
	c = serve_connect_small();
	serve_say(c, "JOIN\nHOLD\nBIG\n");
	if (_i)
		serve_say(c, "BYE\n");
	else
		serve_end(c);
	serve_expect(c, "OK\n");
	serve_until(is_held, NULL);
	serve_call(0, report, &r);
	ck_assert_int_eq(r, 0);
	serve_call(0, answer_held, NULL);
	until_received(_i ? "gone:bye " : "gone:closed ");
	serve_call(0, report, &r); /* it is there until it has taken its answers */
	ck_assert_int_eq(r, -EPIPE);
	serve_expect(c, "event\nanswer\n8388608\n");
	serve_expect_n(c, big, sizeof(big));
	serve_expect(c, _i ? "BYE\n" : "");
	serve_expect_end(c);
	serve_stop();
}
END_TEST

/* Its memory is gone at the end of the pass, and nothing that was put off to then may look at it. */
START_TEST(who_has_ended_wants_nothing)
{
	int c;

	start("");
	c = connect_member("");
	serve_say(c, "BREAK\n");
	until_received("gone:closed ");
	serve_expect_end(c);
	serve_stop();
}
END_TEST

/* Old clients. */

/* So long may this be kept from reading what must not come together with the next. */
/* Long enough for all that a test says at once, on a busy machine, too. */
#define SLOWLY_USEC (400 * USEC_PER_MSEC)

static void start_slowly(void)
{
	start_as("\"test\"", 1, "legacy_wait = \"400ms\";");
	serve_set_times((struct reactor_times){ .raw_long_usec = SLOWLY_USEC });
}

static int connect_raw(void)
{
	int c = serve_connect();

	expect_recv(c, "Hii");
	serve_say(c, "Anna");
	expect_recv(c, "hello ,Anna");
	return c;
}

/* Each thing said is a recv; what piles up goes together; an answer keeps its place among events. */
START_TEST(old_clients_get_one_event_at_a_time)
{
	int c;

	start_slowly();
	c = connect_raw();
	ck_assert_int_eq(saying(1, 3, 20), 0);
	ck_assert_int_eq(saying(4, 1, 20), 0);
	expect_recv(c, "R00000001..........\nR00000002..........\nR00000003..........\nR00000004..........");
	serve_say(c, "ECHO,mine");
	expect_recv(c, "mine");
	expect_recv(c, "OK");
	serve_say(c, "said without an answer");
	ck_assert_int_eq(saying(5, 1, 20), 0);
	expect_recv(c, "R00000005..........");
	serve_say(c, "BYE");
	expect_recv(c, "BYE");
	serve_expect_end(c);
	until_received("gone:bye ");
	serve_stop();
}
END_TEST

static void say_apart(struct reactor *r, _unused_ void *arg)
{
	struct session *s = only_session(r);

	ck_assert_int_eq(session_event_text(s, "one", 3, false), 0);
	ck_assert_int_eq(session_event_text(s, "two", 3, false), 0);
	ck_assert_int_eq(session_event_text(s, "alone", 5, true), 0);
	ck_assert_int_eq(session_event_text(s, "three", 5, false), 0);
	ck_assert_int_eq(session_event_text(s, "four", 4, false), 0);
}

START_TEST(some_words_go_alone)
{
	int c;

	start_slowly();
	c = connect_raw();
	serve_call(0, say_apart, NULL);
	expect_recv(c, "one\ntwo");
	expect_recv(c, "alone");
	expect_recv(c, "three\nfour");
	serve_close(c);
	serve_stop();
}
END_TEST

/* In each pass, as long as it is not taken back, the session is told something. */
static struct deferred flood;
static struct session *flooded;

static void flood_run(struct deferred *l)
{
	ck_assert_int_eq(session_event_text(flooded, "flood", 5, false), 0);
	loop_defer(session_loop(flooded), l);
}

static void flood_start(struct reactor *r, _unused_ void *arg)
{
	flooded = only_session(r);
	flood.run = flood_run;
	loop_defer(&r->loop, &flood);
}

static void flood_stop(_unused_ struct reactor *r, _unused_ void *arg)
{
	loop_undefer(&flood);
}

/* However much it is told, what it says has its turn. */
START_TEST(an_old_client_gets_answers_among_events)
{
	static char got[1 << 20];
	ssize_t n;
	int c;

	start_as("\"test\"", 1, "legacy_wait = \"1ms\"; limits = { output = \"64M\"; };");
	c = connect_raw();
	serve_call(0, flood_start, NULL);
	serve_say(c, "PING");
	for (unsigned i = 0;; i++) {
		n = recv(c, got, sizeof(got), 0);
		ck_assert_int_gt(n, 0);
		/* Among events, where this reads more slowly than it is written to. */
		if (memmem(got, (size_t)n, "PONG", 4))
			break;
		ck_assert_uint_lt(i, 5000);
	}
	serve_call(0, flood_stop, NULL);
	serve_close(c);
	serve_stop();
}
END_TEST

static bool is_time(struct reactor *r, void *at)
{
	return r->loop.now_usec >= *(uint64_t *)at;
}

static bool is_pending(struct reactor *r, _unused_ void *arg)
{
	return raw_is_pending(only_session(r));
}

static void say_late(struct reactor *r, _unused_ void *arg)
{
	ck_assert_int_eq(session_event_text(only_session(r), "event", 5, false), 0);
	ck_assert(raw_has_unsent(only_session(r)));
}

/* What has just come from it may be a command, which is looked at first, though nothing hinders the event. */
START_TEST(an_event_lets_a_command_go_first)
{
	uint64_t at;
	int c;

	start_slowly();
	c = connect_raw();
	at = clock_usec() + SLOWLY_USEC + 100 * USEC_PER_MSEC;
	serve_until(is_time, &at);
	serve_say(c, "PING");
	serve_until(is_pending, NULL);
	serve_call(0, say_late, NULL);
	expect_recv(c, "event");
	expect_recv(c, "PONG");
	serve_close(c);
	serve_stop();
}
END_TEST

static bool has_said_all(struct reactor *r, _unused_ void *arg)
{
	return outq_is_empty(&only_session(r)->conn.out) && !raw_has_unsent(only_session(r));
}

static void check_unsaid(struct reactor *r, _unused_ void *arg)
{
	ck_assert(raw_has_unsent(only_session(r)));
}

/* The next waits for its TCP to take the last, also at the end; and where that takes too long it is slow, too. */
START_TEST(an_old_client_that_does_not_read_is_waited_for)
{
	char got[32768];
	int c;

	start_as("\"test\"", 1, "legacy_wait = \"1ms\"; limits = { output = \"8K\"; };");
	c = serve_connect_small();
	expect_recv(c, "Hii");
	serve_say(c, "Anna");
	expect_recv(c, "hello ,Anna");
	ck_assert_int_eq(saying(1, 1, 4000), 0);
	serve_until(has_said_all, NULL);
	ck_assert_int_eq(saying(2, 1, 4000), 0);
	ck_assert_int_eq(saying(3, 1, 4000), 0);
	for (unsigned i = 0; i < 50; i++)
		serve_call(0, check_unsaid, NULL);
	ck_assert_int_eq(saying(4, 1, 4000), -EPIPE);
	until_received("gone:slow ");
	for (size_t n = 0;;) {
		ssize_t k = recv(c, got + n, sizeof(got) - n - 1, 0);

		n += k > 0 ? (size_t)k : 0;
		got[n] = '\0';
		if (k <= 0)
			break;
	}
	ck_assert_ptr_nonnull(strstr(got, "R00000001"));
	ck_assert_ptr_null(strstr(got, "R00000003"));
	ck_assert_ptr_nonnull(strstr(got, "ERROR: slow: "));
	serve_close(c);
	serve_stop();
}
END_TEST

static void check_undecided(struct reactor *r, _unused_ void *arg)
{
	ck_assert_int_eq(session_dialect(only_session(r)), DIALECT_UNDECIDED);
	ck_assert_ptr_null(only_session(r)->raw);
}

/* Silence makes one an old client only where nobody else is spoken to, and only until it speaks. */
START_TEST(silence_is_answered)
{
	int c;

	start_slowly();
	c = serve_connect();
	serve_say(c, "JOIN\nPING\n");
	serve_expect(c, "OK\nPONG\n");
	serve_close(c);
	until_received("gone:closed ");

	/* Verbs are names, too, until there is one. */
	c = serve_connect();
	expect_recv(c, "Hii");
	serve_say(c, "PING");
	expect_recv(c, "hello ,PING");
	serve_say(c, "PING");
	expect_recv(c, "PONG");
	serve_close(c);
	until_received("gone:closed ");

	c = serve_connect(); /* and goes again */
	serve_expect_nothing(c);
	serve_close(c);
	c = serve_connect();
	expect_recv(c, "Hii");
	serve_say(c, "no");
	serve_end(c);
	serve_expect(c, "ERROR: bad-command: 'no' is no verb here; HELP tells what there is");
	serve_expect_end(c);
	serve_stop();

	/* Here anybody may be silent. */
	start("legacy_wait = \"1ms\";");
	c = serve_connect();
	for (unsigned i = 0; i < 20; i++)
		serve_call(0, check_undecided, NULL);
	serve_expect_nothing(c);
	serve_close(c);
	serve_stop();
}
END_TEST

/* One that waited for us, and then says that it is new, in one piece or byte by byte. */
START_TEST(silence_does_not_bind_a_new_client)
{
	char line[512];
	int c;

	start_as("\"test\"", 1, "legacy_wait = \"1ms\";");
	c = serve_connect();
	serve_expect(c, "Hii");
	serve_say(c, "later");
	serve_until(is_held, NULL);
	serve_say(c, "HELLO,ioe/1,agent\r\nPING,a%2cb\nJOIN\n");
	serve_call(0, answer_held, NULL);
	serve_expect(c, "answer");
	(void)serve_line(c, line, sizeof(line));
	ck_assert_msg(strncmp(line, "HI,ioe/1,", 9) == 0, "%s", line);
	serve_expect(c, "PONG,a%2Cb\nOK\n");
	ck_assert_int_eq(saying(7, 1, 20), 0);
	serve_expect(c, "I00000007..........\n");
	serve_close(c);
	until_received("gone:closed ");
	serve_stop();
}
END_TEST

/* For the sanitizers: members come, go, read or do not, while all are spoken to. */
START_TEST(members_come_and_go)
{
	struct saying what = { 0, 20, 300, 0 };
	int c[40] = {};
	unsigned seed = 1;

	start_as("\"test\"", 4, "legacy_wait = \"1ms\"; limits = { output = \"8K\"; };");
	serve_set_times((struct reactor_times){ .linger_usec = USEC_PER_SEC / 5, .drop_usec = USEC_PER_SEC / 2 });
	for (unsigned i = 0; i < 600; i++) {
		int *one = &c[(seed = seed * 1103515245 + 12345) / 65536 % ELEMENTSOF(c)];

		serve_call(i % 4, say, &what);
		if (!*one) {
			*one = i % 3 ? serve_connect() : serve_connect_small();
			if (i % 5)
				serve_say(*one, i % 2 ? "JOIN\n" : "HELLO,ioe/1\nJOIN\n");
			continue;
		}
		if (i % 2)
			serve_close(*one);
		else
			serve_reset(*one);
		*one = 0;
	}
	serve_stop_begin();
	serve_stop_wait();
	for (unsigned i = 0; i < ELEMENTSOF(c); i++)
		if (c[i])
			serve_close(c[i]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("event");
	TCase *tc = tcase_create("event");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, all_are_notified_in_order);
	tcase_add_test(tc, who_reads_is_not_slow);
	tcase_add_test(tc, events_come_between_replies);
	tcase_add_loop_test(tc, who_does_not_read_is_cut_off, 0, 2);
	tcase_add_test(tc, who_takes_no_word_of_it_is_closed);
	tcase_add_test(tc, answers_do_not_make_one_slow);
	tcase_add_test(tc, a_new_name_is_announced);
	tcase_add_test(tc, what_is_sent_and_taken_is_reported);
	tcase_add_loop_test(tc, the_end_waits_for_what_is_not_taken, 0, 2);
	tcase_add_loop_test(tc, events_end_with_the_last_answer, 0, 2);
	tcase_add_test(tc, who_has_ended_wants_nothing);
	tcase_add_test(tc, old_clients_get_one_event_at_a_time);
	tcase_add_test(tc, some_words_go_alone);
	tcase_add_test(tc, an_old_client_gets_answers_among_events);
	tcase_add_test(tc, an_event_lets_a_command_go_first);
	tcase_add_test(tc, an_old_client_that_does_not_read_is_waited_for);
	tcase_add_test(tc, silence_is_answered);
	tcase_add_test(tc, silence_does_not_bind_a_new_client);
	tcase_add_test(tc, members_come_and_go);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
