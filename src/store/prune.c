/* SPDX-License-Identifier: MIT */
/*
 * What has been kept long enough goes, a little at a time. A channel that grows is held to its number of messages by
 * the transactions that make it grow. What is old is found by a walk through all channels, a step now and then: in each
 * channel the oldest lie first, so a look at those is enough. A channel that has been empty for a while gives its name
 * back.
 */
#include "store/store-private.h"

#include "base/clock.h"
#include "base/macro.h"
#include "log/event.h"

#include <errno.h>
#include <string.h>

#define PRUNE_STEP         64  /* channels a step looks at... */
#define PRUNE_BUDGET       256 /* ... and messages it takes out */
#define PRUNE_SLACK        16  /* and an eighth: so many more than the rule says may be there */
#define PRUNE_STEP_USEC    (20 * USEC_PER_MSEC)
#define PRUNE_ROUND_USEC   (3600 * USEC_PER_SEC)
#define PRUNE_EMPTY_SECONDS 3600

static const struct store_rule *prune_rule(const struct store *s, const struct store_channel *c)
{
	return &s->rules[(uint8_t)c->key[0]];
}

static bool prune_is_old(const struct store *s, const struct store_rule *rule, uint64_t stamp)
{
	return rule->max_age_usec > 0 && age_of(s, stamp) > rule->max_age_usec / 1000;
}

/* How many of the first @n are old. What came before one that is old is old as well, whatever it is stamped with. */
static unsigned prune_count_old(const struct store *s, const struct store_rule *rule, const uint64_t *stamps, unsigned n)
{
	while (n > 0 && !prune_is_old(s, rule, stamps[n - 1]))
		n--;
	return n;
}

int prune_messages(struct store *s, struct store_channel *c, unsigned budget, bool *ret_more)
{
	const struct store_rule *rule = prune_rule(s, c);
	uint64_t ids[PRUNE_BUDGET], times[PRUNE_BUDGET];
	struct db *d = &s->writer.db;
	sqlite3_stmt *st;
	unsigned n = 0, old = 0;
	int r;

	budget = MIN(budget, (unsigned)PRUNE_BUDGET);
	st = db_start(d, DB_OLDEST, 3, store_id(c->now.id, 0), store_id(c->now.id, STORE_NUMBER_MAX), (uint64_t)budget);
	while ((r = db_step(d, st)) > 0 && n < budget) {
		ids[n] = db_u64(st, 0);
		times[n++] = db_u64(st, 1);
	}
	if (r > 0)
		db_stop(st);
	*ret_more = n == budget;
	for (unsigned i = 0; i < n && r >= 0; i++) {
		bool many = rule->max_messages && c->now.count > rule->max_messages;

		if (!many && i >= old)
			old = prune_count_old(s, rule, times, n);
		if (!many && i >= old) {
			*ret_more = false;
			break;
		}
		r = write_take_out(s, c, store_id_number(ids[i]), STORE_EXPIRED, NULL);
		if (!many && r == 0) {
			s->expired.now[(uint8_t)c->key[0]]++;
			s->expired.untold = true;
		}
	}
	return r < 0 ? r : 0;
}

int prune_excess(struct store *s, struct store_channel *c)
{
	uint64_t max = prune_rule(s, c)->max_messages, excess;
	bool more;

	if (max == 0 || c->now.count <= max + max / 8 + PRUNE_SLACK)
		return 0;
	/* More than has come, so that it is caught up with where the rule has become stricter. */
	excess = c->now.count - max;
	return prune_messages(s, c, (unsigned)MIN(excess, (uint64_t)PRUNE_BUDGET), &more);
}

