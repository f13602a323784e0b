/* SPDX-License-Identifier: MIT */
/*
 * Each server can do this: the command takes one at random, on a connection of its own, and goes on to the next where
 * that one fails.
 */
#include "client/commands.h"

#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cmd_double_job {
	struct client *c;
	char **numbers;
	unsigned n, done, failed;
	enum exit_code code; /* of the last number that failed */
	struct buf why;      /* the failures of the servers tried */
	bool is_busy;          /* one of them was busy */
};

/* Whether another server can have an answer. */
static bool cmd_double_is_elsewhere(const struct peer_reply *reply)
{
	if (reply->kind != PEER_REPLY_ERROR)
		return false;
	return reply->code == ERROR_BUSY || reply->code == ERROR_SHUTTING_DOWN || reply->code == ERROR_UNAVAILABLE ||
	       reply->code == ERROR_INTERNAL;
}

static int cmd_double_one(struct cmd_double_job *d, struct peer *p)
{
	char *number = d->numbers[d->done];
	struct field request[] = { { (char *)"DOUBLE", strlen("DOUBLE") }, { number, strlen(number) } };
	struct peer_reply reply;
	int r;

	r = peer_request(p, request, ELEMENTSOF(request));
	if (r == 0)
		r = peer_reply(p, &reply);
	if (r < 0)
		return r;
	if (cmd_double_is_elsewhere(&reply))
		return -EBUSY;
	if (reply.kind == PEER_REPLY_ERROR) {
		client_label(d->c, "double", number);
		d->code = client_fail_refused(d->c, &reply);
		d->failed++;
	} else if (reply.n_fields == 1 && strspn(reply.line, "-0123456789") == reply.line_len) {
		(void)puts(reply.line);
	} else {
		return -EPROTO;
	}
	d->done++;
	return 0;
}

static void cmd_double_at(struct cmd_double_job *d, const struct server *s, size_t others)
{
	_cleanup_(peer_freep) struct peer *p = NULL;
	int r;

	r = client_dial(d->c, s, others, &p);
	/* An older server of the chat role takes a number for a message. */
	if (r == 0 && !peer_offers(p, cmd_double.role)) {
		(void)buf_printf(&d->why, "%s%s: this port offers %s only", d->why.len > 0 ? "; " : "", s->name,
				 peer_roles(p));
		return;
	}
	while (r == 0 && d->done < d->n)
		r = cmd_double_one(d, p);
	if (r < 0)
		(void)buf_printf(&d->why, "%s%s: %s", d->why.len > 0 ? "; " : "", s->name, failure_errno_words(r));
	d->is_busy = d->is_busy || failure_from_errno(r) == EXIT_CODE_LATER;
	if (r == -EINTR)
		d->code = EXIT_CODE_INTERRUPTED;
}

static enum exit_code cmd_double_run(struct client *c, const struct args *a)
{
	struct cmd_double_job d = { .c = c, .numbers = a->words, .n = a->n };
	size_t first = arc4random_uniform((uint32_t)c->servers.n);
	enum exit_code code;

	for (size_t i = 0; i < c->servers.n && d.done < d.n && d.code != EXIT_CODE_INTERRUPTED; i++)
		cmd_double_at(&d, &c->servers.at[(first + i) % c->servers.n], c->servers.n - i - 1);
	if (d.code == EXIT_CODE_INTERRUPTED)
		code = client_fail(c, d.code, "interrupted");
	else if (d.done < d.n && d.is_busy)
		code = client_fail(c, EXIT_CODE_LATER, "all servers are busy (%s); try again later",
				   buf_str(&d.why));
	else if (d.done < d.n)
		code = client_fail(
			c, EXIT_CODE_NO_SERVER,
			"no server answers (%s); start one (systemctl start ioe@1) or name one (--servers HOST:PORT)",
			d.why.len > 0 ? buf_str(&d.why) : "out of memory");
	else if (d.failed > 0)
		code = d.n > 1 ? EXIT_CODE_SOME_FAILED : d.code;
	else
		code = EXIT_CODE_OK;
	buf_done(&d.why);
	return code;
}

const struct client_command cmd_double = {
	.row = {
		.name = "double",
		.args = "N...",
		.help = "Doubles whole numbers of any length.",
		.min = 1,
		.max = UINT32_MAX,
	},
	.role = "compute",
	.run = cmd_double_run,
};
