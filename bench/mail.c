/* SPDX-License-Identifier: MIT */
/*
 * Messages that are on disk when they are answered. Each connection gives one of 100 bytes for the next connection's
 * name, waits until the server says that it has it, and gives the next. So as many are under way as there are
 * connections.
 *
 * Before and after, each connection asks how many are held for its own name: all that were acknowledged have to be
 * there and not one more. Where the server numbers them, the numbers have to rise.
 */
#include "base/clock.h"
#include "conn.h"
#include "frame.h"
#include "hist.h"
#include "letter.h"
#include "load.h"
#include "mark.h"
#include "proc.h"
#include "target.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define MAIL_STALL_MSEC   10000
#define MAIL_READY_USEC   (10 * USEC_PER_SEC)
#define MAIL_EVENTS       1024
#define MAIL_ANSWER_BYTES 4096

struct mail_client {
	int fd;
	unsigned who, to;
	bool waits;
	uint64_t answered; /* in all */
	uint64_t held;     /* before the first */
	uint64_t last;     /* number that the server gave */
	uint64_t sent_usec;
	size_t have;
	char answer[128]; /* the beginning of one */
};

struct mail {
	const struct load_args *args;
	const struct letter *letter;
	struct mail_client *clients;
	size_t n_clients;
	struct epoll_event *events;
	int epoll;
	bool ending;
	uint64_t answers;
	struct hist hist;
};

static void mail_done(struct mail *m)
{
	size_t i;

	for (i = 0; i < m->n_clients; i++)
		closep(&m->clients[i].fd);
	closep(&m->epoll);
	free(m->clients);
	free(m->events);
}

static int mail_init(struct mail *m, const struct load_args *args)
{
	*m = (struct mail){ .args = args, .epoll = -1, .letter = letter_find(args->target->name) };

	if (!m->letter)
		return load_fail(0, "%s takes no messages", args->target->name);
	m->clients = calloc(args->connections, sizeof(*m->clients));
	m->events = calloc(MAIL_EVENTS, sizeof(*m->events));
	if (!m->clients || !m->events)
		return load_fail(ENOMEM, "Cannot prepare %zu clients", (size_t)args->connections);
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	return m->epoll < 0 ? load_fail(errno, "Cannot make an epoll") : 0;
}

static int mail_say(const struct letter_bytes *what, const struct mail_client *c, int flags)
{
	char text[LETTER_TEXT_BYTES], buf[LETTER_MAX];
	ssize_t sent;
	int n;

	letter_make_text(text, c->who, c->answered);
	n = letter_write(what, c->who, c->to, text, buf);
	if (n < 0)
		return n;
	/* nothing is under way on this connection, so it has room */
	sent = send(c->fd, buf, (size_t)n, flags | MSG_NOSIGNAL);
	return sent < 0 ? -errno : sent == n ? 0 : -EIO;
}

/* What a server has to say at the beginning, whatever it is, until it is ready. */
static int mail_wait_ready(const struct letter *l, int fd)
{
	char answer[MAIL_ANSWER_BYTES];
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(answer)) {
		got = recv(fd, answer + n, sizeof(answer) - n, 0);
		if (got <= 0)
			return got < 0 ? -errno : -ECONNRESET;
		n += (size_t)got;
		if (memmem(answer, n, "ERR", 3))
			return -EBADMSG;
		if (n >= l->ready.n && memcmp(answer + n - l->ready.n, l->ready.p, l->ready.n) == 0)
			return 0;
	}

	return -EBADMSG;
}

static int mail_ask_held(const struct mail *m, const struct mail_client *c, uint64_t *ret)
{
	const struct letter *l = m->letter;
	char answer[MAIL_ANSWER_BYTES];
	struct frame frame;
	size_t n = 0, len;
	ssize_t got;
	int r;

	r = mail_say(&l->count, c, 0);
	if (r < 0)
		return r;
	do {
		got = recv(c->fd, answer + n, sizeof(answer) - n, 0);
		if (got <= 0)
			return got < 0 ? -errno : -ECONNRESET;
		n += (size_t)got;
		r = frame_match(l->counted.p, l->counted.n, answer, n, &frame, &len);
	} while (r == -EAGAIN);

	if (r < 0 || len != n)
		return -EBADMSG;
	*ret = frame.number;
	return 0;
}