/* Rows of one of the other tables that lie as messages do. *ret_left: some are still there. */
static int prune_rows(struct store *s, struct store_channel *c, enum db_statement oldest, enum db_statement remove,
		      bool *ret_more, bool *ret_left)
{
	const struct store_rule *rule = prune_rule(s, c);
	uint64_t ids[PRUNE_BUDGET];
	struct db *d = &s->writer.db;
	sqlite3_stmt *st;
	unsigned n = 0;
	bool young = false;
	int r;

	st = db_start(d, oldest, 3, store_id(c->now.id, 0), store_id(c->now.id, STORE_NUMBER_MAX), (uint64_t)PRUNE_BUDGET);
	while ((r = db_step(d, st)) > 0) {
		young = !prune_is_old(s, rule, db_u64(st, 1));
		if (young || n == PRUNE_BUDGET)
			break;
		ids[n++] = db_u64(st, 0);
	}
	if (r > 0)
		db_stop(st);
	*ret_more |= n == PRUNE_BUDGET && !young;
	*ret_left |= young || n == PRUNE_BUDGET;
	for (unsigned i = 0; i < n && r >= 0; i++)
		r = db_run(d, remove, 1, ids[i]);
	return r < 0 ? r : 0;
}

static int prune_drop(struct store *s, const struct store_channel *c)
{
	int r = db_run(&s->writer.db, DB_NOTE_REMOVE_ALL, 1, c->now.id);

	return r < 0 ? r : db_run(&s->writer.db, DB_CHANNEL_DROP, 2, c->now.id, c->now.last);
}

struct prune_seen {
	uint64_t id, touched;
	uint8_t name_len;
	char key[1 + STORE_NAME_MAX];
};

/* One that nobody has open gives its name back. *ret_more: the next time, since it was not said before. */
static int prune_close(struct store *s, const struct store_channel *c, bool *ret_more)
{
	if (s->may_drop)
		return prune_drop(s, c);
	(void)atomic_exchange(&s->dropping, 1);
	*ret_more = true;
	return 0;
}

/* One channel of the walk. *ret_more: it is not done yet. */
static int prune_channel(struct store *s, const struct prune_seen *seen, bool *ret_more)
{
	struct map_node *open = map_find(&s->open, seen->key, 1U + seen->name_len);
	struct store_channel closed = { .name_len = seen->name_len }, *c = &closed;
	bool left = false;
	int r = 0;

	*ret_more = false;
	if (open) {
		c = container_of(open, struct store_channel, node);
		r = write_ready(s, c);
	} else {
		memcpy(closed.key, seen->key, sizeof(closed.key));
		r = write_load(s, c);
	}
	if (r < 0 || c->now.id != seen->id)
		return r;
	r = prune_messages(s, c, PRUNE_BUDGET, ret_more);
	if (r >= 0)
		r = prune_rows(s, c, DB_RECEIPT_OLDEST, DB_RECEIPT_REMOVE, ret_more, &left);
	if (r >= 0)
		r = prune_rows(s, c, DB_SENT_OLDEST, DB_SENT_REMOVE, ret_more, &left);
	/* That one is on this stack only. */
	list_remove(&closed.touched);
	if (open || r < 0)
		return r;
	r = write_fold(s, c);
	if (r >= 0 && c->now.count == 0 && !left && age_of(s, seen->touched * 1000) / 1000 > PRUNE_EMPTY_SECONDS)
		r = prune_close(s, c, ret_more);
	return r;
}

static int prune_look(struct store *s, struct prune_seen *seen, unsigned *ret_n)
{
	struct db *d = &s->writer.db;
	sqlite3_stmt *st = db_start(d, DB_CHANNEL_WALK, 2, s->sweep_at, (uint64_t)PRUNE_STEP);
	unsigned n = 0;
	int r;

	while ((r = db_step(d, st)) > 0) {
		struct prune_seen *p = &seen[n++];
		size_t len = MIN((size_t)sqlite3_column_bytes(st, 3), (size_t)STORE_NAME_MAX);

		*p = (struct prune_seen){ .id = db_u64(st, 0), .touched = db_u64(st, 2), .name_len = (uint8_t)len };
		p->key[0] = (char)db_u64(st, 1);
		if (len > 0)
			memcpy(p->key + 1, sqlite3_column_blob(st, 3), len);
	}
	*ret_n = n;
	return r;
}

