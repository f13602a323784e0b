/* SPDX-License-Identifier: MIT */
/*
 * One says, all hear. --connections members are in one room, the first --publishers of them speak. Each of these has up
 * to --depth messages under way, which not all members have heard yet; once half of them have been heard by all, as
 * many leave in one write. So no server has to drop anything, and the slowest member gives the pace.
 *
 * Each member has to hear each publisher's messages, its own too, one after the other, with none missing, twice or
 * altered, and in the end nothing may be left over.
 *
 * Latency is from before a message's write until the last member has read it. It says something with --depth 1 only;
 * else it is a queue's length.
 */
#include "base/clock.h"
#include "conn.h"
#include "hist.h"
#include "load.h"
#include "mark.h"
#include "proc.h"
#include "pubsub.h"
#include "target.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define FAN_STALL_MSEC 5000
#define FAN_READY_USEC (10 * USEC_PER_SEC)
#define FAN_BUF_BYTES  65536
#define FAN_EVENTS     1024

struct fan_member {
	int fd;
	char *rest; /* the beginning of what has not come whole; NULL: nothing */
	size_t rest_len;
	uint64_t last;   /* number that the server gave */
	uint64_t *heard; /* of each publisher */
};

/* A message under way, in the place that its number has modulo --depth. */
struct fan_message {
	uint64_t sent_usec;
	uint64_t heard; /* by how many */
	char text[FRAME_TEXT_BYTES];
};

struct fan_publisher {
	struct fan_message *under_way;
	uint64_t sent, done, replies;
	char *out; /* what leaves in one write */
	size_t out_len, out_pos;
};

struct fan {
	const struct load_args *args;
	const struct pubsub *pubsub;
	struct fan_member *members;
	struct fan_publisher *publishers;
	size_t n_members;
	uint64_t *heard;
	char *rests;
	char *buf;
	struct epoll_event *events;
	int epoll;
	bool ending;
	uint64_t deliveries;
	struct hist hist;
};

static void fan_done(struct fan *f)
{
	size_t i;

	for (i = 0; i < f->n_members; i++)
		closep(&f->members[i].fd);
	for (i = 0; f->publishers && i < f->args->publishers; i++) {
		free(f->publishers[i].under_way);
		free(f->publishers[i].out);
	}
	closep(&f->epoll);
	free(f->members);
	free(f->publishers);
	free(f->heard);
	free(f->rests);
	free(f->buf);
	free(f->events);
}

static int fan_init_publishers(struct fan *f)
{
	struct fan_publisher *p;
	uint64_t i;

	for (i = 0; i < f->args->publishers; i++) {
		p = &f->publishers[i];
		p->under_way = calloc(f->args->depth, sizeof(*p->under_way));
		p->out = malloc(f->args->depth * PUBSUB_MAX);
		if (!p->under_way || !p->out)
			return -ENOMEM;
	}

	return 0;
}

static int fan_init(struct fan *f, const struct load_args *args)
{
	*f = (struct fan){ .args = args, .epoll = -1, .pubsub = pubsub_find(args->target->name) };

	if (!f->pubsub)
		return load_fail(0, "%s has no rooms", args->target->name);
	if (args->publishers > args->connections)
		return load_fail(0, "Of %zu members, %zu cannot publish", (size_t)args->connections,
				 (size_t)args->publishers);

	f->members = calloc(args->connections, sizeof(*f->members));
	f->publishers = calloc(args->publishers, sizeof(*f->publishers));
	f->heard = calloc(args->connections * args->publishers, sizeof(*f->heard));
	f->rests = malloc(args->connections * PUBSUB_MAX);
	f->buf = malloc(PUBSUB_MAX + FAN_BUF_BYTES);
	f->events = calloc(FAN_EVENTS, sizeof(*f->events));
	if (!f->members || !f->publishers || !f->heard || !f->rests || !f->buf || !f->events ||
	    fan_init_publishers(f) < 0)
		return load_fail(ENOMEM, "Cannot prepare %zu members", (size_t)args->connections);

	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	return f->epoll < 0 ? load_fail(errno, "Cannot make an epoll") : 0;
}

static int fan_enter(struct fan *f, struct fan_member *m, size_t i)
{
	int r;

	*m = (struct fan_member){ .heard = f->heard + i * f->args->publishers, .rest = f->rests + i * PUBSUB_MAX };
	r = conn_open((uint16_t)f->args->port, clock_usec() + FAN_READY_USEC, &m->fd);
	if (r < 0)
		return load_fail(-r, "Cannot open connection %zu to %s", i + 1, f->args->target->name);
	f->n_members++;

	r = pubsub_come_in(f->pubsub, m->fd, (unsigned)i);
	if (r < 0)
		return load_fail(-r, "%s did not let member %zu in", f->args->target->name, i + 1);
	return 0;
}

