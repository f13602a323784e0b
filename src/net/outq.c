/* SPDX-License-Identifier: MIT */
#include "net/outq.h"

#include "net/chunk.h"
#include "net/slice.h"
#include "net/transport.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

/* As many pieces as one writev() takes; a longer queue goes out in several. */
#define OUTQ_IOV_MAX 64

/* sendfile() cannot be asked not to block, so it is given only what has just been seen in memory. */
#define OUTQ_FILE_PIECE (256U << 10)
#define OUTQ_FILE_SEND  (2U << 20)
#define OUTQ_FILE_COPY  (16U << 10) /* for a transport that has to see the bytes */

static void outq_append(struct outq *q, struct chunk *c)
{
	if (q->tail)
		q->tail->next = c;
	else
		q->head = c;
	q->tail = c;
}

char *outq_reserve(struct outq *q, struct chunk_pool *p, size_t n)
{
	struct chunk *c = q->tail;

	if (likely(c && c->kind == CHUNK_BYTES && !c->event && c->cap - c->end >= n))
		return c->data + c->end;
	c = chunk_new(p, n);
	if (!c)
		return NULL;
	outq_append(q, c);
	return c->data;
}

void outq_commit(struct outq *q, size_t n)
{
	q->tail->end += (uint32_t)n;
	q->bytes += n;
}

int outq_put(struct outq *q, struct chunk_pool *p, const void *data, size_t n)
{
	char *to;

	if (n == 0)
		return 0; /* an empty body may have no memory at all */
	to = outq_reserve(q, p, n);
	if (!to)
		return -ENOMEM;
	memcpy(to, data, n);
	outq_commit(q, n);
	return 0;
}

int _hot_ outq_put_slice(struct outq *q, struct chunk_pool *p, const struct slice *f)
{
	struct chunk *c = q->tail;

	if (c && c->kind == CHUNK_SLICE && c->buffer == f->buffer && c->end == f->start) {
		c->end += f->len;
		q->events += f->len;
		return 0;
	}
	c = chunk_new_slice(p);
	if (!c)
		return -ENOMEM;
	c->next = NULL;
	c->kind = CHUNK_SLICE;
	c->event = true;
	c->cap = 0;
	c->start = f->start;
	c->end = f->start + f->len;
	c->buffer = f->buffer;
	f->buffer->refs++;
	outq_append(q, c);
	q->events += f->len;
	return 0;
}

int outq_put_event(struct outq *q, struct chunk_pool *p, const void *data, size_t n)
{
	struct chunk *c = q->tail;

	if (!c || c->kind != CHUNK_BYTES || !c->event || c->cap - c->end < n) {
		c = chunk_new(p, n);
		if (!c)
			return -ENOMEM;
		c->event = true;
		outq_append(q, c);
	}
	memcpy(c->data + c->end, data, n);
	c->end += (uint32_t)n;
	q->events += (uint32_t)n;
	return 0;
}

/* How much has to follow what the peer has of the head's events: up to the line's end. In raw all go out together. */
static uint32_t outq_begun(const struct chunk *c)
{
	const char *rest = chunk_bytes(c), *end;

	if (c->start == 0 || rest[-1] == '\n')
		return 0;
	end = memchr(rest, '\n', c->end - c->start);
	return end ? (uint32_t)(end - rest) + 1 : c->end - c->start;
}

void outq_drop_events(struct outq *q, struct chunk_pool *p)
{
	struct chunk **at = &q->head, *c;

	q->tail = NULL;
	q->events = 0;
	while ((c = *at)) {
		uint32_t begun = c->event && c == q->head ? outq_begun(c) : 0;

		if (c->event && begun == 0) {
			*at = c->next;
			chunk_free(p, c);
			continue;
		}
		if (c->event) {
			c->end = c->start + begun;
			q->events = begun;
		}
		q->tail = c;
		at = &c->next;
	}
}

int outq_put_file(struct outq *q, struct chunk_pool *p, int fd, uint64_t off, uint64_t len)
{
	struct chunk *c;

	if (len == 0) {
		chunk_pool_close_file(p, fd);
		return 0;
	}
	c = chunk_new_file(&(struct chunk_file){ .fd = fd, .off = off, .left = len, .stride = OUTQ_FILE_PIECE });
	if (!c) {
		chunk_pool_close_file(p, fd);
		return -ENOMEM;
	}
	outq_append(q, c);
	q->files++;
	return 0;
}

void outq_move(struct outq *to, struct outq *from)
{
	if (!from->head)
		return;
	if (to->tail)
		to->tail->next = from->head;
	else
		to->head = from->head;
	to->tail = from->tail;
	to->bytes += from->bytes;
	to->files += from->files;
	to->events += from->events;
	*from = (struct outq){};
}

static void outq_drop_head(struct outq *q, struct chunk_pool *p)
{
	struct chunk *c = q->head;

	q->head = c->next;
	if (!q->head)
		q->tail = NULL;
	if (c->kind == CHUNK_FILE)
		q->files--;
	chunk_free(p, c);
}

/* Removes bytes from the head that were sent. */
static void outq_sent(struct outq *q, struct chunk_pool *p, size_t n)
{
	for (;;) {
		struct chunk *c = q->head;
		size_t have;

		if (!c || c->kind == CHUNK_FILE)
			return;
		have = MIN(n, (size_t)(c->end - c->start));
		if (c->event)
			q->events -= (uint32_t)have;
		else
			q->bytes -= have;
		c->start += (uint32_t)have;
		if (c->start < c->end)
			return;
		n -= have;
		outq_drop_head(q, p);
	}
}

