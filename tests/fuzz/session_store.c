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

struct session_store {
	struct store store; /* first */
	struct store_model *model;
	struct store_request *written, **written_end; /* what waits for the writer... */
	struct store_request *read, **read_end;       /* ... and for the reader */
	size_t n_waiting;
	int commit_error, read_error;
	bool busy, closed;
	unsigned n_open;
	struct store_channel pool; /* of numbers; a new store's */
};

static struct session_store *session_store_of(const struct store *store)
{
	return container_of(store, struct session_store, store);
}

static int session_store_new(struct store **ret, const struct store_args *args, _unused_ char *why,
			     _unused_ size_t why_size)
{
	struct session_store *s = calloc(1, sizeof(*s));

	FUZZ_CHECK(s);
	s->store.ops = &session_store_ops;
	s->model = store_model_new(args->max_channels);
	s->written_end = &s->written;
	s->read_end = &s->read;
	for (unsigned i = 0; i < STORE_KINDS_MAX; i++)
		store_model_set_rule(s->model, i, &args->rules[i]);
	s->pool.model = store_model_open(s->model, &(struct store_open){ .kind = STORE_KINDS_MAX - 1 });
	*ret = &s->store;
	return 0;
}

static uint64_t session_store_low_water_mark(_unused_ const struct store *store)
{
	return 0;
}

static uint64_t session_store_age_msec(_unused_ const struct store *store)
{
	return clock_real_usec() / 1000;
}

static struct store_channel *session_store_id_block(struct store *store)
{
	struct session_store *s = session_store_of(store);

	return &s->pool;
}

/* Whoever asks waits for the answer before he ends; and closes what he opened. */
static unsigned session_store_free(struct store *store, _unused_ uint64_t until_usec)
{
	struct session_store *s = session_store_of(store);

	session_store_commit(store);
	FUZZ_CHECK(s->n_waiting == 0 && s->n_open == 0);
	store_model_close(s->model, s->pool.model);
	store_model_free(s->model);
	free(s);
	return 0;
}

static void session_store_get_state(struct store *store, _unused_ uint64_t now_usec, struct store_state *ret)
{
	struct session_store *s = session_store_of(store);

	*ret = (struct store_state){ .closed = s->closed };
	if (s->closed)
		(void)snprintf(ret->why, sizeof(ret->why), "the store is closed: look at the disk first");
}

static void session_store_check_file(_unused_ struct store *store)
{
}

static int session_store_set_rule(struct store *store, unsigned kind, const struct store_rule *rule)
{
	struct session_store *s = session_store_of(store);

	store_model_set_rule(s->model, kind, rule);
	return 0;
}

static void session_store_return(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);

	q->on_complete(q);
}

static void session_store_answer(struct session_store *s, struct store_request *q, int result)
{
	s->n_waiting--;
	q->result = result;
	q->msg.act = session_store_return;
	inbox_push(&q->loop->inbox, &q->msg);
}

static void session_store_push(struct session_store *s, struct store_request ***end, struct store_request *q,
			       int (*run)(struct store_request *q))
{
	q->store = &s->store;
	q->run = run;
	q->next = NULL;
	**end = q;
	*end = &q->next;
	s->n_waiting++;
}

/* The writer's. */

static int session_store_append(struct store_request *q)
{
	struct session_store *s = session_store_of(q->store);
	struct store_append *a = container_of(q, struct store_append, request);

	return store_model_append(s->model, a->channel->model, a);
}

static int session_store_remove(struct store_request *q)
{
	struct session_store *s = session_store_of(q->store);
	struct store_remove *r = container_of(q, struct store_remove, request);

	return store_model_remove(s->model, r->channel->model, r);
}

static int session_store_set(struct store_request *q)
{
	struct session_store *s = session_store_of(q->store);
	struct store_set *t = container_of(q, struct store_set, request);

	return store_model_set(s->model, t->channel->model, t);
}

