/* SPDX-License-Identifier: MIT */
/*
 * Sessions from both ends: clients are plain sockets, and a role of this file's own puts its answers off for as long,
 * and gives them in the order, that a test wants. With one reactor and with four.
 */

#include "base/clock.h"
#include "base/macro.h"
#include "base/str.h"
#include "daemon/limits.h"
#include "daemon/session-private.h"
#include "daemon/status.h"
#include "daemon/worker.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/run.h"
#include "unit/serve.h"

/* Requests that were put off, and the sinks of bodies; under the lock. */

struct body {
	struct body_sink sink;
	struct request *q;
	uint64_t left;
	char bytes[64];
};

static struct parked {
	char key[16];
	struct request *q;
	struct reactor *reactor;
	struct msg msg;
	bool gone; /* told when it was answered: nobody is there any more */
} parked[4096];
static unsigned n_parked;
static pthread_mutex_t parked_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t parked_more = PTHREAD_COND_INITIALIZER;

static void park(struct request *q, const struct field *key)
{
	struct parked *p;

	(void)pthread_mutex_lock(&parked_lock);
	p = &parked[n_parked];
	(void)snprintf(p->key, sizeof(p->key), "%.*s", (int)key->len, key->data);
	p->q = q;
	p->reactor = q->reactor;
	n_parked++;
	(void)pthread_cond_broadcast(&parked_more);
	(void)pthread_mutex_unlock(&parked_lock);
}

static void until_parked(unsigned n)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	(void)pthread_mutex_lock(&parked_lock);
	while (n_parked < n)
		if (pthread_cond_timedwait(&parked_more, &parked_lock, &until) == ETIMEDOUT)
			ck_abort_msg("%u requests came instead of %u", n_parked, n);
	(void)pthread_mutex_unlock(&parked_lock);
}

static unsigned count_parked(void)
{
	unsigned n;

	(void)pthread_mutex_lock(&parked_lock);
	n = n_parked;
	(void)pthread_mutex_unlock(&parked_lock);
	return n;
}

static void parked_answer(struct msg *m)
{
	struct parked *p = container_of(m, struct parked, msg);

	p->gone = request_is_gone(p->q);
	request_line(p->q, p->key, strlen(p->key));
	p->q = NULL;
}

static void nothing(_unused_ struct reactor *r, _unused_ void *arg)
{
}

/* Has the reactor answer it with its key, and waits until that is done. Whether somebody was still there. */
static bool answer(unsigned i)
{
	struct parked *p = &parked[i];

	p->msg.act = parked_answer;
	inbox_push(&p->reactor->loop.inbox, &p->msg);
	serve_call(p->reactor->index, nothing, NULL);
	return !p->gone;
}

static void settle(void)
{
	for (unsigned i = 0; i < serve_server()->n_reactors; i++)
		serve_call(i, nothing, NULL);
}

static int test_park(struct request *q, struct fields *f)
{
	request_defer(q);
	park(q, &f->at[0]);
	return 0;
}

struct work {
	struct job job;
	struct request *q;
	unsigned long spin;
	size_t len;
	char text[];
};

static void work_run(struct job *j)
{
	struct work *w = container_of(j, struct work, job);

	/* For a while, so that jobs end in another order than they began. */
	for (volatile unsigned long i = 0; i < w->spin; i++)
		;
}

static void work_done(struct job *j)
{
	struct work *w = container_of(j, struct work, job);

	request_line(w->q, w->text, w->len);
	free(w);
}

static int test_work(struct request *q, struct fields *f)
{
	struct work *w = malloc(sizeof(*w) + f->at[0].len);

	*w = (struct work){ .job = { .run = work_run, .done = work_done }, .q = q, .len = f->at[0].len };
	memcpy(w->text, f->at[0].data, w->len);
	for (size_t i = 0; i < w->len; i++)
		w->spin = w->spin * 31 + (unsigned char)w->text[i];
	w->spin %= 20000;
	request_defer(q);
	worker_submit(request_workers(q), request_loop(q), &w->job);
	return 0;
}

static char big[1 << 20];

static int test_big(struct request *q, struct fields *f)
{
	uint64_t n;

	if (str_to_u64(f->at[0].data, f->at[0].len, 0, sizeof(big), &n) < 0)
		return -EINVAL;
	request_sized(q, big, n);
	return 0;
}

/* How much room the sinks have, and what they heard. */
static atomic_uint body_room, body_gone, body_asked;
static struct body *last_body;

static size_t body_get(struct body_sink *s, char **ret)
{
	struct body *b = container_of(s, struct body, sink);
	size_t room = MIN(atomic_load(&body_room), sizeof(b->bytes));

	atomic_fetch_add(&body_asked, 1);
	*ret = b->bytes;
	return room;
}

static void body_answer(struct body *b)
{
	if (atomic_load(&body_gone) > 0)
		request_error(b->q, SLUG_BAD_ARGUMENT, "the connection ended");
	else
		request_line(b->q, "eaten", 5);
	free(b);
}

static void body_put(struct body_sink *s, size_t n)
{
	struct body *b = container_of(s, struct body, sink);

	if (n == 0 || n > MIN(atomic_load(&body_room), sizeof(b->bytes)) || n > b->left)
		ck_abort_msg("%zu bytes were put", n);
	for (size_t i = 0; i < n; i++)
		if (b->bytes[i] != (char)('a' + (b->left - i) % 26))
			ck_abort_msg("a byte of the body is wrong");
	b->left -= n;
	if (b->left == 0)
		body_answer(b);
}

static void body_is_gone(struct body_sink *s)
{
	struct body *b = container_of(s, struct body, sink);

	atomic_fetch_add(&body_gone, 1);
	body_answer(b);
}

static const struct body_sink_ops body_ops = { .get = body_get, .put = body_put, .gone = body_is_gone };

static int test_eat(struct request *q, struct fields *f)
{
	struct body *b;
	uint64_t n;

	if (str_to_u64(f->at[0].data, f->at[0].len, 0, UINT32_MAX, &n) < 0)
		return -EINVAL;
	b = calloc(1, sizeof(*b));
	*b = (struct body){ .sink.ops = &body_ops, .q = q, .left = n };
	request_defer(q);
	request_body(q, &b->sink, n);
	last_body = b;
	if (n == 0)
		body_answer(b);
	return 0;
}

/* Refuses before the first byte, or (SPIT) once there was one. */
static int test_skip(struct request *q, struct fields *f)
{
	uint64_t n;

	if (str_to_u64(f->at[0].data, f->at[0].len, 0, UINT32_MAX, &n) < 0)
		return -EINVAL;
	request_body_discard(q, n);
	request_error(q, SLUG_DENIED, "not hungry");
	return 0;
}

