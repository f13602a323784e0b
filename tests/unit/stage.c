/* SPDX-License-Identifier: MIT */
#include "unit/stage.h"

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

struct stage_body {
	struct body_sink sink;
	struct request *q;
	uint64_t left;
	char bytes[64];
};

/* Requests that were put off; under the lock. */
static struct stage_parked {
	char key[16];
	struct request *q;
	struct reactor *reactor;
	struct msg msg;
	bool gone; /* told when it was answered: nobody is there any more */
} stage_parked[4096];
static unsigned stage_n_parked;
static pthread_mutex_t stage_parked_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stage_parked_more = PTHREAD_COND_INITIALIZER;

static void stage_park(struct request *q, const struct field *key)
{
	struct stage_parked *p;

	(void)pthread_mutex_lock(&stage_parked_lock);
	p = &stage_parked[stage_n_parked];
	(void)snprintf(p->key, sizeof(p->key), "%.*s", (int)key->len, key->data);
	p->q = q;
	p->reactor = q->reactor;
	stage_n_parked++;
	(void)pthread_cond_broadcast(&stage_parked_more);
	(void)pthread_mutex_unlock(&stage_parked_lock);
}

void stage_until_parked(unsigned n)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 60;
	(void)pthread_mutex_lock(&stage_parked_lock);
	while (stage_n_parked < n)
		if (pthread_cond_timedwait(&stage_parked_more, &stage_parked_lock, &until) == ETIMEDOUT)
			ck_abort_msg("%u requests came instead of %u", stage_n_parked, n);
	(void)pthread_mutex_unlock(&stage_parked_lock);
}

unsigned stage_count_parked(void)
{
	unsigned n;

	(void)pthread_mutex_lock(&stage_parked_lock);
	n = stage_n_parked;
	(void)pthread_mutex_unlock(&stage_parked_lock);
	return n;
}

static void stage_parked_answer(struct msg *m)
{
	struct stage_parked *p = container_of(m, struct stage_parked, msg);

	p->gone = request_is_gone(p->q);
	request_line(p->q, p->key, strlen(p->key));
	p->q = NULL;
}

static void stage_nothing(_unused_ struct reactor *r, _unused_ void *arg)
{
}

bool stage_answer(unsigned i)
{
	struct stage_parked *p = &stage_parked[i];

	p->msg.act = stage_parked_answer;
	inbox_push(&p->reactor->loop.inbox, &p->msg);
	serve_call(p->reactor->index, stage_nothing, NULL);
	return !p->gone;
}

void stage_settle(void)
{
	for (unsigned i = 0; i < serve_server()->reactors.n; i++)
		serve_call(i, stage_nothing, NULL);
}

static int stage_act_park(struct request *q, struct fields *f)
{
	request_defer(q);
	stage_park(q, &f->at[0]);
	return 0;
}

struct stage_work {
	struct job job;
	struct request *q;
	unsigned long spin;
	size_t len;
	char text[];
};

static void stage_work_run(struct job *j)
{
	struct stage_work *w = container_of(j, struct stage_work, job);

	/* For a while, so that jobs end in another order than they began. */
	for (volatile unsigned long i = 0; i < w->spin; i++)
		;
}

static void stage_work_done(struct job *j)
{
	struct stage_work *w = container_of(j, struct stage_work, job);

	request_line(w->q, w->text, w->len);
	free(w);
}

static int stage_act_work(struct request *q, struct fields *f)
{
	struct stage_work *w = malloc(sizeof(*w) + f->at[0].len);

	*w = (struct stage_work){ .job = { .run = stage_work_run, .on_complete = stage_work_done },
				  .q = q,
				  .len = f->at[0].len };
	memcpy(w->text, f->at[0].data, w->len);
	for (size_t i = 0; i < w->len; i++)
		w->spin = w->spin * 31 + (unsigned char)w->text[i];
	w->spin %= 20000;
	request_defer(q);
	worker_submit(request_workers(q), request_loop(q), &w->job);
	return 0;
}

char stage_bytes[STAGE_BYTES];

