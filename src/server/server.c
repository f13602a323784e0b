/* SPDX-License-Identifier: MIT */
/*
 * The order of the start: settings, state directory and its lock, workers, roles, listeners, reactors.
 *
 * The order of the stop: reactor 0 accepts no more connections, and sends "leave" to each reactor behind the last
 * connection that it has given to it. Each reactor answers the requests under way and reports that it is empty. When
 * all are empty, all are told to end, so no message between two reactors is lost. Then the workers end, then the roles.
 */
#include "server/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "log/journal.h"
#include "loop/worker.h"
#include "net/inherited.h"
#include "server/state_dir.h"
#include "server/task.h"
#include "session/frontend.h"
#include "session/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* The time that a thread gets to come back from the kernel, after the remaining connections were reset. */
#define SERVER_GIVE_UP_USEC USEC_PER_SEC

#define SERVER_FIRST_FD 3 /* SD_LISTEN_FDS_START */

#define NUMBER(member) OPTION_FIELD(struct server_options, member, uint64_t)
#define STRING(member) OPTION_FIELD(struct server_options, member, char *)

static const struct option server_rows[] = {
	{ "reactors", OPTION_INT, NUMBER(reactors), 1, REACTORS_MAX, "1", OPTION_APPLY_RESTART, NULL,
	  "Threads that serve sessions. Each session belongs to one of them." },
	{ "workers", OPTION_INT, NUMBER(workers), 1, 64, "4", OPTION_APPLY_RESTART, NULL,
	  "Threads for calls that can wait for the disk." },
	{ "state_dir", OPTION_STRING, STRING(state_dir), 1, 4000, "/var/lib/ioe/%i", OPTION_APPLY_RESTART, NULL,
	  "The folder of all data that survives a restart. $STATE_DIRECTORY, which systemd sets, overrides it." },
	{ "runtime_dir", OPTION_STRING, STRING(runtime_dir), 1, 90, "/run/ioe/%i", OPTION_APPLY_RESTART, NULL,
	  "The folder of control.sock. $RUNTIME_DIRECTORY, which systemd sets, overrides it." },
	{ "stop_timeout", OPTION_TIME, NUMBER(stop_timeout_usec), 0, 3600 * USEC_PER_SEC, "10s", OPTION_APPLY_NOW, NULL,
	  "Time that open requests have when the daemon stops. Connections that are left then are reset." },
};

const struct option_section server_section = {
	.name = "",
	.rows = server_rows,
	.n_rows = ELEMENTSOF(server_rows),
	.size = sizeof(struct server_options),
};

void server_post(struct server *s, struct msg *m, void (*act)(struct msg *m))
{
	m->act = act;
	inbox_push(&s->args.loop->inbox, m);
}

/* All reactors have ended, or were given up. */
static void server_stopped(struct server *s)
{
	loop_no_timer(s->args.loop, &s->stop_timer);
	s->args.stopped(s, s->args.userdata);
}

static struct server *server_of(struct thread *t)
{
	return container_of(container_of(t, struct reactor, thread)->set, struct server, reactors);
}

static void server_reactor_empty(struct thread *t)
{
	struct server *s = server_of(t);

	if (++s->n_empty < s->reactors.n)
		return;
	for (unsigned i = 0; i < s->reactors.n; i++)
		thread_stop(&s->reactors.at[i].thread);
}

static void server_reactor_done(struct thread *t)
{
	struct server *s = server_of(t);

	if (++s->n_ended == s->n_started)
		server_stopped(s);
}

/* Fills the set of reactors, without the states of the roles, the workers and the reactors themselves. */
static int server_fill_set(struct server *s, unsigned n)
{
	struct reactor_set *set = &s->reactors;

	set->at = calloc(n, sizeof(*set->at));
	if (!set->at)
		return -ENOMEM;
	set->n = n;
	for (; s->args.roles[set->n_roles]; set->n_roles++)
		set->roles[set->n_roles].role = s->args.roles[set->n_roles];
	set->instance = s->args.instance;
	set->owner = (struct thread_owner){
		.loop = s->args.loop,
		.on_empty = server_reactor_empty,
		.on_done = server_reactor_done,
	};
	if (getrandom(&set->key0, sizeof(set->key0), 0) < 0 || getrandom(&set->key1, sizeof(set->key1), 0) < 0)
		return -errno;
	return 0;
}

