/* SPDX-License-Identifier: MIT */
/*
 * Request and answer, or with @size request and file. Every connection has a batch of @depth requests under way: they
 * leave in one write, and once the last of their answers has come the next batch leaves. So all connections are busy
 * all the time, and the server decides how fast it goes. Every byte of every answer is checked.
 *
 * Latency is what the batch took, from before its write until its last answer was read.
 */
#include "ask.h"

#include "base/clock.h"
#include "conn.h"
#include "hist.h"
#include "load.h"
#include "mark.h"
#include "pattern.h"
#include "proc.h"
#include "target.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define ASK_STALL_MSEC 5000
#define ASK_READY_USEC (10 * USEC_PER_SEC)
#define ASK_BUF_BYTES  65536
#define ASK_EVENTS     1024

struct ask_conn {
	int fd;
	bool answered; /* since the window began */
	size_t pos;    /* of the batch's answers */
	uint64_t sent_usec;
};

struct ask {
	const struct load_args *args;
	struct ask_conn *conns;
	size_t n_conns;
	char *request; /* one, and its answer */
	char *answer;
	char *batch;
	size_t batch_len;
	struct expect expect;
	char *buf;
	size_t buf_cap;
	struct epoll_event *events;
	int epoll;
	uint64_t answers;
	struct hist hist;
};

static void ask_done(struct ask *a)
{
	size_t i;

	for (i = 0; i < a->n_conns; i++)
		closep(&a->conns[i].fd);
	closep(&a->epoll);
	expect_done(&a->expect);
	free(a->conns);
	free(a->request);
	free(a->answer);
	free(a->batch);
	free(a->buf);
	free(a->events);
}

/* A file's answer is its bytes behind what the server says before them. */
static int ask_choose_file(struct ask *a)
{
	const struct target_files *files = a->args->target->files;
	_cleanup_(freep) char *head = NULL;
	uint64_t size = a->args->size;
	char name[32];
	size_t len;

	if (!files)
		return load_fail(0, "%s is not asked for files this way", a->args->target->name);
	if (size > PATTERN_PIECE)
		return load_fail(0, "ask takes files of at most %u bytes; get takes any", PATTERN_PIECE);

	(void)snprintf(name, sizeof(name), "f%llu", (unsigned long long)size);
	a->request = target_expand(files->get, name, size);
	head = target_expand(files->got, name, size);
	if (!a->request || !head)
		return load_fail(ENOMEM, "Cannot prepare the answers of %s", a->args->target->name);

	len = strlen(head);
	a->answer = malloc(len + size + 1);
	if (!a->answer)
		return load_fail(ENOMEM, "Cannot prepare the answers of %s", a->args->target->name);
	memcpy(a->answer, head, len);
	memcpy(a->answer + len, pattern_at(0), size);
	a->answer[len + size] = '\0';
	return 0;
}

static int ask_choose(struct ask *a)
{
	const struct target *t = a->args->target;

	if (a->args->size > 0)
		return ask_choose_file(a);
	if (!t->request)
		return load_fail(0, "%s answers nothing but files: give --size", t->name);

	a->request = strdup(t->request);
	a->answer = strdup(t->answer);
	return a->request && a->answer ? 0 : load_fail(ENOMEM, "Cannot prepare the answers of %s", t->name);
}

static int ask_init(struct ask *a, const struct load_args *args)
{
	int r;

	*a = (struct ask){ .args = args, .epoll = -1 };

	r = ask_choose(a);
	if (r < 0)
		return r;
	r = expect_init(&a->expect, a->answer, args->depth);
	if (r < 0)
		return load_fail(-r, "Cannot prepare the answers of %s", args->target->name);

	/* room for one byte too many, which must not come */
	a->buf_cap = a->expect.len + 1 > ASK_BUF_BYTES ? a->expect.len + 1 : ASK_BUF_BYTES;
	a->batch = target_repeat(a->request, args->depth, &a->batch_len);
	a->buf = malloc(a->buf_cap);
	a->conns = calloc(args->connections, sizeof(*a->conns));
	a->events = calloc(ASK_EVENTS, sizeof(*a->events));
	if (!a->batch || !a->buf || !a->conns || !a->events)
		return load_fail(ENOMEM, "Cannot prepare %zu connections", (size_t)args->connections);

	a->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (a->epoll < 0)
		return load_fail(errno, "Cannot make an epoll");

	return 0;
}