static int session_store_reserve(struct store_request *q)
{
	struct session_store *s = session_store_of(q->store);
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

void session_store_commit(struct store *store)
{
	struct session_store *s = session_store_of(store);
	struct store_request *batch = session_store_take(&s->written, &s->written_end), *q, *next;
	int error;

	if (!batch)
		return;
	store_model_set_time(s->model, clock_real_usec() / 1000);
	error = session_store_error(&s->commit_error);
	s->closed |= error == STORE_E_IO;
	for (q = batch; q; q = q->next)
		q->result = s->closed ? STORE_E_IO : error != 0 && !session_store_may(error, q) ? error : q->run(q);
	store_model_commit(s->model);
	for (q = batch; q; q = next) {
		next = q->next;
		session_store_answer(s, q, q->result);
	}
}

static int session_store_submit_append(struct store *store, struct store_append *q)
{
	struct session_store *s = session_store_of(store);

	if (s->busy)
		return STORE_E_BUSY;
	session_store_push(s, &s->written_end, &q->request, session_store_append);
	return 0;
}

static int session_store_submit_remove(struct store *store, struct store_remove *q)
{
	struct session_store *s = session_store_of(store);

	session_store_push(s, &s->written_end, &q->request, session_store_remove);
	return 0;
}

static int session_store_submit_set(struct store *store, struct store_set *q)
{
	struct session_store *s = session_store_of(store);

	if (s->busy)
		return STORE_E_BUSY;
	session_store_push(s, &s->written_end, &q->request, session_store_set);
	return 0;
}

static int session_store_submit_reserve(struct store *store, struct store_reserve *q)
{
	struct session_store *s = session_store_of(store);

	if (s->busy)
		return STORE_E_BUSY;
	session_store_push(s, &s->written_end, &q->request, session_store_reserve);
	return 0;
}

/* The reader's. */

static int session_store_open(struct store_request *q)
{
	struct session_store *s = session_store_of(q->store);
	struct store_open *o = container_of(q, struct store_open, request);

	o->channel = calloc(1, sizeof(*o->channel));
	FUZZ_CHECK(o->channel);
	o->channel->model = store_model_open(s->model, o);
	s->n_open++;
	return 0;
}

static int session_store_page(struct store_request *q)
{
	struct session_store *s = session_store_of(q->store);
	return store_model_page(s->model, container_of(q, struct store_page, request));
}

static int session_store_ask(struct store_request *q)
{
	struct session_store *s = session_store_of(q->store);
	return store_model_lookup(s->model, container_of(q, struct store_lookup, request));
}

static int session_store_list(struct store_request *q)
{
	struct session_store *s = session_store_of(q->store);
	return store_model_list(s->model, container_of(q, struct store_list, request));
}

void session_store_read(struct store *store)
{
	struct session_store *s = session_store_of(store);
	struct store_request *q = s->read;
	int error;

	if (!q)
		return;
	s->read = q->next;
	if (!s->read)
		s->read_end = &s->read;
	error = session_store_error(&s->read_error);
	session_store_answer(s, q, error != 0 ? error : q->run(q));
}

static int session_store_submit_open(struct store *store, struct store_open *q)
{
	struct session_store *s = session_store_of(store);

	q->channel = NULL;
	q->attributes = NULL;
	session_store_push(s, &s->read_end, &q->request, session_store_open);
	return 0;
}

/* Nothing of it is under way. */
static void session_store_close(struct store *store, struct store_channel *c)
{
	struct session_store *s = session_store_of(store);

	store_model_close(s->model, c->model);
	s->n_open--;
	free(c);
}

static int session_store_submit_page(struct store *store, struct store_page *q)
{
	struct session_store *s = session_store_of(store);

	store_page_begin(q);
	session_store_push(s, &s->read_end, &q->request, session_store_page);
	return 0;
}

static int session_store_submit_lookup(struct store *store, struct store_lookup *q)
{
	struct session_store *s = session_store_of(store);

	session_store_push(s, &s->read_end, &q->request, session_store_ask);
	return 0;
}

static int session_store_submit_list(struct store *store, struct store_list *q)
{
	struct session_store *s = session_store_of(store);

	store_list_begin(q);
	session_store_push(s, &s->read_end, &q->request, session_store_list);
	return 0;
}

/* The keeper's, which no client asks. */
static int session_store_submit_backup(struct store *store, struct store_backup *q)
{
	struct session_store *s = session_store_of(store);

	s->n_waiting++;
	session_store_answer(s, &q->request, STORE_E_IO);
	return 0;
}

const struct store_ops session_store_ops = {
	.new = session_store_new,
	.free = session_store_free,
	.get_state = session_store_get_state,
	.check_file = session_store_check_file,
	.age_msec = session_store_age_msec,
	.set_rule = session_store_set_rule,
	.low_water_mark = session_store_low_water_mark,
	.id_block = session_store_id_block,
	.open = session_store_submit_open,
	.close = session_store_close,
	.append = session_store_submit_append,
	.remove = session_store_submit_remove,
	.set = session_store_submit_set,
	.reserve = session_store_submit_reserve,
	.page = session_store_submit_page,
	.lookup = session_store_submit_lookup,
	.list = session_store_submit_list,
	.backup = session_store_submit_backup,
};

size_t session_store_waiting(const struct store *store)
{
	struct session_store *s = session_store_of(store);

	return s->n_waiting;
}

void session_store_sweep(struct store *store)
{
	struct session_store *s = session_store_of(store);

	if (s->closed)
		return;
	store_model_set_time(s->model, clock_real_usec() / 1000);
	if (store_model_sweep(s->model, false))
		(void)store_model_sweep(s->model, true);
}

void session_store_fail_commit(struct store *store, int error)
{
	struct session_store *s = session_store_of(store);

	s->commit_error = error;
}

void session_store_fail_read(struct store *store, int error)
{
	struct session_store *s = session_store_of(store);

	s->read_error = error;
}

void session_store_set_busy(struct store *store, bool busy)
{
	struct session_store *s = session_store_of(store);

	s->busy = busy;
}
