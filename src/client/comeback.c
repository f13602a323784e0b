/* SPDX-License-Identifier: MIT */
#include "client/comeback.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#define COMEBACK_FIRST_USEC (300 * USEC_PER_MSEC) /* the pause behind the first try */
#define COMEBACK_MAX_USEC   (5 * USEC_PER_SEC)

void comeback_done(struct comeback *b)
{
	b->search = search_unref(b->search);
	buf_done(&b->why);
	*b = (struct comeback){ 0 };
}

/* Half of the pause is random, so that clients that lost a server together do not all return together. */
static void comeback_again(struct comeback *b)
{
	b->pause_usec = b->pause_usec > 0 ? MIN(2 * b->pause_usec, COMEBACK_MAX_USEC) : COMEBACK_FIRST_USEC;
	b->next_usec = clock_usec() + b->pause_usec / 2 + arc4random_uniform((uint32_t)(b->pause_usec / 2));
}

void comeback_delay(struct comeback *b, struct client *c)
{
	client_drop(c);
	comeback_again(b);
}

static int comeback_begin(struct comeback *b, struct client *c)
{
	int r;

	r = client_search(c, &b->search);
	if (r == 0)
		r = search_start(b->search);
	if (r < 0) {
		b->search = search_unref(b->search);
		b->error = r;
		comeback_again(b);
	}
	return r;
}

/* The search is over. */
static void comeback_take(struct comeback *b, struct client *c)
{
	b->error = client_take_search(c, b->search);
	b->why.len = 0;
	(void)buf_append(&b->why, b->search->why.data, b->search->why.len);
	b->search = search_unref(b->search);
}

/* The nick can be held by the old session until the server notices its end. */
static int comeback_name(struct comeback *b, struct client *c, enum exit_code *ret_code)
{
	struct peer_reply reply;
	int r;

	r = client_take_nick(c, &reply);
	if (r == 0)
		return 1;
	if (r == CLIENT_E_REFUSED && failure_from_error_code(reply.code)->code != EXIT_CODE_LATER) {
		*ret_code = client_fail_refused(c, &reply);
		return -ENOTCONN;
	}
	if (r == CLIENT_E_REFUSED && !b->is_taken) {
		client_print(
			"the name '%s' is still held by another session (%s); trying again: a session that is gone "
			"ends within two minutes",
			c->nick, failure_from_error_code(reply.code)->words);
		b->is_taken = true;
	}
	b->error = r < 0 ? r : -EBUSY;
	comeback_delay(b, c);
	return 0;
}

int comeback_step(struct comeback *b, struct client *c, enum exit_code *ret_code)
{
	if (!b->search && clock_usec() >= b->next_usec && comeback_begin(b, c) < 0)
		return 0;
	if (!b->search || !search_is_over(b->search))
		return 0;
	comeback_take(b, c);
	if (b->error == 0)
		return comeback_name(b, c, ret_code);
	b->is_taken = false;
	comeback_again(b);
	return 0;
}

int comeback_fd(const struct comeback *b)
{
	return b->search ? search_fd(b->search) : -1;
}

int comeback_patience(const struct comeback *b)
{
	uint64_t now = clock_usec();

	if (b->search)
		return -1;
	return b->next_usec > now ? (int)((b->next_usec - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC) : 0;
}

enum exit_code comeback_wait(struct comeback *b, struct client *c, uint64_t until_usec)
{
	struct pollfd over = { .events = POLLIN };
	enum exit_code code = EXIT_CODE_OK;
	int r;

	while ((r = comeback_step(b, c, &code)) == 0) {
		/* A search under way does not take long: waits for it. */
		if (!b->search && clock_usec() >= until_usec)
			return client_fail_none(c, b->error, b->why.len > 0 ? buf_str(&b->why) : "no answer");
		over.fd = comeback_fd(b);
		if (poll(&over, 1, comeback_patience(b)) < 0)
			return client_fail_none(c, -errno, "");
	}
	return code;
}