int server_open_listeners(const struct listener_plan *plan, struct listener ***ret)
{
	size_t n = plan->settings->n_listeners;
	struct listener **list = calloc(n + 1, sizeof(*list));
	int r = list ? listener_check_leaving(plan) : -ENOMEM;

	for (size_t i = 0; i < n && r >= 0; i++)
		r = listener_open(plan, i, &list[i]);
	if (r < 0)
		listener_list_free(list);
	else
		*ret = list;
	return r;
}

static int server_first_listeners(struct server *s, char *why, size_t why_size)
{
	const struct limits_options *limits = settings_get(s->settings, &limits_section);
	unsigned n = s->args.n_inherited;
	_cleanup_(freep) struct inherited *in = calloc(n + 1, sizeof(*in));
	const struct listener_plan plan = {
		.size = sizeof(struct frontend),
		.init = frontend_init,
		.userdata = &s->reactors,
		.settings = s->settings,
		.instance = s->args.instance,
		.peer_usec = limits->peer_usec,
		.inherited = in,
		.n_inherited = n,
		.why = why,
		.why_size = why_size,
	};
	int r;

	if (!in)
		return -ENOMEM;
	r = inherited_take(&plan, SERVER_FIRST_FD);
	if (r >= 0)
		r = inherited_check(&plan);
	if (r >= 0)
		r = server_open_listeners(&plan, &s->listeners);
	if (r >= 0)
		s->n_listeners = s->settings->n_listeners;
	inherited_done(in, n);
	return r;
}

static int server_start_roles(struct server *s, char *why, size_t why_size)
{
	struct role_start with = {
		.settings = s->settings,
		.state_dirfd = s->state_fd,
		.state_dir = s->state_dir,
		.workers = s->reactors.workers,
		.loop = s->args.loop,
		.reactors = &s->reactors,
	};
	int r;

	for (; s->n_roles_started < s->reactors.n_roles; s->n_roles_started++) {
		struct role_slot *slot = &s->reactors.roles[s->n_roles_started];

		if (!slot->role->start)
			continue;
		r = slot->role->uses_channels && !s->engine ? s->args.engine_new(s, &s->engine) : 0;
		if (r < 0)
			return r;
		with.engine = slot->role->uses_channels ? s->engine : NULL;
		r = slot->role->start(&with, &slot->state, why, why_size);
		if (r < 0)
			return r;
	}
	return 0;
}

/* All reactors are complete before the first one runs, as that one can send messages to any other. */
static int server_make_reactors(struct server *s)
{
	for (unsigned i = 0; i < s->reactors.n; i++) {
		struct reactor *reactor = &s->reactors.at[i];
		int r = reactor_init(reactor, &s->reactors, i, s->settings);

		s->n_made++;
		if (r < 0)
			return r;
		reactor->listeners = listener_list_copy(s->listeners);
		if (!reactor->listeners)
			return -ENOMEM;
	}
	return 0;
}

static int server_start_reactors(struct server *s)
{
	int r = server_make_reactors(s);

	for (unsigned i = 0; i < s->reactors.n && r >= 0; i++) {
		r = thread_start(&s->reactors.at[i].thread);
		if (r >= 0)
			s->n_started++;
	}
	return r;
}

/* In a worker's thread, at its begin: gives it its own queue of the journal before it logs anything. */
static void server_begin_worker(void)
{
	(void)journal_thread_init();
}

static int server_start_all(struct server *s, char *why, size_t why_size)
{
	const struct server_options *o = settings_get(s->settings, &server_section);
	int r;

	r = state_dir_open(s, o, why, why_size);
	if (r < 0)
		return r;
	r = server_fill_set(s, (unsigned)o->reactors);
	if (r < 0)
		return r;
	r = worker_pool_new(&s->reactors.workers, (unsigned)o->workers, server_begin_worker);
	if (r < 0)
		return r;
	r = server_start_roles(s, why, why_size);
	if (r < 0)
		return r;
	r = server_first_listeners(s, why, why_size);
	if (r < 0)
		return r;
	return server_start_reactors(s);
}

