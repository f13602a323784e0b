/* SPDX-License-Identifier: MIT */
/*
 * A reply of digits alone is either a number, or the size of the bytes behind it. That depends on the request, and the
 * reply does not show it. So each request sets a bit, and its reply removes the bit.
 */
#include "peer/peer-private.h"

#include "base/macro.h"
#include "base/str.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* Verbs whose answer is sized. */
static const char *const request_sized_verbs[] = { "LIST", "DIR", "READ", "RANGE", "HELP", "ROOMS", "WHO", "HISTORY" };

/* Sends as many bytes as the socket takes. Looks for a reply before, and after sending has failed: a server that
 * refuses can reply and then close. The count, -EAGAIN, or negative errno; 0: a reply has arrived. */
static ssize_t request_send_some(struct peer *p, const char *data, size_t n)
{
	ssize_t k;
	int r;

	r = reply_look(p, PEER_LINE_MAX);
	if (r > 0)
		return 0;
	k = r < 0 ? r : send(p->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (k >= 0 || r < 0)
		return k;
	if (errno == EAGAIN || errno == EINTR)
		return -EAGAIN;
	k = -errno;
	return reply_look(p, PEER_LINE_MAX) > 0 ? 0 : k;
}

int peer_send(struct peer *p, const void *data, size_t n)
{
	const char *at = data;
	ssize_t k;
	int r;

	if (p->error < 0)
		return p->error;
	if (p->has_line)
		return PEER_E_ANSWERED;
	rate_begin(p);
	while (n > 0) {
		k = request_send_some(p, at, n);
		if (k == 0)
			return PEER_E_ANSWERED;
		if (k > 0) {
			at += k;
			n -= (size_t)k;
			rate_add(p, (uint64_t)k);
			continue;
		}
		if (k != -EAGAIN)
			return peer_break(p, (int)k);
		r = rate_wait(p, POLLIN | POLLOUT);
		if (r < 0)
			return peer_break(p, r);
	}
	return 0;
}

/* Sends the line of a request. Replies to earlier requests that arrive meanwhile stay in the kernel. */
static int request_send_line(struct peer *p, const char *line, size_t len)
{
	ssize_t k;
	int r;

	rate_begin(p);
	while (len > 0) {
		k = send(p->fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (k >= 0) {
			line += k;
			len -= (size_t)k;
			rate_add(p, (uint64_t)k);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		r = rate_wait(p, POLLOUT);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool request_is_sized(const char *line, size_t len)
{
	const char *comma = memchr(line, ',', len);
	size_t n = comma ? (size_t)(comma - line) : len;

	for (size_t i = 0; i < ELEMENTSOF(request_sized_verbs); i++)
		if (str_casecmp(line, n, request_sized_verbs[i], strlen(request_sized_verbs[i])) == 0)
			return true;
	return false;
}

/* @line ends in LF, counted in @len. */
static int request_submit(struct peer *p, const char *line, size_t len)
{
	int r;

	if (p->error < 0)
		return p->error;
	if (p->n_open >= PEER_OPEN_MAX || p->body_left > 0)
		return -EBUSY;
	r = request_send_line(p, line, len);
	if (r < 0)
		return peer_break(p, r);
	p->sized |= (uint64_t)request_is_sized(line, len - 1) << p->n_open;
	p->n_open++;
	return 0;
}

int peer_request_raw(struct peer *p, const char *line, size_t len)
{
	_cleanup_(buf_done) struct buf b = { 0 };
	int r;

	if (memchr(line, '\n', len))
		return -EINVAL;
	r = buf_append(&b, line, len);
	if (r == 0)
		r = buf_append(&b, "\n", 1);
	return r < 0 ? r : request_submit(p, b.data, b.len);
}

int peer_request(struct peer *p, const struct field *fields, unsigned n)
{
	_cleanup_(buf_done) struct buf b = { 0 };
	int r;

	assert(n > 0);
	for (unsigned i = 0; i < n; i++) {
		/* Two more bytes: the comma before the field, and the LF behind the last one. */
		r = buf_reserve(&b, field_encoded_len(fields[i].data, fields[i].len) + 2);
		if (r < 0)
			return r;
		if (i > 0)
			b.data[b.len++] = ',';
		b.len += field_encode(b.data + b.len, fields[i].data, fields[i].len);
	}
	b.data[b.len++] = '\n';
	return request_submit(p, b.data, b.len);
}
