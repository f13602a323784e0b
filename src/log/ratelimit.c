/* SPDX-License-Identifier: MIT */
#include "log/ratelimit.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/macro.h"
#include "base/str.h"
#include "loop/loop.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static atomic_uint log_ratelimit_burst = 10;
static atomic_uint_fast64_t log_ratelimit_interval_usec = 60 * USEC_PER_SEC;

void log_ratelimit_set_limits(unsigned burst, uint64_t interval_usec)
{
	atomic_store_explicit(&log_ratelimit_burst, burst, memory_order_relaxed);
	atomic_store_explicit(&log_ratelimit_interval_usec, interval_usec, memory_order_relaxed);
}

static void log_ratelimit_report(const struct log_ratelimit_entry *t, unsigned missed)
{
	const struct address a = { .ip = t->network };
	char count[STR_NUMBER_MAX], text[ADDRESS_TEXT_MAX], who[ADDRESS_TEXT_MAX + 4];
	struct log_field fields[2] = { { "IOE_LEFT_OUT", count }, { "IOE_PEER", who } };

	(void)snprintf(count, sizeof(count), "%u", missed);
	(void)snprintf(who, sizeof(who), "%s%s", address_text(&a, text), address_is_network(&a) ? "/64" : "");
	log_event(t->what, fields, t->of_one ? 2 : 1, "%s: %u more like this%s%s left out in %llu s (log.burst)",
		  log_event_rows[t->what].doc, missed, t->of_one ? " from " : "", t->of_one ? who : "",
		  (unsigned long long)((t->limit.interval_usec + USEC_PER_SEC - 1) / USEC_PER_SEC));
}

/* Of the entries whose interval is over: tells what was left out, and has them free again. When the next one is over,
 * USEC_NEVER: none is in use. */
static uint64_t log_ratelimit_sweep(struct log_ratelimit_entry *t, size_t n, uint64_t now)
{
	uint64_t next = USEC_NEVER;

	for (; n > 0; t++, n--) {
		uint64_t end = t->limit.begin_usec + t->limit.interval_usec;

		if (t->limit.n == 0)
			continue;
		if (now < end) {
			next = MIN(next, end);
			continue;
		}
		if (t->limit.missed > 0)
			log_ratelimit_report(t, t->limit.missed);
		*t = (struct log_ratelimit_entry){};
	}
	return next;
}

static void log_ratelimit_sweep_all(struct log_ratelimit *f, uint64_t now)
{
	uint64_t next = log_ratelimit_sweep(f->entries, ELEMENTSOF(f->entries), now);

	next = MIN(next, log_ratelimit_sweep(f->rest, ELEMENTSOF(f->rest), now));
	if (next != USEC_NEVER)
		loop_timer(f->loop, &f->timer, next);
}

static void log_ratelimit_fire(struct timer *t)
{
	struct log_ratelimit *f = container_of(t, struct log_ratelimit, timer);

	log_ratelimit_sweep_all(f, f->loop->now_usec);
}

void log_ratelimit_init(struct log_ratelimit *f, struct loop *l)
{
	*f = (struct log_ratelimit){ .loop = l, .timer.fire = log_ratelimit_fire };
}

void log_ratelimit_done(struct log_ratelimit *f)
{
	if (!f->loop)
		return;
	log_ratelimit_sweep_all(f, USEC_NEVER);
	loop_no_timer(f->loop, &f->timer);
}

/* The one that counts this, in use or not. */
static struct log_ratelimit_entry *log_ratelimit_find(struct log_ratelimit *f, enum log_event what,
						      const struct address *from)
{
	struct log_ratelimit_entry *unused = NULL;
	struct in6_addr network;

	if (!from || !log_event_rows[what].per_address)
		return &f->rest[what];
	network = address_network(from);
	for (size_t i = 0; i < ELEMENTSOF(f->entries); i++) {
		struct log_ratelimit_entry *t = &f->entries[i];

		if (t->limit.n == 0)
			unused = unused ? unused : t;
		else if (t->what == what && memcmp(&t->network, &network, sizeof(network)) == 0)
			return t;
	}
	if (!unused)
		return &f->rest[what];
	unused->network = network;
	unused->of_one = true;
	return unused;
}

bool log_ratelimit_pass(struct log_ratelimit *f, enum log_event what, const struct address *from)
{
	struct log_ratelimit_entry *t;
	unsigned missed;

	if (!log_wants(log_event_rows[what].level))
		return false;
	t = log_ratelimit_find(f, what, from);
	if (t->limit.n == 0) {
		t->what = what;
		t->limit.burst = atomic_load_explicit(&log_ratelimit_burst, memory_order_relaxed);
		t->limit.interval_usec = atomic_load_explicit(&log_ratelimit_interval_usec, memory_order_relaxed);
	}
	if (!ratelimit_pass(&t->limit, f->loop->now_usec, &missed))
		return false;
	/* The timer is late. */
	if (missed > 0)
		log_ratelimit_report(t, missed);
	if (!timer_is_armed(&f->timer))
		loop_timer(f->loop, &f->timer, t->limit.begin_usec + t->limit.interval_usec);
	return true;
}