static _noinline_ ssize_t outq_send_chunks(const struct chunk *c, struct transport *t, int fd)
{
	struct iovec iov[OUTQ_IOV_MAX];
	unsigned n = 0;

	for (; c && c->kind != CHUNK_FILE && n < OUTQ_IOV_MAX; c = c->next)
		iov[n++] = (struct iovec){ .iov_base = (void *)chunk_bytes(c), .iov_len = c->end - c->start };
	/* The size of a file and its beginning shall share a packet. */
	return transport_writev(t, fd, iov, n, c && c->kind == CHUNK_FILE);
}

static ssize_t outq_send_bytes(struct outq *q, struct chunk_pool *p, struct transport *t, int fd)
{
	const struct chunk *c = q->head;
	ssize_t n;

	if (likely(!c->next && !t))
		n = tcp_write(fd, chunk_bytes(c), c->end - c->start);
	else
		n = outq_send_chunks(c, t, fd);
	if (n >= 0) /* with 0, one that is empty leaves */
		outq_sent(q, p, (size_t)n);
	return n;
}

/* Whether the piece of the file that ends before @end is in memory: 1, 0, or -EPIPE: the file ends before. */
static int outq_probe(const struct chunk *c, uint64_t end)
{
	char last;
	struct iovec iov = { .iov_base = &last, .iov_len = 1 };
	ssize_t n;

	n = preadv2(c->file->fd, &iov, 1, (off_t)(end - 1), RWF_NOWAIT);
	if (n == 1)
		return 1;
	return n == 0 ? -EPIPE : 0;
}

/*
 * How much may be sent without waiting for the disk: what a worker has brought, else as many pieces as are seen in
 * memory one behind the other; several in one call, since sendfile() costs more than the looking does. Where all is in
 * memory, so is nearly always what follows, and one looks twice as far each time; at the first miss, closer again.
 */
static int outq_ready(struct chunk *c, uint64_t bound, uint64_t *ret)
{
	uint64_t most = MIN(MIN(c->file->left, bound), (uint64_t)OUTQ_FILE_SEND);
	uint64_t have = MIN(c->file->resident, most), next;
	int r = c->file->resident == 0;

	while (r > 0 && have < most) {
		next = MIN(have + c->file->stride, most);
		r = outq_probe(c, c->file->off + next);
		if (r > 0) {
			have = next;
			c->file->stride = MIN(2 * c->file->stride, (uint64_t)OUTQ_FILE_SEND);
		} else if (r == 0 && c->file->stride > OUTQ_FILE_PIECE) {
			c->file->stride = OUTQ_FILE_PIECE;
			r = 1;
		}
	}
	*ret = have;
	if (r < 0)
		return r;
	return have > 0 ? 0 : -EINPROGRESS;
}

/* For a transport without sendfile(): like that, of what is resident. */
static ssize_t outq_copy_file(const struct chunk *c, struct transport *t, int fd, size_t n)
{
	char bytes[OUTQ_FILE_COPY];
	ssize_t k;

	k = pread(c->file->fd, bytes, n, (off_t)c->file->off);
	if (k <= 0)
		return k < 0 ? -errno : 0;
	return transport_writev(t, fd, &(struct iovec){ .iov_base = bytes, .iov_len = (size_t)k }, 1, false);
}

/* Sets @ret_full where the socket did not take all it was given: no need to hear it from another call. */
static ssize_t outq_send_file(struct outq *q, struct chunk_pool *p, struct transport *t, int fd, uint64_t bound,
			      bool *ret_full)
{
	struct chunk *c = q->head;
	uint64_t piece;
	ssize_t n;
	int r;

	r = outq_ready(c, MAX(bound, (uint64_t)OUTQ_FILE_PIECE), &piece);
	if (r < 0)
		return r;
	if (likely(transport_has_sendfile(t))) {
		n = transport_sendfile(t, fd, c->file->fd, c->file->off, piece);
	} else {
		piece = MIN(piece, (uint64_t)OUTQ_FILE_COPY);
		n = outq_copy_file(c, t, fd, piece);
	}
	if (n < 0)
		return n;
	if (n == 0)
		return -EPIPE; /* shorter than it was: what was promised cannot be kept */
	*ret_full = (uint64_t)n < piece;
	c->file->off += (uint64_t)n;
	c->file->left -= (uint64_t)n;
	c->file->resident -= MIN(c->file->resident, (uint64_t)n);
	if (c->file->left == 0)
		outq_drop_head(q, p);
	return n;
}

int outq_send(struct outq *q, struct chunk_pool *p, struct transport *t, int fd, uint64_t max_bytes, uint64_t *ret_sent)
{
	uint64_t sent = 0;
	bool full = false;
	ssize_t n = 0;

	while (q->head && sent < max_bytes && !full) {
		if (q->head->kind == CHUNK_FILE)
			n = outq_send_file(q, p, t, fd, max_bytes - sent, &full);
		else
			n = outq_send_bytes(q, p, t, fd);
		if (n == -EINTR)
			continue;
		if (n < 0)
			break;
		sent += (uint64_t)n;
	}
	chunk_pool_count(&p->sent, sent);
	*ret_sent = sent;
	if (n < 0)
		return (int)n;
	return full ? -EAGAIN : !q->head;
}

void outq_not_resident(const struct outq *q, int *ret_fd, uint64_t *ret_off, uint64_t *ret_len)
{
	const struct chunk *c = q->head;

	*ret_fd = c->file->fd;
	*ret_off = c->file->off;
	*ret_len = MIN(c->file->left, (uint64_t)OUTQ_FILE_PIECE);
}

void outq_resident(struct outq *q, uint64_t len)
{
	q->head->file->resident = len;
}

void outq_clear(struct outq *q, struct chunk_pool *p)
{
	while (q->head)
		outq_drop_head(q, p);
	*q = (struct outq){};
}
