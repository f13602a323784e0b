/* SPDX-License-Identifier: MIT */
/*
 * What a connection costs that is there and says nothing: its share of the server's resident memory, and what an answer
 * to others costs beside @idle of them. Each has asked once and been answered.
 *
 * "hold" is only the second half of that: the connections are there for whoever measures something else, until standard
 * input ends.
 *
 * Two servers of our own, one after the other: the first answers with nobody beside it. The second is as fresh when the
 * idle ones come, so that no memory is counted that had been there for the busy ones.
 */
#include "ask.h"
#include "base/clock.h"
#include "conn.h"
#include "load.h"
#include "mark.h"
#include "spawn.h"
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define IDLE_READY_USEC (5 * USEC_PER_SEC)

struct idle {
	const struct load_args *args;
	int *fds;
	uint64_t n;
};

static void idle_done(struct idle *i)
{
	while (i->n > 0)
		(void)close(i->fds[--i->n]);
	free(i->fds);
	i->fds = NULL;
}

static int idle_open(struct idle *i, uint64_t n)
{
	const struct target *t = i->args->target;
	int r;

	for (; n > 0; n--, i->n++) {
		r = conn_open((uint16_t)i->args->port, clock_usec() + IDLE_READY_USEC, &i->fds[i->n]);
		if (r < 0)
			return load_fail(-r, "Cannot open connection %zu to %s", (size_t)i->n + 1, t->name);
		r = conn_check(i->fds[i->n], t->greets, t->request, t->answer);
		if (r < 0)
			return load_fail(-r, "%s gave no right answer on connection %zu", t->name, (size_t)i->n + 1);
	}

	return 0;
}

/* Our own end of each takes a descriptor too. */
static int idle_init(struct idle *i, const struct load_args *args)
{
	uint64_t need = args->idle + args->connections + 64;
	struct rlimit limit;

	if (!args->target->request)
		return load_fail(0, "%s answers nothing but files", args->target->name);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return load_fail(errno, "Cannot tell how many descriptors we may have");
	if (limit.rlim_cur < need)
		return load_fail(0, "%llu connections take %llu descriptors, and ulimit -n is %llu",
				 (unsigned long long)(args->idle + args->connections), (unsigned long long)need,
				 (unsigned long long)limit.rlim_cur);

	*i = (struct idle){ .args = args, .fds = calloc(args->idle + 1, sizeof(*i->fds)) };
	return i->fds ? 0 : load_fail(ENOMEM, "Cannot prepare %zu connections", (size_t)args->idle);
}

static int idle_start(struct spawn *s)
{
	int r;

	r = spawn_run(s);
	return r < 0 ? r : spawn_wait(s);
}

/* The first connection stays, and is in neither figure: it makes the server touch what it needs for any. */
static int idle_measure_rss(struct idle *i, const struct spawn *s, double *ret_each)
{
	uint64_t before, after;
	int r;

	r = idle_open(i, 1);
	if (r < 0)
		return r;
	r = spawn_rss_kib(s, &before);
	if (r < 0)
		return r;
	r = idle_open(i, i->args->idle);
	if (r < 0)
		return r;
	r = spawn_rss_kib(s, &after);
	if (r < 0)
		return r;

	*ret_each = ((double)after - (double)before) * 1024 / (double)i->args->idle;
	return 0;
}

int hold_scenario(const struct load_args *args)
{
	_cleanup_(idle_done) struct idle i = {};
	char rest[64];
	int r;

	r = idle_init(&i, args);
	if (r < 0)
		return r;
	r = idle_open(&i, args->idle);
	if (r < 0)
		return r;
	printf("held\n");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, rest, sizeof(rest)) > 0)
		;
	return 0;
}

int idle_scenario(const struct load_args *args)
{
	_cleanup_(spawn_done) struct spawn s = SPAWN_NULL;
	_cleanup_(idle_done) struct idle i = {};
	struct mark_figures alone, beside;
	double each;
	int r;

	r = idle_init(&i, args);
	if (r < 0)
		return r;
	r = spawn_init(&s, args);
	if (r < 0)
		return r;

	r = idle_start(&s);
	if (r < 0)
		return r;
	r = ask_measure(args, s.pid, &alone);
	if (r < 0)
		return r;
	spawn_stop(&s);

	r = idle_start(&s);
	if (r < 0)
		return r;
	r = idle_measure_rss(&i, &s, &each);
	if (r < 0)
		return r;
	r = ask_measure(args, s.pid, &beside);
	if (r < 0)
		return r;

	printf("%.1f\t%.4f\t%.4f\t%.4f\n", each, alone.server_usec, beside.server_usec,
	       beside.server_usec / alone.server_usec);
	return 0;
}