int server_start(struct server **ret, const struct server_args *args, char *why, size_t why_size)
{
	struct server *s = calloc(1, sizeof(*s));
	int r;

	*why = '\0';
	if (!s)
		return -ENOMEM;
	list_init(&s->tasks);
	s->args = *args;
	s->settings = settings_ref(args->settings);
	s->state_fd = s->lock_fd = -1;
	s->started_usec = clock_usec();
	s->started_real_usec = clock_real_usec();

	r = server_start_all(s, why, why_size);
	if (r < 0) {
		if (!*why)
			(void)snprintf(why, why_size, "cannot start: %s", strerror(-r));
		(void)server_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void server_check(struct server *s)
{
	for (unsigned i = 0; i < s->n_roles_started; i++) {
		const struct role_slot *slot = &s->reactors.roles[i];

		if (slot->role->check)
			slot->role->check(slot->state);
	}
}

bool server_poke(struct server *s)
{
	bool all = true;

	for (unsigned i = 0; i < s->reactors.n; i++)
		all = thread_poke(&s->reactors.at[i].thread) && all;
	return all;
}

static void server_stop_expired(struct timer *t)
{
	struct server *s = container_of(t, struct server, stop_timer);
	const struct server_options *o = settings_get(s->settings, &server_section);
	struct loop *loop = s->args.loop;

	/* The whole process was stopped meanwhile, so the other threads had no time to answer. */
	if (t->at_msec * USEC_PER_MSEC <= loop->back_usec) {
		loop_timer(loop, t, loop->now_usec + (s->dropped ? SERVER_GIVE_UP_USEC : o->stop_timeout_usec));
		return;
	}
	if (s->dropped) {
		log_warning("some threads hang in the kernel; ioed ends without them");
		server_stopped(s);
		return;
	}
	s->dropped = true;
	log_warning("stop_timeout is over: the sessions that are left are reset");
	for (unsigned i = 0; i < s->reactors.n; i++)
		thread_drop(&s->reactors.at[i].thread);
	loop_timer(loop, t, loop->now_usec + SERVER_GIVE_UP_USEC);
}

uint64_t server_stop_usec(const struct server *s)
{
	const struct server_options *o = settings_get(s->settings, &server_section);

	return o->stop_timeout_usec + 2 * SERVER_GIVE_UP_USEC; /* once for reactors, once for workers */
}

void server_stop(struct server *s, const char *why)
{
	const struct server_options *o = settings_get(s->settings, &server_section);

	if (s->stopping)
		return;
	s->stopping = true;
	(void)snprintf(s->reactors.stop_why, sizeof(s->reactors.stop_why), "%s", why);
	thread_leave(&s->reactors.at[0].thread);
	s->stop_timer.fire = server_stop_expired;
	loop_timer(s->args.loop, &s->stop_timer, clock_usec() + o->stop_timeout_usec);
}

/* Joins the threads that have ended; after a start that failed half-way, ends them first. Returns how many threads were
 * left behind. */
static unsigned server_join(struct server *s)
{
	unsigned left = s->stopping ? s->n_started - s->n_ended : 0;

	if (left > 0)
		return left;
	for (unsigned i = 0; i < s->n_started; i++) {
		if (!s->stopping)
			thread_stop(&s->reactors.at[i].thread);
		(void)thread_join(&s->reactors.at[i].thread, USEC_NEVER);
	}
	return 0;
}

unsigned server_free(struct server *s)
{
	unsigned left = server_join(s);

	if (left == 0 && s->reactors.workers)
		left = worker_pool_stop(s->reactors.workers, clock_usec() + SERVER_GIVE_UP_USEC);
	if (left > 0)
		return left; /* they still use all this; the process is about to end */

	for (unsigned i = s->n_roles_started; i > 0; i--) {
		const struct role_slot *slot = &s->reactors.roles[i - 1];

		if (slot->role->stop)
			slot->role->stop(slot->state);
	}
	if (s->engine)
		s->args.engine_free(s->engine);
	server_task_free_all(&s->tasks);
	for (unsigned i = 0; i < s->n_made; i++)
		reactor_done(&s->reactors.at[i]);
	listener_list_free(s->listeners);
	free(s->reactors.at);
	state_dir_close(s);
	(void)settings_unref(s->settings);
	free(s);
	return 0;
}
