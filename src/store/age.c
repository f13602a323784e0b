/* SPDX-License-Identifier: MIT */
/*
 * The age of a message. The time stamp of a message is the time of day, which can be wrong by years: a machine without
 * a battery starts in 1970, and a person can set a clock wrong. So ages are measured in a time of the store's own,
 * which never jumps. It goes on with CLOCK_BOOTTIME, also from one run to the next within one boot of the machine. Over
 * another boot it stands still, because nobody knows how long the machine was off: a message that is kept too long is
 * no loss.
 *
 * The history of the clock is stored as spans: begin and end of each in the store's time, and the time of day at its
 * begin. When the clock jumps a new span begins, in the same transaction as the first message with the new time. A
 * stamp is looked up in all spans that it can come from, and the youngest result counts.
 */
#include "store/store-private.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/macro.h"
#include "log/event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AGE_JUMP_MSEC  2000             /* a smaller difference comes from reading two clocks one after the other */
#define AGE_LOG_MSEC   (60 * 1000)      /* a jump of this length or more is logged */
#define AGE_SAVE_MSEC  (3600 * 1000)    /* a loss of power can take this much from the store's time */
#define AGE_READS      8
#define AGE_WAS_SET    "the clock was set"
#define AGE_WAS_OFF    "the machine was off, or its clock was set"
#define AGE_READ_MSEC  100 /* two readings within this time count as one moment */

static uint64_t age_system_boot(void)
{
	return clock_boot_usec();
}

static uint64_t age_system_real(void)
{
	return clock_real_usec();
}

/* The systemd unit hides the kernel's file (ProcSubset=) and passes the id as IOE_BOOT_ID, without hyphens. */
static void age_system_boot_id(char ret[STORE_BOOT_ID_MAX + 1])
{
	struct buf b = { .max = STORE_BOOT_ID_MAX + 1 };
	const char *id = NULL;
	size_t n = 0;

	if (io_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &b) >= 0)
		id = buf_str(&b);
	if (!id || !id[0])
		id = getenv("IOE_BOOT_ID");
	for (; id && *id && *id != '\n' && n < STORE_BOOT_ID_MAX; id++)
		if (*id != '-')
			ret[n++] = *id;
	ret[n] = '\0';
	buf_done(&b);
}

static const struct store_clock age_system = { age_system_real, age_system_boot, age_system_boot_id };

static uint64_t age_boot_msec(const struct store_sqlite *s)
{
	return s->age.clock->boot_usec() / 1000;
}

uint64_t age_now(const struct store_sqlite *s)
{
	return age_boot_msec(s) + s->age.ahead;
}

uint64_t age_msec(const struct store *store)
{
	return age_now(store_of_const(store));
}

static uint64_t age_distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static struct age_span *age_last(struct age *a)
{
	return &a->spans[a->n - 1];
}

/* The time of day that belongs to @counted in the last span, whose clock did not jump. */
static uint64_t age_real_at(const struct age_span *p, uint64_t counted)
{
	return counted + p->offset;
}

/* Whether a later span has all times of day of span @i. Then span @i is not needed: if a stamp can come from two spans,
 * the younger one counts. */
static bool age_is_covered(const struct age *a, unsigned i)
{
	for (unsigned k = i + 1; k < a->n; k++)
		if (a->spans[k].real <= a->spans[i].real && a->spans[k].real_until >= a->spans[i].real_until)
			return true;
	return false;
}

static void age_take_out(struct age *a, unsigned i)
{
	a->n--;
	memmove(&a->spans[i], &a->spans[i + 1], (a->n - i) * sizeof(a->spans[0]));
}

/* Merges span @i and the next one. No message becomes older by that than it was in its span. */
static void age_merge(struct age *a, unsigned i)
{
	struct age_span *p = &a->spans[i];
	const struct age_span *q = &a->spans[i + 1];

	p->until = q->until;
	p->real = MIN(p->real, q->real);
	p->real_until = MAX(p->real_until, q->real_until);
	if ((int64_t)(p->offset - q->offset) > 0)
		p->offset = q->offset;
	age_take_out(a, i + 1);
}

