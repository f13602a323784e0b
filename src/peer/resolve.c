/* SPDX-License-Identifier: MIT */
/*
 * getaddrinfo() cannot be cancelled, and its own timeouts are long if a name server is silent. So a thread calls it,
 * and the caller waits as long as it wants. Caller and thread each have a reference to their shared memory, and the
 * last one frees it.
 */
#include "peer/resolve.h"

#include "peer/dial.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define RESOLVE_MAX 8 /* lookups at once; one goes on after its caller has left */

struct resolve {
	atomic_uint refs;
	char *host, *port;
	int done_fd; /* an eventfd; readable when the members below are set */
	int gai, error;
	struct addrinfo *list;
};

static atomic_uint resolve_running;

static void resolve_unref(struct resolve *q)
{
	if (atomic_fetch_sub(&q->refs, 1) > 1)
		return;
	if (q->list)
		freeaddrinfo(q->list);
	closep(&q->done_fd);
	free(q->host);
	free(q->port);
	free(q);
}

static void resolve_lookup(struct resolve *q, int flags)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags };

	q->gai = getaddrinfo(q->host, q->port, &hints, &q->list);
	q->error = q->gai == EAI_SYSTEM ? errno : 0;
	if (q->gai != 0)
		q->list = NULL;
}

static void *resolve_thread(void *p)
{
	struct resolve *q = p;

	/* A setting of this thread only: try the second name server after one second, as the first can be silent for
	 * ever. */
	if (res_init() == 0)
		_res.retrans = MIN(_res.retrans, 1);
	resolve_lookup(q, 0);
	(void)eventfd_write(q->done_fd, 1);
	resolve_unref(q);
	atomic_fetch_sub(&resolve_running, 1);
	return NULL;
}

static int resolve_errno(const struct resolve *q)
{
	switch (q->gai) {
	case EAI_SYSTEM:
		return q->error > 0 ? -q->error : -EREMOTEIO;
	case EAI_MEMORY:
		return -ENOMEM;
	case EAI_AGAIN:
		return -EAGAIN;
	case EAI_FAIL:
		return -EREMOTEIO;
	default:
		return -ENXIO;
	}
}

static int resolve_take(struct resolve *q, struct addrinfo **ret_list)
{
	if (q->gai != 0)
		return resolve_errno(q);
	*ret_list = STEAL_PTR(q->list);
	return 0;
}

static int resolve_new(const char *host, const char *port, struct resolve **ret)
{
	struct resolve *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->refs = 1;
	q->host = strdup(host);
	q->port = strdup(port);
	q->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!q->host || !q->port || q->done_fd < 0) {
		int r = q->host && q->port ? -errno : -ENOMEM;

		resolve_unref(q);
		return r;
	}
	*ret = q;
	return 0;
}

/* Starts the thread, with all signals blocked: the thread that waits gets them. */
static int resolve_start(struct resolve *q)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	if (atomic_fetch_add(&resolve_running, 1) >= RESOLVE_MAX || pthread_attr_init(&attr) != 0) {
		atomic_fetch_sub(&resolve_running, 1);
		return -EAGAIN;
	}
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	atomic_fetch_add(&q->refs, 1);
	r = pthread_create(&thread, &attr, resolve_thread, q);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	if (r != 0) {
		atomic_fetch_sub(&q->refs, 1);
		atomic_fetch_sub(&resolve_running, 1);
	}
	return -r;
}

static int resolve_wait(struct resolve *q, struct countdown *c, struct addrinfo **ret_list)
{
	eventfd_t n;
	short events;
	int r;

	r = resolve_start(q);
	if (r == 0)
		r = dial_wait(q->done_fd, POLLIN, c, &events);
	if (r < 0)
		return r == -ETIMEDOUT ? -EAGAIN : r;
	(void)eventfd_read(q->done_fd, &n);
	return resolve_take(q, ret_list);
}

int resolve_host(const char *host, const char *port, struct countdown *c, struct addrinfo **ret_list)
{
	struct resolve *q = NULL;
	int r;

	r = resolve_new(host, port, &q);
	if (r < 0)
		return r;
	/* An address needs no name server. */
	resolve_lookup(q, AI_NUMERICHOST);
	r = q->gai == EAI_NONAME ? resolve_wait(q, c, ret_list) : resolve_take(q, ret_list);
	resolve_unref(q);
	return r;
}
