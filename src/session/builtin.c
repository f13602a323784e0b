/* SPDX-License-Identifier: MIT */
/* The verbs that every listener offers, whatever its roles. */
#include "session/builtin.h"

#include "base/buf.h"
#include "base/str.h"
#include "session/elsewhere.h"
#include "session/session-private.h"

#include <stdio.h>
#include <string.h>

/* The features that a client must know of before it uses them, joined by "+". */
#define BUILTIN_CAPS "shared"

static bool builtin_field_is(const struct field *f, const char *s)
{
	return f->len == strlen(s) && memcmp(f->data, s, f->len) == 0;
}

static void builtin_field_str(struct request *q, const char *s)
{
	request_field(q, s, strlen(s));
}

static int builtin_hello(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;
	char roles[80];
	struct session *s = q->session;
	struct reactor_set *set = q->reactor->set;
	const struct identity *who;

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
	who = session_identity(s);
	if (!who)
		return -ENOMEM;
	q->dialect = DIALECT_IOE1;
	s->dialect = DIALECT_IOE1;
	(void)snprintf(roles, sizeof(roles), "%s", frontend_of(s->listener)->roles);
	request_begin(q, "HI");
	builtin_field_str(q, "ioe/1");
	builtin_field_str(q, "ioed/" PACKAGE_VERSION);
	request_field_u64(q, set->instance);
	builtin_field_str(q, roles);
	request_field(q, who->name, who->name_len);
	builtin_field_str(q, BUILTIN_CAPS);
	builtin_field_str(q, set->store_id);
	request_end(q);
	return ACT_ANSWERED;
}

static int builtin_connect(const struct call *call)
{
	struct request *q = call->request;
	char text[ADDRESS_TEXT_MAX];
	struct address here;
	int r;

	r = conn_local(&call->session->conn, &here);
	if (r < 0)
		return r;
	request_begin(q, "OK");
	builtin_field_str(q, "connected");
	builtin_field_str(q, address_text(&here, text));
	request_field_u64(q, here.port);
	request_end(q);
	return ACT_ANSWERED;
}

static int builtin_auth(const struct call *call)
{
	struct request *q = call->request;

	if (!conn_is_private(&call->session->conn, &call->session->address))
		request_error(q, ERROR_DENIED, "a password is not taken over a connection that others can read");
	else
		request_error(q, ERROR_UNAVAILABLE, "this version of ioed knows no users; NICK,name gives you a name");
	return ACT_ANSWERED;
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

/* In line and raw the rest of the line is one field, with its commas. */
static void builtin_nick_join(const struct call *call)
{
	struct fields *f = call->fields;

	if (!dialect_traits(call->dialect)->has_bare_lines || f->n < 2)
		return;
	f->at[0].len = (size_t)(f->at[1].data + f->at[1].len - f->at[0].data);
	f->n = 1;
}

static int builtin_nick(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;
	const struct field *name = &f->at[0];
	int r;

	builtin_nick_join(call);
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

static int _hot_ builtin_ping(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;

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

static int builtin_help(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;
	struct buf b = { .max = 64 << 10 };
	const struct verb_entry *e, *other;
	int r;

	if (f->n == 0) {
		r = builtin_help_all(&b, call->session);
	} else {
		e = verb_table_find(&frontend_of(call->session->listener)->verbs, f->at[0].data, f->at[0].len);
		other = e ? NULL : elsewhere_find(call->session, f->at[0].data, f->at[0].len);
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

static int builtin_bye(const struct call *call)
{
	struct request *q = call->request;

	session_finish(call->session);
	request_line(q, "BYE", 3);
	return ACT_ANSWERED;
}

#define BYE_HELP "Ends the session after all earlier requests."

static const struct role_verb builtin_verbs[] = {
	{ { "HELLO", "HELLO[,ioe/1[,agent]]", "Replies HI; HELLO,ioe/1 chooses that dialect.", 0, 2,
	    VERB_BARRIER, ACCESS_NONE, 0 }, builtin_hello },
	{ { "CONNECT", "CONNECT,ip,port", "Replies with the server's address.", 2, 2,
	    VERB_CONCURRENT, ACCESS_NONE, 0 }, builtin_connect },
	{ { "AUTH", "AUTH,user,password", "Logs in as a registered user.", 2, 2,
	    VERB_BARRIER, ACCESS_NONE, 0 }, builtin_auth },
	{ { "NICK", "NICK,name[,shared]", "Gives the session a name, free again when it ends.", 1, 2,
	    VERB_BARRIER, ACCESS_NONE, 0 }, builtin_nick },
	{ { "PING", "PING[,text]", "Replies PONG and the text.", 0, 1,
	    VERB_CONCURRENT, ACCESS_NONE, 0 }, builtin_ping },
	{ { "HELP", "HELP[,verb]", "Lists the verbs of this listener, or explains one.", 0, 1,
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
