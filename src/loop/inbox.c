/* SPDX-License-Identifier: MIT */
#include "loop/inbox.h"

#include "base/macro.h"

#include <errno.h>
#include <sys/eventfd.h>

int inbox_init(struct inbox *in)
{
	atomic_init(&in->head, NULL);
	in->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return in->fd < 0 ? -errno : 0;
}

void inbox_done(struct inbox *in)
{
	if (in->fd >= 0)
		(void)close(in->fd);
	in->fd = -1;
}

void inbox_push(struct inbox *in, struct msg *m)
{
	static const uint64_t one = 1;
	struct msg *head = atomic_load_explicit(&in->head, memory_order_relaxed);

	do
		m->next = head;
	while (!atomic_compare_exchange_weak_explicit(&in->head, &head, m, memory_order_release,
						      memory_order_relaxed));

	/*
	 * The writer that finds the inbox empty wakes the reader; for any other writer, that one has done so or will.
	 * The counter cannot overflow: the reader empties it before it empties the inbox.
	 */
	if (!head)
		(void)!write(in->fd, &one, sizeof(one));
}

void inbox_run(struct inbox *in)
{
	struct msg *m, *next, *oldest = NULL;
	uint64_t count;

	/* First the counter, then the list: the other way round a message could come in between and wait unseen. */
	(void)!read(in->fd, &count, sizeof(count));
	for (m = atomic_exchange_explicit(&in->head, NULL, memory_order_acquire); m; m = next) {
		next = m->next;
		m->next = oldest;
		oldest = m;
	}
	for (m = oldest; m; m = next) {
		next = m->next;
		m->act(m);
	}
}
