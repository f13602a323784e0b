/* SPDX-License-Identifier: MIT */
/*
 * A mailbox is a channel that has the name of its receiver. SEND is answered with OK once the message is on disk. The
 * message stays there until the receiver acknowledges it; after a crash or a lost connection it is delivered again.
 */
#include "roles/relay/relay.h"

#include "base/clock.h"
#include "roles/relay/ack.h"
#include "roles/relay/box.h"
#include "roles/relay/fetch.h"
#include "roles/relay/owner/act.h"
#include "roles/relay/send.h"
#include "roles/relay/wait.h"
#include "roles/relay/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RELAY_KIND          1 /* in the store; never changed */
#define RELAY_SUBSCRIPTIONS 2 /* its mailbox, and that of its former name, which it is leaving */

#define FIELD(member, type) OPTION_FIELD(struct relay_options, member, type)

static const struct option relay_rows[] = {
	{ "retention", OPTION_TIME, FIELD(retention_usec, uint64_t), USEC_PER_SEC, 3650 * 86400 * USEC_PER_SEC, "30d",
	  OPTION_APPLY_NOW, NULL,
	  "A message without an acknowledgement is dropped after this time. Keys of SEND and results of STATUS are kept as long." },
	{ "max_messages", OPTION_INT, FIELD(max_messages, uint64_t), 1, 10000000, "10000", OPTION_APPLY_NOW, NULL,
	  "Limit of messages in a mailbox. A further one is refused." },
	{ "max_bytes", OPTION_SIZE, FIELD(max_bytes, uint64_t), 1024, 1ULL << 40, "16M", OPTION_APPLY_NOW, NULL,
	  "Limit of bytes of all messages in a mailbox." },
	{ "nick_mail", OPTION_BOOL, FIELD(nick_mail, bool), 0, 1, "true", OPTION_APPLY_NOW, NULL,
	  "Whether nicks have mailboxes. Anybody can take a free nick. With false, only IP addresses have mailboxes." },
	{ "open", OPTION_INT, FIELD(open, uint64_t), 1, 1000000, "10000", OPTION_APPLY_NOW, NULL,
	  "Limit of mailboxes in memory at the same time. An unused one leaves memory when another one needs the place." },
	{ "sessions", OPTION_INT, FIELD(sessions, uint64_t), 1, 100000, "1024", OPTION_APPLY_NOW, NULL,
	  "Limit of sessions that WAIT for the mail of one name at the same time." },
};

const struct option_section relay_section = {
	.name = "relay",
	.rows = relay_rows,
	.n_rows = ELEMENTSOF(relay_rows),
	.size = sizeof(struct relay_options),
};

static void relay_limits(const struct settings *s, struct channel_limits *ret)
{
	const struct relay_options *o = settings_get(s, &relay_section);

	*ret = (struct channel_limits){ .open = o->open, .members = o->sessions };
}

static uint64_t relay_max_subscriptions(_unused_ const struct settings *s)
{
	return RELAY_SUBSCRIPTIONS;
}

/* Nobody is notified. */
static void relay_left(_unused_ struct channel *c, _unused_ struct channel_member *m, _unused_ const char *why)
{
}

const struct channel_policy relay_policy = {
	.kind = RELAY_KIND,
	.kinds = relay_kinds,
	.n_kinds = ELEMENTSOF(relay_kinds),
	.limits = relay_limits,
	.max_subscriptions = relay_max_subscriptions,
	.format = relay_words_format,
	.left = relay_left,
	.wants = relay_session_wants,
	.queued = relay_session_given,
};

static void relay_refuse_unavailable(struct request *q)
{
	const struct relay_state *state = request_role_state(q);
	char why[512];

	request_error(q, ERROR_UNAVAILABLE, "no mail is kept or handed out now: %s",
		      channel_engine_why(state->engine, why, sizeof(why)));
}

/* A failure that the administrator is told of. */
static void relay_refuse_failed(struct request *q, int error)
{
	request_report(q, LOG_EVENT_REQUEST_FAILED, NULL, 0, "mail: %s", strerror(-error));
	request_error(q, ERROR_INTERNAL, "the mailbox: %s; the server's log says more", strerror(-error));
}