/* Makes space for a span: removes one that is not needed, or merges the two neighbours whose clocks differ least. */
static void age_merge_one(struct age *a)
{
	unsigned at = 0;
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i + 1 < a->n; i++) {
		uint64_t p = a->spans[i].offset, q = a->spans[i + 1].offset;
		uint64_t d = (int64_t)(p - q) > 0 ? p - q : q - p;

		if (age_is_covered(a, i)) {
			age_take_out(a, i);
			return;
		}
		if (d < least) {
			least = d;
			at = i;
		}
	}
	age_merge(a, at);
}

static void age_begin_span(struct age *a, uint64_t counted, uint64_t real)
{
	if (a->n == AGE_SPANS_MAX)
		age_merge_one(a);
	a->spans[a->n++] = (struct age_span){
		.counted = counted,
		.until = counted,
		.real = real,
		.real_until = real,
		.offset = real - counted,
	};
}

/* Reads both clocks, again if the thread was interrupted for long between the two. */
static void age_read_clocks(const struct store_sqlite *s, uint64_t *ret_real, uint64_t *ret_counted)
{
	for (unsigned i = 0; i < AGE_READS; i++) {
		uint64_t before = age_now(s);

		*ret_real = s->age.clock->real_usec() / 1000;
		*ret_counted = age_now(s);
		if (*ret_counted - before <= AGE_READ_MSEC)
			break;
	}
}

/* Extends the last span, or begins a new one if the clock has jumped. @why: the probable reason of a jump. */
static void age_go_on(struct store_sqlite *s, uint64_t real, uint64_t counted, const char *why)
{
	struct age_span *p = age_last(&s->age);
	uint64_t expected;

	p->until = MAX(p->until, counted);
	p->real_until = expected = age_real_at(p, p->until);
	s->age.changed = true;
	if (age_distance(expected, real) <= AGE_JUMP_MSEC)
		return;
	if (age_distance(expected, real) >= AGE_LOG_MSEC)
		log_event(
			LOG_EVENT_CLOCK_SET, NULL, 0,
			"%s: it shows %llu s %s than expected; the age of stored messages does not change",
			why, (unsigned long long)(age_distance(expected, real) / 1000),
			real > expected ? "more" : "less");
	age_begin_span(&s->age, p->until, real);
}

void age_check_clock(struct store_sqlite *s)
{
	uint64_t counted = age_now(s), real = s->now_usec / 1000;
	const struct age_span *p = age_last(&s->age);

	if (likely(age_distance(age_real_at(p, counted), real) <= AGE_JUMP_MSEC))
		return;
	age_read_clocks(s, &real, &counted);
	s->now_usec = real * 1000;
	age_go_on(s, real, counted, AGE_WAS_SET);
}

void age_save(struct store_sqlite *s)
{
	uint64_t real, counted;

	age_read_clocks(s, &real, &counted);
	if (counted - age_last(&s->age)->until >= AGE_SAVE_MSEC)
		age_go_on(s, real, counted, AGE_WAS_SET);
}

/* @counted, limited to @from and @until. All three are modulo 2^64. */
static uint64_t age_within(uint64_t counted, uint64_t from, uint64_t until)
{
	if ((int64_t)(counted - from) < 0)
		return from;
	return (int64_t)(counted - until) > 0 ? until : counted;
}

uint64_t age_of(const struct store_sqlite *s, uint64_t real)
{
	const struct age *a = &s->age;
	uint64_t now = age_now(s), best = 0, near = a->spans[0].counted;
	bool found = false;

	for (unsigned i = 0; i < a->n; i++) {
		const struct age_span *p = &a->spans[i];
		bool last = i + 1 == a->n;
		uint64_t until = last ? now : p->until, real_until = last ? age_real_at(p, now) : p->real_until;

		if (real + AGE_JUMP_MSEC < p->real)
			continue;
		if (real > real_until + AGE_JUMP_MSEC) {
			near = MAX(near, until);
			continue;
		}
		best = MAX(best, age_within(real - p->offset, p->counted, until));
		found = true;
	}
	if (!found)
		best = near;
	return now > best ? now - best : 0;
}

int age_write(struct store_sqlite *s)
{
	struct db *d = &s->writer.db;
	int r = db_run(d, DB_CLOCK_CLEAR, 0);

	for (unsigned i = 0; i < s->age.n && r >= 0; i++) {
		const struct age_span *p = &s->age.spans[i];
		sqlite3_stmt *st = db_start(d, DB_CLOCK_PUT, 7, (uint64_t)i, p->counted, p->until, p->real,
					    p->real_until, p->offset, p->until - s->age.ahead);

		if (st)
			db_bind(st, 8, s->age.boot_id, strlen(s->age.boot_id));
		r = db_step(d, st);
	}
	return r < 0 ? r : 0;
}