/* One after the other: whoever comes in is told to those before him. */
static int fan_connect(struct fan *f)
{
	struct epoll_event ev = { .events = EPOLLIN };
	size_t i;
	int r;

	for (i = 0; i < f->args->connections; i++) {
		r = fan_enter(f, &f->members[i], i);
		if (r < 0)
			return r;
		ev.data.u64 = i;
		if (epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->members[i].fd, &ev) < 0)
			return load_fail(errno, "Cannot watch connection %zu", i + 1);
	}

	return 0;
}

/* What does not fit leaves once there is room. */
static int fan_flush(struct fan *f, size_t who)
{
	struct fan_publisher *p = &f->publishers[who];
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = who };
	bool waited = p->out_pos > 0;
	ssize_t n;

	n = send(f->members[who].fd, p->out + p->out_pos, p->out_len - p->out_pos, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		return load_fail(errno, "Cannot send to %s", f->args->target->name);
	p->out_pos += n < 0 ? 0 : (size_t)n;

	if (p->out_pos < p->out_len)
		ev.events |= EPOLLOUT;
	else
		p->out_pos = p->out_len = 0;
	if ((waited || p->out_len > 0) && epoll_ctl(f->epoll, EPOLL_CTL_MOD, f->members[who].fd, &ev) < 0)
		return load_fail(errno, "Cannot watch a connection");
	return 0;
}

static int fan_publish(struct fan *f, size_t who)
{
	struct fan_publisher *p = &f->publishers[who];
	uint64_t now_usec = clock_usec();
	struct fan_message *m;

	while (p->sent - p->done < f->args->depth) {
		m = &p->under_way[p->sent % f->args->depth];
		m->sent_usec = now_usec;
		m->heard = 0;
		frame_make_text(m->text, (unsigned)who, p->sent);
		p->out_len += pubsub_say(f->pubsub, m->text, p->out + p->out_len);
		p->sent++;
	}

	return fan_flush(f, who);
}

/* Once half of what may be under way is not, all that may be is sent. */
static int fan_publish_more(struct fan *f)
{
	struct fan_publisher *p;
	size_t i;
	int r;

	for (i = 0; i < f->args->publishers; i++) {
		p = &f->publishers[i];
		if (f->ending || p->out_len > 0 || p->sent - p->done > f->args->depth / 2)
			continue;
		r = fan_publish(f, i);
		if (r < 0)
			return r;
	}

	return 0;
}

static int fan_said(struct fan *f, struct fan_member *m, const struct frame *frame, uint64_t now_usec)
{
	struct fan_publisher *p;
	struct fan_message *message;
	unsigned who;

	if (frame_who(frame->text, &who) < 0 || who >= f->args->publishers)
		return load_fail(0, "%s told what nobody said", f->args->target->name);

	p = &f->publishers[who];
	message = &p->under_way[m->heard[who] % f->args->depth];
	if (m->heard[who] == p->sent || memcmp(frame->text, message->text, FRAME_TEXT_BYTES) != 0)
		return load_fail(0, "%s: member %zu heard \"%.16s...\" where message %zu of %u was due",
				 f->args->target->name, (size_t)(m - f->members), frame->text, (size_t)m->heard[who],
				 who);
	if (f->pubsub->numbered && ((m->last > 0 && frame->number != m->last + 1) || frame->who != who))
		return load_fail(0, "%s: member %zu heard number %zu from %u behind number %zu", f->args->target->name,
				 (size_t)(m - f->members), (size_t)frame->number, frame->who, (size_t)m->last);

	m->last = frame->number;
	m->heard[who]++;
	f->deliveries++;
	if (++message->heard == f->args->connections) {
		hist_add(&f->hist, now_usec - message->sent_usec);
		p->done++;
	}
	return 0;
}

static int fan_heard(struct fan *f, struct fan_member *m, enum pubsub_kind kind, const struct frame *frame,
		     uint64_t now_usec)
{
	size_t who = (size_t)(m - f->members);

	if (kind == PUBSUB_IGNORED)
		return 0;
	if (kind == PUBSUB_SAID)
		return fan_said(f, m, frame, now_usec);

	if (who >= f->args->publishers || f->publishers[who].replies == f->publishers[who].sent)
		return load_fail(0, "%s answered member %zu, who had not asked", f->args->target->name, who);
	f->publishers[who].replies++;
	return 0;
}

