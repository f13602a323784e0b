/* SPDX-License-Identifier: MIT */
/*
 * The connections of the control socket. Each has limited memory: one unfinished call (VARLINK_MESSAGE_MAX) and one
 * piece of input, and answers of CONTROL_OUT_MAX bytes and one more. While a peer does not read its answers, nothing is
 * read from it. A peer that neither finishes a call nor takes an answer for control.timeout is closed. The bytes of a
 * user without rights never reach the JSON parser.
 *
 * Starvation: a ready connection reads one piece, and answers calls until CONTROL_OUT_MAX bytes wait. The other calls
 * are answered when those bytes are sent, at the end of a pass.
 */
#include "control/control.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "control/endpoint.h"
#include "control/peer_rights.h"
#include "control/service.h"
#include "log/ratelimit.h"
#include "net/chunk.h"
#include "net/conn.h"
#include "wire/varlink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define CONTROL_READ       (16U << 10)
#define CONTROL_OUT_MAX    (64U << 10)
#define CONTROL_ACCEPT_MAX 16 /* connections in one pass */

/* The pause of accepting after the process ran out of descriptors or memory. */
#define CONTROL_PAUSE_USEC USEC_PER_SEC

#define FIELD(member) OPTION_FIELD(struct control_options, member, uint64_t)

static const struct option control_rows[] = {
	{ "connections", OPTION_INT, FIELD(connections), 1, 4096, "64", OPTION_APPLY_RESTART, NULL,
	  "Limit of connections of the control socket at the same time." },
	{ "per_user", OPTION_INT, FIELD(per_user), 1, 4096, "16", OPTION_APPLY_RESTART, NULL,
	  "Limit of connections of the control socket for one user. Root and the daemon's own user have no such limit." },
	{ "timeout", OPTION_TIME, FIELD(timeout_usec), USEC_PER_SEC, 3600 * USEC_PER_SEC, "30s", OPTION_APPLY_RESTART, NULL,
	  "The daemon closes a connection that for this time neither finishes a call nor reads its replies." },
};

const struct option_section control_section = {
	.name = "control",
	.rows = control_rows,
	.n_rows = ELEMENTSOF(control_rows),
	.size = sizeof(struct control_options),
};

struct control {
	struct loop *loop;
	struct service service;
	struct control_options options;
	struct endpoint endpoint;
	gid_t admins;
	struct watch watch;
	struct timer again; /* ends a pause of accepting */
	struct list peers;
	struct list dead; /* closed in this pass, and freed after it, as callers further up can still use them */
	struct deferred reap;
	size_t n_peers;
	struct chunk_pool pool;
	struct buf answer; /* to the current call */
	struct log_ratelimit ratelimit;
};

struct control_peer {
	struct control *control;
	struct list link; /* in peers, or in dead */
	struct conn conn;
	struct timer timer;
	struct varlink_reader reader;
	struct peer_rights rights;
	struct service_job *job; /* the call that waits for its answer; the next call waits behind it */
	size_t ignored; /* bytes of the unfinished call of a user without rights */
	bool eof;       /* sends no more calls, and can still wait for answers */
	bool closing;   /* closes when all is sent */
};

/* Closes the connection. Its memory is freed after the pass, since callbacks of conn are on the stack. */
static void control_peer_close(struct control_peer *p)
{
	struct control *c = p->control;

	p->job = service_job_free(p->job);
	conn_done(&p->conn);
	loop_no_timer(c->loop, &p->timer);
	varlink_reader_done(&p->reader);
	list_remove(&p->link);
	list_add_tail(&c->dead, &p->link);
	c->n_peers--;
	loop_defer(c->loop, &c->reap);
}

static void control_reap(struct deferred *l)
{
	struct control *c = container_of(l, struct control, reap);
	struct list *n;

	while ((n = list_pop(&c->dead)))
		free(container_of(n, struct control_peer, link));
}

static void control_peer_alive(struct control_peer *p)
{
	struct control *c = p->control;

	loop_timer(c->loop, &p->timer, c->loop->now_usec + c->options.timeout_usec);
}

/* Stops reading, and closes when all answers are sent; the timer ends a peer that does not take them. */
static void control_peer_finish(struct control_peer *p)
{
	if (outq_is_empty(&p->conn.out)) {
		control_peer_close(p);
		return;
	}
	p->closing = true;
	conn_pause(&p->conn);
}

