/* SPDX-License-Identifier: MIT */
#include "client/search.h"

#include "base/clock.h"
#include "client/failure.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

int search_new(struct search **ret)
{
	struct search *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->refs = 1;
	s->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->done_fd < 0) {
		int r = -errno;

		(void)search_unref(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct search *search_unref(struct search *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) > 1)
		return NULL;
	(void)peer_free(s->peer);
	servers_done(&s->list);
	free(s->store);
	buf_done(&s->why);
	closep(&s->done_fd);
	free(s);
	return NULL;
}

static const char *search_words(int error)
{
	return error == -ESTALE ? "it holds other files" : failure_errno_words(error);
}

/* @dial_usec: its share of the time. */
static int search_try(struct search *s, size_t i, uint64_t dial_usec)
{
	const struct server *at = &s->list.at[i];
	struct peer *p;
	int r;

	r = peer_connect(&p, at->host, at->port, dial_usec, s->connect_usec);
	if (r < 0)
		return r;
	if (s->store && (i > 0 || !s->is_back) && strcmp(peer_store(p), s->store) != 0) {
		(void)peer_free(p);
		return -ESTALE;
	}
	s->peer = p;
	s->found = i;
	return 0;
}

/* A silent server uses no more than its share of the time, and time that one does not use is left to the others. */
void search_run(struct search *s)
{
	uint64_t left = s->connect_usec, least = MIN(left, USEC_PER_SEC);

	s->error = -ENOTCONN;
	for (size_t i = 0; i < s->list.n; i++) {
		uint64_t begin = clock_usec();
		int r = search_try(s, i, MAX(left / (s->list.n - i), least));

		if (r == 0)
			break;
		(void)buf_printf(&s->why, "%s%s: %s", s->why.len > 0 ? "; " : "", s->list.at[i].name, search_words(r));
		left -= MIN(left, clock_usec() - begin);
		if (r == -EBUSY || r == -ESHUTDOWN)
			s->error = -EBUSY;
		if (r == -EINTR) {
			s->error = r;
			break;
		}
	}
	(void)buf_str(&s->why);
	atomic_store(&s->over, true);
	(void)eventfd_write(s->done_fd, 1);
}

static void *search_thread(void *p)
{
	struct search *s = p;

	search_run(s);
	(void)search_unref(s);
	return NULL;
}

int search_start(struct search *s)
{
	sigset_t all, before;
	pthread_t thread;
	int r;

	/* Signals are for the thread that reads the terminal. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	atomic_fetch_add(&s->refs, 1);
	r = pthread_create(&thread, NULL, search_thread, s);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r == 0)
		(void)pthread_detach(thread);
	else
		atomic_fetch_sub(&s->refs, 1);
	return -r;
}

int search_fd(const struct search *s)
{
	return s->done_fd;
}

bool search_is_over(const struct search *s)
{
	return atomic_load(&s->over);
}