static int stage_act_big(struct request *q, struct fields *f)
{
	uint64_t n;

	if (str_to_u64(f->at[0].data, f->at[0].len, 0, sizeof(stage_bytes), &n) < 0)
		return -EINVAL;
	request_sized(q, stage_bytes, n);
	return 0;
}

atomic_uint stage_body_room, stage_body_gone, stage_body_asked;
static struct stage_body *stage_last_body;

static size_t stage_body_get(struct body_sink *s, char **ret)
{
	struct stage_body *b = container_of(s, struct stage_body, sink);
	size_t room = MIN(atomic_load(&stage_body_room), sizeof(b->bytes));

	atomic_fetch_add(&stage_body_asked, 1);
	*ret = b->bytes;
	return room;
}

static void stage_body_answer(struct stage_body *b)
{
	if (atomic_load(&stage_body_gone) > 0)
		request_error(b->q, ERROR_BAD_ARGUMENT, "the connection ended");
	else
		request_line(b->q, "eaten", 5);
	free(b);
}

static void stage_body_put(struct body_sink *s, size_t n)
{
	struct stage_body *b = container_of(s, struct stage_body, sink);

	if (n == 0 || n > MIN(atomic_load(&stage_body_room), sizeof(b->bytes)) || n > b->left)
		ck_abort_msg("%zu bytes were put", n);
	for (size_t i = 0; i < n; i++)
		if (b->bytes[i] != (char)('a' + (b->left - i) % 26))
			ck_abort_msg("a byte of the body is wrong");
	b->left -= n;
	if (b->left == 0)
		stage_body_answer(b);
}

static void stage_body_is_gone(struct body_sink *s)
{
	struct stage_body *b = container_of(s, struct stage_body, sink);

	atomic_fetch_add(&stage_body_gone, 1);
	stage_body_answer(b);
}

static const struct body_sink_ops stage_body_ops = {
	.get = stage_body_get,
	.put = stage_body_put,
	.gone = stage_body_is_gone,
};

static int stage_act_eat(struct request *q, _unused_ struct fields *f)
{
	struct stage_body *b = calloc(1, sizeof(*b));
	uint64_t n = request_body_size(q);

	*b = (struct stage_body){ .sink.ops = &stage_body_ops, .q = q, .left = n };
	request_defer(q);
	request_body(q, &b->sink);
	stage_last_body = b;
	if (n == 0)
		stage_body_answer(b);
	return 0;
}

/* Refuses before the first byte, or (SPIT) once there was one. */
static int stage_act_skip(struct request *q, _unused_ struct fields *f)
{
	request_error(q, ERROR_DENIED, "not hungry");
	return 0;
}

static void stage_spit_put(struct body_sink *s, _unused_ size_t n)
{
	struct stage_body *b = container_of(s, struct stage_body, sink);

	request_body_discard(b->q);
	request_error(b->q, ERROR_NO_SPACE, "it tastes bad");
	free(b);
}

static const struct body_sink_ops stage_spit_ops = {
	.get = stage_body_get,
	.put = stage_spit_put,
	.gone = stage_body_is_gone,
};

static int stage_act_spit(struct request *q, struct fields *f)
{
	int r = stage_act_eat(q, f);

	if (r == 0)
		stage_last_body->sink.ops = &stage_spit_ops;
	return r;
}

static int stage_act_fail(_unused_ struct request *q, _unused_ struct fields *f)
{
	return -EIO;
}

static int stage_act_no_memory(_unused_ struct request *q, _unused_ struct fields *f)
{
	return -ENOMEM;
}

static int stage_act_silent(_unused_ struct request *q, _unused_ struct fields *f)
{
	return 0;
}

static void stage_claimed(struct request *q, int result, const char *name)
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
static int stage_line(struct request *q, char *line, size_t len, _unused_ bool alone)
{
	int r = 0;

	if (len < 1 || !memchr("=@!", line[0], 3))
		return 0;
	if (line[0] == '=')
		request_line(q, line, len);
	else if (line[0] == '!')
		request_silent(q);
	else
		r = request_claim_name(q, line + 1, len - 1, false, stage_claimed);
	if (r < 0)
		request_refuse_name(q, line + 1, len - 1, r);
	return 1;
}