/* Sends c->answer. */
static void control_peer_send(struct control_peer *p)
{
	struct control *c = p->control;

	if (c->answer.len > 0)
		conn_write(&p->conn, c->answer.data, c->answer.len);
	if (c->answer.cap > CONTROL_OUT_MAX)
		buf_done(&c->answer);
	c->answer.len = 0;
}

static void control_peer_job_ready(struct service_job *j);

/* Answers one call; consumes the message. 0, or negative errno: the connection must end. */
static int control_peer_call(struct control_peer *p, struct json_object *message)
{
	struct control *c = p->control;
	struct varlink_call call;
	int r;

	c->answer.len = 0;
	r = varlink_parse_call(message, &call);
	if (r == 0)
		r = service_answer(&c->service, &call, &c->answer, &p->job);
	(void)json_object_put(message);
	if (r == 0 && p->job) {
		p->job->ready = control_peer_job_ready;
		p->job->userdata = p;
	}
	if (r == 0)
		control_peer_send(p);
	return r;
}

/* Ends a connection that cannot go on, after its queued answers were sent. */
static void control_peer_fail(struct control_peer *p, int error)
{
	if (error == -ENOMEM)
		log_warning("Out of memory: a call on the control socket was not answered.");
	else
		log_debug("The control connection of uid %u sent no Varlink call and is closed.",
			  (unsigned)p->rights.uid);
	control_peer_finish(p);
}

/* Answers the calls that have arrived, in order, until all are answered or enough bytes wait for the peer. */
static void control_peer_serve(struct control_peer *p)
{
	enum varlink_result result = VARLINK_MESSAGE; /* so that the loop looks for one */
	struct json_object *message;
	int r = 0;

	while (r == 0 && !p->job && p->conn.out.bytes < CONTROL_OUT_MAX) {
		result = varlink_next(&p->reader, VARLINK_MESSAGE_MAX, &message);
		if (result != VARLINK_MESSAGE)
			break;
		control_peer_alive(p);
		r = control_peer_call(p, message);
	}
	if (r < 0 || result == VARLINK_TOO_LONG || result == VARLINK_BAD) {
		control_peer_fail(p, r);
	} else if (result == VARLINK_MESSAGE) {
		conn_pause(&p->conn); /* until flushed(), or the end of the job */
	} else if (p->eof) {
		control_peer_finish(p);
	} else {
		if (varlink_kept(&p->reader) == 0)
			varlink_reader_done(&p->reader);
		conn_unpause(&p->conn);
	}
}

/* Asks the job for its next reply when the peer has taken the last one. */
static void control_peer_job_next(struct control_peer *p)
{
	if (!service_job_is_away(p->job) && p->conn.out.bytes < CONTROL_OUT_MAX)
		service_job_next(p->job);
}

static void control_peer_job_ready(struct service_job *j)
{
	struct control_peer *p = j->userdata;
	struct control *c = p->control;
	bool done = false;
	int r;

	c->answer.len = 0;
	control_peer_alive(p);
	r = service_job_answer(j, &c->answer, &done);
	if (r == 0)
		control_peer_send(p);
	if (r == 0 && !done) {
		control_peer_job_next(p);
		return;
	}
	p->job = service_job_free(j);
	if (r < 0)
		control_peer_fail(p, r);
	else
		control_peer_serve(p);
}

/* Refuses a user without rights at the end of its first call. The call itself is not parsed. */
static void control_peer_deny(struct control_peer *p, const char *data, size_t n)
{
	struct control *c = p->control;

	p->ignored += n;
	c->answer.len = 0;
	if (memchr(data, 0, n)) {
		if (service_deny(&c->answer) == 0)
			conn_write(&p->conn, c->answer.data, c->answer.len);
		control_peer_finish(p);
	} else if (p->ignored > VARLINK_MESSAGE_MAX || p->eof) {
		control_peer_finish(p);
	}
}

static void control_peer_readable(struct conn *conn)
{
	struct control_peer *p = container_of(conn, struct control_peer, conn);
	char data[CONTROL_READ];
	ssize_t n;

	n = conn_read(conn, data, sizeof(data));
	if (n == -EAGAIN)
		return;
	if (n < 0) {
		control_peer_close(p);
		return;
	}
	p->eof = n == 0;
	if (!p->rights.allowed)
		control_peer_deny(p, data, (size_t)n);
	else if (n > 0 && varlink_feed(&p->reader, data, (size_t)n) < 0)
		control_peer_close(p);
	else
		control_peer_serve(p);
}

