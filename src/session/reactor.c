/* SPDX-License-Identifier: MIT */
#include "session/reactor.h"

#include "base/clock.h"
#include "base/log.h"
#include "log/journal.h"
#include "session/limits.h"
#include "session/session-private.h"

#include <errno.h>
#include <string.h>

/* A slot has a session, or is free: then it has a link in the list of free slots, an odd number, which no pointer
 * is. */
#define SLOT_NONE (UINT32_MAX >> 1)

static struct session *slot_free_link(uint32_t next)
{
	return (struct session *)(((uintptr_t)next << 1) | 1);
}

static bool slot_is_free(const struct session *s)
{
	return (uintptr_t)s & 1;
}

static int reactor_grow_slots(struct reactor *r)
{
	uint32_t n = r->n_slots ? r->n_slots * 2 : 64;
	struct session **slots = reallocarray(r->slots, n, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = n; i > r->n_slots; i--) {
		slots[i - 1] = slot_free_link(r->free_slot);
		r->free_slot = i - 1;
	}
	r->slots = slots;
	r->n_slots = n;
	return 0;
}

int reactor_enter(struct reactor *r, struct session *s)
{
	static _Thread_local uint64_t generation;
	int e;

	if (r->free_slot == SLOT_NONE) {
		e = reactor_grow_slots(r);
		if (e < 0)
			return e;
	}
	s->handle = (struct handle){ .reactor = r->index, .slot = r->free_slot, .generation = ++generation };
	r->free_slot = (uint32_t)((uintptr_t)r->slots[s->handle.slot] >> 1);
	r->slots[s->handle.slot] = s;
	counter_add(&r->counters.sessions, 1);
	return 0;
}

void reactor_leave(struct reactor *r, struct session *s)
{
	r->slots[s->handle.slot] = slot_free_link(r->free_slot);
	r->free_slot = s->handle.slot;
	counter_add(&r->counters.sessions, (uint64_t)-1);
}

struct session *reactor_slot(struct reactor *r, uint32_t slot)
{
	struct session *s = r->slots[slot];

	return slot_is_free(s) ? NULL : s;
}

struct session *reactor_find(struct reactor *r, struct handle h)
{
	struct session *s;

	if (h.reactor != r->index || h.slot >= r->n_slots)
		return NULL;
	s = r->slots[h.slot];
	return !slot_is_free(s) && s->handle.generation == h.generation ? s : NULL;
}

struct reactor *reactor_owner(struct reactor_set *set, const void *key, size_t len)
{
	if (set->n == 1)
		return &set->at[0];
	return &set->at[map_siphash(set->key0, set->key1, key, len) % set->n];
}

void reactor_post(struct reactor *from, struct reactor *to, struct msg *m)
{
	if (from == to)
		m->act(m);
	else
		inbox_push(&to->loop.inbox, m);
}

static struct reactor *reactor_least_loaded(struct reactor_set *set)
{
	struct reactor *least = &set->at[0];

	for (unsigned i = 1; i < set->n; i++)
		if (set->at[i].placed < least->placed)
			least = &set->at[i];
	return least;
}

static int reactor_accepted(struct acceptor *a, struct listener *l, int fd, const struct address *peer)
{
	struct reactor_set *set = container_of(a, struct reactor_set, acceptor);
	struct reactor *to = reactor_least_loaded(set);
	int r;

	if (chunk_pool_is_over(&to->pool))
		return -ENOMEM;
	r = session_new(&set->at[0], to, l, fd, peer);
	if (r >= 0)
		to->placed++;
	return r;
}

void reactor_count_out(struct reactor_set *set, struct listener *l, const struct address *peer, unsigned index)
{
	set->at[index].placed--;
	(void)listener_unref(l);
	acceptor_leave(&set->acceptor, peer);
}

static void reactor_reap(struct deferred *l)
{
	struct reactor *r = container_of(l, struct reactor, reap);

	session_reap_all(r);
	thread_check_empty(&r->thread);
}

static void reactor_close_file(struct chunk_pool *p, int fd)
{
	closer_close(&container_of(p, struct reactor, pool)->closer, fd);
}

/* A session or a request has ended, for which a reactor that leaves has waited. */
static void reactor_closed(struct closer *c)
{
	thread_check_empty(&container_of(c, struct reactor, closer)->thread);
}

static void reactor_use(struct reactor *r, struct settings *settings)
{
	r->settings = settings;
	r->limits = settings_get(settings, &limits_section);
	for (unsigned i = 0; i < r->set->n_roles; i++) {
		const struct option_section *section = r->set->roles[i].role->options;

		r->options[i] = section ? settings_get(settings, section) : NULL;
	}
	chunk_pool_set_limit(&r->pool, r->limits->memory / r->set->n);
	if (r->index == 0)
		acceptor_set_limits(&r->set->acceptor, r->limits->connections, r->limits->per_address);
}