static void spit_put(struct body_sink *s, _unused_ size_t n)
{
	struct body *b = container_of(s, struct body, sink);

	request_body_discard(b->q, 0);
	request_error(b->q, SLUG_NO_SPACE, "it tastes bad");
	free(b);
}

static const struct body_sink_ops spit_ops = { .get = body_get, .put = spit_put, .gone = body_is_gone };

static int test_spit(struct request *q, struct fields *f)
{
	int r = test_eat(q, f);

	if (r == 0)
		last_body->sink.ops = &spit_ops;
	return r;
}

static int test_fail(_unused_ struct request *q, _unused_ struct fields *f)
{
	return -EIO;
}

static int test_no_memory(_unused_ struct request *q, _unused_ struct fields *f)
{
	return -ENOMEM;
}

static int test_silent(_unused_ struct request *q, _unused_ struct fields *f)
{
	return 0;
}

static void test_claimed(struct request *q, int result, const char *name)
{
	if (result < 0) {
		request_refuse_name(q, name, strlen(name), result);
		return;
	}
	request_begin(q, "MINE");
	request_field(q, name, strlen(name));
	request_end(q);
}

/* =text is said back, @name is a name that is wanted, and to !text there is nothing to say. */
static int test_line(struct request *q, char *line, size_t len, _unused_ bool alone)
{
	int r = 0;

	if (len < 1 || !memchr("=@!", line[0], 3))
		return 0;
	if (line[0] == '=')
		request_line(q, line, len);
	else if (line[0] == '!')
		request_silent(q);
	else
		r = request_claim_name(q, line + 1, len - 1, test_claimed);
	if (r < 0)
		request_refuse_name(q, line + 1, len - 1, r);
	return 1;
}

static const struct role_verb test_verbs[] = {
	{ { "PARK", "PARK,key", "Is answered when the test says so.", 1, 1, VERB_CONCURRENT }, test_park },
	{ { "HOLD", "HOLD,key", "As PARK, alone.", 1, 1, VERB_BARRIER }, test_park },
	{ { "WORK", "WORK,text", "Is answered by a worker.", 1, 1, VERB_CONCURRENT }, test_work },
	{ { "BIG", "BIG,n", "So many bytes.", 1, 1, VERB_CONCURRENT }, test_big },
	{ { "EAT", "EAT,n", "Takes so many bytes.", 1, 1, VERB_BARRIER | VERB_BODY }, test_eat },
	{ { "SKIP", "SKIP,n", "Takes none of so many bytes.", 1, 1, VERB_BARRIER | VERB_BODY }, test_skip },
	{ { "SPIT", "SPIT,n", "Takes one piece of so many bytes.", 1, 1, VERB_BARRIER | VERB_BODY }, test_spit },
	{ { "FAIL", "FAIL", "Breaks.", 0, 0, VERB_CONCURRENT }, test_fail },
	{ { "NOMEM", "NOMEM", "Has no memory.", 0, 0, VERB_CONCURRENT }, test_no_memory },
	{ { "SILENT", "SILENT", "Forgets to answer.", 0, 0, VERB_CONCURRENT }, test_silent },
	{ { "LATER", "LATER", "Is not yet.", 0, 0, VERB_NOT_YET }, NULL },
};

static const struct role test_role = {
	.name = "test",
	.verbs = test_verbs,
	.n_verbs = ELEMENTSOF(test_verbs),
	.line = test_line,
};

/* So that nobody is alone, and takes for its own what has no end. */
static const struct role other_role = {
	.name = "other",
};

static const struct role *const roles[] = { &test_role, &other_role, NULL };
static const char *const role_names[] = { "test", "other", NULL };
static const struct option_section *const sections[] = { &server_section, &limits_section, NULL };
static const struct option_schema schema = {
	.sections = sections,
	.listener = &listener_section,
	.roles = role_names,
	.listeners_default = "( { port = 0; roles = [ \"test\" ]; } )",
};

/* _i of the loop tests: with one reactor or four, on a listener that is for old clients too or is not. */
#define WAYS 4

static char *configure(int way, const char *more)
{
	static char config[1024];

	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ \"test\", \"other\" ]; raw = %s; } );\n"
		       "state_dir = \"%%s/state\"; runtime_dir = \"%%s/run\"; reactors = %d; workers = 4;\n%s",
		       way & 2 ? "true" : "false", way & 1 ? 4 : 1, more);
	return config;
}

static void start(int way, const char *more)
{
	atomic_store(&body_room, 64);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 2654435761U >> 7);
	serve_start(&schema, roles, configure(way, more));
}

/* The body that EAT expects. */
static char *body_of(size_t n)
{
	char *p = malloc(n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + (n - i) % 26);
	p[n] = '\0';
	return p;
}

/* Order */