static void control_peer_flushed(struct conn *conn)
{
	struct control_peer *p = container_of(conn, struct control_peer, conn);

	control_peer_alive(p);
	if (p->closing)
		control_peer_close(p);
	else if (p->job)
		control_peer_job_next(p);
	else if (p->rights.allowed)
		control_peer_serve(p);
}

static void control_peer_broken(struct conn *conn, _unused_ int error)
{
	control_peer_close(container_of(conn, struct control_peer, conn));
}

/* Never called: no file is queued on these connections. */
static void control_peer_not_resident(_unused_ struct conn *conn, _unused_ int fd, _unused_ uint64_t off,
				      _unused_ uint64_t len)
{
}

static const struct conn_ops control_peer_ops = {
	.readable = control_peer_readable,
	.flushed = control_peer_flushed,
	.broken = control_peer_broken,
	.not_resident = control_peer_not_resident,
};

static void control_peer_timeout(struct timer *t)
{
	struct control_peer *p = container_of(t, struct control_peer, timer);

	if (p->job && p->job->slow && service_job_is_away(p->job)) {
		control_peer_alive(p);
		return;
	}
	log_debug("The control connection of uid %u was silent and is closed.", (unsigned)p->rights.uid);
	control_peer_close(p);
}

/* The limit that one more connection of this user would exceed; 0: none. */
static uint64_t control_full(const struct control *c, const struct peer_rights *rights)
{
	uint64_t n = 0;

	if (c->n_peers >= c->options.connections)
		return c->options.connections;
	if (rights->exempt)
		return 0;
	for (const struct list *l = c->peers.next; l != &c->peers; l = l->next)
		n += container_of(l, const struct control_peer, link)->rights.uid == rights->uid;
	return n >= c->options.per_user ? c->options.per_user : 0;
}

