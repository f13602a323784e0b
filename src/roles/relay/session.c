/* SPDX-License-Identifier: MIT */
/*
 * A session has a cursor in its mailbox: it was given the messages up to the cursor. The cursor belongs to the
 * mailbox's id. A mailbox that was empty for long can come back with another id, and a new name means another mailbox;
 * both are read from their start.
 */
#include "roles/relay/session.h"

#include "roles/relay/ack.h"
#include "roles/relay/fetch.h"
#include "roles/relay/wait.h"

#include <errno.h>
#include <string.h>

/* Messages above this number are not acknowledged, and so are delivered again. */
#define RELAY_SESSION_GIVEN_MAX 65536

static bool relay_session_has_nick_mail(const struct session *s)
{
	const struct relay_options *o = settings_get(session_settings(s), &relay_section);

	return o->nick_mail;
}

const char *relay_session_from(struct session *s)
{
	const struct identity *who = session_identity(s);

	if (!who)
		return NULL;
	return relay_session_has_nick_mail(s) ? who->name : who->address_text;
}

static void relay_session_get_box(struct session *s, struct relay_name *ret)
{
	const char *name = relay_session_from(s);

	if (!name || relay_name_parse(name, strlen(name), ret) < 0)
		relay_name_set_address(session_address(s), ret);
}

/* Call when the name, and with it the mailbox, can have changed. */
static void relay_session_turn(struct relay_session *rs, struct session *s)
{
	struct relay_name box;

	relay_session_get_box(s, &box);
	if (relay_name_is(&rs->box, box.text, box.len))
		return;
	rs->box = box;
	rs->channel = rs->cursor = 0;
	rs->n_given = 0; /* not acknowledged: they are for the next session with that name */
	relay_wait_resolve(rs, s);
}

static void relay_session_gone(struct observer *a, _unused_ struct session *s, _unused_ const char *why)
{
	struct relay_session *rs = container_of(a, struct relay_session, observer);

	if (rs->fetch)
		relay_fetch_gone(rs->fetch);
	if (rs->asked)
		request_ok(rs->asked); /* every request needs a reply, also in a session that has ended */
	free(rs->given);
	free(rs);
}

static void relay_session_renamed(struct observer *a, struct session *s, _unused_ const char *old)
{
	relay_session_turn(container_of(a, struct relay_session, observer), s);
}

static void relay_session_flushed(struct observer *a, _unused_ struct session *s)
{
	struct relay_session *rs = container_of(a, struct relay_session, observer);
	struct relay_fetch *fetch = STEAL_PTR(rs->fetch);

	if (fetch)
		relay_fetch_go_on(fetch, rs);
}

static void relay_session_acked(struct observer *a, struct session *s)
{
	struct relay_session *rs = container_of(a, struct relay_session, observer);

	relay_ack_given(rs->state, s, &rs->box, rs->given, rs->n_given);
	rs->n_given = rs->max_given = 0;
	free(rs->given);
	rs->given = NULL;
}

static const struct observer_ops relay_session_ops = {
	.gone = relay_session_gone,
	.renamed = relay_session_renamed,
	.on_flushed = relay_session_flushed,
	.on_acked = relay_session_acked,
};

struct relay_session *relay_session_find(struct session *s)
{
	struct observer *a = session_find_observer(s, &relay_session_ops);

	return a ? container_of(a, struct relay_session, observer) : NULL;
}

int relay_session_get(const struct call *call, struct relay_session **ret)
{
	struct session *s = call->session;
	struct relay_session *rs = relay_session_find(s);

	if (!rs) {
		rs = calloc(1, sizeof(*rs));
		if (!rs)
			return -ENOMEM;
		rs->observer.ops = &relay_session_ops;
		rs->state = call->state;
		relay_session_get_box(s, &rs->box);
		session_add_observer(s, &rs->observer);
	}
	/* A reload can have changed relay.nick_mail. */
	relay_session_turn(rs, s);
	*ret = rs;
	return 0;
}

uint64_t relay_session_resume(struct relay_session *rs, uint64_t channel)
{
	if (rs->channel != channel) {
		rs->channel = channel;
		rs->cursor = 0;
	}
	return rs->cursor;
}

static void relay_session_track_given(struct relay_session *rs, struct session *s, uint64_t id)
{
	if (rs->n_given == rs->max_given) {
		size_t max = rs->max_given ? 2 * rs->max_given : 16;
		uint64_t *given;

		given = max <= RELAY_SESSION_GIVEN_MAX ? realloc(rs->given, max * sizeof(*given)) : NULL;
		if (!given)
			return;
		rs->given = given;
		rs->max_given = max;
	}
	rs->given[rs->n_given++] = id;
	if (!rs->observer.want_acked) {
		rs->observer.want_acked = true;
		session_want(s, &rs->observer);
	}
}

bool relay_session_wants(struct session *s, const struct channel_event *e)
{
	struct relay_session *rs = relay_session_find(s);

	return rs && relay_name_is(&rs->box, e->channel, e->channel_len);
}

void relay_session_given(struct session *s, const struct channel_event *e)
{
	struct relay_session *rs = relay_session_find(s);

	if (!rs)
		return;
	rs->channel = channel_message_id_channel(e->id);
	rs->cursor = e->number;
	/* Without ids in its events it cannot ACK. */
	if (!dialect_traits(session_dialect(s))->has_events)
		relay_session_track_given(rs, s, e->id);
}
