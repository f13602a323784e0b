/* SPDX-License-Identifier: MIT */
#include "client/client.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>

enum exit_code client_send_fields(struct client *c, const struct field *fields, unsigned n)
{
	enum exit_code code;
	struct peer *p;
	int r;

	p = client_link(c, &code);
	if (!p)
		return code;
	r = peer_request(p, fields, n);
	return r < 0 ? client_fail_broken(c, r) : EXIT_CODE_OK;
}

enum exit_code client_send(struct client *c, const char *const *words)
{
	struct field fields[8];
	unsigned n = 0;

	for (; words[n] && n < ELEMENTSOF(fields); n++)
		fields[n] = (struct field){ (char *)words[n], strlen(words[n]) };
	return client_send_fields(c, fields, n);
}

enum exit_code client_answer(struct client *c, enum peer_reply_kind kind, struct peer_reply *ret)
{
	int r = peer_reply(c->peer, ret);

	if (r < 0)
		return client_fail_broken(c, r);
	if (ret->kind == PEER_REPLY_ERROR)
		return client_fail_refused(c, ret);
	return ret->kind == kind ? EXIT_CODE_OK : client_fail_broken(c, -EPROTO);
}

enum exit_code client_request(struct client *c, enum peer_reply_kind kind, const char *const *words,
			      struct peer_reply *ret)
{
	uint64_t until_usec = clock_usec() + c->timeout_usec, pause_usec = 0;
	enum exit_code code;
	int r;

	for (;;) {
		code = client_send(c, words);
		if (code != EXIT_CODE_OK)
			return code;
		r = peer_reply(c->peer, ret);
		if (r < 0)
			return client_fail_broken(c, r);
		if (ret->kind != PEER_REPLY_ERROR)
			return ret->kind == kind ? EXIT_CODE_OK : client_fail_broken(c, -EPROTO);
		if (ret->code != ERROR_BUSY || clock_usec() >= until_usec)
			return client_fail_refused(c, ret);
		if (client_pause(&pause_usec) < 0)
			return client_fail(c, EXIT_CODE_INTERRUPTED, "interrupted");
	}
}