static void relay_refuse_outcome(struct request *q, enum channel_outcome outcome)
{
	const struct relay_options *o = settings_get(request_settings(q), &relay_section);

	switch (outcome) {
	case CHANNEL_E_UNAVAILABLE:
		relay_refuse_unavailable(q);
		break;
	case CHANNEL_E_BUSY:
		request_error(q, ERROR_BUSY,
			      "too much waits for the server's disk; nothing was stored, try again later");
		break;
	case CHANNEL_E_NO_SPACE:
		request_report(q, LOG_EVENT_DISK_FULL, NULL, 0, "mail was not kept: %s", strerror(ENOSPC));
		request_error(q, ERROR_NO_SPACE,
			      "the server's disk is full and nothing was changed; acknowledged mail frees space, and "
			      "the server's administrator can free some");
		break;
	case CHANNEL_E_CHANNELS:
		request_error(q, ERROR_LIMIT,
			      "%llu mailboxes are in use, which is the limit (relay.open); try again later",
			      (unsigned long long)o->open);
		break;
	case CHANNEL_E_NAMES:
		request_error(q, ERROR_LIMIT,
			      "the server remembers 1000000 names, which is the limit; a name without mail is "
			      "forgotten after relay.retention and an hour");
		break;
	case CHANNEL_E_MEMBERS:
		request_error(q, ERROR_LIMIT,
			      "%llu sessions wait for this name's mail, which is the limit (relay.sessions); end one "
			      "with WAIT,off, or use FETCH",
			      (unsigned long long)o->sessions);
		break;
	/* Each verb answers these outcomes itself, or never gets them. */
	case CHANNEL_E_NOT_FOUND:
	case CHANNEL_E_MEMBER:
	case CHANNEL_E_SUBSCRIPTIONS:
	case CHANNEL_E_FULL:
	case CHANNEL_E_MAX:
		relay_refuse_failed(q, -EPROTO);
		break;
	}
}

void relay_refuse(struct request *q, int outcome)
{
	if (outcome == RELAY_E_ENDED)
		request_error(
			q, ERROR_SLOW,
			"this session has ended or takes no more; the rest of its mail is held: connect again and FETCH");
	else if (outcome > 0)
		relay_refuse_outcome(q, (enum channel_outcome)outcome);
	else if (outcome == -ENOMEM)
		request_error(q, ERROR_BUSY, "the server is out of memory; try again later");
	else
		relay_refuse_failed(q, outcome);
}

bool relay_has_store(const struct call *call)
{
	const struct relay_state *state = call->state;

	if (channel_engine_has_store(state->engine))
		return true;
	relay_refuse_unavailable(call->request);
	return false;
}

static void relay_set_retention(const struct relay_state *state, const struct settings *s)
{
	const struct relay_options *o = settings_get(s, &relay_section);
	const struct channel_retention retention = {
		.max_age_usec = o->retention_usec,
		.receipts = true,
		.where = "mailboxes",
		.option = "relay.retention",
	};

	if (channel_engine_set_retention(state->engine, RELAY_KIND, &retention) < 0)
		log_err("relay.retention stays as it was: out of memory");
}

static void relay_stop(void *p)
{
	free(p);
}

static int relay_start(const struct role_start *with, void **ret_state, _unused_ char *why, _unused_ size_t why_size)
{
	struct relay_state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->engine = with->engine;
	relay_set_retention(state, with->settings);
	*ret_state = state;
	return 0;
}

static void relay_reload(void *p, const struct settings *s)
{
	relay_set_retention(p, s);
}

static void relay_check(void *p)
{
	channel_engine_check(((struct relay_state *)p)->engine);
}

static uint64_t relay_expired(void *p)
{
	return channel_engine_expired(((struct relay_state *)p)->engine, RELAY_KIND);
}

static void relay_warn(void *p, struct warnings *to)
{
	channel_engine_warn(((struct relay_state *)p)->engine, to);
}

static const struct role_verb relay_verbs[] = {
	{ { "SEND", "SEND,name,text[,key]", "Leaves a message: OK,ID once it is on disk.", 2, 3,
	    VERB_CONCURRENT, ACCESS_RELAY_SEND, 0 }, relay_send },
	{ { "FETCH", "FETCH[,max]", "Delivers waiting messages, oldest first.", 0, 1,
	    VERB_BARRIER, ACCESS_RELAY_RECEIVE, 0 }, relay_fetch },
	{ { "WAIT", "WAIT,on|off", "Delivers new messages as they come, or not.", 1, 1,
	    VERB_BARRIER, ACCESS_RELAY_RECEIVE, 0 }, relay_wait },
	{ { "ACK", "ACK,ID[,ID...]", "Acknowledges messages: they are removed.", 1, FIELDS_MAX,
	    VERB_CONCURRENT, ACCESS_RELAY_RECEIVE, 0 }, relay_ack },
	{ { "MAILBOX", "MAILBOX[,clear]", "Counts your messages, or removes them all.", 0, 1,
	    VERB_CONCURRENT, ACCESS_RELAY_RECEIVE, 0 }, relay_box },
	{ { "STATUS", "STATUS,ID", "Shows the state of a message that you sent.", 1, 1,
	    VERB_CONCURRENT, ACCESS_RELAY_SEND, 0 }, relay_status },
};

const struct role relay_role = {
	.name = "relay",
	.verbs = relay_verbs,
	.n_verbs = ELEMENTSOF(relay_verbs),
	.exposed = "send and read mail in any name",
	.options = &relay_section,
	.uses_channels = true,
	.start = relay_start,
	.stop = relay_stop,
	.check = relay_check,
	.expired = relay_expired,
	.warn = relay_warn,
	.reload = relay_reload,
};