static void reactor_use_listeners(struct reactor *r, struct listener **listeners)
{
	struct listener **old = r->listeners;

	r->listeners = listeners;
	if (r->index == 0)
		acceptor_use(&r->set->acceptor, listeners);
	listener_list_free(old);
}

static void reactor_update(struct msg *m)
{
	struct reactor_update *u = container_of(m, struct reactor_update, msg);
	struct settings *old = u->reactor->settings;

	if (!u->reactor->thread.leaving)
		reactor_use_listeners(u->reactor, STEAL_PTR(u->listeners));
	listener_list_free(u->listeners);
	reactor_use(u->reactor, u->settings);
	(void)settings_unref(old);
	free(u);
}

void reactor_send_update(struct reactor *r, struct reactor_update *u)
{
	u->reactor = r;
	u->msg.act = reactor_update;
	inbox_push(&r->loop.inbox, &u->msg);
}

/* The first call in its thread. */
static void reactor_begin(struct thread *t)
{
	struct reactor *r = container_of(t, struct reactor, thread);

	(void)journal_thread_init();
	if (r->index == 0)
		acceptor_use(&r->set->acceptor, r->listeners);
}

static void reactor_leave_all(struct thread *t)
{
	struct reactor *r = container_of(t, struct reactor, thread);
	struct reactor_set *set = r->set;

	if (r->index == 0) {
		acceptor_stop(&set->acceptor);
		/* Behind the last connection that was given to each. */
		for (unsigned i = 1; i < set->n; i++)
			thread_leave(&set->at[i].thread);
	}
	for (struct list *n = r->sessions.next; n != &r->sessions; n = n->next)
		session_goaway(container_of(n, struct session, link), set->stop_why);
}

static void reactor_drop_all(struct thread *t)
{
	struct reactor *r = container_of(t, struct reactor, thread);
	struct list *n;

	while ((n = list_first(&r->sessions)))
		session_end(container_of(n, struct session, link), "the daemon stops, and it took too long");
}

/* No session is left, and no worker or owner has one of its requests. */
static bool reactor_is_empty(struct thread *t)
{
	struct reactor *r = container_of(t, struct reactor, thread);

	return r->busy == 0 && r->closer.n == 0 && list_is_empty(&r->sessions) && list_is_empty(&r->dead);
}

static void reactor_ended(struct thread *t, int error)
{
	struct reactor *r = container_of(t, struct reactor, thread);

	if (error < 0)
		log_err("reactor %u ended: %s", r->index, strerror(-error));
}

static const struct thread_ops reactor_thread_ops = {
	.begin = reactor_begin,
	.leave = reactor_leave_all,
	.drop = reactor_drop_all,
	.is_empty = reactor_is_empty,
	.done = reactor_ended,
};

int reactor_init(struct reactor *r, struct reactor_set *set, unsigned index, struct settings *settings)
{
	int e;

	*r = (struct reactor){
		.set = set,
		.index = index,
		.free_slot = SLOT_NONE,
		.reap.run = reactor_reap,
		.times = { .linger_usec = 2 * USEC_PER_SEC, .drop_usec = 5 * USEC_PER_SEC, .raw_long_usec = USEC_PER_SEC },
		.loop = { .epoll_fd = -1, .inbox.fd = -1 },
	};
	thread_init(&r->thread, &r->loop, &reactor_thread_ops, set->owner.loop ? &set->owner : NULL);
	list_init(&r->sessions);
	list_init(&r->dead);
	chunk_pool_init(&r->pool, 0);
	r->pool.close_file = reactor_close_file;
	r->closer = (struct closer){ .workers = set->workers, .loop = &r->loop, .closed = reactor_closed };
	e = index == 0 ? acceptor_init(&set->acceptor, &r->loop, &r->ratelimit, reactor_accepted) : 0;
	reactor_use(r, settings_ref(settings));
	if (e < 0)
		return e;
	e = loop_init(&r->loop);
	if (e < 0)
		return e;
	log_ratelimit_init(&r->ratelimit, &r->loop);
	e = name_table_init(&r->names);
	if (e < 0)
		return e;
	r->scratch = malloc(REACTOR_SCRATCH);
	return r->scratch ? 0 : -ENOMEM;
}

void reactor_done(struct reactor *r)
{
	log_ratelimit_done(&r->ratelimit);
	name_table_done(&r->names);
	if (r->index == 0)
		acceptor_done(&r->set->acceptor);
	loop_done(&r->loop);
	request_pool_done(r);
	chunk_pool_done(&r->pool);
	listener_list_free(r->listeners);
	free(r->slots);
	free(r->scratch);
	(void)settings_unref(r->settings);
}
