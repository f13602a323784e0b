/* SPDX-License-Identifier: MIT */
/* The verbs of every listener: who is there, who am I, what is there to ask, and goodbye. */
#include "session/session-private.h"

#include "base/buf.h"
#include "base/str.h"
#include "session/elsewhere.h"
#include "session/observer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What a client must know before it asks, joined by "+". */
#define BUILTIN_CAPS "shared"

static bool builtin_field_is(const struct field *f, const char *s)
{
	return f->len == strlen(s) && memcmp(f->data, s, f->len) == 0;
}

static void builtin_field_str(struct request *q, const char *s)
{
	request_field(q, s, strlen(s));
}

static int builtin_hello(struct request *q, struct fields *f)
{
	char name[NAME_MAX_BYTES + ADDRESS_TEXT_MAX], roles[80];
	struct session *s = q->session;
	struct reactor_set *set = q->reactor->set;

	if (f->n == 0) {
		request_begin(q, "HI");
		request_end(q);
		return ACT_ANSWERED;
	}
	if (dialect_get(s->dialect)->is_final) {
		request_error(q, ERROR_BAD_ARGUMENT,
			      "a session that is raw stays raw; connect anew, and end the line with LF");
		return ACT_ANSWERED;
	}
	if (!builtin_field_is(&f->at[0], "ioe/1")) {
		request_error(q, ERROR_BAD_ARGUMENT, "the only dialect to choose is ioe/1, not '%.*s'",
			      (int)MIN(f->at[0].len, (size_t)32), f->at[0].data);
		return ACT_ANSWERED;
	}
	q->dialect = DIALECT_IOE1;
	s->dialect = DIALECT_IOE1;
	(void)snprintf(roles, sizeof(roles), "%s", frontend_of(s->listener)->roles);
	request_begin(q, "HI");
	builtin_field_str(q, "ioe/1");
	builtin_field_str(q, "ioed/" PACKAGE_VERSION);
	request_field_u64(q, set->instance);
	builtin_field_str(q, roles);
	builtin_field_str(q, session_name(s, name));
	builtin_field_str(q, BUILTIN_CAPS);
	builtin_field_str(q, set->store_id);
	request_end(q);
	return ACT_ANSWERED;
}

static int builtin_connect(struct request *q, _unused_ struct fields *f)
{
	char text[ADDRESS_TEXT_MAX];
	struct address here;
	int r;

	r = conn_local(&q->session->conn, &here);
	if (r < 0)
		return r;
	request_begin(q, "OK");
	builtin_field_str(q, "connected");
	builtin_field_str(q, address_text(&here, text));
	request_field_u64(q, here.port);
	request_end(q);
	return ACT_ANSWERED;
}

static int builtin_auth(struct request *q, _unused_ struct fields *f)
{
	if (!conn_is_private(&q->session->conn, &q->session->address))
		request_error(q, ERROR_DENIED, "a password is not taken over a connection that others can read");
	else
		request_error(q, ERROR_UNAVAILABLE, "this version of ioed knows no users; NICK,name gives you a name");
	return ACT_ANSWERED;
}

