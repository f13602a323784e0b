/* SPDX-License-Identifier: MIT */
/*
 * The writer's transactions (group commit). All requests that have arrived since the last turn are one transaction;
 * while it is committed, the next requests gather in the inbox. A single client that waits for each answer gets one
 * commit for each message; with many clients, one commit has all messages that arrived during the commit before it.
 */
#include "store/store-private.h"

#include "base/clock.h"
#include "base/macro.h"

#include <errno.h>
#include <string.h>

void batch_arrived(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);
	struct store_sqlite *s = store_of(q->store);

	q->next = NULL;
	*s->last = q;
	s->last = &q->next;
}

/* Sets the counts in memory to their state before the transaction. */
static void batch_roll_back(struct store_sqlite *s)
{
	struct list *n;

	while ((n = list_pop(&s->touched))) {
		struct store_channel *c = container_of(n, struct store_channel, touched);

		c->now = c->was;
		c->row_last = c->row_was;
		c->row_dirty = false;
	}
	memcpy(s->rows.now, s->rows.was, sizeof(s->rows.now));
	memset(s->expired.now, 0, sizeof(s->expired.now));
	if (!sqlite3_get_autocommit(s->writer.db.sql))
		(void)db_run(&s->writer.db, DB_ROLLBACK, 0);
}

static void batch_commit_counts(struct store_sqlite *s)
{
	struct list *n;

	while ((n = list_pop(&s->touched))) {
		struct store_channel *c = container_of(n, struct store_channel, touched);

		c->was = c->now;
		c->row_was = c->row_last;
	}
	memcpy(s->rows.was, s->rows.now, sizeof(s->rows.was));
	s->age.changed = false;
}

/* Work that is done once for all requests, at the end of the transaction. */
static int batch_finish(struct store_sqlite *s)
{
	struct list *n;
	int r = 0;

	for (n = s->touched.next; n != &s->touched && r >= 0; n = n->next) {
		struct store_channel *c = container_of(n, struct store_channel, touched);

		r = expire_excess(s, c);
		if (r >= 0)
			r = write_update_row(s, c);
	}
	return r;
}

/* 0, or negative errno: the transaction must be rolled back. */
static int batch_write(struct store_sqlite *s, struct store_request *first, uint64_t *ret_n)
{
	struct db *d = &s->writer.db;
	uint64_t n = 0;
	int r;

	s->takes_in = false;
	r = db_run(d, DB_BEGIN, 0);
	if (r >= 0)
		checkpoint_grow_log(s);
	if (r >= 0 && unlikely(s->age.changed))
		r = age_write(s);
	for (struct store_request *q = first; q && r >= 0; q = q->next) {
		r = q->run(q);
		q->result = r;
		n++;
	}
	if (r >= 0 && s->sweep_due)
		r = expire_step(s);
	if (r >= 0)
		r = batch_finish(s);
	if (r >= 0)
		r = diskspace_reserve(s);
	if (r >= 0)
		r = db_run(d, DB_COMMIT, 0);
	*ret_n = n;
	return r;
}

/* On a full disk a checkpoint can give the log space again. If it does not, the requests that add something are
 * refused, so that those that remove something, and make space, can go on. */
static int batch_write_again(struct store_sqlite *s, struct store_request *first, uint64_t *ret_n)
{
	int r = batch_write(s, first, ret_n);

	if (r == -ENOSPC && db_is_passing(&s->writer.db) && checkpoint_now(s)) {
		batch_roll_back(s);
		r = batch_write(s, first, ret_n);
	}
	if (r == -ENOSPC && s->takes_in && db_is_passing(&s->writer.db)) {
		store_trouble(&s->writer, "writing", r);
		batch_roll_back(s);
		s->full = true;
		r = batch_write(s, first, ret_n);
		s->full = false;
	}
	return r;
}

static void batch_run(struct store_sqlite *s, struct store_request *first)
{
	struct db *d = &s->writer.db;
	bool passing;
	uint64_t n;
	int r;

	s->now_usec = s->age.clock->real_usec();
	age_check_clock(s);
	if (s->sweep_due)
		age_save(s);
	atomic_store_explicit(&s->busy_since, clock_usec(), memory_order_relaxed);
	r = batch_write_again(s, first, &n);
	if (r < 0) {
		passing = db_is_passing(d);
		if (passing)
			store_trouble(&s->writer, "writing", r);
		else
			store_fail(s, "writing", d);
		batch_roll_back(s);
		r = passing ? store_outcome(r) : STORE_E_IO;
	} else {
		batch_commit_counts(s);
		if (s->takes_in)
			atomic_store_explicit(&s->was_full, false, memory_order_relaxed);
		atomic_store_explicit(&s->commits, s->commits + 1, memory_order_relaxed);
		atomic_store_explicit(&s->written, s->written + n, memory_order_relaxed);
	}
	atomic_store_explicit(&s->busy_since, 0, memory_order_relaxed);
	while (first) {
		struct store_request *q = first;

		first = q->next;
		store_answer(q, r != 0 ? r : q->result);
	}
}

void batch_turn(struct store_sqlite *s)
{
	struct store_request *first;

	/* A thread that opened a channel before it could see `dropping` has pushed its message before: that is read
	 * here. */
	s->may_drop = s->sweep_due && atomic_load(&s->dropping);
	if (s->may_drop)
		inbox_run(&s->writer.loop.inbox);
	first = STEAL_PTR(s->first);
	s->last = &s->first;
	if (!first && !s->sweep_due)
		return;
	if (!atomic_load_explicit(&s->closed, memory_order_relaxed)) {
		batch_run(s, first);
		s->sweep_due = false;
		if (s->may_drop)
			atomic_store(&s->dropping, 0);
		expire_log(s, false);
		checkpoint_begin(s);
		return;
	}
	s->sweep_due = false;
	while (first) {
		struct store_request *q = first;

		first = q->next;
		store_answer(q, STORE_E_IO);
	}
}