/* One after the other, each with an answer before the next: no server's backlog overflows. */
static int ask_connect(struct ask *a)
{
	uint64_t until_usec = clock_usec() + ASK_READY_USEC;
	struct epoll_event ev = { .events = EPOLLIN };
	struct ask_conn *c;
	int r;

	while (a->n_conns < a->args->connections) {
		c = &a->conns[a->n_conns];
		r = conn_open((uint16_t)a->args->port, until_usec, &c->fd);
		if (r < 0)
			return load_fail(-r, "Cannot open connection %zu to %s", a->n_conns + 1, a->args->target->name);

		a->n_conns++;
		r = conn_check(c->fd, a->args->target->greets, a->request, a->answer);
		if (r < 0)
			return load_fail(-r, "%s gave no right answer on connection %zu", a->args->target->name,
					 a->n_conns);

		ev.data.ptr = c;
		if (epoll_ctl(a->epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0)
			return load_fail(errno, "Cannot watch connection %zu", a->n_conns);
	}

	return 0;
}

/* Nothing is under way on this connection, so its buffers are empty and a batch that does not fit never will. */
static int ask_send(struct ask *a, struct ask_conn *c, uint64_t now_usec)
{
	ssize_t n;

	c->pos = 0;
	c->sent_usec = now_usec;
	n = send(c->fd, a->batch, a->batch_len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return load_fail(errno, "Cannot send to %s", a->args->target->name);
	if ((size_t)n < a->batch_len)
		return load_fail(0, "A batch of %zu bytes does not fit into a socket: take a smaller --depth",
				 a->batch_len);

	return 0;
}

static int ask_ready(struct ask *a, struct ask_conn *c)
{
	uint64_t now_usec;
	ssize_t n;

	n = recv(c->fd, a->buf, a->buf_cap, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		return load_fail(errno, "Cannot read from %s", a->args->target->name);
	if (n == 0)
		return load_fail(0, "%s closed a connection", a->args->target->name);
	if (!expect_matches(&a->expect, c->pos, a->buf, (size_t)n))
		return load_fail(0, "%s answered wrongly: %zd bytes, %zu bytes into a batch that has %zu",
				 a->args->target->name, n, c->pos, a->expect.len);

	c->pos += (size_t)n;
	if (c->pos < a->expect.len)
		return 0;

	now_usec = clock_usec();
	hist_add(&a->hist, now_usec - c->sent_usec);
	a->answers += a->args->depth;
	c->answered = true;
	return ask_send(a, c, now_usec);
}

static int ask_run_until(struct ask *a, uint64_t until_usec)
{
	int n, i, r;

	while (clock_usec() < until_usec) {
		n = epoll_wait(a->epoll, a->events, ASK_EVENTS, ASK_STALL_MSEC);
		if (n < 0 && errno != EINTR)
			return load_fail(errno, "Cannot wait for answers");
		if (n == 0)
			return load_fail(0, "%s has not answered for %d ms", a->args->target->name, ASK_STALL_MSEC);

		for (i = 0; i < n; i++) {
			r = ask_ready(a, a->events[i].data.ptr);
			if (r < 0)
				return r;
		}
	}

	return 0;
}

static int ask_warm_up(struct ask *a)
{
	size_t i;
	int r;

	for (i = 0; i < a->n_conns; i++) {
		r = ask_send(a, &a->conns[i], clock_usec());
		if (r < 0)
			return r;
	}

	r = ask_run_until(a, clock_usec() + a->args->warm_msec * USEC_PER_MSEC);
	if (r < 0)
		return r;

	a->hist = (struct hist){};
	a->answers = 0;
	for (i = 0; i < a->n_conns; i++)
		a->conns[i].answered = false;

	return 0;
}

static int ask_run(struct ask *a, const struct proc_tree *server, struct mark *ret_from, struct mark *ret_to)
{
	int r;

	r = ask_warm_up(a);
	if (r < 0)
		return r;

	r = mark_take(a->args, server, ret_from);
	if (r < 0)
		return r;
	r = ask_run_until(a, ret_from->usec + a->args->msec * USEC_PER_MSEC);
	if (r < 0)
		return r;
	return mark_take(a->args, server, ret_to);
}

/* A server that forgets most of its connections must not look like a fast one. */
static int ask_check_all_served(const struct ask *a)
{
	size_t i, forgotten = 0;

	for (i = 0; i < a->n_conns; i++)
		if (!a->conns[i].answered)
			forgotten++;

	if (forgotten > 0)
		return load_fail(0, "%s served %zu of %zu connections not once in %zu ms", a->args->target->name,
				 forgotten, a->n_conns, (size_t)a->args->msec);
	return 0;
}

int ask_measure(const struct load_args *args, pid_t server, struct mark_figures *ret)
{
	_cleanup_(ask_done) struct ask a = { .epoll = -1 };
	struct proc_tree tree;
	struct mark from, to;
	int r;

	r = ask_init(&a, args);
	if (r < 0)
		return r;
	r = ask_connect(&a);
	if (r < 0)
		return r;

	/* now that it has answered, its workers are there */
	r = proc_tree_find_server(server, &tree);
	if (r < 0)
		return r;

	r = ask_run(&a, &tree, &from, &to);
	if (r < 0)
		return r;
	r = ask_check_all_served(&a);
	if (r < 0)
		return r;

	mark_compare(&from, &to, (double)a.answers, &a.hist, ret);
	return 0;
}

int ask_scenario(const struct load_args *args)
{
	struct mark_figures f;
	int r;

	r = ask_measure(args, (pid_t)args->pid, &f);
	if (r < 0)
		return r;

	mark_print(&f);
	return 0;
}
