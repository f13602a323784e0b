/* SPDX-License-Identifier: MIT */
#include "unit/session_fixture.h"

#include "base/macro.h"
#include "base/str.h"
#include "loop/worker.h"
#include "session/limits.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "unit/serve.h"

struct session_fixture_body {
	struct body_sink sink;
	struct request *q;
	uint64_t left;
	char bytes[64];
};

/* Requests that were put off; under the lock. */
static struct session_fixture_parked {
	char key[16];
	struct request *q;
	struct reactor *reactor;
	struct msg msg;
	bool gone; /* told when it was answered: nobody is there any more */
} session_fixture_parked[4096];
static unsigned session_fixture_n_parked;
static pthread_mutex_t session_fixture_parked_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t session_fixture_parked_more = PTHREAD_COND_INITIALIZER;

static void session_fixture_park(struct request *q, const struct field *key)
{
	struct session_fixture_parked *p;

	(void)pthread_mutex_lock(&session_fixture_parked_lock);
	p = &session_fixture_parked[session_fixture_n_parked];
	(void)snprintf(p->key, sizeof(p->key), "%.*s", (int)key->len, key->data);
	p->q = q;
	p->reactor = q->reactor;
	session_fixture_n_parked++;
	(void)pthread_cond_broadcast(&session_fixture_parked_more);
	(void)pthread_mutex_unlock(&session_fixture_parked_lock);
}

void session_fixture_until_parked(unsigned n)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	(void)pthread_mutex_lock(&session_fixture_parked_lock);
	while (session_fixture_n_parked < n)
		if (pthread_cond_timedwait(&session_fixture_parked_more, &session_fixture_parked_lock, &until) ==
		    ETIMEDOUT)
			ck_abort_msg("%u requests came instead of %u", session_fixture_n_parked, n);
	(void)pthread_mutex_unlock(&session_fixture_parked_lock);
}

unsigned session_fixture_count_parked(void)
{
	unsigned n;

	(void)pthread_mutex_lock(&session_fixture_parked_lock);
	n = session_fixture_n_parked;
	(void)pthread_mutex_unlock(&session_fixture_parked_lock);
	return n;
}

static void session_fixture_parked_answer(struct msg *m)
{
	struct session_fixture_parked *p = container_of(m, struct session_fixture_parked, msg);

	p->gone = request_is_gone(p->q);
	request_line(p->q, p->key, strlen(p->key));
	p->q = NULL;
}

static void session_fixture_nothing(_unused_ struct reactor *r, _unused_ void *arg)
{
}

bool session_fixture_answer(unsigned i)
{
	struct session_fixture_parked *p = &session_fixture_parked[i];

	p->msg.act = session_fixture_parked_answer;
	inbox_push(&p->reactor->loop.inbox, &p->msg);
	serve_call(p->reactor->index, session_fixture_nothing, NULL);
	return !p->gone;
}

void session_fixture_settle(void)
{
	for (unsigned i = 0; i < serve_server()->reactors.n; i++)
		serve_call(i, session_fixture_nothing, NULL);
}

static int session_fixture_act_park(struct request *q, struct fields *f)
{
	request_defer(q);
	session_fixture_park(q, &f->at[0]);
	return ACT_DEFERRED;
}

struct session_fixture_work {
	struct job job;
	struct request *q;
	unsigned long spin;
	size_t len;
	char text[];
};

static void session_fixture_work_run(struct job *j)
{
	struct session_fixture_work *w = container_of(j, struct session_fixture_work, job);

	/* For a while, so that jobs end in another order than they began. */
	for (volatile unsigned long i = 0; i < w->spin; i++)
		;
}

static void session_fixture_work_done(struct job *j)
{
	struct session_fixture_work *w = container_of(j, struct session_fixture_work, job);

	request_line(w->q, w->text, w->len);
	free(w);
}

static int session_fixture_act_work(struct request *q, struct fields *f)
{
	struct session_fixture_work *w = malloc(sizeof(*w) + f->at[0].len);

	*w = (struct session_fixture_work){ .job = { .run = session_fixture_work_run,
						     .on_complete = session_fixture_work_done },
					    .q = q,
					    .len = f->at[0].len };
	memcpy(w->text, f->at[0].data, w->len);
	for (size_t i = 0; i < w->len; i++)
		w->spin = w->spin * 31 + (unsigned char)w->text[i];
	w->spin %= 20000;
	request_defer(q);
	worker_submit(request_workers(q), request_loop(q), &w->job);
	return ACT_DEFERRED;
}

char session_fixture_bytes[SESSION_FIXTURE_BYTES];

