/* SPDX-License-Identifier: MIT */
/*
 * How a session gets its nick. The claim travels as a message to the reactor that owns the name (name.h), which grants
 * or refuses it, and then back to the reactor of the session.
 */
#include "session/nick.h"

#include "base/str.h"
#include "session/builtin.h"
#include "session/observer.h"
#include "session/session-private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* Words that a client could misread in the place of a name. */
static bool nick_is_reserved(const struct reactor_set *set, const char *s, size_t n)
{
	static const char *const words[] = { "OK", "ERROR", "HI", "HII" };
	struct in_addr in;
	char z[NICK_MAX + 1];

	for (size_t i = 0; i < ELEMENTSOF(words); i++)
		if (str_casecmp(s, n, words[i], strlen(words[i])) == 0)
			return true;
	memcpy(z, s, n);
	z[n] = '\0';
	if (memchr(z, '.', n) && inet_aton(z, &in))
		return true;
	for (unsigned i = 0; i <= set->n_roles; i++) {
		const struct role *role = i < set->n_roles ? set->roles[i].role : &builtin_role;

		for (size_t v = 0; v < role->n_verbs; v++)
			if (str_casecmp(s, n, role->verbs[v].verb.name, strlen(role->verbs[v].verb.name)) == 0)
				return true;
	}
	return false;
}

/* In the owner's thread: releases the name. */
static void nick_released(struct msg *m)
{
	struct name_claim *c = container_of(m, struct name_claim, msg);

	name_release(c->owner, c);
	free(c);
}

static struct reactor *nick_owner(struct reactor_set *set, const struct name_claim *c)
{
	return reactor_owner(set, c->folded, strlen(c->folded));
}

void nick_release(struct reactor *r, struct name_claim *c)
{
	c->msg.act = nick_released;
	reactor_post(r, nick_owner(r->set, c), &c->msg);
}

/* The session has this name from now on, and its observers are notified. 0 or -ENOMEM. */
static int nick_take(struct session *s, struct name_claim *c)
{
	struct identity *before = session_identity(s), *now = identity_new(&s->address, c->shown);
	struct name_claim *old = s->nick;

	if (!before || !now) {
		(void)identity_unref(now);
		return -ENOMEM;
	}
	s->nick = c;
	s->identity = now;
	if (old)
		nick_release(s->reactor, old);
	if (strcmp(before->name, now->name) != 0)
		observer_renamed(s, before->name);
	(void)identity_unref(before);
	return 0;
}

/* In the session's thread again, with the result. */
static void nick_decided(struct msg *m)
{
	struct name_claim *c = container_of(m, struct name_claim, msg);
	struct request *q = c->cookie;
	struct reactor *r = q->reactor;
	struct session *s = q->session;

	if (!s) {
		request_noreply(q); /* into nowhere */
		if (c->error < 0)
			free(c);
		else
			nick_release(r, c);
		return;
	}
	if (c->error < 0) {
		c->done(q, c->error, c->shown);
		free(c);
		return;
	}
	if (nick_take(s, c) < 0) {
		c->done(q, -ENOMEM, c->shown);
		nick_release(r, c);
		return;
	}
	if (session_has_ended(s))
		request_noreply(q);
	else
		c->done(q, 0, c->shown);
}

/* In the owner's thread. */
static void nick_asked(struct msg *m)
{
	struct name_claim *c = container_of(m, struct name_claim, msg);
	struct reactor *owner = container_of(c->owner, struct reactor, names);

	c->error = name_take(c->owner, c);
	c->msg.act = nick_decided;
	reactor_post(owner, &owner->set->at[c->holder.reactor], &c->msg);
}

int request_claim_name(struct request *q, const char *name, size_t len, bool shared,
		       void (*done)(struct request *q, int result, const char *name))
{
	struct reactor_set *set = q->reactor->set;
	struct session *s = q->session;
	struct name_claim *c;
	struct reactor *owner;

	if (!name_is_valid(name, len))
		return -EINVAL;
	if (nick_is_reserved(set, name, len))
		return -EPERM;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	name_claim_set(c, name, len);
	c->holder = s->handle;
	c->shared = shared;
	c->address = s->address.ip;
	/* Both claims have the same owner, and the old one is given back behind this one. */
	c->before = s->nick && strcmp(s->nick->folded, c->folded) == 0 ? s->nick : NULL;
	c->cookie = q;
	c->done = done;
	request_defer(q);
	owner = nick_owner(set, c);
	c->owner = &owner->names;
	c->msg.act = nick_asked;
	reactor_post(q->reactor, owner, &c->msg);
	return 0;
}

void request_refuse_name(struct request *q, const char *name, size_t len, int error)
{
	switch (error) {
	case -EINVAL:
		request_error(q, ERROR_BAD_ARGUMENT,
			      "a name is 1 to %d of A-Z a-z 0-9 . _ -; this one has %zu bytes: '%.*s'", NICK_MAX,
			      len, (int)MIN(len, (size_t)64), name);
		break;
	case -EPERM:
		request_error(q, ERROR_DENIED, "'%.*s' reads as an address, a verb or an answer; choose another name",
			      (int)len, name);
		break;
	case -EEXIST:
		request_error(q, ERROR_TAKEN, "another session is '%.*s'; choose another name", (int)len, name);
		break;
	default:
		request_error(q, ERROR_BUSY, "out of memory; try again later");
		break;
	}
}