/* When the walk begins again: soon enough that nothing stays for much longer than it should. */
static uint64_t prune_round_usec(const struct store *s)
{
	uint64_t usec = PRUNE_ROUND_USEC;

	for (unsigned i = 0; i < STORE_KINDS_MAX; i++)
		if (s->rules[i].max_age_usec > 0)
			usec = MIN(usec, s->rules[i].max_age_usec / 16);
	return MAX(usec, PRUNE_STEP_USEC);
}

int prune_step(struct store *s)
{
	struct prune_seen seen[PRUNE_STEP];
	unsigned n = 0, i;
	bool more = false;
	int r;

	r = prune_look(s, seen, &n);
	for (i = 0; i < n && r >= 0 && !more; i++) {
		/* One whose name was given back already. */
		if (seen[i].name_len > 0)
			r = prune_channel(s, &seen[i], &more);
		if (r >= 0 && !more)
			s->sweep_at = seen[i].id;
	}
	if (r >= 0 && n < PRUNE_STEP && !more)
		s->sweep_at = 0;
	loop_timer(&s->writer.loop, &s->sweep,
		   clock_usec() + (s->sweep_at > 0 || more ? PRUNE_STEP_USEC : prune_round_usec(s)));
	return r;
}

static void prune_count(struct store *s)
{
	for (unsigned kind = 0; kind < STORE_KINDS_MAX; kind++) {
		s->expired.round[kind] += s->expired.now[kind];
		atomic_store_explicit(&s->n_expired[kind], s->n_expired[kind] + s->expired.now[kind], memory_order_relaxed);
		s->expired.now[kind] = 0;
	}
}

void prune_tell(struct store *s, bool all)
{
	uint64_t now;

	if (likely(!s->expired.untold))
		return;
	prune_count(s);
	now = clock_usec();
	if (!all && (s->sweep_at > 0 || now < s->expired.next_usec))
		return;
	for (unsigned kind = 0; kind < STORE_KINDS_MAX; kind++) {
		const struct store_rule *rule = &s->rules[kind];

		if (s->expired.round[kind] > 0)
			log_event(LOG_EVENT_EXPIRED, NULL, 0,
				  "%llu messages in %s were dropped: they were older than %s allows",
				  (unsigned long long)s->expired.round[kind], rule->where ? rule->where : "channels",
				  rule->option ? rule->option : "the rule");
		s->expired.round[kind] = 0;
	}
	s->expired.untold = false;
	s->expired.next_usec = now + PRUNE_ROUND_USEC;
}

static void prune_fire(struct timer *t)
{
	struct store *s = container_of(t, struct store, sweep);

	/* Should the transaction fail before it comes to the step, which says when the next one is. */
	loop_timer(&s->writer.loop, t, clock_usec() + prune_round_usec(s));
	s->sweep_due = true;
}

void prune_start(struct store *s)
{
	s->sweep.fire = prune_fire;
	loop_timer(&s->writer.loop, &s->sweep, clock_usec() + PRUNE_STEP_USEC);
}

void prune_stop(struct store *s)
{
	loop_no_timer(&s->writer.loop, &s->sweep);
}

struct prune_change {
	struct msg msg;
	struct store *store;
	unsigned kind;
	struct store_rule rule;
};

static void prune_changed(struct msg *m)
{
	struct prune_change *c = container_of(m, struct prune_change, msg);
	struct store *s = c->store;

	s->rules[c->kind] = c->rule;
	if (s->sweep_at == 0)
		loop_timer(&s->writer.loop, &s->sweep, clock_usec() + PRUNE_STEP_USEC);
	free(c);
}

int store_set_rule(struct store *s, unsigned kind, const struct store_rule *rule)
{
	struct prune_change *c = malloc(sizeof(*c));

	if (!c)
		return -ENOMEM;
	*c = (struct prune_change){ .msg.act = prune_changed, .store = s, .kind = kind, .rule = *rule };
	inbox_push(&s->writer.loop.inbox, &c->msg);
	return 0;
}