static int session_fixture_act_big(struct request *q, struct fields *f)
{
	uint64_t n;

	if (str_to_u64(f->at[0].data, f->at[0].len, 0, sizeof(session_fixture_bytes), &n) < 0)
		return -EINVAL;
	request_sized(q, session_fixture_bytes, n);
	return ACT_ANSWERED;
}

atomic_uint session_fixture_body_room, session_fixture_body_gone, session_fixture_body_asked;
static struct session_fixture_body *session_fixture_last_body;

static size_t session_fixture_body_get(struct body_sink *s, char **ret)
{
	struct session_fixture_body *b = container_of(s, struct session_fixture_body, sink);
	size_t room = MIN(atomic_load(&session_fixture_body_room), sizeof(b->bytes));

	atomic_fetch_add(&session_fixture_body_asked, 1);
	*ret = b->bytes;
	return room;
}

static void session_fixture_body_answer(struct session_fixture_body *b)
{
	if (atomic_load(&session_fixture_body_gone) > 0)
		request_error(b->q, ERROR_BAD_ARGUMENT, "the connection ended");
	else
		request_line(b->q, "eaten", 5);
	free(b);
}

static void session_fixture_body_put(struct body_sink *s, size_t n)
{
	struct session_fixture_body *b = container_of(s, struct session_fixture_body, sink);

	if (n == 0 || n > MIN(atomic_load(&session_fixture_body_room), sizeof(b->bytes)) || n > b->left)
		ck_abort_msg("%zu bytes were put", n);
	for (size_t i = 0; i < n; i++)
		if (b->bytes[i] != (char)('a' + (b->left - i) % 26))
			ck_abort_msg("a byte of the body is wrong");
	b->left -= n;
	if (b->left == 0)
		session_fixture_body_answer(b);
}

static void session_fixture_body_is_gone(struct body_sink *s)
{
	struct session_fixture_body *b = container_of(s, struct session_fixture_body, sink);

	atomic_fetch_add(&session_fixture_body_gone, 1);
	session_fixture_body_answer(b);
}

static const struct body_sink_ops session_fixture_body_ops = {
	.get = session_fixture_body_get,
	.put = session_fixture_body_put,
	.gone = session_fixture_body_is_gone,
};

static int session_fixture_act_eat(struct request *q, _unused_ struct fields *f)
{
	struct session_fixture_body *b = calloc(1, sizeof(*b));
	uint64_t n = request_body_size(q);

	*b = (struct session_fixture_body){ .sink.ops = &session_fixture_body_ops, .q = q, .left = n };
	request_defer(q);
	request_body(q, &b->sink);
	session_fixture_last_body = b;
	if (n == 0)
		session_fixture_body_answer(b);
	return ACT_DEFERRED;
}

/* Refuses before the first byte, or (SPIT) once there was one. */
static int session_fixture_act_skip(struct request *q, _unused_ struct fields *f)
{
	request_error(q, ERROR_DENIED, "not hungry");
	return ACT_ANSWERED;
}

static void session_fixture_spit_put(struct body_sink *s, _unused_ size_t n)
{
	struct session_fixture_body *b = container_of(s, struct session_fixture_body, sink);

	request_body_discard(b->q);
	request_error(b->q, ERROR_NO_SPACE, "it tastes bad");
	free(b);
}

static const struct body_sink_ops session_fixture_spit_ops = {
	.get = session_fixture_body_get,
	.put = session_fixture_spit_put,
	.gone = session_fixture_body_is_gone,
};

static int session_fixture_act_spit(struct request *q, struct fields *f)
{
	int r = session_fixture_act_eat(q, f);

	if (r == ACT_DEFERRED)
		session_fixture_last_body->sink.ops = &session_fixture_spit_ops;
	return r;
}

static int session_fixture_act_fail(_unused_ struct request *q, _unused_ struct fields *f)
{
	return -EIO;
}

static int session_fixture_act_no_memory(_unused_ struct request *q, _unused_ struct fields *f)
{
	return -ENOMEM;
}

/* Two acts that do not do what they say. */
static int session_fixture_act_silent(_unused_ struct request *q, _unused_ struct fields *f)
{
	return ACT_ANSWERED;
}

static int session_fixture_act_pretend(_unused_ struct request *q, _unused_ struct fields *f)
{
	return ACT_DEFERRED;
}

static void session_fixture_claimed(struct request *q, int result, const char *name)
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
static int session_fixture_line(struct request *q, char *line, size_t len, _unused_ bool alone)
{
	int r = 0;

	if (len < 1 || !memchr("=@!", line[0], 3))
		return 0;
	if (line[0] == '=')
		request_line(q, line, len);
	else if (line[0] == '!')
		request_silent(q);
	else
		r = request_claim_name(q, line + 1, len - 1, false, session_fixture_claimed);
	if (r < 0)
		request_refuse_name(q, line + 1, len - 1, r);
	return 1;
}