/* Reads the spans. 1; 0: there are none; or negative errno. *ret_boot: CLOCK_BOOTTIME at the end of the last span;
 * *ret_same: it was in this boot of the machine. */
static int age_read(struct store_sqlite *s, uint64_t *ret_boot, bool *ret_same)
{
	struct db *d = &s->writer.db;
	sqlite3_stmt *st = db_start(d, DB_CLOCK_ALL, 0);
	struct age *a = &s->age;
	int r;

	while ((r = db_step(d, st)) > 0) {
		size_t len = (size_t)sqlite3_column_bytes(st, 6);

		if (a->n == AGE_SPANS_MAX)
			age_merge_one(a);
		a->spans[a->n++] = (struct age_span){
			.counted = db_u64(st, 0),
			.until = db_u64(st, 1),
			.real = db_u64(st, 2),
			.real_until = db_u64(st, 3),
			.offset = db_u64(st, 4),
		};
		*ret_boot = db_u64(st, 5);
		*ret_same = len > 0 && len == strlen(a->boot_id) && memcmp(sqlite3_column_blob(st, 6), a->boot_id, len) == 0;
	}
	return r < 0 ? r : a->n > 0;
}

/*
 * The first span of a database. One from an older version has only the stamps of its messages: its last use is taken as
 * the last stamp or the time of the file, and not later than now. If that is too early, its messages are kept longer.
 */
static int age_begin(struct store_sqlite *s, uint64_t real)
{
	struct db *d = &s->writer.db;
	sqlite3_stmt *st = db_start(d, DB_CLOCK_LAST_USE, 0);
	struct stat file;
	uint64_t last;
	int r;

	r = db_step(d, st);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	last = db_u64(st, 0) * 1000;
	db_stop(st);
	if (last == 0) {
		age_begin_span(&s->age, real, real);
		return 0;
	}
	if (fstat(s->db_fd, &file) == 0 && file.st_mtime > 0)
		last = MAX(last, (uint64_t)file.st_mtime * 1000);
	age_begin_span(&s->age, 0, 0);
	age_last(&s->age)->until = age_last(&s->age)->real_until = MIN(last, real);
	return 0;
}

/* In a transaction of its own. */
static int age_commit(struct store_sqlite *s)
{
	struct db *d = &s->writer.db;
	int r = db_run(d, DB_BEGIN, 0);

	if (r >= 0)
		r = age_write(s);
	if (r >= 0)
		r = db_run(d, DB_COMMIT, 0);
	s->age.changed = r < 0;
	if (r < 0 && !sqlite3_get_autocommit(d->sql)) {
		int code = d->code;

		(void)db_run(d, DB_ROLLBACK, 0);
		d->code = code;
	}
	return r;
}

int age_open(struct store_sqlite *s, const struct store_clock *clock)
{
	struct age *a = &s->age;
	uint64_t real, boot, then = 0, counted;
	bool same = false;
	int r;

	a->clock = clock ? clock : &age_system;
	a->clock->boot_id(a->boot_id);
	age_read_clocks(s, &real, &boot);
	r = age_read(s, &then, &same);
	if (r == 0)
		r = age_begin(s, real);
	if (r < 0)
		return r;
	counted = age_last(a)->until + (same && boot > then ? boot - then : 0);
	a->ahead = counted - boot;
	age_go_on(s, real, counted, same ? AGE_WAS_SET : AGE_WAS_OFF);
	r = age_commit(s);
	/* After an error that passes, the next transaction writes the spans. */
	return r < 0 && !db_is_passing(&s->writer.db) ? r : 0;
}

void age_close(struct store_sqlite *s)
{
	uint64_t real, counted;

	if (s->age.n == 0 || !s->writer.db.sql || atomic_load_explicit(&s->closed, memory_order_relaxed))
		return;
	age_read_clocks(s, &real, &counted);
	age_go_on(s, real, counted, AGE_WAS_SET);
	(void)age_commit(s); /* else the next run counts from what is there */
}