static const struct role_verb stage_verbs[] = {
	{ { "PARK", "PARK,key", "Is answered when the test says so.", 1, 1,
	    VERB_CONCURRENT, ACCESS_NONE, 0 }, stage_act_park },
	{ { "HOLD", "HOLD,key", "As PARK, alone.", 1, 1, VERB_BARRIER, ACCESS_NONE, 0 }, stage_act_park },
	{ { "WORK", "WORK,text", "Is answered by a worker.", 1, 1, VERB_CONCURRENT, ACCESS_NONE, 0 }, stage_act_work },
	{ { "BIG", "BIG,n", "So many bytes.", 1, 1, VERB_CONCURRENT, ACCESS_NONE, 0 }, stage_act_big },
	{ { "EAT", "EAT,n", "Takes so many bytes.", 1, 1, VERB_BARRIER | VERB_BODY, ACCESS_NONE, 0 }, stage_act_eat },
	{ { "SKIP", "SKIP,n", "Takes none of so many bytes.", 1, 1,
	    VERB_BARRIER | VERB_BODY, ACCESS_NONE, 0 }, stage_act_skip },
	{ { "SPIT", "SPIT,n", "Takes one piece of so many bytes.", 1, 1,
	    VERB_BARRIER | VERB_BODY, ACCESS_NONE, 0 }, stage_act_spit },
	{ { "SPOIL", "SPOIL,n", "Has no memory for so many bytes.", 1, 1,
	    VERB_BARRIER | VERB_BODY, ACCESS_NONE, 0 }, stage_act_no_memory },
	{ { "FAIL", "FAIL", "Breaks.", 0, 0, VERB_CONCURRENT, ACCESS_NONE, 0 }, stage_act_fail },
	{ { "NOMEM", "NOMEM", "Has no memory.", 0, 0, VERB_CONCURRENT, ACCESS_NONE, 0 }, stage_act_no_memory },
	{ { "SILENT", "SILENT", "Forgets to answer.", 0, 0, VERB_CONCURRENT, ACCESS_NONE, 0 }, stage_act_silent },
	{ { "LATER", "LATER", "Is not yet.", 0, 0, VERB_NOT_YET, ACCESS_NONE, 0 }, NULL },
};

static const struct role stage_role = {
	.name = "test",
	.verbs = stage_verbs,
	.n_verbs = ELEMENTSOF(stage_verbs),
	.line = stage_line,
};

/* So that nobody is alone, and takes for its own what has no end. */
static const struct role stage_other_role = {
	.name = "other",
};

const struct role *const stage_roles[] = { &stage_role, &stage_other_role, NULL };
static const char *const stage_role_names[] = { "test", "other", NULL };
static const struct option_section *const stage_sections[] = { &server_section, &legacy_section, &limits_section, NULL };
const struct option_schema stage_schema = {
	.sections = stage_sections,
	.listener = &listener_section,
	.roles = stage_role_names,
	.listeners_default = "( { port = 0; roles = [ \"test\" ]; } )",
};

char *stage_configure(int way, const char *more)
{
	static char config[1024];

	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ \"test\", \"other\" ]; raw = %s; } );\n"
		       "state_dir = \"%%s/state\"; runtime_dir = \"%%s/run\"; reactors = %d; workers = 4;\n%s",
		       way & 2 ? "true" : "false", way & 1 ? 4 : 1, more);
	return config;
}

void stage_start(int way, const char *more)
{
	atomic_store(&stage_body_room, 64);
	for (size_t i = 0; i < sizeof(stage_bytes); i++)
		stage_bytes[i] = (char)(i * 2654435761U >> 7);
	serve_start(&stage_schema, stage_roles, stage_configure(way, more));
}

char *stage_body_of(size_t n)
{
	char *p = malloc(n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + (n - i) % 26);
	p[n] = '\0';
	return p;
}

void stage_body_resume(_unused_ struct reactor *r, _unused_ void *arg)
{
	request_body_resume(stage_last_body->q);
}
