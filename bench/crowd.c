/* SPDX-License-Identifier: MIT */
/*
 * A room of --idle members, with a server of its own: what a room and a member take of its memory, and how long another
 * one takes to come in. --count rooms come first, with one member in all of them.
 *
 * Whoever comes in is told to all that are there, and each of them has to have heard it, all of them in one order.
 * Only ioe tells that.
 */
#include "base/clock.h"
#include "conn.h"
#include "frame.h"
#include "hist.h"
#include "load.h"
#include "spawn.h"
#include "target.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CROWD_READY_USEC (5 * USEC_PER_SEC)
#define CROWD_BATCH      100 /* come in at once; also rooms that are joined at once */
#define CROWD_VISITS     21
#define CROWD_LINE       128

#define CROWD_JOINED     "JOINED,bench,m" FRAME_WHO "\n"
#define CROWD_LEFT       "LEFT,bench,m" FRAME_WHO ",parted\n"

struct crowd_member {
	int fd;
	size_t pos, have;
	char heard[CROWD_BATCH * 32]; /* read, and from pos on not looked at */
};

struct crowd {
	const struct load_args *args;
	struct crowd_member *members; /* the last is the visitor, who comes and goes */
	uint64_t n;
	int rooms; /* who is in all the rooms */
	struct hist in, told;
};

static void crowd_done(struct crowd *c)
{
	while (c->n > 0)
		closep(&c->members[--c->n].fd);
	closep(&c->rooms);
	free(c->members);
}

/* A byte at a time, so as not to read on. */
static int crowd_read_line(const struct crowd *c, int fd, char line[CROWD_LINE])
{
	size_t n = 0;
	ssize_t got;

	do {
		got = recv(fd, line + n, 1, 0);
		if (got <= 0)
			return load_fail(got < 0 ? errno : ECONNRESET, "%s did not answer", c->args->target->name);
		n++;
	} while (line[n - 1] != '\n' && n < CROWD_LINE);

	line[n - 1] = '\0';
	return 0;
}

/* The answer, which begins with @begin; before it may be what others do, and oneself. */
static int crowd_await(const struct crowd *c, int fd, const char *begin)
{
	char line[CROWD_LINE];
	int r;

	do {
		r = crowd_read_line(c, fd, line);
		if (r < 0)
			return r;
	} while (strncmp(line, "JOINED,", 7) == 0 || strncmp(line, "LEFT,", 5) == 0);

	if (strncmp(line, begin, strlen(begin)) != 0)
		return load_fail(0, "%s answered wrongly: \"%s\"", c->args->target->name, line);
	return 0;
}

static int crowd_ask(const struct crowd *c, int fd, const char *request, const char *begin)
{
	int r;

	r = conn_send(fd, request, strlen(request), false);
	if (r < 0)
		return load_fail(-r, "Cannot send to %s", c->args->target->name);
	return crowd_await(c, fd, begin);
}

static int crowd_open(const struct crowd *c, const char *nick, int *ret_fd)
{
	char request[64];
	int r;

	r = conn_open((uint16_t)c->args->port, clock_usec() + CROWD_READY_USEC, ret_fd);
	if (r < 0)
		return load_fail(-r, "Cannot connect to %s", c->args->target->name);
	r = crowd_ask(c, *ret_fd, "HELLO,ioe/1\n", "HI,ioe/1,");
	if (r < 0)
		return r;
	(void)snprintf(request, sizeof(request), "NICK,%s\n", nick);
	return crowd_ask(c, *ret_fd, request, "OK,");
}

static int crowd_join_rooms(const struct crowd *c)
{
	char requests[CROWD_BATCH * 16], *at;
	uint64_t done, i;
	int r;

	for (done = 0; done < c->args->count; done += i) {
		for (at = requests, i = 0; i < CROWD_BATCH && done + i < c->args->count; i++)
			at += snprintf(at, 16, "JOIN,r%zu\n", (size_t)(done + i));
		r = conn_send(c->rooms, requests, (size_t)(at - requests), false);
		if (r < 0)
			return load_fail(-r, "Cannot send to %s", c->args->target->name);
		for (uint64_t k = 0; k < i; k++) {
			r = crowd_await(c, c->rooms, "OK,r");
			if (r < 0)
				return r;
		}
	}

	return 0;
}

