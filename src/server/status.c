/* SPDX-License-Identifier: MIT */
#include "server/status.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "log/journal.h"
#include "loop/worker.h"
#include "server/exposure.h"
#include "server/server.h"
#include "session/frontend.h"
#include "session/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* If one call of a worker takes this long, the disk is slow or hangs. */
#define STATUS_STUCK_USEC (10 * USEC_PER_SEC)

static uint64_t status_load(const atomic_uint_fast64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static void status_add_listeners(struct server *s, struct status *st)
{
	for (size_t i = 0; i < s->n_listeners; i++) {
		struct listener *l = s->listeners[i];
		struct status_listener *to = &st->listeners[i];

		(void)snprintf(to->address, sizeof(to->address), "%s", l->address);
		(void)snprintf(to->roles, sizeof(to->roles), "%s", frontend_of(l)->roles);
		to->paused = atomic_load_explicit(&l->paused, memory_order_relaxed);
		to->accepted = status_load(&l->accepted);
		to->refused = status_load(&l->refused);
		st->accepted += to->accepted;
		st->refused += to->refused;
	}
	st->n_listeners = s->n_listeners;
}

static void status_add_reactors(struct server *s, struct status *st)
{
	for (unsigned i = 0; i < s->reactors.n; i++) {
		struct reactor *r = &s->reactors.at[i];

		st->sessions += status_load(&r->counters.sessions);
		st->bytes_in += status_load(&r->counters.bytes_in);
		st->bytes_out += status_load(&r->pool.sent);
		st->memory += chunk_pool_used(&r->pool);
		for (unsigned k = 0; k <= s->reactors.n_roles; k++) {
			st->roles[k].requests += status_load(&r->counters.requests[k]);
			st->roles[k].errors += status_load(&r->counters.errors[k]);
		}
	}
	for (unsigned k = 0; k <= s->reactors.n_roles; k++) {
		const struct role_slot *slot = k < s->reactors.n_roles ? &s->reactors.roles[k] : NULL;

		st->roles[k].name = slot ? slot->role->name : "session";
		if (k < s->n_roles_started && slot->role->expired)
			st->roles[k].expired = slot->role->expired(slot->state);
		st->requests += st->roles[k].requests;
		st->errors += st->roles[k].errors;
	}
	st->n_roles = s->reactors.n_roles + 1;
}

static void status_warn_of_exposure(const struct server *s, struct warnings *w)
{
	char text[EXPOSURE_MAX];

	for (size_t i = 0; i < s->n_listeners; i++)
		if (exposure_of_listener(s->listeners[i], s->args.roles, text))
			warnings_add(w, WARNING_OPEN_TO_NETWORK, "%s", text);
}

void server_warn(struct server *s, struct warnings *w)
{
	uint64_t stuck = worker_pool_stuck_usec(s->reactors.workers, clock_usec()), dropped = journal_dropped();

	for (size_t i = 0; i < s->n_listeners; i++)
		if (atomic_load_explicit(&s->listeners[i]->paused, memory_order_relaxed))
			warnings_add(w, WARNING_LISTENER_PAUSED,
				     "%s accepts no connections for now: out of descriptors or memory; raise LimitNOFILE in "
				     "the unit, or lower limits.connections",
				     s->listeners[i]->address);
	if (stuck > STATUS_STUCK_USEC)
		warnings_add(w, WARNING_DISK_SLOW,
			     "a worker has been waiting for the disk for %llu s: check the disk of the served folder",
			     (unsigned long long)(stuck / USEC_PER_SEC));
	for (unsigned k = 0; k < s->n_roles_started; k++) {
		const struct role_slot *slot = &s->reactors.roles[k];

		if (slot->role->warn)
			slot->role->warn(slot->state, w);
	}
	if (dropped > 0)
		warnings_add(w, WARNING_LOG_DROPPED,
			     "%llu log events were dropped: the log's reader is too slow or stopped",
			     (unsigned long long)dropped);
	if (s->state_shared[0])
		warnings_add(w, WARNING_STATE_SHARED, "%s", s->state_shared);
	status_warn_of_exposure(s, w);
	if (s->reload_usec && !s->reload_ok)
		warnings_add(w, WARNING_RELOAD_REFUSED,
			     "the last reload was refused: the old configuration is in force; ioectl check says why");
}

int server_status(struct server *s, struct status *ret)
{
	const struct limits_options *limits = settings_get(s->settings, &limits_section);
	uint64_t now = clock_usec();

	*ret = (struct status){
		.version = PACKAGE_VERSION,
		.instance = s->args.instance,
		.pid = getpid(),
		.started_usec = s->started_real_usec,
		.uptime_usec = now - s->started_usec,
		.config = s->settings->source,
		.reactors = s->reactors.n,
		.workers = worker_pool_threads(s->reactors.workers),
		.sessions_limit = limits->connections,
		.memory_limit = limits->memory,
		.log_level = log_level_name(log_get_level()),
		.log_dropped = journal_dropped(),
		.reload_usec = s->reload_usec,
		.reload_ok = s->reload_ok,
		.listeners = calloc(s->n_listeners, sizeof(*ret->listeners)),
		.roles = calloc(s->reactors.n_roles + 1, sizeof(*ret->roles)),
	};
	if (!ret->listeners || !ret->roles) {
		status_done(ret);
		return -ENOMEM;
	}
	(void)snprintf(ret->state_dir, sizeof(ret->state_dir), "%s", s->state_dir);
	(void)snprintf(ret->reload_text, sizeof(ret->reload_text), "%s", s->reload_text);
	status_add_listeners(s, ret);
	status_add_reactors(s, ret);
	server_warn(s, &ret->warnings);
	if (ret->warnings.short_of_memory) {
		status_done(ret);
		return -ENOMEM;
	}
	ret->state = s->stopping ? "stopping" : warnings_degrade(&ret->warnings) ? "degraded" : "running";
	return 0;
}

void status_done(struct status *st)
{
	free(st->listeners);
	free(st->roles);
	warnings_done(&st->warnings);
	st->listeners = NULL;
	st->roles = NULL;
}