START_TEST(answers_leave_in_the_order_of_the_requests)
{
	static const unsigned order[] = { 3, 9, 1, 4, 8, 0, 7, 2, 6, 5 };
	int c;

	start(_i, "");
	c = serve_connect();
	for (unsigned i = 0; i < 10; i++) {
		char text[40];

		(void)snprintf(text, sizeof(text), "PARK,%u\nPING,%u\n", i, i);
		serve_say(c, text);
	}
	until_parked(10);
	for (unsigned i = 0; i < 10; i++) {
		if (i < 6)
			serve_expect_nothing(c); /* the oldest is not answered yet */
		ck_assert(answer(order[i]));
	}
	for (unsigned i = 0; i < 10; i++) {
		char text[40];

		(void)snprintf(text, sizeof(text), "%u\nPONG,%u\n", i, i);
		serve_expect(c, text);
	}
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(what_is_answered_leaves_at_once)
{
	int c;

	start(_i, "");
	c = serve_connect();
	serve_say(c, "PING,0\nPARK,1\nPARK,2\nPARK,3\n");
	serve_expect(c, "PONG,0\n");
	until_parked(3);
	(void)answer(1);
	serve_expect_nothing(c);
	(void)answer(0);
	serve_expect(c, "1\n2\n");
	serve_expect_nothing(c);
	(void)answer(2);
	serve_expect(c, "3\n");
	serve_close(c);
	serve_stop();
}
END_TEST

/* Workers end in any order; several clients at once. */
START_TEST(workers_do_not_change_the_order)
{
	int c[6];
	char text[64];

	start(_i, "");
	for (unsigned k = 0; k < ELEMENTSOF(c); k++)
		c[k] = serve_connect();
	for (unsigned i = 0; i < 300; i++)
		for (unsigned k = 0; k < ELEMENTSOF(c); k++) {
			(void)snprintf(text, sizeof(text), i % 7 ? "WORK,%u of %u\n" : "PING,%u of %u\n", i, k);
			serve_say(c[k], text);
		}
	for (unsigned k = 0; k < ELEMENTSOF(c); k++) {
		for (unsigned i = 0; i < 300; i++) {
			(void)snprintf(text, sizeof(text), i % 7 ? "%u of %u\n" : "PONG,%u of %u\n", i, k);
			serve_expect(c[k], text);
		}
		serve_close(c[k]);
	}
	serve_stop();
}
END_TEST

START_TEST(a_barrier_waits_and_holds)
{
	int c;

	start(_i, "");
	c = serve_connect();
	serve_say(c, "PARK,a\nPARK,b\nHOLD,c\nPARK,d\nPING\n");
	until_parked(2);
	settle();
	ck_assert_uint_eq(count_parked(), 2);
	(void)answer(1);
	ck_assert_uint_eq(count_parked(), 2); /* one before it is still open */
	(void)answer(0);
	serve_expect(c, "a\nb\n");
	until_parked(3);
	settle();
	ck_assert_uint_eq(count_parked(), 3);
	serve_expect_nothing(c);
	(void)answer(2);
	until_parked(4);
	serve_expect(c, "c\n");
	(void)answer(3);
	serve_expect(c, "d\nPONG\n");
	serve_close(c);
	serve_stop();
}
END_TEST

/* Bounds */

START_TEST(so_many_requests_and_no_more)
{
	int c;

	start(_i, "limits = { pipeline = 4; };");
	c = serve_connect();
	for (unsigned i = 0; i < 12; i++) {
		char text[16];

		(void)snprintf(text, sizeof(text), "PARK,%u\n", i);
		serve_say(c, text);
	}
	for (unsigned i = 0; i < 12; i++) {
		char text[16];

		until_parked(MIN(i + 4, 12U));
		settle();
		ck_assert_uint_eq(count_parked(), MIN(i + 4, 12U));
		(void)answer(i);
		(void)snprintf(text, sizeof(text), "%u\n", i);
		serve_expect(c, text);
	}
	serve_close(c);
	serve_stop();
}
END_TEST

/* Neither side goes on: the socket is full, and nothing is read. */
static bool is_held_up(struct reactor *r, void *arg)
{
	uint64_t *ret_bytes = arg;

	for (struct list *n = r->sessions.next; n != &r->sessions; n = n->next) {
		struct session *s = container_of(n, struct session, link);

		*ret_bytes = s->conn.out.bytes;
		if (s->conn.paused && s->conn.full)
			return true;
	}
	return false;
}

/* Who does not read his answers is not read either; once he does, all of them come. */
START_TEST(output_is_bounded)
{
	uint64_t bytes = 0;
	int c;

	start(_i, "limits = { output = \"64K\"; };");
	c = serve_connect_small();
	for (unsigned i = 0; i < 400; i++)
		serve_say(c, "BIG,50000\n");
	serve_until(is_held_up, &bytes);
	/* Some of it may have drained since. */
	ck_assert_uint_le(bytes, (64 << 10) + 50010);
	for (unsigned i = 0; i < 400; i++) {
		serve_expect(c, "50000\n");
		serve_expect_n(c, big, 50000);
	}
	serve_say(c, "PING\n");
	serve_expect(c, "PONG\n");
	serve_close(c);
	serve_stop();
}
END_TEST

static bool pool_has_room(struct reactor *r, _unused_ void *arg)
{
	return !pool_is_over(&r->pool);
}

/* The client asks for more than there is memory for and does not read it. */
static void fill_pool(int greedy)
{
	while (!pool_is_over(&serve_server()->reactors[0].pool)) {
		serve_say(greedy, "BIG,1048576\n");
		settle();
	}
}

/*
 * One client takes all the memory there is by not reading. Others are told so, and stay in step even where they have
 * bytes to send with it; what costs nothing still works; and all is well once he is gone.
 */
START_TEST(without_memory_requests_are_refused_in_step)
{
	int greedy, c;

	start(2 * _i, "limits = { memory = \"1M\"; output = \"2M\"; };");
	greedy = serve_connect_small();
	c = serve_connect();
	serve_say(c, "PING\n");
	serve_expect(c, "PONG\n");
	fill_pool(greedy);

	serve_say(c, "PING,a\nBIG,1\nPARK,x\nPING,b\n");
	serve_expect(c, "PONG,a\n");
	serve_expect_error(c, "busy");
	serve_expect_error(c, "busy");
	serve_expect(c, "PONG,b\n");
	/* The bytes of a body are no requests. */
	serve_say(c, "SKIP,10\nPING\nPING\nPING,c\n");
	serve_expect_error(c, "denied");
	serve_expect(c, "PONG,c\n");

	serve_reset(greedy);
	serve_until(pool_has_room, NULL);
	serve_say(c, "BIG,1\n");
	serve_expect(c, "1\n");
	serve_expect_n(c, big, 1);
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(without_memory_unfinished_lines_end)
{
	int greedy, c, idle;

	start(2 * _i, "limits = { memory = \"1M\"; output = \"2M\"; };");
	idle = serve_connect();
	greedy = serve_connect_small();
	c = serve_connect();
	fill_pool(greedy);
	serve_say(c, "PING,half a li");
	serve_expect_end(c);
	/* New ones are told. */
	c = serve_connect();
	serve_expect_error(c, "limit");
	serve_expect_end(c);
	serve_say(idle, "PING\n");
	serve_expect(idle, "PONG\n");
	serve_reset(greedy);
	serve_close(idle);
	serve_stop();
}
END_TEST

START_TEST(so_many_sessions_and_no_more)
{
	int a, b, c;

	start(_i, "limits = { connections = 2; };");
	a = serve_connect();
	b = serve_connect();
	serve_until_sessions(2);
	c = serve_connect();
	serve_expect_error(c, "limit");
	serve_expect_end(c);
	serve_close(a);
	serve_until_sessions(1);
	settle(); /* reactor 0 has heard of it */
	a = serve_connect();
	serve_say(a, "PING\n");
	serve_expect(a, "PONG\n");
	serve_close(a);
	serve_close(b);
	serve_stop();
}
END_TEST

/* Bodies */

START_TEST(a_body_comes_in_any_pieces)
{
	static const unsigned rooms[] = { 1, 3, 64 }, pieces[] = { 1, 2, 7, 100, 100000 };
	char *body = body_of(1000), text[3000];
	int c;

	start(_i, "");
	c = serve_connect();
	(void)snprintf(text, sizeof(text), "PING,0\nEAT,1000\n%sPING,1\nEAT,0\nEAT,1000\n%sPING,2\n", body, body);
	for (size_t r = 0; r < ELEMENTSOF(rooms); r++)
		for (size_t k = 0; k < ELEMENTSOF(pieces); k++) {
			atomic_store(&body_room, rooms[r]);
			for (size_t at = 0; at < strlen(text); at += pieces[k])
				serve_say_n(c, text + at, MIN(pieces[k], strlen(text) - at));
			serve_expect(c, "PONG,0\neaten\nPONG,1\neaten\neaten\nPONG,2\n");
		}
	free(body);
	serve_close(c);
	serve_stop();
}
END_TEST

static void body_resume(_unused_ struct reactor *r, _unused_ void *arg)
{
	request_body_resume(last_body->q);
}

static bool body_was_asked(_unused_ struct reactor *r, _unused_ void *arg)
{
	return atomic_load(&body_asked) > 0;
}

/* A sink without room: the session is not read, so the client cannot send for ever; and not asked in a loop. */
START_TEST(a_full_sink_holds_the_client_up)
{
	size_t n = 32 << 20, sent = 0;
	char *body = body_of(n), line[40];
	unsigned asked;
	int c;

	start(2 * _i, "");
	c = serve_connect();
	atomic_store(&body_room, 0);
	(void)snprintf(line, sizeof(line), "EAT,%zu\n", n);
	serve_say(c, line);
	for (unsigned quiet = 0; quiet < 50;) {
		ssize_t k = send(c, body + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += k > 0 ? (size_t)k : 0;
		quiet = k > 0 ? 0 : quiet + 1;
		settle();
	}
	ck_assert_uint_lt(sent, n);
	ck_assert_uint_lt(pool_used(&serve_server()->reactors[0].pool), 200 << 10);
	serve_until(body_was_asked, NULL);
	asked = atomic_load(&body_asked);
	for (unsigned i = 0; i < 20; i++)
		settle();
	ck_assert_uint_eq(atomic_load(&body_asked), asked);

	/* Told that there is room, though there is none: asked once more. */
	serve_call(0, body_resume, NULL);
	settle();
	ck_assert_uint_ge(atomic_load(&body_asked), asked + 1);
	ck_assert_uint_le(atomic_load(&body_asked), asked + 2);

	atomic_store(&body_room, 64);
	serve_call(0, body_resume, NULL);
	serve_say_n(c, body + sent, n - sent);
	serve_say(c, "PING\n");
	serve_expect(c, "eaten\nPONG\n");
	free(body);
	serve_close(c);
	serve_stop();
}
END_TEST

/* The sink may be full with part of the body held already. */
START_TEST(what_is_held_of_a_body_is_not_lost)
{
	char *body = body_of(5000), text[6000];
	int c;

	start(2 * _i, "");
	c = serve_connect();
	for (unsigned round = 0; round < 20; round++) {
		atomic_store(&body_asked, 0);
		atomic_store(&body_room, 0);
		(void)snprintf(text, sizeof(text), "EAT,5000\n%sPING,%u\n", body, round);
		serve_say(c, text);
		serve_until(body_was_asked, NULL);
		atomic_store(&body_room, round + 1);
		serve_call(0, body_resume, NULL);
		(void)snprintf(text, sizeof(text), "eaten\nPONG,%u\n", round);
		serve_expect(c, text);
	}
	free(body);
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(a_refused_body_is_thrown_away)
{
	char *body = body_of(200000), line[60];
	int c;

	start(_i, "");
	c = serve_connect();
	for (size_t n = 0; n <= 200000; n = n * 10 + 2) {
		body[n] = '\0';
		for (unsigned spit = 0; spit < 2; spit++) {
			if (spit && n == 0)
				continue;
			(void)snprintf(line, sizeof(line), "%s,%zu\n", spit ? "SPIT" : "SKIP", n);
			serve_say(c, line);
			serve_say(c, body);
			serve_say(c, "PING\n");
			serve_expect_error(c, spit ? "no-space" : "denied");
			serve_expect(c, "PONG\n");
		}
		free(body);
		body = body_of(200000);
	}
	free(body);
	serve_close(c);
	serve_stop();
}
END_TEST

static bool body_has_gone(_unused_ struct reactor *r, void *arg)
{
	return atomic_load(&body_gone) == *(unsigned *)arg;
}

#define TEXT(s) s, sizeof(s) - 1

/* The request is refused before its verb has seen it, and its body is requests to look at. */
START_TEST(the_body_of_a_bad_request_is_thrown_away)
{
	static const struct {
		const char *say;
		size_t n;
		const char *slug;
		bool skipped, ioe1;
	} rows[] = {
		{ TEXT("EAT,a%zz,5\n"), "bad-argument", true, true },
		{ TEXT("EAT,a,b%2,5\n"), "bad-argument", true, true },
		{ TEXT("EAT,%2C%zz,5\n"), "bad-argument", true, true },
		{ TEXT("EAT,a,5\n"), "bad-argument", true, true },
		{ TEXT("EAT,\0a,5\n"), "bad-command", true, false },
		{ TEXT("EAT,\0,5\n"), "bad-command", true, true },
		/* Nobody can tell how many. */
		{ TEXT("EAT,a,%zz\n"), "bad-argument", false, true },
		{ TEXT("EAT,a%zz,-5\n"), "bad-argument", false, true },
		{ TEXT("EAT,\0a,5000000000000000000\n"), "bad-command", false, false },
		{ TEXT("EAT,5\0\n"), "bad-command", false, false },
		{ TEXT("PING,\0,5\n"), "bad-command", false, false },
		{ TEXT("PING,a%zz,5\n"), "bad-argument", false, true },
		{ TEXT("\0EAT,5\n"), "bad-command", false, false },
	};
	int c;

	start(_i, "");
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		c = serve_connect();
		if (rows[i].ioe1) {
			char hi[300];

			serve_say(c, "HELLO,ioe/1\n");
			(void)serve_line(c, hi, sizeof(hi));
		} else {
			serve_say(c, "PING\n");
			serve_expect(c, "PONG\n");
		}
		serve_say_n(c, rows[i].say, rows[i].n);
		serve_say(c, "PING\nPING,x\n");
		serve_expect_error(c, rows[i].slug);
		serve_expect(c, rows[i].skipped ? "PONG,x\n" : "PONG\nPONG,x\n");
		serve_close(c);
	}
	serve_stop();
}
END_TEST

START_TEST(a_body_that_breaks_off_is_told)
{
	char *body = body_of(1000);
	unsigned gone = 0;
	int c;

	start(_i, "");
	for (size_t n = 0; n < 1000; n += 333) {
		/* By the end of what is said: the answer can still be read. */
		c = serve_connect();
		serve_say(c, "PING\nEAT,1000\n");
		serve_say_n(c, body, n);
		serve_end(c);
		serve_expect(c, "PONG\n");
		serve_expect_error(c, "bad-argument");
		serve_expect_end(c);
		ck_assert_uint_eq(atomic_load(&body_gone), ++gone);

		/* By a reset; also while the sink has no room. */
		for (int full = 0; full < 2; full++) {
			atomic_store(&body_room, full ? 0 : 64);
			c = serve_connect();
			serve_say(c, "PING\nEAT,1000\n");
			serve_say_n(c, body, n);
			serve_expect(c, "PONG\n");
			serve_reset(c);
			gone++;
			serve_until(body_has_gone, &gone);
		}
		atomic_store(&body_room, 64);
	}
	free(body);
	serve_stop();
}
END_TEST

/* Ends */

START_TEST(the_end_of_requests_is_not_the_end_of_answers)
{
	int c;

	start(_i, "limits = { pipeline = 2; };");
	c = serve_connect();
	serve_say(c, "PING\nPARK,a\nPARK,b\nPARK,c\nHOLD,d\nPING,last\nPING,unfinished");
	serve_end(c);
	serve_expect(c, "PONG\n");
	until_parked(2);
	(void)answer(1);
	(void)answer(0);
	serve_expect(c, "a\nb\n");
	until_parked(3);
	(void)answer(2);
	until_parked(4);
	serve_expect(c, "c\n");
	(void)answer(3);
	serve_expect(c, "d\nPONG,last\n");
	serve_expect_end(c);
	serve_stop();
}
END_TEST

START_TEST(an_end_without_a_request)
{
	int c;

	start(_i, "");
	c = serve_connect();
	serve_end(c);
	serve_expect_end(c);
	c = serve_connect();
	serve_say(c, "PING");
	serve_end(c);
	serve_expect_end(c);
	serve_stop();
}
END_TEST

START_TEST(goodbye_is_the_last_answer)
{
	static const char *const words[] = { "BYE", "quit", "Exit" };
	int c;

	start(_i, "");
	for (unsigned i = 0; i < ELEMENTSOF(words); i++) {
		char text[60];

		(void)snprintf(text, sizeof(text), "PING\nPARK,x\n%s\nPING\nPARK,y\n", words[i]);
		c = serve_connect();
		serve_say(c, text);
		until_parked(i + 1);
		(void)answer(i);
		serve_expect(c, "PONG\nx\nBYE\n");
		serve_expect_end(c);
	}
	ck_assert_uint_eq(count_parked(), ELEMENTSOF(words));
	serve_stop();
}
END_TEST

/* Whoever put it off answers in any case; what the answer was, nobody hears. */
START_TEST(a_request_may_outlive_its_session)
{
	int c;

	start(_i, "");
	for (unsigned i = 0; i < 3; i++) {
		c = serve_connect();
		serve_say(c, "PARK,a\nPARK,b\nPARK,c\nPING\nHOLD,d\n");
		until_parked(3 * (i + 1));
		(void)answer(3 * i + 1); /* answered, but behind one that is not */
		serve_reset(c);
		serve_until_sessions(0);
		ck_assert(!answer(3 * i + 2));
		ck_assert(!answer(3 * i));
	}
	serve_stop();
}
END_TEST

START_TEST(a_session_that_is_found_again_is_not_the_same)
{
	int c;

	start(0, "");
	c = serve_connect();
	serve_say(c, "PARK,old\n");
	until_parked(1);
	serve_reset(c);
	serve_until_sessions(0);
	c = serve_connect(); /* takes over the slot */
	serve_say(c, "PARK,new\n");
	until_parked(2);
	ck_assert(!answer(0));
	ck_assert(answer(1));
	serve_expect(c, "new\n");
	serve_expect_nothing(c);
	serve_close(c);
	serve_stop();
}
END_TEST

/* Lines */

START_TEST(any_pieces_give_the_same_answers)
{
	static const char say[] = "PING\r\nping,a,b\nnonsense\n\nPING,\n=echo\nPING,x,\nHELLO\nhello,ioe/1,me\nPING,%41\nPING,%%\n"
				  "PING,a,b\nBIG,0\nFAIL\nBYE,x\nLATER\nPING\n";
	static const unsigned pieces[] = { 1, 2, 3, 5, 137, 143, 1000 };
	char all[8192] = "", line[1024];
	int c;

	start(_i, "");
	for (size_t k = 0; k < ELEMENTSOF(pieces); k++) {
		size_t len = 0;

		c = serve_connect();
		for (size_t at = 0; at < sizeof(say) - 1; at += pieces[k])
			serve_say_n(c, say + at, MIN(pieces[k], sizeof(say) - 1 - at));
		do {
			(void)serve_line(c, line, sizeof(line));
			if (k == 0)
				(void)strncat(all, line, sizeof(all) - strlen(all) - 1);
			else
				ck_assert_msg(strncmp(all + len, line, strlen(line)) == 0, "'%s' at %zu", line, len);
			len += strlen(line);
		} while (strcmp(line, "PONG") != 0 || len < 200);
		serve_end(c);
		serve_expect_end(c);
	}
	ck_assert_ptr_nonnull(strstr(all, "PONG,a,b"));
	ck_assert_ptr_nonnull(strstr(all, "=echo"));
	ck_assert_ptr_nonnull(strstr(all, "HI,ioe/1,ioed/"));
	ck_assert_ptr_nonnull(strstr(all, "PONG,A"));
	ck_assert_ptr_nonnull(strstr(all, "ERROR: internal: "));
	ck_assert_ptr_nonnull(strstr(all, "ERROR: unavailable: "));
	serve_stop();
}
END_TEST

START_TEST(lines_of_all_lengths)
{
	char *line = malloc(70000);
	int c;

	start(_i, "limits = { line = 1000; };");
	c = serve_connect();
	memset(line, 'x', 70000);
	memcpy(line, "PING,", 5);
	for (size_t n = 5; n < 69990; n += n > 995 && n < 1005 ? 1 : 99) {
		bool crlf = n % 2;

		line[n] = crlf ? '\r' : '\n';
		line[n + 1] = '\n';
		serve_say_n(c, line, n + 1 + crlf);
		line[n] = line[n + 1] = 'x';
		if (n > 1000) {
			serve_expect_error(c, "too-long");
			continue;
		}
		serve_expect(c, "PONG,");
		serve_expect_n(c, line + 5, n - 5);
		serve_expect(c, "\n");
	}
	serve_say(c, "PING\n");
	serve_expect(c, "PONG\n");
	free(line);
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(bad_lines_are_errors_and_no_more)
{
	int c;

	start(_i, "");
	c = serve_connect();
	serve_say_n(c, "PING\0x\nPING\n", 12);
	serve_expect_error(c, "bad-command");
	serve_expect(c, "PONG\n");
	serve_say(c, "\nPARK\nBYE,now\nNOMEM\nSILENT\nWHATEVER,1,2\nPINGPINGPINGPINGPING\n\1\2\3\377\376\n");
	serve_expect_error(c, "bad-command");
	serve_expect_error(c, "bad-argument");
	serve_expect_error(c, "bad-argument");
	serve_expect_error(c, "busy");
	serve_expect_error(c, "internal");
	for (unsigned i = 0; i < 3; i++)
		serve_expect_error(c, "bad-command");
	/* Telnet's words are taken out. */
	serve_say_n(c, "\377\373\001PI\377\361NG\377\375\003\r\n", 14);
	serve_expect(c, "PONG\n");
	serve_close(c);

	c = serve_connect();
	serve_say(c, "POST / HTTP/1.1\r\nHost: x\r\n\r\nPING\n");
	serve_expect_error(c, "bad-command");
	serve_expect_end(c);
	serve_stop();
}
END_TEST

/* A line that has to wait and came with telnet's words in it, or in two pieces, is the same afterwards. */
START_TEST(a_held_line_is_not_changed)
{
	int c;

	start(2 * _i, "");
	c = serve_connect();
	serve_say(c, "PARK,a\n");
	until_parked(1);
	serve_say_n(c, "HO\377\361LD,b\r\nPING,be", 17);
	settle();
	serve_say(c, "hind\nHOLD");
	settle();
	serve_say(c, ",c\n");
	(void)answer(0);
	serve_expect(c, "a\n");
	until_parked(2);
	(void)answer(1);
	serve_expect(c, "b\nPONG,behind\n");
	until_parked(3);
	(void)answer(2);
	serve_expect(c, "c\n");
	serve_close(c);
	serve_stop();
}
END_TEST

/* Names */

#define RIVALS 16

START_TEST(one_of_many_gets_the_name)
{
	char line[200];
	int c[RIVALS];

	start(_i, "");
	for (unsigned i = 0; i < RIVALS; i++)
		c[i] = serve_connect();
	for (unsigned round = 0; round < 20; round++) {
		unsigned holders = 0;

		for (unsigned i = 0; i < RIVALS; i++)
			serve_say(c[i], i % 2 ? "NICK,Somebody\n" : "NICK,sOMEBODY\n");
		for (unsigned i = 0; i < RIVALS; i++) {
			(void)serve_line(c[i], line, sizeof(line));
			if (strncmp(line, "OK,", 3) == 0)
				holders++;
			else
				ck_assert_msg(strncmp(line, "ERROR: taken: ", 14) == 0, "%s", line);
		}
		ck_assert_uint_eq(holders, 1);
		/* All change to a name of their own; the old one is free again. */
		for (unsigned i = 0; i < RIVALS; i++) {
			(void)snprintf(line, sizeof(line), "NICK,own-%u\n", i);
			serve_say(c[i], line);
			(void)snprintf(line, sizeof(line), "OK,own-%u\n", i);
			serve_expect(c[i], line);
		}
		settle();
	}
	for (unsigned i = 0; i < RIVALS; i++)
		serve_close(c[i]);
	serve_stop();
}
END_TEST

/* A claim and the end of its session cross each other: no name stays behind (serve_stop() looks). */
START_TEST(a_name_is_free_when_its_session_ends)
{
	char line[200];
	int c;

	start(_i, "");
	for (unsigned i = 0; i < 300; i++) {
		c = serve_connect();
		(void)snprintf(line, sizeof(line), "NICK,a%u\nNICK,A%u\nNICK,b%u\nNICK,a%u\n", i, i, i, i % 7);
		serve_say(c, line);
		serve_reset(c);
	}
	serve_until_sessions(0);
	settle();
	settle();
	c = serve_connect();
	serve_say(c, "NICK,a1\n");
	serve_expect(c, "OK,a1\n");
	serve_say(c, "HELLO,ioe/1\n");
	(void)serve_line(c, line, sizeof(line));
	ck_assert_ptr_nonnull(strstr(line, ",test+other,a1,"));
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(names_that_nobody_may_have)
{
	static const char *const denied[] = { "ok", "ERROR", "hi", "Hii", "127.0.0.1", "1.2", "ping", "Park", "BYE", "later" };
	static const char *const bad[] = { "", "a b", "a,b", "\303\244", "a:b", "123456789012345678901234567890123", "::1" };
	char line[200];
	int c;

	start(_i, "");
	c = serve_connect();
	for (size_t i = 0; i < ELEMENTSOF(denied) + ELEMENTSOF(bad); i++) {
		bool is_bad = i >= ELEMENTSOF(denied);

		(void)snprintf(line, sizeof(line), "NICK,%s\n", is_bad ? bad[i - ELEMENTSOF(denied)] : denied[i]);
		serve_say(c, line);
		serve_expect_error(c, is_bad ? "bad-argument" : "denied");
	}
	serve_close(c);
	serve_stop();
}
END_TEST

/* A role that is told a name in words of its own claims it as NICK does. */
START_TEST(a_role_claims_a_name)
{
	int c[2];

	start(_i, "");
	c[0] = serve_connect();
	c[1] = serve_connect();
	serve_say(c[0], "!hush\n@Anna\nPARK,a\n!hush\n@no name\n=x\n");
	serve_expect(c[0], "MINE,Anna\n");
	serve_say(c[1], "@anna\n@ping\n@\nNICK,ANNA\n@Bert\n");
	serve_expect_error(c[1], "taken");
	serve_expect_error(c[1], "denied");
	serve_expect_error(c[1], "bad-argument");
	serve_expect_error(c[1], "taken");
	serve_expect(c[1], "MINE,Bert\n");
	until_parked(1);
	serve_expect_nothing(c[0]);
	ck_assert(answer(0));
	serve_expect(c[0], "a\n");
	serve_expect_error(c[0], "bad-argument");
	serve_expect(c[0], "=x\n");
	serve_close(c[0]);
	serve_close(c[1]);
	serve_stop();
}
END_TEST

/* Time */

START_TEST(time_ends_sessions)
{
	static const struct {
		const char *config, *say;
	} rows[] = {
		{ "limits = { idle = \"100ms\"; };", "" },
		{ "limits = { idle = \"100ms\"; };", "PING\n" },
		{ "limits = { line_time = \"100ms\"; };", "PING\nhalf" },
		{ "limits = { line_time = \"100ms\"; line = 64; };",
		  "PING\n123456789012345678901234567890123456789012345678901234567890123456789" },
		{ "limits = { stall_time = \"100ms\"; };", "PING\nEAT,100\nw" },
		{ "limits = { stall_time = \"100ms\"; };", "PING\nSKIP,100\nz" },
	};
	char line[500];
	uint64_t before;
	int c;

	start(0, rows[_i].config);
	before = clock_usec();
	c = serve_connect();
	serve_say(c, rows[_i].say);
	if (*rows[_i].say)
		serve_expect(c, "PONG\n");
	if (strlen(rows[_i].say) > 64)
		serve_expect_error(c, "too-long");
	if (strstr(rows[_i].say, "SKIP"))
		serve_expect_error(c, "denied");
	/* Closed by the server, and not by the patience of this side. */
	ck_assert_msg(recv(c, line, sizeof(line), 0) == 0 || errno == ECONNRESET, "the session is still there");
	ck_assert_uint_ge(clock_usec(), before + 100 * USEC_PER_MSEC);
	serve_close(c);
	serve_until_sessions(0);
	serve_stop();
}
END_TEST

/* Who takes nothing of what he asked for is not waited for; in the pass in which time is up he may begin to. */
START_TEST(who_does_not_read_is_not_kept)
{
	int c[8];

	start(_i, "limits = { stall_time = \"100ms\"; output = \"8M\"; memory = \"1G\"; };");
	for (unsigned i = 0; i < ELEMENTSOF(c); i++) {
		c[i] = serve_connect_small();
		serve_say(c[i], "BIG,1048576\nBIG,1048576\nBIG,1048576\nBIG,1048576\nBIG,1048576\nBIG,1048576\n");
	}
	serve_until_sessions(0);
	for (unsigned i = 0; i < ELEMENTSOF(c); i++)
		serve_close(c[i]);
	serve_stop();
}
END_TEST

/* The server as a whole */

/* Each reactor hears of the stop by itself; @arg is a bit for each that has. */
static bool all_are_leaving(struct reactor *r, void *arg)
{
	unsigned *heard = arg;

	if (r->leaving)
		*heard |= 1U << r->index;
	return *heard == (1U << r->server->n_reactors) - 1;
}

START_TEST(stopping_answers_what_is_open)
{
	unsigned heard = 0;
	char line[500];
	int plain, ioe, idle;

	start(_i, "");
	idle = serve_connect();
	plain = serve_connect();
	ioe = serve_connect();
	serve_say(idle, "PING\n");
	serve_expect(idle, "PONG\n");
	serve_say(plain, "PARK,a\n");
	serve_say(ioe, "HELLO,ioe/1\nPARK,b\n");
	(void)serve_line(ioe, line, sizeof(line));
	until_parked(2);
	serve_stop_begin();

	serve_expect_end(idle);
	serve_expect(ioe, "GOAWAY,the test is over\n");
	serve_until(all_are_leaving, &heard);
	serve_say(plain, "PING\n"); /* too late */
	(void)answer(0);
	(void)answer(1);
	serve_expect(plain, "a\n");
	serve_expect(ioe, "b\n");
	serve_expect_end(plain);
	serve_expect_end(ioe);
	serve_stop_wait();
}
END_TEST

START_TEST(stopping_does_not_wait_for_ever)
{
	char c;
	int fd;

	start(_i, "stop_timeout = \"100ms\";");
	fd = serve_connect();
	serve_say(fd, "PARK,a\n");
	until_parked(1);
	serve_stop_begin();
	/* The loop that keeps the time is the test's: until the session has been reset. */
	while (recv(fd, &c, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN)
		ck_assert_int_eq(loop_pass(serve_server()->args.loop, 10), 0);
	serve_close(fd);
	(void)answer(0);
	serve_stop_wait();
}
END_TEST

/* Clients come, ask and go while the server stops. */
static atomic_bool stop_storm;

static void *storm(void *arg)
{
	struct sockaddr_storage sa = *(struct sockaddr_storage *)arg;

	while (!atomic_load(&stop_storm)) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		char got[100];

		if (connect(fd, (struct sockaddr *)&sa, sizeof(struct sockaddr_in)) == 0) {
			(void)send(fd, "NICK,storm\nWORK,x\nPING\nBYE\n", 27, MSG_NOSIGNAL);
			while (recv(fd, got, sizeof(got), 0) > 0)
				;
		}
		(void)close(fd);
	}
	return NULL;
}

START_TEST(stopping_and_reloading_in_a_storm)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	struct status st;
	pthread_t threads[4];
	char more[100];

	start(_i, "");
	ck_assert_int_eq(getsockname(serve_server()->listeners[0]->watch.fd, (struct sockaddr *)&sa, &len), 0);
	for (unsigned i = 0; i < ELEMENTSOF(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, storm, &sa), 0);
	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(more, sizeof(more), "limits = { memory = \"%uM\"; pipeline = %u; };", i + 1, i + 1);
		serve_reload(configure(_i, more));
		(void)server_poke(serve_server());
		ck_assert_int_eq(server_status(serve_server(), &st), 0);
		ck_assert_uint_eq(st.memory_limit, (i + 1ULL) << 20);
		status_done(&st);
		settle();
	}
	serve_stop_begin();
	atomic_store(&stop_storm, true);
	for (unsigned i = 0; i < ELEMENTSOF(threads); i++)
		(void)pthread_join(threads[i], NULL);
	serve_stop_wait();
}
END_TEST

START_TEST(each_reactor_gets_its_share)
{
	int c[12];

	start(1, "");
	for (unsigned i = 0; i < ELEMENTSOF(c); i++)
		c[i] = serve_connect();
	serve_until_sessions(ELEMENTSOF(c));
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(atomic_load(&serve_server()->reactors[i].counters.sessions), 3);
	for (unsigned i = 0; i < ELEMENTSOF(c); i++)
		serve_close(c[i]);
	serve_until_sessions(0);
	serve_stop();
}
END_TEST

static bool poked_again(_unused_ struct reactor *r, _unused_ void *arg)
{
	return server_poke(serve_server());
}

static void stand_still(struct reactor *r, void *arg)
{
	struct server *s = r->server;

	(void)arg;
	/* This very reactor cannot finish a round now, so nobody feeds the watchdog. */
	(void)server_poke(s);
	ck_assert(!server_poke(s));
}

START_TEST(a_reactor_that_stands_still_is_noticed)
{
	start(_i, "");
	ck_assert(server_poke(serve_server()));
	serve_until(poked_again, NULL);
	for (unsigned i = 0; i < serve_server()->n_reactors; i++)
		serve_call(i, stand_still, NULL);
	serve_until(poked_again, NULL);
	settle();
	serve_stop();
}
END_TEST

START_TEST(the_status_counts)
{
	struct status st;
	char *more;
	int c;

	start(_i, "");
	c = serve_connect();
	serve_say(c, "PING\nPING\nnonsense\nBIG,1000\nFAIL\n");
	serve_expect(c, "PONG\nPONG\n");
	serve_expect_error(c, "bad-command");
	serve_expect(c, "1000\n");
	serve_expect_n(c, big, 1000);
	serve_expect_error(c, "internal");
	settle();
	ck_assert_int_eq(server_status(serve_server(), &st), 0);
	ck_assert_str_eq(st.state, "running");
	ck_assert_uint_eq(st.sessions, 1);
	ck_assert_uint_eq(st.accepted, 1);
	ck_assert_uint_eq(st.requests, 5);
	ck_assert_uint_eq(st.errors, 2);
	ck_assert_uint_eq(st.n_roles, 3);
	ck_assert_str_eq(st.roles[0].name, "test");
	ck_assert_uint_eq(st.roles[0].requests, 2);
	ck_assert_uint_eq(st.roles[0].errors, 1);
	ck_assert_uint_eq(st.roles[2].requests, 3);
	ck_assert_uint_eq(st.bytes_in, 33);
	ck_assert_uint_gt(st.bytes_out, 1015);
	ck_assert_uint_eq(st.workers, 4);
	status_done(&st);
	/* What takes a restart is told as it runs. */
	more = configure(_i, "limits = { connections = 77; };");
	strstr(more, "workers = 4")[10] = '7';
	serve_reload(more);
	ck_assert_int_eq(server_status(serve_server(), &st), 0);
	ck_assert_uint_eq(st.workers, 4);
	ck_assert_uint_eq(st.sessions_limit, 77);
	status_done(&st);
	serve_close(c);
	serve_stop();
}
END_TEST

START_TEST(what_hinders_the_start_is_said)
{
	static const char config[] = "listeners = ( { port = 0; address = \"192.0.2.1\"; roles = [ \"test\" ]; } );\n"
				     "state_dir = \"%s/state\"; runtime_dir = \"%s/run\";\n";

	ck_assert_ptr_nonnull(strstr(serve_refuse(&schema, roles, config), "192.0.2.1 is no address of this machine"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("session");
	TCase *tc = tcase_create("session");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, answers_leave_in_the_order_of_the_requests, 0, WAYS);
	tcase_add_loop_test(tc, what_is_answered_leaves_at_once, 0, WAYS);
	tcase_add_loop_test(tc, workers_do_not_change_the_order, 0, WAYS);
	tcase_add_loop_test(tc, a_barrier_waits_and_holds, 0, WAYS);
	tcase_add_loop_test(tc, so_many_requests_and_no_more, 0, WAYS);
	tcase_add_loop_test(tc, output_is_bounded, 0, WAYS);
	tcase_add_loop_test(tc, without_memory_requests_are_refused_in_step, 0, 2);
	tcase_add_loop_test(tc, without_memory_unfinished_lines_end, 0, 2);
	tcase_add_loop_test(tc, so_many_sessions_and_no_more, 0, WAYS);
	tcase_add_loop_test(tc, a_body_comes_in_any_pieces, 0, WAYS);
	tcase_add_loop_test(tc, a_full_sink_holds_the_client_up, 0, 2);
	tcase_add_loop_test(tc, what_is_held_of_a_body_is_not_lost, 0, 2);
	tcase_add_loop_test(tc, a_refused_body_is_thrown_away, 0, WAYS);
	tcase_add_loop_test(tc, the_body_of_a_bad_request_is_thrown_away, 0, WAYS);
	tcase_add_loop_test(tc, a_body_that_breaks_off_is_told, 0, WAYS);
	tcase_add_loop_test(tc, the_end_of_requests_is_not_the_end_of_answers, 0, WAYS);
	tcase_add_loop_test(tc, an_end_without_a_request, 0, WAYS);
	tcase_add_loop_test(tc, goodbye_is_the_last_answer, 0, WAYS);
	tcase_add_loop_test(tc, a_request_may_outlive_its_session, 0, WAYS);
	tcase_add_test(tc, a_session_that_is_found_again_is_not_the_same);
	tcase_add_loop_test(tc, any_pieces_give_the_same_answers, 0, WAYS);
	tcase_add_loop_test(tc, lines_of_all_lengths, 0, WAYS);
	tcase_add_loop_test(tc, bad_lines_are_errors_and_no_more, 0, WAYS);
	tcase_add_loop_test(tc, a_held_line_is_not_changed, 0, 2);
	tcase_add_loop_test(tc, one_of_many_gets_the_name, 0, WAYS);
	tcase_add_loop_test(tc, a_name_is_free_when_its_session_ends, 0, WAYS);
	tcase_add_loop_test(tc, a_role_claims_a_name, 0, WAYS);
	tcase_add_loop_test(tc, names_that_nobody_may_have, 0, WAYS);
	tcase_add_loop_test(tc, time_ends_sessions, 0, 6);
	tcase_add_loop_test(tc, who_does_not_read_is_not_kept, 0, WAYS);
	tcase_add_loop_test(tc, stopping_answers_what_is_open, 0, WAYS);
	tcase_add_loop_test(tc, stopping_does_not_wait_for_ever, 0, WAYS);
	tcase_add_loop_test(tc, stopping_and_reloading_in_a_storm, 0, WAYS);
	tcase_add_test(tc, each_reactor_gets_its_share);
	tcase_add_loop_test(tc, a_reactor_that_stands_still_is_noticed, 0, WAYS);
	tcase_add_loop_test(tc, the_status_counts, 0, WAYS);
	tcase_add_test(tc, what_hinders_the_start_is_said);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