/* The next thing that this member hears: that somebody has come or gone. */
static int crowd_hear_any(const struct crowd *c, struct crowd_member *m, const char *template, unsigned *ret_who)
{
	struct frame frame;
	size_t len;
	ssize_t n;
	int r;

	while ((r = frame_match(template, strlen(template), m->heard + m->pos, m->have - m->pos, &frame, &len)) ==
	       -EAGAIN) {
		memmove(m->heard, m->heard + m->pos, m->have - m->pos);
		m->have -= m->pos;
		m->pos = 0;
		n = recv(m->fd, m->heard + m->have, sizeof(m->heard) - m->have, 0);
		if (n <= 0)
			return load_fail(n < 0 ? errno : ECONNRESET, "%s did not tell member %zu who came or went",
					 c->args->target->name, (size_t)(m - c->members));
		m->have += (size_t)n;
	}

	if (r < 0)
		return load_fail(0, "%s told member %zu what cannot be: \"%.*s\"", c->args->target->name,
				 (size_t)(m - c->members), (int)MIN(m->have - m->pos, (size_t)40), m->heard + m->pos);
	m->pos += len;
	*ret_who = frame.who;
	return 0;
}

static int crowd_hear(const struct crowd *c, struct crowd_member *m, const char *template, unsigned who)
{
	unsigned heard;
	int r;

	r = crowd_hear_any(c, m, template, &heard);
	if (r < 0)
		return r;
	if (heard != who)
		return load_fail(0, "%s told member %zu of %04x where %04x was due", c->args->target->name,
				 (size_t)(m - c->members), heard, who);
	return 0;
}

/* Those that came together, in the order that the first member has heard: each of them once. */
static int crowd_hear_first(const struct crowd *c, uint64_t from, uint64_t n, unsigned order[])
{
	bool came[CROWD_BATCH] = {};
	uint64_t i;
	int r;

	for (i = 0; i < n; i++) {
		r = crowd_hear_any(c, &c->members[0], CROWD_JOINED, &order[i]);
		if (r < 0)
			return r;
		if (order[i] < from || order[i] >= from + n || came[order[i] - from])
			return load_fail(0, "%s told that %04x came, who did not", c->args->target->name, order[i]);
		came[order[i] - from] = true;
	}

	return 0;
}

/* The others hear it in the same order, and who is one of them himself, from himself on. */
static int crowd_hear_joined(const struct crowd *c, uint64_t from, uint64_t n)
{
	unsigned order[CROWD_BATCH];
	uint64_t i, k;
	int r;

	r = crowd_hear_first(c, from, n, order);
	for (i = 1; r == 0 && i < from; i++)
		for (k = 0; r == 0 && k < n; k++)
			r = crowd_hear(c, &c->members[i], CROWD_JOINED, order[k]);
	for (i = 0; r == 0 && i < n; i++)
		for (k = i; r == 0 && order[i] > 0 && k < n; k++)
			r = crowd_hear(c, &c->members[order[i]], CROWD_JOINED, order[k]);
	return r;
}

static int crowd_connect(struct crowd *c)
{
	char nick[16];
	int r;

	while (c->n <= c->args->idle) {
		(void)snprintf(nick, sizeof(nick), "m%04x", (unsigned)c->n & 0xffff);
		c->members[c->n].fd = -1;
		r = crowd_open(c, nick, &c->members[c->n].fd);
		c->n++;
		if (r < 0)
			return r;
	}

	return 0;
}