/* All that is whole of the @n bytes in the buffer; the rest is kept. */
static int fan_take(struct fan *f, struct fan_member *m, size_t n)
{
	uint64_t now_usec = clock_usec();
	const char *p = f->buf;
	enum pubsub_kind kind;
	struct frame frame;
	size_t len;
	int r;

	while ((r = pubsub_receive(f->pubsub, p, n, &kind, &frame, &len)) == 0) {
		r = fan_heard(f, m, kind, &frame, now_usec);
		if (r < 0)
			return r;
		p += len;
		n -= len;
	}

	if (r != -EAGAIN || n > PUBSUB_MAX)
		return load_fail(0, "%s told member %zu what cannot be: \"%.*s\"", f->args->target->name,
				 (size_t)(m - f->members), (int)MIN(n, (size_t)80), p);
	memcpy(m->rest, p, n);
	m->rest_len = n;
	return 0;
}

static int fan_ready(struct fan *f, size_t who, uint32_t events)
{
	struct fan_member *m = &f->members[who];
	ssize_t n;
	int r;

	if (events & EPOLLOUT) {
		r = fan_flush(f, who);
		if (r < 0)
			return r;
	}

	memcpy(f->buf, m->rest, m->rest_len);
	n = recv(m->fd, f->buf + m->rest_len, FAN_BUF_BYTES, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		return load_fail(errno, "Cannot read from %s", f->args->target->name);
	if (n == 0)
		return load_fail(0, "%s closed the connection of member %zu", f->args->target->name, who);
	return fan_take(f, m, m->rest_len + (size_t)n);
}

static bool fan_is_idle(const struct fan *f)
{
	const struct fan_publisher *p;
	size_t i;

	for (i = 0; i < f->args->publishers; i++) {
		p = &f->publishers[i];
		if (p->done < p->sent || (f->pubsub->reply.n > 0 && p->replies < p->sent))
			return false;
	}
	return true;
}

/* With @until_idle, until everything has been heard by all. */
static int fan_run_until(struct fan *f, uint64_t until_usec, bool until_idle)
{
	int n, i, r;

	while (until_idle ? !fan_is_idle(f) : clock_usec() < until_usec) {
		n = epoll_wait(f->epoll, f->events, FAN_EVENTS, FAN_STALL_MSEC);
		if (n < 0 && errno != EINTR)
			return load_fail(errno, "Cannot wait for messages");
		if (n == 0)
			return load_fail(0, "%s has told nobody anything for %d ms", f->args->target->name,
					 FAN_STALL_MSEC);

		for (i = 0; i < n; i++) {
			r = fan_ready(f, f->events[i].data.u64, f->events[i].events);
			if (r < 0)
				return r;
		}
		r = fan_publish_more(f);
		if (r < 0)
			return r;
	}

	return 0;
}

/* What was said has been heard; now nothing more may come. */
static int fan_end(struct fan *f)
{
	size_t i;
	int r;

	f->ending = true;
	r = fan_run_until(f, 0, true);
	if (r < 0)
		return r;

	for (i = 0; i < f->n_members; i++) {
		r = fan_ready(f, i, 0);
		if (r < 0)
			return r;
		if (f->members[i].rest_len > 0)
			return load_fail(0, "%s told member %zu more than was said", f->args->target->name, i);
	}
	return 0;
}

static int fan_measure(struct fan *f, const struct proc_tree *server, struct mark *ret_from, struct mark *ret_to,
		       uint64_t *ret_deliveries)
{
	int r;

	r = fan_publish_more(f);
	if (r < 0)
		return r;
	r = fan_run_until(f, clock_usec() + f->args->warm_msec * USEC_PER_MSEC, false);
	if (r < 0)
		return r;

	f->hist = (struct hist){};
	f->deliveries = 0;
	r = mark_take(f->args, server, ret_from);
	if (r < 0)
		return r;
	r = fan_run_until(f, ret_from->usec + f->args->msec * USEC_PER_MSEC, false);
	if (r < 0)
		return r;
	*ret_deliveries = f->deliveries;
	return mark_take(f->args, server, ret_to);
}

int fan_scenario(const struct load_args *args)
{
	_cleanup_(fan_done) struct fan f = { .epoll = -1, .args = args };
	struct proc_tree tree;
	struct mark_figures figures;
	struct mark from, to;
	uint64_t deliveries = 0;
	int r;

	r = fan_init(&f, args);
	if (r < 0)
		return r;
	r = fan_connect(&f);
	if (r < 0)
		return r;
	r = proc_tree_find_server((pid_t)args->pid, &tree);
	if (r < 0)
		return r;
	r = fan_measure(&f, &tree, &from, &to, &deliveries);
	if (r < 0)
		return r;
	r = fan_end(&f);
	if (r < 0)
		return r;
	if (deliveries == 0 || f.hist.total == 0)
		return load_fail(0, "%s told nobody anything", args->target->name);

	mark_compare(&from, &to, (double)deliveries, &f.hist, &figures);
	mark_print(&figures);
	return 0;
}