/* Refuses a connection with one attempt to write the error, as no memory is kept for it. */
static void control_refuse(struct control *c, int fd, const struct peer_rights *rights, uint64_t limit)
{
	c->answer.len = 0;
	if (service_refuse(limit, &c->answer) == 0)
		(void)send(fd, c->answer.data, c->answer.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (log_ratelimit_pass(&c->ratelimit, LOG_EVENT_CONTROL_REFUSED, NULL))
		log_event(LOG_EVENT_CONTROL_REFUSED, NULL, 0,
			  "A control connection of uid %u was refused: %llu are open, and no more are allowed "
			  "(control.connections, control.per_user).",
			  (unsigned)rights->uid, (unsigned long long)limit);
}

/* Consumes the fd on success. */
static int control_peer_new(struct control *c, int fd, const struct peer_rights *rights)
{
	_cleanup_(freep) struct control_peer *p = malloc(sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	*p = (struct control_peer){
		.control = c,
		.timer.fire = control_peer_timeout,
		.reader.in.max = VARLINK_MESSAGE_MAX + 1 + CONTROL_READ,
		.rights = *rights,
	};
	r = conn_init(&p->conn, c->loop, &c->pool, fd, NULL, &control_peer_ops);
	if (r < 0)
		return r;
	list_add_tail(&c->peers, &p->link);
	c->n_peers++;
	control_peer_alive(p);
	p = NULL; /* the list owns it now */
	return 0;
}

/* Admits or refuses a connection. Consumes the fd. */
static void control_greet(struct control *c, int accepted)
{
	_cleanup_(closep) int fd = accepted;
	struct peer_rights rights;
	uint64_t limit;
	int r;

	r = peer_rights_of(fd, c->admins, &rights);
	if (r < 0) {
		if (log_ratelimit_pass(&c->ratelimit, LOG_EVENT_CONTROL_REFUSED, NULL))
			log_event(LOG_EVENT_CONTROL_REFUSED, NULL, 0,
				  "A control connection was closed: its user cannot be determined (%s).", strerror(-r));
		return;
	}
	limit = control_full(c, &rights);
	if (limit > 0) {
		control_refuse(c, fd, &rights, limit);
		return;
	}
	if (!rights.allowed && log_ratelimit_pass(&c->ratelimit, LOG_EVENT_CONTROL_REFUSED, NULL))
		log_event(LOG_EVENT_CONTROL_REFUSED, NULL, 0,
			  "uid %u asked to administer this daemon and was refused: it is no member of %s.",
			  (unsigned)rights.uid, PEER_RIGHTS_GROUP);
	r = control_peer_new(c, fd, &rights);
	if (r == 0)
		(void)STEAL_FD(fd);
	else if (log_ratelimit_pass(&c->ratelimit, LOG_EVENT_OUT_OF_RESOURCES, NULL))
		log_event(LOG_EVENT_OUT_OF_RESOURCES, NULL, 0, "A control connection was closed: %s.", strerror(-r));
}

/* Pauses accepting after an error: the connection stays in the queue, so without a pause the loop would spin. */
static void control_accept_later(struct control *c, int error)
{
	if (log_ratelimit_pass(&c->ratelimit, LOG_EVENT_OUT_OF_RESOURCES, NULL))
		log_event(LOG_EVENT_OUT_OF_RESOURCES, NULL, 0,
			  "The control socket accepts no connections for a second: %s.", strerror(-error));
	loop_unwatch(c->loop, &c->watch);
	loop_timer(c->loop, &c->again, c->loop->now_usec + CONTROL_PAUSE_USEC);
}

static void control_accept_again(struct timer *t)
{
	struct control *c = container_of(t, struct control, again);
	int r;

	r = loop_watch(c->loop, &c->watch, EPOLLIN);
	if (r < 0)
		loop_timer(c->loop, t, c->loop->now_usec + CONTROL_PAUSE_USEC);
}

static void control_ready(struct watch *w, _unused_ uint32_t events)
{
	struct control *c = container_of(w, struct control, watch);

	for (int i = 0; i < CONTROL_ACCEPT_MAX; i++) {
		int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			control_greet(c, fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			control_accept_later(c, -errno);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

static void control_freep(struct control **c)
{
	if (*c)
		(void)control_free(*c);
}

int control_new(struct control **ret, struct loop *l, const char *runtime_dir, const struct settings *settings,
		struct server *server, const struct control_acts *acts, char *why, size_t why_size)
{
	_cleanup_(control_freep) struct control *c = malloc(sizeof(*c));
	int r;

	if (!c) {
		(void)snprintf(why, why_size, "There is no memory for the control socket.");
		return -ENOMEM;
	}
	*c = (struct control){
		.loop = l,
		.options = *(const struct control_options *)settings_get(settings, &control_section),
		.endpoint = ENDPOINT_NULL,
		.watch = { .fd = -1, .ready = control_ready },
		.again.fire = control_accept_again,
		.reap.run = control_reap,
	};
	log_ratelimit_init(&c->ratelimit, l);
	service_init(&c->service, server, acts, l);
	list_init(&c->peers);
	list_init(&c->dead);
	chunk_pool_init(&c->pool, UINT64_MAX);

	r = peer_rights_admin_group(&c->admins);
	if (r < 0) {
		log_warning("The group %s cannot be looked up (%s): only root and the daemon's own user can administer "
			    "ioed.",
			    PEER_RIGHTS_GROUP, strerror(-r));
		c->admins = PEER_RIGHTS_NO_GROUP;
	}
	r = endpoint_open(runtime_dir, "control.sock", c->admins, &c->endpoint, why, why_size);
	if (r < 0)
		return r;
	c->watch.fd = c->endpoint.fd;
	r = loop_watch(l, &c->watch, EPOLLIN);
	if (r < 0) {
		(void)snprintf(why, why_size, "The control socket cannot be watched: %s.", strerror(-r));
		c->watch.fd = -1;
		return r;
	}
	*ret = STEAL_PTR(c);
	return 0;
}

struct control *control_free(struct control *c)
{
	if (!c)
		return NULL;
	while (!list_is_empty(&c->peers))
		control_peer_close(container_of(c->peers.next, struct control_peer, link));
	loop_undefer(&c->reap);
	control_reap(&c->reap);
	service_done(&c->service);
	loop_no_timer(c->loop, &c->again);
	log_ratelimit_done(&c->ratelimit);
	if (c->watch.fd >= 0)
		loop_unwatch(c->loop, &c->watch);
	endpoint_done(&c->endpoint);
	chunk_pool_done(&c->pool);
	buf_done(&c->answer);
	free(c);
	return NULL;
}
