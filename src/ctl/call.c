/* SPDX-License-Identifier: MIT */
#include "ctl/call.h"

#include "base/clock.h"
#include "base/macro.h"
#include "wire/varlink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CALL_READ_MAX 65536

/* Waits until the socket is ready for @events. 0, -ETIMEDOUT or another negative errno. */
static int call_wait(int fd, short events, uint64_t until_usec)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		uint64_t now = clock_usec(), left = until_usec > now ? until_usec - now : 0;
		int n = poll(&p, 1, (int)MIN((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC, (uint64_t)INT_MAX));

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0 && clock_usec() >= until_usec)
			return -ETIMEDOUT;
	}
}

static int call_connect(const char *path, uint64_t timeout_usec, int *ret_fd)
{
	struct timeval tv = { (time_t)(timeout_usec / USEC_PER_SEC), (suseconds_t)(timeout_usec % USEC_PER_SEC) };
	_cleanup_(closep) int fd = -1;
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* If the daemon is stuck and its queue is full, connect() blocks, and poll() cannot wait for it. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int call_send(int fd, const struct buf *call, uint64_t until_usec)
{
	size_t sent = 0;
	int r;

	while (sent < call->len) {
		ssize_t n = send(fd, call->data + sent, call->len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0) {
			sent += (size_t)n;
		} else if (errno == EAGAIN) {
			r = call_wait(fd, POLLOUT, until_usec);
			if (r < 0)
				return r;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			return 0; /* the daemon refused and closed; its reason can be read */
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

/* Reads more bytes of the reply. */
static int call_read(int fd, struct varlink_reader *reader, uint64_t until_usec)
{
	char chunk[CALL_READ_MAX];
	ssize_t n;
	int r;

	r = call_wait(fd, POLLIN, until_usec);
	if (r < 0)
		return r;
	n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);
	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return varlink_feed(reader, chunk, (size_t)n);
}

static int call_receive(int fd, struct varlink_reader *reader, uint64_t until_usec, struct json_object **ret)
{
	enum varlink_result result;
	int r;

	while ((result = varlink_next(reader, VARLINK_REPLY_MAX, ret)) == VARLINK_NONE) {
		r = call_read(fd, reader, until_usec);
		if (r < 0)
			return r;
	}
	return result == VARLINK_MESSAGE ? 0 : -EPROTO;
}

/* Moves the fields of the message into the reply. */
static int call_take_reply(struct json_object *message, struct call_reply *ret, bool *ret_continues)
{
	struct call_reply a = { 0 };
	struct varlink_reply reply;

	if (varlink_parse_reply(message, &reply) < 0)
		return -EPROTO;
	if (reply.error) {
		a.error = strdup(reply.error);
		if (!a.error)
			return -ENOMEM;
	}
	a.parameters = reply.parameters ? json_object_get(reply.parameters) : json_object_new_object();
	if (!a.parameters) {
		free(a.error);
		return -ENOMEM;
	}
	*ret_continues = reply.continues && !reply.error;
	*ret = a;
	return 0;
}

static int call_next(int fd, struct varlink_reader *reader, uint64_t until_usec, struct call_reply *ret,
		     bool *ret_continues)
{
	struct json_object *message;
	int r;

	r = call_receive(fd, reader, until_usec, &message);
	if (r < 0)
		return r;
	r = call_take_reply(message, ret, ret_continues);
	(void)json_object_put(message);
	return r;
}

int call_more(const char *path, const char *method, struct json_object *parameters, uint64_t timeout_usec,
	      call_page_fn page, void *userdata, struct call_reply *ret)
{
	_cleanup_(varlink_reader_done) struct varlink_reader reader = {
		.in.max = VARLINK_REPLY_MAX + 1 + CALL_READ_MAX,
	};
	uint64_t until_usec = clock_usec() + timeout_usec;
	_cleanup_(buf_done) struct buf call = { 0 };
	_cleanup_(closep) int fd = -1;
	struct call_reply a;
	bool continues = false;
	int r;

	r = varlink_put_call(&call, method, parameters, page != NULL);
	if (r == 0)
		r = call_connect(path, timeout_usec, &fd);
	if (r == 0)
		r = call_send(fd, &call, until_usec);
	while (r == 0) {
		r = call_next(fd, &reader, until_usec, &a, &continues);
		if (r < 0)
			break;
		if (!continues) {
			*ret = a;
			break;
		}
		r = page ? page(userdata, a.parameters) : -EPROTO;
		call_reply_done(&a);
		until_usec = clock_usec() + timeout_usec;
	}
	return r;
}

int call_once(const char *path, const char *method, struct json_object *parameters, uint64_t timeout_usec,
	      struct call_reply *ret)
{
	return call_more(path, method, parameters, timeout_usec, NULL, NULL, ret);
}

void call_reply_done(struct call_reply *a)
{
	free(a->error);
	(void)json_object_put(a->parameters);
	*a = (struct call_reply){ 0 };
}
