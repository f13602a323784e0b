/* SPDX-License-Identifier: MIT */
/*
 * Removes messages that the rule of their kind does not keep, a few at a time. The transactions that make a channel
 * grow also hold it to its number of messages. Old messages are found by a walk through all channels, in small steps:
 * the oldest messages of a channel come first, so only those are looked at. A channel that has been empty for an hour
 * releases its name.
 */
#include "store/store-private.h"

#include "base/clock.h"
#include "base/macro.h"
#include "log/event.h"

#include <errno.h>
#include <string.h>

#define EXPIRE_STEP          64  /* channels that a step checks... */
#define EXPIRE_BUDGET        256 /* ... and messages that it removes */
#define EXPIRE_SLACK         16  /* a channel can have so many messages, and an eighth, more than its rule allows */
#define EXPIRE_STEP_USEC     (20 * USEC_PER_MSEC)
#define EXPIRE_ROUND_USEC    (3600 * USEC_PER_SEC)
#define EXPIRE_EMPTY_SECONDS 3600

static const struct store_rule *expire_rule(const struct store_sqlite *s, const struct store_channel *c)
{
	return &s->rules[(uint8_t)c->key[0]];
}

static bool expire_is_old(const struct store_sqlite *s, const struct store_rule *rule, uint64_t stamp)
{
	return rule->max_age_usec > 0 && age_of(s, stamp) > rule->max_age_usec / 1000;
}

/* How many of the first @n are old. A message before an old one is old as well, whatever its stamp is. */
static unsigned expire_count_old(const struct store_sqlite *s, const struct store_rule *rule, const uint64_t *stamps,
				 unsigned n)
{
	while (n > 0 && !expire_is_old(s, rule, stamps[n - 1]))
		n--;
	return n;
}

int expire_messages(struct store_sqlite *s, struct store_channel *c, unsigned budget, bool *ret_more)
{
	const struct store_rule *rule = expire_rule(s, c);
	uint64_t ids[EXPIRE_BUDGET], times[EXPIRE_BUDGET];
	struct db *d = &s->writer.db;
	sqlite3_stmt *st;
	unsigned n = 0, old = 0;
	int r;

	budget = MIN(budget, (unsigned)EXPIRE_BUDGET);
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
			old = expire_count_old(s, rule, times, n);
		if (!many && i >= old) {
			*ret_more = false;
			break;
		}
		r = write_take_out(s, c, store_id_number(ids[i]), STORE_EXPIRED, NULL);
		if (!many && r == 0) {
			s->expired.now[(uint8_t)c->key[0]]++;
			s->expired.unlogged = true;
		}
	}
	return r < 0 ? r : 0;
}

int expire_excess(struct store_sqlite *s, struct store_channel *c)
{
	uint64_t max = expire_rule(s, c)->max_messages, excess;
	bool more;

	if (max == 0 || c->now.count <= max + max / 8 + EXPIRE_SLACK)
		return 0;
	/* This can be more than the transaction has added: so a channel shrinks after its rule has become stricter. */
	excess = c->now.count - max;
	return expire_messages(s, c, (unsigned)MIN(excess, (uint64_t)EXPIRE_BUDGET), &more);
}

/* The same for a table with the keys of messages: receipts, or keys of senders. *ret_left: some rows stay. */
static int expire_rows(struct store_sqlite *s, struct store_channel *c, enum db_statement oldest,
		       enum db_statement remove, bool *ret_more, bool *ret_left)
{
	const struct store_rule *rule = expire_rule(s, c);
	uint64_t ids[EXPIRE_BUDGET];
	struct db *d = &s->writer.db;
	sqlite3_stmt *st;
	unsigned n = 0;
	bool young = false;
	int r;

	st = db_start(d, oldest, 3, store_id(c->now.id, 0), store_id(c->now.id, STORE_NUMBER_MAX),
		      (uint64_t)EXPIRE_BUDGET);
	while ((r = db_step(d, st)) > 0) {
		young = !expire_is_old(s, rule, db_u64(st, 1));
		if (young || n == EXPIRE_BUDGET)
			break;
		ids[n++] = db_u64(st, 0);
	}
	if (r > 0)
		db_stop(st);
	*ret_more |= n == EXPIRE_BUDGET && !young;
	*ret_left |= young || n == EXPIRE_BUDGET;
	for (unsigned i = 0; i < n && r >= 0; i++)
		r = db_run(d, remove, 1, ids[i]);
	return r < 0 ? r : 0;
}

static int expire_drop(struct store_sqlite *s, const struct store_channel *c)
{
	int r = db_run(&s->writer.db, DB_ATTRIBUTE_REMOVE_ALL, 1, c->now.id);

	return r < 0 ? r : db_run(&s->writer.db, DB_CHANNEL_DROP, 2, c->now.id, c->now.last);
}

struct expire_found {
	uint64_t id, touched;
	uint8_t name_len;
	char key[1 + STORE_NAME_MAX];
};

/* Releases the name of a channel that is not open. *ret_more: in the next step, since `dropping` was not set before. */
static int expire_name(struct store_sqlite *s, const struct store_channel *c, bool *ret_more)
{
	if (s->may_drop)
		return expire_drop(s, c);
	(void)atomic_exchange(&s->dropping, 1);
	*ret_more = true;
	return 0;
}

