/* SPDX-License-Identifier: MIT */
#include "fuzz/session_store.h"

#include "base/clock.h"
#include "base/macro.h"
#include "fuzz/fuzz.h"
#include "fuzz/store_model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct store_channel {
	struct model_channel *model;
};

struct store {
	struct store_model *model;
	struct store_request *written, **written_end; /* what waits for the writer... */
	struct store_request *read, **read_end;       /* ... and for the reader */
	size_t n_waiting;
	int commit_error, read_error;
	bool busy, closed;
	unsigned n_open;
	struct store_channel pool; /* of numbers; a new store's */
};

int store_new(struct store **ret, const struct store_args *args, _unused_ char *why, _unused_ size_t why_size)
{
	struct store *s = calloc(1, sizeof(*s));

	FUZZ_CHECK(s);
	s->model = store_model_new(args->max_channels);
	s->written_end = &s->written;
	s->read_end = &s->read;
	for (unsigned i = 0; i < STORE_KINDS_MAX; i++)
		store_model_set_rule(s->model, i, &args->rules[i]);
	s->pool.model = store_model_open(s->model, &(struct store_open){ .kind = STORE_KINDS_MAX - 1 });
	*ret = s;
	return 0;
}

uint64_t store_low_water_mark(_unused_ const struct store *s)
{
	return 0;
}

uint64_t store_age_msec(_unused_ const struct store *s)
{
	return clock_real_usec() / 1000;
}

struct store_channel *store_id_block(struct store *s)
{
	return &s->pool;
}

/* Whoever asks waits for the answer before he ends; and closes what he opened. */
unsigned store_free(struct store *s, _unused_ uint64_t until_usec)
{
	if (!s)
		return 0;
	session_store_commit(s);
	FUZZ_CHECK(s->n_waiting == 0 && s->n_open == 0);
	store_model_close(s->model, s->pool.model);
	store_model_free(s->model);
	free(s);
	return 0;
}

void store_get_state(struct store *s, _unused_ uint64_t now_usec, struct store_state *ret)
{
	*ret = (struct store_state){ .closed = s->closed };
	if (s->closed)
		(void)snprintf(ret->why, sizeof(ret->why), "the store is closed: look at the disk first");
}

void store_check_file(_unused_ struct store *s)
{
}

int store_set_rule(struct store *s, unsigned kind, const struct store_rule *rule)
{
	store_model_set_rule(s->model, kind, rule);
	return 0;
}

static void session_store_return(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);

	q->on_complete(q);
}

static void session_store_answer(struct store *s, struct store_request *q, int result)
{
	s->n_waiting--;
	q->result = result;
	q->msg.act = session_store_return;
	inbox_push(&q->loop->inbox, &q->msg);
}

static void session_store_push(struct store *s, struct store_request ***end, struct store_request *q,
			       int (*run)(struct store *s, struct store_request *q))
{
	q->run = run;
	q->next = NULL;
	**end = q;
	*end = &q->next;
	s->n_waiting++;
}

/* The writer's. */

static int session_store_append(struct store *s, struct store_request *q)
{
	struct store_append *a = container_of(q, struct store_append, request);

	return store_model_append(s->model, a->channel->model, a);
}

static int session_store_remove(struct store *s, struct store_request *q)
{
	struct store_remove *r = container_of(q, struct store_remove, request);

	return store_model_remove(s->model, r->channel->model, r);
}

static int session_store_set(struct store *s, struct store_request *q)
{
	struct store_set *t = container_of(q, struct store_set, request);

	return store_model_set(s->model, t->channel->model, t);
}

static int session_store_reserve(struct store *s, struct store_request *q)
{
	struct store_reserve *r = container_of(q, struct store_reserve, request);

	return store_model_reserve(s->model, r->channel->model, r);
}

/* An error that was asked for, once. */
static int session_store_error(int *at)
{
	int error = *at;

	*at = 0;
	return error;
}

static struct store_request *session_store_take(struct store_request **list, struct store_request ***end)
{
	struct store_request *all = *list;

	*list = NULL;
	*end = list;
	return all;
}

/* Where nothing can be taken in, what makes room still goes. */
static bool session_store_may(int error, const struct store_request *q)
{
	return error == STORE_E_NO_SPACE && q->run == session_store_remove;
}

void session_store_commit(struct store *s)
{
	struct store_request *batch = session_store_take(&s->written, &s->written_end), *q, *next;
	int error;

	if (!batch)
		return;
	store_model_set_time(s->model, clock_real_usec() / 1000);
	error = session_store_error(&s->commit_error);
	s->closed |= error == STORE_E_IO;
	for (q = batch; q; q = q->next)
		q->result = s->closed ? STORE_E_IO : error != 0 && !session_store_may(error, q) ? error : q->run(s, q);
	store_model_commit(s->model);
	for (q = batch; q; q = next) {
		next = q->next;
		session_store_answer(s, q, q->result);
	}
}