static int crowd_join_batch(const struct crowd *c, uint64_t from, uint64_t n)
{
	static const char join[] = "JOIN,bench\n";
	uint64_t i;
	int r;

	for (i = from; i < from + n; i++) {
		r = conn_send(c->members[i].fd, join, sizeof(join) - 1, false);
		if (r < 0)
			return load_fail(-r, "Cannot send to %s", c->args->target->name);
	}
	for (i = from; i < from + n; i++) {
		r = crowd_await(c, c->members[i].fd, "OK,bench,");
		if (r < 0)
			return r;
	}

	return crowd_hear_joined(c, from, n);
}

/* The first one alone: he hears of all. */
static int crowd_join(const struct crowd *c)
{
	uint64_t from, n = 1;
	int r;

	for (from = 0; from < c->args->idle; from += n, n = MIN((uint64_t)CROWD_BATCH, c->args->idle - from)) {
		r = crowd_join_batch(c, from, n);
		if (r < 0)
			return r;
	}

	return 0;
}

static int crowd_hear_all(const struct crowd *c, const char *template)
{
	uint64_t i;
	int r = 0;

	for (i = 0; r == 0 && i < c->args->idle; i++)
		r = crowd_hear(c, &c->members[i], template, (unsigned)c->args->idle);
	return r;
}

static int crowd_visit(struct crowd *c)
{
	int fd = c->members[c->args->idle].fd, r;
	uint64_t from_usec = clock_usec();

	r = crowd_ask(c, fd, "JOIN,bench\n", "OK,bench,");
	if (r < 0)
		return r;
	hist_add(&c->in, clock_usec() - from_usec);
	r = crowd_hear_all(c, CROWD_JOINED);
	if (r < 0)
		return r;
	hist_add(&c->told, clock_usec() - from_usec);
	r = crowd_ask(c, fd, "PART,bench\n", "OK");
	return r < 0 ? r : crowd_hear_all(c, CROWD_LEFT);
}

static int crowd_measure(struct crowd *c, const struct spawn *s, double *ret_room, double *ret_member)
{
	uint64_t before, rooms, connected, joined;
	int r, i;

	r = crowd_open(c, "everywhere", &c->rooms);
	if (r >= 0)
		r = spawn_rss_kib(s, &before);
	if (r >= 0)
		r = crowd_join_rooms(c);
	if (r >= 0)
		r = spawn_rss_kib(s, &rooms);
	if (r >= 0)
		r = crowd_connect(c);
	if (r >= 0)
		r = spawn_rss_kib(s, &connected);
	if (r >= 0)
		r = crowd_join(c);
	if (r >= 0)
		r = spawn_rss_kib(s, &joined);
	for (i = 0; r >= 0 && i < CROWD_VISITS; i++)
		r = crowd_visit(c);
	if (r < 0)
		return r;

	*ret_room = ((double)rooms - (double)before) * 1024 / (double)c->args->count;
	*ret_member = ((double)joined - (double)connected) * 1024 / (double)c->args->idle;
	return 0;
}

int crowd_scenario(const struct load_args *args)
{
	_cleanup_(spawn_done) struct spawn s = SPAWN_NULL;
	_cleanup_(crowd_done) struct crowd c = { .args = args, .rooms = -1 };
	double room = 0, member = 0;
	int r;

	if (args->idle > 0xffff)
		return load_fail(0, "%zu members have no names", (size_t)args->idle);
	c.members = calloc(args->idle + 1, sizeof(*c.members));
	if (!c.members)
		return load_fail(ENOMEM, "Cannot prepare %zu members", (size_t)args->idle);

	r = spawn_init(&s, args);
	if (r >= 0)
		r = spawn_run(&s);
	if (r >= 0)
		r = spawn_wait(&s);
	if (r >= 0)
		r = crowd_measure(&c, &s, &room, &member);
	if (r < 0)
		return r;

	printf("%.0f\t%.0f\t%llu\t%llu\t%llu\n", room, member, (unsigned long long)hist_percentile(&c.in, 50),
	       (unsigned long long)hist_percentile(&c.in, 99), (unsigned long long)hist_percentile(&c.told, 50));
	return 0;
}