static const struct role_verb session_fixture_verbs[] = {
	{ { "PARK", "PARK,key", "Is answered when the test says so.", 1, 1, VERB_CONCURRENT, ACCESS_NONE, 0 },
	  session_fixture_act_park },
	{ { "HOLD", "HOLD,key", "As PARK, alone.", 1, 1, VERB_BARRIER, ACCESS_NONE, 0 }, session_fixture_act_park },
	{ { "WORK", "WORK,text", "Is answered by a worker.", 1, 1, VERB_CONCURRENT, ACCESS_NONE, 0 },
	  session_fixture_act_work },
	{ { "BIG", "BIG,n", "So many bytes.", 1, 1, VERB_CONCURRENT, ACCESS_NONE, 0 }, session_fixture_act_big },
	{ { "EAT", "EAT,n", "Takes so many bytes.", 1, 1, VERB_BARRIER | VERB_BODY, ACCESS_NONE, 0 },
	  session_fixture_act_eat },
	{ { "SKIP", "SKIP,n", "Takes none of so many bytes.", 1, 1, VERB_BARRIER | VERB_BODY, ACCESS_NONE, 0 },
	  session_fixture_act_skip },
	{ { "SPIT", "SPIT,n", "Takes one piece of so many bytes.", 1, 1, VERB_BARRIER | VERB_BODY, ACCESS_NONE, 0 },
	  session_fixture_act_spit },
	{ { "SPOIL", "SPOIL,n", "Has no memory for so many bytes.", 1, 1, VERB_BARRIER | VERB_BODY, ACCESS_NONE, 0 },
	  session_fixture_act_no_memory },
	{ { "FAIL", "FAIL", "Breaks.", 0, 0, VERB_CONCURRENT, ACCESS_NONE, 0 }, session_fixture_act_fail },
	{ { "NOMEM", "NOMEM", "Has no memory.", 0, 0, VERB_CONCURRENT, ACCESS_NONE, 0 },
	  session_fixture_act_no_memory },
	{ { "SILENT", "SILENT", "Forgets to answer.", 0, 0, VERB_CONCURRENT, ACCESS_NONE, 0 },
	  session_fixture_act_silent },
	{ { "PRETEND", "PRETEND", "Forgets to defer.", 0, 0, VERB_CONCURRENT, ACCESS_NONE, 0 },
	  session_fixture_act_pretend },
	{ { "LATER", "LATER", "Is not yet.", 0, 0, VERB_NOT_YET, ACCESS_NONE, 0 }, NULL },
};

static const struct role session_fixture_role = {
	.name = "test",
	.verbs = session_fixture_verbs,
	.n_verbs = ELEMENTSOF(session_fixture_verbs),
	.line = session_fixture_line,
};

/* So that nobody is alone, and takes for its own what has no end. */
static const struct role session_fixture_other_role = {
	.name = "other",
};

const struct role *const session_fixture_roles[] = { &session_fixture_role, &session_fixture_other_role, NULL };
static const char *const session_fixture_role_names[] = { "test", "other", NULL };
static const struct option_section *const session_fixture_sections[] = { &server_section, &legacy_section,
									 &limits_section, NULL };
const struct option_schema session_fixture_schema = {
	.sections = session_fixture_sections,
	.listener = &listener_section,
	.roles = session_fixture_role_names,
	.listeners_default = "( { port = 0; roles = [ \"test\" ]; } )",
};

char *session_fixture_configure(int way, const char *more)
{
	static char config[1024];

	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ \"test\", \"other\" ]; raw = %s; } );\n"
		       "state_dir = \"%%s/state\"; runtime_dir = \"%%s/run\"; reactors = %d; workers = 4;\n%s",
		       way & 2 ? "true" : "false", way & 1 ? 4 : 1, more);
	return config;
}

void session_fixture_start(int way, const char *more)
{
	atomic_store(&session_fixture_body_room, 64);
	for (size_t i = 0; i < sizeof(session_fixture_bytes); i++)
		session_fixture_bytes[i] = (char)(i * 2654435761U >> 7);
	serve_start(&session_fixture_schema, session_fixture_roles, session_fixture_configure(way, more));
}

char *session_fixture_body_of(size_t n)
{
	char *p = malloc(n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + (n - i) % 26);
	p[n] = '\0';
	return p;
}

void session_fixture_body_resume(_unused_ struct reactor *r, _unused_ void *arg)
{
	request_body_resume(session_fixture_last_body->q);
}