/* One channel of the walk. *ret_more: the channel is not finished. */
static int expire_channel(struct store_sqlite *s, const struct expire_found *seen, bool *ret_more)
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
	r = expire_messages(s, c, EXPIRE_BUDGET, ret_more);
	if (r >= 0)
		r = expire_rows(s, c, DB_RECEIPT_OLDEST, DB_RECEIPT_REMOVE, ret_more, &left);
	if (r >= 0)
		r = expire_rows(s, c, DB_SENT_OLDEST, DB_SENT_REMOVE, ret_more, &left);
	/* `closed` is a local: it must not stay in s->touched. */
	list_remove(&closed.touched);
	if (open || r < 0)
		return r;
	r = write_update_row(s, c);
	if (r >= 0 && c->now.count == 0 && !left && age_of(s, seen->touched * 1000) / 1000 > EXPIRE_EMPTY_SECONDS)
		r = expire_name(s, c, ret_more);
	return r;
}

static int expire_find(struct store_sqlite *s, struct expire_found *seen, unsigned *ret_n)
{
	struct db *d = &s->writer.db;
	sqlite3_stmt *st = db_start(d, DB_CHANNEL_WALK, 2, s->sweep_at, (uint64_t)EXPIRE_STEP);
	unsigned n = 0;
	int r;

	while ((r = db_step(d, st)) > 0) {
		struct expire_found *p = &seen[n++];
		size_t len = MIN((size_t)sqlite3_column_bytes(st, 3), (size_t)STORE_NAME_MAX);

		*p = (struct expire_found){ .id = db_u64(st, 0), .touched = db_u64(st, 2), .name_len = (uint8_t)len };
		p->key[0] = (char)db_u64(st, 1);
		if (len > 0)
			memcpy(p->key + 1, sqlite3_column_blob(st, 3), len);
	}
	*ret_n = n;
	return r;
}

/* The pause between two walks: short enough that no message stays for much longer than its rule says. */
static uint64_t expire_round_usec(const struct store_sqlite *s)
{
	uint64_t usec = EXPIRE_ROUND_USEC;

	for (unsigned i = 0; i < STORE_KINDS_MAX; i++)
		if (s->rules[i].max_age_usec > 0)
			usec = MIN(usec, s->rules[i].max_age_usec / 16);
	return MAX(usec, EXPIRE_STEP_USEC);
}

int expire_step(struct store_sqlite *s)
{
	struct expire_found seen[EXPIRE_STEP];
	unsigned n = 0, i;
	bool more = false;
	int r;

	r = expire_find(s, seen, &n);
	for (i = 0; i < n && r >= 0 && !more; i++) {
		/* A row without a name belongs to no channel. */
		if (seen[i].name_len > 0)
			r = expire_channel(s, &seen[i], &more);
		if (r >= 0 && !more)
			s->sweep_at = seen[i].id;
	}
	if (r >= 0 && n < EXPIRE_STEP && !more)
		s->sweep_at = 0;
	loop_timer(&s->writer.loop, &s->sweep,
		   clock_usec() + (s->sweep_at > 0 || more ? EXPIRE_STEP_USEC : expire_round_usec(s)));
	return r;
}

static void expire_count(struct store_sqlite *s)
{
	for (unsigned kind = 0; kind < STORE_KINDS_MAX; kind++) {
		s->expired.round[kind] += s->expired.now[kind];
		atomic_store_explicit(&s->n_expired[kind], s->n_expired[kind] + s->expired.now[kind], memory_order_relaxed);
		s->expired.now[kind] = 0;
	}
}

void expire_log(struct store_sqlite *s, bool all)
{
	uint64_t now;

	if (likely(!s->expired.unlogged))
		return;
	expire_count(s);
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
	s->expired.unlogged = false;
	s->expired.next_usec = now + EXPIRE_ROUND_USEC;
}

static void expire_fire(struct timer *t)
{
	struct store_sqlite *s = container_of(t, struct store_sqlite, sweep);

	/* For a transaction that fails before expire_step(), which sets the timer again. */
	loop_timer(&s->writer.loop, t, clock_usec() + expire_round_usec(s));
	s->sweep_due = true;
}

void expire_start(struct store_sqlite *s)
{
	s->sweep.fire = expire_fire;
	loop_timer(&s->writer.loop, &s->sweep, clock_usec() + EXPIRE_STEP_USEC);
}

void expire_stop(struct store_sqlite *s)
{
	loop_no_timer(&s->writer.loop, &s->sweep);
}

struct expire_change {
	struct msg msg;
	struct store_sqlite *store;
	unsigned kind;
	struct store_rule rule;
};

static void expire_changed(struct msg *m)
{
	struct expire_change *c = container_of(m, struct expire_change, msg);
	struct store_sqlite *s = c->store;

	s->rules[c->kind] = c->rule;
	if (s->sweep_at == 0)
		loop_timer(&s->writer.loop, &s->sweep, clock_usec() + EXPIRE_STEP_USEC);
	free(c);
}

int expire_set_rule(struct store *store, unsigned kind, const struct store_rule *rule)
{
	struct store_sqlite *s = store_of(store);
	struct expire_change *c = malloc(sizeof(*c));

	if (!c)
		return -ENOMEM;
	*c = (struct expire_change){ .msg.act = expire_changed, .store = s, .kind = kind, .rule = *rule };
	inbox_push(&s->writer.loop.inbox, &c->msg);
	return 0;
}