/* Words that would be misread where a name stands. */
static bool builtin_is_reserved(const struct reactor_set *set, const char *s, size_t n)
{
	static const char *const words[] = { "OK", "ERROR", "HI", "HII" };
	struct in_addr in;
	char z[NAME_MAX_BYTES + 1];

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

/* In the owner's thread: the name goes back. */
static void builtin_nick_released(struct msg *m)
{
	struct name_claim *c = container_of(m, struct name_claim, msg);

	name_release(c->owner, c);
	free(c);
}

static struct reactor *builtin_nick_owner(struct reactor_set *set, const struct name_claim *c)
{
	return reactor_owner(set, c->folded, strlen(c->folded));
}

void builtin_release_nick(struct reactor *r, struct name_claim *c)
{
	c->msg.act = builtin_nick_released;
	reactor_post(r, builtin_nick_owner(r->set, c), &c->msg);
}

/* The session has this name now, and whoever hangs on it is told. */
static void builtin_take_nick(struct session *s, struct name_claim *c)
{
	char before[SESSION_NAME_MAX];
	struct name_claim *old = s->nick;

	(void)session_get_name(s, before);
	s->nick = c;
	if (old)
		builtin_release_nick(s->reactor, old);
	if (strcmp(before, c->shown) != 0)
		observer_renamed(s, before);
}

/* Back in the session's thread, with the verdict. */
static void builtin_nick_decided(struct msg *m)
{
	struct name_claim *c = container_of(m, struct name_claim, msg);
	struct request *q = c->cookie;
	struct reactor *r = q->reactor;
	struct session *s = q->session;

	if (!s) {
		request_silent(q); /* into nowhere */
		if (c->error < 0)
			free(c);
		else
			builtin_release_nick(r, c);
		return;
	}
	if (c->error < 0) {
		c->done(q, c->error, c->shown);
		free(c);
		return;
	}
	builtin_take_nick(s, c);
	if (session_has_ended(s))
		request_silent(q);
	else
		c->done(q, 0, c->shown);
}

/* In the owner's thread. */
static void builtin_nick_asked(struct msg *m)
{
	struct name_claim *c = container_of(m, struct name_claim, msg);
	struct reactor *owner = container_of(c->owner, struct reactor, names);

	c->error = name_take(c->owner, c);
	c->msg.act = builtin_nick_decided;
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
	if (builtin_is_reserved(set, name, len))
		return -EPERM;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	name_claim_set(c, name, len);
	c->holder = s->handle;
	c->shared = shared;
	c->address = s->address.ip;
	/* That one has the same owner, who hears of its end behind this. */
	c->before = s->nick && strcmp(s->nick->folded, c->folded) == 0 ? s->nick : NULL;
	c->cookie = q;
	c->done = done;
	request_defer(q);
	owner = builtin_nick_owner(set, c);
	c->owner = &owner->names;
	c->msg.act = builtin_nick_asked;
	reactor_post(q->reactor, owner, &c->msg);
	return 0;
}

void request_refuse_name(struct request *q, const char *name, size_t len, int error)
{
	switch (error) {
	case -EINVAL:
		request_error(q, ERROR_BAD_ARGUMENT,
			      "a name is 1 to %d of A-Z a-z 0-9 . _ -; this one has %zu bytes: '%.*s'", NAME_MAX_BYTES,
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

static void builtin_nick_done(struct request *q, int result, const char *name)
{
	if (result < 0) {
		request_refuse_name(q, name, strlen(name), result);
		return;
	}
	request_begin(q, "OK");
	builtin_field_str(q, name);
	request_end(q);
}

/* In line and raw there is one field only, with whatever commas are in it. */
static void builtin_nick_join(struct request *q, struct fields *f)
{
	if (!dialect_get(q->dialect)->has_bare_lines || f->n < 2)
		return;
	f->at[0].len = (size_t)(f->at[1].data + f->at[1].len - f->at[0].data);
	f->n = 1;
}

static int builtin_nick(struct request *q, struct fields *f)
{
	const struct field *name = &f->at[0];
	int r;

	builtin_nick_join(q, f);
	if (f->n > 1 && str_casecmp(f->at[1].data, f->at[1].len, "shared", strlen("shared")) != 0) {
		request_error(q, ERROR_BAD_ARGUMENT, "behind the name stands shared, or nothing, not '%.*s'",
			      (int)MIN(f->at[1].len, (size_t)32), f->at[1].data);
		return ACT_ANSWERED;
	}
	r = request_claim_name(q, name->data, name->len, f->n > 1, builtin_nick_done);
	if (r >= 0)
		return ACT_DEFERRED;
	request_refuse_name(q, name->data, name->len, r);
	return ACT_ANSWERED;
}

static int _hot_ builtin_ping(struct request *q, struct fields *f)
{
	if (f->n == 0) {
		request_line(q, "PONG", 4);
		return ACT_ANSWERED;
	}
	request_begin(q, "PONG");
	request_field(q, f->at[0].data, f->at[0].len);
	request_end(q);
	return ACT_ANSWERED;
}

static int builtin_help_verb(struct buf *b, const struct verb *v)
{
	if (v->flags & VERB_NOT_YET)
		return 0;
	return buf_printf(b, "%-28s %s\n", v->syntax, v->help);
}

static int builtin_help_role(struct buf *b, const struct role *role)
{
	int r = 0;

	for (size_t i = 0; i < role->n_verbs && r >= 0; i++)
		r = builtin_help_verb(b, &role->verbs[i].verb);
	return r;
}

static int builtin_help_all(struct buf *b, const struct session *s)
{
	const struct reactor_set *set = s->reactor->set;
	int r;

	r = builtin_help_role(b, &builtin_role);
	for (unsigned i = 0; i < set->n_roles && r >= 0; i++)
		if (s->listener->role_bits & 1ULL << i)
			r = builtin_help_role(b, set->roles[i].role);
	return r;
}

static int builtin_help(struct request *q, struct fields *f)
{
	struct buf b = { .max = 64 << 10 };
	const struct verb_entry *e, *other;
	int r;

	if (f->n == 0) {
		r = builtin_help_all(&b, q->session);
	} else {
		e = verb_table_find(&frontend_of(q->session->listener)->verbs, f->at[0].data, f->at[0].len);
		other = e ? NULL : elsewhere_find(q->session, f->at[0].data, f->at[0].len);
		if (other) {
			elsewhere_answer(q, other);
			return ACT_ANSWERED;
		}
		if (!e || e->verb->flags & VERB_NOT_YET) {
			request_error(q, ERROR_NOT_FOUND, "there is no verb '%.*s' here; HELP tells which there are",
				      (int)MIN(f->at[0].len, (size_t)32), f->at[0].data);
			return ACT_ANSWERED;
		}
		r = builtin_help_verb(&b, e->verb);
	}
	if (r >= 0)
		request_sized(q, b.data, b.len);
	buf_done(&b);
	return r;
}

static int builtin_bye(struct request *q, _unused_ struct fields *f)
{
	session_finish(q->session);
	request_line(q, "BYE", 3);
	return ACT_ANSWERED;
}

#define BYE_HELP "Ends the session, once all before it is answered."

static const struct role_verb builtin_verbs[] = {
	{ { "HELLO", "HELLO[,ioe/1[,agent]]", "Says HI; ioe/1: the session is in it from now on.", 0, 2,
	    VERB_BARRIER, ACCESS_NONE, 0 }, builtin_hello },
	{ { "CONNECT", "CONNECT,ip,port", "Tells the server's address of the connection.", 2, 2,
	    VERB_CONCURRENT, ACCESS_NONE, 0 }, builtin_connect },
	{ { "AUTH", "AUTH,user,password", "Makes the session a registered user's.", 2, 2,
	    VERB_BARRIER, ACCESS_NONE, 0 }, builtin_auth },
	{ { "NICK", "NICK,name[,shared]", "Gives the session a name, free again when it ends.", 1, 2,
	    VERB_BARRIER, ACCESS_NONE, 0 }, builtin_nick },
	{ { "PING", "PING[,text]", "Is answered by PONG and the text.", 0, 1,
	    VERB_CONCURRENT, ACCESS_NONE, 0 }, builtin_ping },
	{ { "HELP", "HELP[,verb]", "Lists the verbs of this listener, or tells of one.", 0, 1,
	    VERB_CONCURRENT, ACCESS_NONE, 0 }, builtin_help },
	{ { "BYE", "BYE", BYE_HELP, 0, 0, VERB_BARRIER, ACCESS_NONE, 0 }, builtin_bye },
	{ { "QUIT", "QUIT", BYE_HELP, 0, 0, VERB_BARRIER | VERB_ALIAS, ACCESS_NONE, 0 }, builtin_bye },
	{ { "EXIT", "EXIT", BYE_HELP, 0, 0, VERB_BARRIER | VERB_ALIAS, ACCESS_NONE, 0 }, builtin_bye },
};

const struct role builtin_role = {
	.name = "every",
	.verbs = builtin_verbs,
	.n_verbs = ELEMENTSOF(builtin_verbs),
};
