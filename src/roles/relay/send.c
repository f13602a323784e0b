/* SPDX-License-Identifier: MIT */
#include "roles/relay/send.h"

#include "channel/stored.h"
#include "roles/relay/owner/act.h"
#include "roles/relay/session.h"
#include "roles/relay/words.h"

#include <errno.h>
#include <string.h>

static void relay_send_refuse(const struct relay_send *x, int outcome)
{
	struct request *q = x->rq.request;

	if (outcome == CHANNEL_E_FULL)
		request_error(
			q, ERROR_LIMIT,
			"the mailbox of %.*s is full: it holds up to %llu messages (relay.max_messages) and %llu bytes "
			"(relay.max_bytes); its owner must acknowledge some",
			(int)x->to.len, x->to.text, (unsigned long long)x->args.max_messages,
			(unsigned long long)x->args.max_bytes);
	else
		relay_refuse(q, outcome);
}

static void relay_send_done(struct channel_request *rq)
{
	struct relay_send *x = container_of(rq, struct relay_send, rq);
	struct request *q = rq->request;

	request_unaccount(q, x->accounted);
	if (rq->result != 0) {
		relay_send_refuse(x, rq->result);
	} else {
		request_begin(q, "OK");
		request_field_u64(q, rq->call.append.message_id);
		request_end(q);
	}
	free(x);
}

/* False: the request was answered. */
static bool relay_send_take_name(const struct call *call, const struct field *f, struct relay_name *ret)
{
	const struct relay_options *o = call->options;
	struct request *q = call->request;

	if (relay_name_parse(f->data, f->len, ret) < 0) {
		request_error(
			q, ERROR_BAD_ARGUMENT,
			"'%.*s' is no name: an IP address, or 1 to %d of A-Z a-z 0-9 . _ - that do not read as one",
			(int)MIN(f->len, (size_t)64), f->data, NICK_MAX);
		return false;
	}
	if (!ret->is_address && !o->nick_mail) {
		request_error(q, ERROR_DENIED,
			      "'%.*s' is a nick, and mail is kept for IP addresses only (relay.nick_mail)",
			      (int)ret->len, ret->text);
		return false;
	}
	return true;
}

static bool relay_send_take_key(struct request *q, const struct fields *f, struct relay_send *x)
{
	const struct field *key = &f->at[2];

	if (f->n < 3)
		return true;
	if (key->len < 1 || key->len > CHANNEL_KEY_MAX) {
		request_error(q, ERROR_BAD_ARGUMENT,
			      "a key has 1 to %d bytes, and this one %zu; a text's commas are %%2C", CHANNEL_KEY_MAX,
			      key->len);
		return false;
	}
	x->args.key_len = key->len;
	memcpy(x->args.key, key->data, key->len);
	return true;
}

/* Checks all that can be refused at once. False: the request was answered. */
static bool relay_send_take(const struct call *call, struct relay_send *x)
{
	const struct relay_options *o = call->options;
	struct request *q = call->request;
	struct fields *f = call->fields;
	size_t size = sizeof(*x) + f->at[1].len;

	relay_words_join_text(f, call->dialect);
	if (!relay_send_take_name(call, &f->at[0], &x->to) || !relay_send_take_key(q, f, x))
		return false;
	if (!request_account(q, size)) {
		request_error(q, ERROR_BUSY, "the server's memory for sessions is used up; try again later");
		return false;
	}
	x->accounted = size;
	x->args.max_messages = o->max_messages;
	x->args.max_bytes = o->max_bytes;
	return true;
}

int relay_send(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;
	struct relay_state *state = call->state;
	const char *from = relay_session_from(call->session);
	struct relay_send *x = from ? calloc(1, sizeof(*x)) : NULL;

	if (!x)
		return -ENOMEM;
	if (!relay_send_take(call, x)) {
		free(x);
		return ACT_ANSWERED;
	}
	channel_request_init(&x->rq, state->engine, &relay_policy, q, x->to.text, x->to.len);
	x->rq.kind = relay_kind_row(RELAY_KIND_SEND);
	x->rq.on_complete = relay_send_done;
	x->rq.create = true;
	x->rq.message = channel_message_new(0, from, strlen(from), f->at[1].data, f->at[1].len);
	if (!x->rq.message) {
		request_unaccount(q, x->accounted);
		free(x);
		return -ENOMEM;
	}
	channel_submit(&x->rq);
	return ACT_DEFERRED;
}

struct relay_status {
	struct channel_lookup lookup;
	struct request *request;
};

static void relay_status_on_lookup(struct channel_lookup *l)
{
	struct relay_status *x = container_of(l, struct relay_status, lookup);
	const char *disposition = relay_words_disposition(l->disposition);
	struct request *q = x->request;

	if (l->result == CHANNEL_E_NOT_FOUND) {
		request_error(
			q, ERROR_NOT_FOUND,
			"you have sent no message %llu, or its state is not kept any more (relay.retention)",
			(unsigned long long)l->id);
	} else if (l->result != 0) {
		relay_refuse(q, l->result);
	} else {
		request_begin(q, "OK");
		request_field(q, disposition, strlen(disposition));
		request_field_u64(q, l->time_msec);
		request_end(q);
	}
	free(x);
}

int relay_status(const struct call *call)
{
	struct request *q = call->request;
	struct fields *f = call->fields;
	const struct relay_state *state = call->state;
	const char *from = relay_session_from(call->session);
	struct relay_status *x;
	uint64_t id;

	if (!relay_has_store(call))
		return ACT_ANSWERED;
	if (relay_words_parse_id(&f->at[0], &id) < 0) {
		request_error(q, ERROR_BAD_ARGUMENT, "'%.*s' is no message's ID; the answer to SEND has it",
			      (int)MIN(f->at[0].len, (size_t)32), f->at[0].data);
		return ACT_ANSWERED;
	}
	x = from ? calloc(1, sizeof(*x)) : NULL;
	if (!x)
		return -ENOMEM;
	x->request = q;
	x->lookup = (struct channel_lookup){
		.loop = request_loop(q),
		.id = id,
		.from = from,
		.from_len = strlen(from),
		.on_complete = relay_status_on_lookup,
	};
	request_defer(q);
	channel_lookup(&x->lookup, state->engine);
	return ACT_DEFERRED;
}