static int mail_connect_one(struct mail *m, struct mail_client *c)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	size_t i = m->n_clients;
	int r;

	*c = (struct mail_client){ .who = (unsigned)i, .to = (unsigned)((i + 1) % m->args->connections) };
	r = conn_open((uint16_t)m->args->port, clock_usec() + MAIL_READY_USEC, &c->fd);
	if (r < 0)
		return load_fail(-r, "Cannot open connection %zu to %s", i + 1, m->args->target->name);
	m->n_clients++;
	r = mail_say(&m->letter->hello, c, 0);
	if (r >= 0)
		r = mail_wait_ready(m->letter, c->fd);
	if (r >= 0 && m->letter->count.n > 0)
		r = mail_ask_held(m, c, &c->held);
	if (r < 0)
		return load_fail(-r, "%s gave no right answer on connection %zu", m->args->target->name, i + 1);
	if (epoll_ctl(m->epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		return load_fail(errno, "Cannot watch connection %zu", i + 1);
	return 0;
}

static int mail_send(struct mail *m, struct mail_client *c, uint64_t now_usec)
{
	int r;

	c->sent_usec = now_usec;
	c->waits = true;
	c->have = 0;
	r = mail_say(&m->letter->send, c, MSG_DONTWAIT);
	return r < 0 ? load_fail(-r, "Cannot send to %s", m->args->target->name) : 0;
}

static int mail_answered(struct mail *m, struct mail_client *c, const struct frame *frame)
{
	uint64_t now_usec = clock_usec();

	if (m->letter->rises && frame->number <= c->last)
		return load_fail(0, "%s gave number %zu behind number %zu", m->args->target->name,
				 (size_t)frame->number, (size_t)c->last);
	c->last = frame->number;
	c->answered++;
	c->waits = false;
	m->answers++;
	hist_add(&m->hist, now_usec - c->sent_usec);
	return m->ending ? 0 : mail_send(m, c, now_usec);
}

static int mail_ready(struct mail *m, struct mail_client *c)
{
	const char *name = m->args->target->name;
	struct frame frame;
	size_t len;
	ssize_t n;
	int r;

	n = recv(c->fd, c->answer + c->have, sizeof(c->answer) - c->have, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0)
		return load_fail(n < 0 ? errno : ECONNRESET, "Cannot read from %s", name);
	c->have += (size_t)n;

	r = frame_match(m->letter->sent.p, m->letter->sent.n, c->answer, c->have, &frame, &len);
	if (r == -EAGAIN && c->have < sizeof(c->answer))
		return 0;
	if (r < 0 || !c->waits || len != c->have)
		return load_fail(0, "%s answered wrongly: \"%.*s\"", name, (int)c->have, c->answer);
	return mail_answered(m, c, &frame);
}

static int mail_run_until(struct mail *m, uint64_t until_usec)
{
	int n, i, r;

	while (clock_usec() < until_usec) {
		n = epoll_wait(m->epoll, m->events, MAIL_EVENTS, MAIL_STALL_MSEC);
		if (n < 0 && errno != EINTR)
			return load_fail(errno, "Cannot wait for answers");
		if (n == 0)
			return load_fail(0, "%s has not answered for %d ms", m->args->target->name, MAIL_STALL_MSEC);

		for (i = 0; i < n; i++) {
			r = mail_ready(m, m->events[i].data.ptr);
			if (r < 0)
				return r;
		}
	}

	return 0;
}

static int mail_measure(struct mail *m, const struct proc_tree *server, struct mark *ret_from, struct mark *ret_to,
			uint64_t *ret_answers)
{
	size_t i;
	int r;

	for (i = 0; i < m->n_clients; i++) {
		r = mail_send(m, &m->clients[i], clock_usec());
		if (r < 0)
			return r;
	}
	r = mail_run_until(m, clock_usec() + m->args->warm_msec * USEC_PER_MSEC);
	if (r < 0)
		return r;

	m->answers = 0;
	m->hist = (struct hist){};
	r = mark_take(m->args, server, ret_from);
	if (r < 0)
		return r;
	r = mail_run_until(m, ret_from->usec + m->args->msec * USEC_PER_MSEC);
	if (r < 0)
		return r;
	*ret_answers = m->answers;
	return mark_take(m->args, server, ret_to);
}

static int mail_check_held(struct mail *m, const struct mail_client *c, uint64_t acknowledged)
{
	uint64_t held;
	int r;

	r = mail_ask_held(m, c, &held);
	if (r < 0)
		return load_fail(-r, "%s did not say how many it holds", m->args->target->name);
	if (held - c->held != acknowledged)
		return load_fail(0, "%s has acknowledged %zu messages and holds %zu of them", m->args->target->name,
				 (size_t)acknowledged, (size_t)(held - c->held));
	return 0;
}

/* The last answers, and a look at what is held. Who has been forgotten is found here too. */
static int mail_end(struct mail *m)
{
	size_t i;
	int r;

	m->ending = true;
	for (i = 0; i < m->n_clients; i++)
		while (m->clients[i].waits) {
			r = mail_run_until(m, clock_usec() + 1);
			if (r < 0)
				return r;
		}

	for (i = 0; i < m->n_clients; i++) {
		if (m->clients[i].answered < 2)
			return load_fail(0, "%s has answered client %zu not once in time", m->args->target->name, i);
		if (m->letter->count.n == 0)
			continue;
		/* it is the one before this one that writes to it */
		r = mail_check_held(m, &m->clients[i], m->clients[(i + m->n_clients - 1) % m->n_clients].answered);
		if (r < 0)
			return r;
	}
	return 0;
}

int mail_scenario(const struct load_args *args)
{
	_cleanup_(mail_done) struct mail m = { .epoll = -1 };
	struct proc_tree tree;
	struct mark_figures figures;
	struct mark from, to;
	uint64_t answers = 0;
	int r;

	r = mail_init(&m, args);
	for (; r == 0 && m.n_clients < args->connections;)
		r = mail_connect_one(&m, &m.clients[m.n_clients]);
	if (r < 0)
		return r;
	r = proc_tree_find_server((pid_t)args->pid, &tree);
	if (r < 0)
		return r;
	r = mail_measure(&m, &tree, &from, &to, &answers);
	if (r < 0)
		return r;
	r = mail_end(&m);
	if (r < 0)
		return r;

	mark_compare(&from, &to, (double)answers, &m.hist, &figures);
	mark_print(&figures);
	return 0;
}