int store_append(struct store *s, struct store_append *q)
{
	if (s->busy)
		return STORE_E_BUSY;
	session_store_push(s, &s->written_end, &q->request, session_store_append);
	return 0;
}

int store_remove(struct store *s, struct store_remove *q)
{
	session_store_push(s, &s->written_end, &q->request, session_store_remove);
	return 0;
}

int store_set(struct store *s, struct store_set *q)
{
	if (s->busy)
		return STORE_E_BUSY;
	session_store_push(s, &s->written_end, &q->request, session_store_set);
	return 0;
}

int store_reserve(struct store *s, struct store_reserve *q)
{
	if (s->busy)
		return STORE_E_BUSY;
	session_store_push(s, &s->written_end, &q->request, session_store_reserve);
	return 0;
}

/* The reader's. */

static int session_store_open(struct store *s, struct store_request *q)
{
	struct store_open *o = container_of(q, struct store_open, request);

	o->channel = calloc(1, sizeof(*o->channel));
	FUZZ_CHECK(o->channel);
	o->channel->model = store_model_open(s->model, o);
	s->n_open++;
	return 0;
}

static int session_store_page(struct store *s, struct store_request *q)
{
	return store_model_page(s->model, container_of(q, struct store_page, request));
}

static int session_store_ask(struct store *s, struct store_request *q)
{
	return store_model_lookup(s->model, container_of(q, struct store_lookup, request));
}

static int session_store_list(struct store *s, struct store_request *q)
{
	return store_model_list(s->model, container_of(q, struct store_list, request));
}

void session_store_read(struct store *s)
{
	struct store_request *q = s->read;
	int error;

	if (!q)
		return;
	s->read = q->next;
	if (!s->read)
		s->read_end = &s->read;
	error = session_store_error(&s->read_error);
	session_store_answer(s, q, error != 0 ? error : q->run(s, q));
}

int store_open(struct store *s, struct store_open *q)
{
	q->channel = NULL;
	q->attributes = NULL;
	session_store_push(s, &s->read_end, &q->request, session_store_open);
	return 0;
}

void store_open_done(struct store_open *q)
{
	struct store_attribute *n;

	while ((n = q->attributes)) {
		q->attributes = n->next;
		free(n);
	}
}

/* Nothing of it is under way. */
void store_close(struct store *s, struct store_channel *c)
{
	store_model_close(s->model, c->model);
	s->n_open--;
	free(c);
}

int store_page(struct store *s, struct store_page *q)
{
	q->rows = (struct buf){};
	q->n_rows = 0;
	q->more = false;
	q->left = 0;
	q->last = q->after;
	session_store_push(s, &s->read_end, &q->request, session_store_page);
	return 0;
}

bool store_page_next(const struct store_page *q, size_t *at, struct store_row *ret)
{
	return store_model_page_next(q, at, ret);
}

void store_page_done(struct store_page *q)
{
	buf_done(&q->rows);
}

int store_lookup(struct store *s, struct store_lookup *q)
{
	session_store_push(s, &s->read_end, &q->request, session_store_ask);
	return 0;
}

int store_list(struct store *s, struct store_list *q)
{
	q->rows = (struct buf){};
	q->n_rows = 0;
	q->more = false;
	session_store_push(s, &s->read_end, &q->request, session_store_list);
	return 0;
}

bool store_list_next(const struct store_list *q, size_t *at, struct store_listed *ret)
{
	return store_model_list_next(q, at, ret);
}

void store_list_done(struct store_list *q)
{
	buf_done(&q->rows);
}

/* The keeper's, which no client asks. */
int store_backup(struct store *s, struct store_backup *q)
{
	s->n_waiting++;
	session_store_answer(s, &q->request, STORE_E_IO);
	return 0;
}

size_t session_store_waiting(const struct store *s)
{
	return s->n_waiting;
}

void session_store_sweep(struct store *s)
{
	if (s->closed)
		return;
	store_model_set_time(s->model, clock_real_usec() / 1000);
	if (store_model_sweep(s->model, false))
		(void)store_model_sweep(s->model, true);
}

void session_store_fail_commit(struct store *s, int error)
{
	s->commit_error = error;
}

void session_store_fail_read(struct store *s, int error)
{
	s->read_error = error;
}

void session_store_set_busy(struct store *s, bool busy)
{
	s->busy = busy;
}
