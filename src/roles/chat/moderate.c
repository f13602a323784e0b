/* SPDX-License-Identifier: MIT */
/*
 * Moderation of a room. The session's thread makes the request, the room's owner decides: the actor, who asks, must be
 * an operator, and must outrank the target (rank.h). Several sessions can have the target's name, where that is an
 * address or a nick they share; all of them are treated alike, but the actor itself is spared.
 */
#include "roles/chat/moderate.h"

#include "base/clock.h"
#include "base/str.h"
#include "roles/chat/event.h"
#include "roles/chat/member.h"
#include "roles/chat/entry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Ten years. */
#define CHAT_MODERATE_SECONDS_MAX (3650ULL * 86400)

/* Owner: the actor. NULL: it is no member or no operator, and the request is finished. */
static struct channel_member *chat_moderate_actor(struct chat_request *x, struct channel *c)
{
	struct channel_member *m = chat_request_member(x, c);

	if (!m)
		return NULL;
	x->rank = chat_member_rank(m);
	if (chat_rank_may(x->rank))
		return m;
	channel_finish(&x->rq, CHAT_E_RANK);
	return NULL;
}

/* The next member with the target's name, without @actor. NULL for @m: the first. */
static struct channel_member *chat_moderate_next(struct channel *c, const struct chat_request *x,
						 const struct channel_member *actor, const struct channel_member *m)
{
	struct channel_member *n = channel_next_member(c, m);

	while (n && (n == actor || str_casecmp(n->name, n->name_len, x->target, x->target_len) != 0))
		n = channel_next_member(c, n);
	return n;
}

/* The target's rank: the highest of the members with that name, and of its entry. */
static enum chat_rank chat_moderate_target(struct channel *c, const struct chat_request *x,
					   const struct channel_member *actor)
{
	enum chat_rank rank = chat_entry_rank(c, x->target, x->target_len);
	struct channel_member *m = NULL;

	while ((m = chat_moderate_next(c, x, actor, m)))
		rank = MAX(rank, chat_member_rank(m));
	return rank;
}

/* Owner: expels all members with the target's name but the actor. Returns how many. */
static unsigned chat_moderate_expel(struct channel *c, struct chat_request *x, const char *why, size_t len)
{
	struct channel_member *actor = channel_find_member(c, x->rq.session);
	struct channel_member *m = chat_moderate_next(c, x, actor, NULL), *next;
	unsigned n = 0;

	for (; m; m = next, n++) {
		next = chat_moderate_next(c, x, actor, m);
		chat_member_expel(c, m, why, len);
	}
	return n;
}

/* Owner: whether the actor may act on the target. False: the request is finished. */
static bool chat_moderate_may(struct chat_request *x, struct channel *c)
{
	struct channel_member *actor = chat_moderate_actor(x, c);

	if (!actor)
		return false;
	x->target_rank = chat_moderate_target(c, x, actor);
	if (chat_rank_may_act(x->rank, x->target_rank))
		return true;
	channel_finish(&x->rq, CHAT_E_OUTRANKED);
	return false;
}

static void chat_moderate_answer(struct chat_request *x)
{
	request_ok(x->rq.request);
}

/* Origin: makes the request. @target and @text may be NULL. 0; positive: the request was answered; or -ENOMEM. */
static int chat_moderate_new(struct request *q, const struct field *room, const struct field *target,
			     const struct field *text, channel_act_fn act, struct chat_request **ret)
{
	struct chat_session *cs = chat_session_get(request_session(q), chat_engine(request_role_state(q)));
	int r;

	if (!cs)
		return -ENOMEM;
	r = chat_request_new(q, room, text, act, chat_moderate_answer, ret);
	if (r != 0)
		return r;
	if ((target && !chat_request_set_target(*ret, target)) || (text && !chat_request_text_fits(q, text->len)) ||
	    !chat_request_within_rate(q, cs)) {
		*ret = chat_request_free(*ret);
		return 1;
	}
	return 0;
}

/* TOPIC */

static void chat_moderate_topic_set(struct channel *c, struct channel_request *rq)
{
	if (rq->result == 0)
		channel_notify(c, rq->message);
	channel_finish(rq, rq->result);
}

static void chat_moderate_topic_acted(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);

	if (!chat_moderate_actor(x, c))
		return;
	chat_entry_persist_founder(c, x);
	chat_entry_set_also(c, x, CHAT_ENTRY_TOPIC_BY, strlen(CHAT_ENTRY_TOPIC_BY), x->name,
			    x->text_len > 0 ? x->name_len : 0, 0);
	chat_entry_set(c, x, CHAT_ENTRY_TOPIC, strlen(CHAT_ENTRY_TOPIC), x->text, x->text_len, 0,
		       chat_moderate_topic_set);
}

int chat_moderate_topic(struct request *q, struct fields *f)
{
	const struct field *text = &f->at[1];
	struct chat_request *x;
	int r;

	if (text->len > STORE_VALUE_MAX) {
		request_error(q, ERROR_TOO_LONG, "a topic may have %d bytes, and this one has %zu", STORE_VALUE_MAX,
			      text->len);
		return ACT_ANSWERED;
	}
	r = chat_moderate_new(q, &f->at[0], NULL, text, chat_moderate_topic_acted, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	x->rq.message = channel_message_new(CHAT_EVENT_TOPIC, x->name, x->name_len, text->data, text->len);
	if (!x->rq.message) {
		(void)chat_request_free(x);
		return -ENOMEM;
	}
	channel_submit(&x->rq);
	return ACT_DEFERRED;
}

/* KICK */

static void chat_moderate_kick_acted(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);

	if (chat_moderate_may(x, c))
		channel_finish(rq, chat_moderate_expel(c, x, x->text, x->text_len) > 0 ? 0 : CHAT_E_NOBODY);
}

int chat_moderate_kick(struct request *q, struct fields *f)
{
	struct field why = { (char *)CHAT_WHY_KICKED, strlen(CHAT_WHY_KICKED) };
	struct buf text = {};
	struct chat_request *x;
	int r = 0;

	if (f->n > 2 && f->at[2].len > 0) {
		r = buf_printf(&text, "%s: %.*s", CHAT_WHY_KICKED, (int)f->at[2].len, f->at[2].data);
		why = (struct field){ text.data, text.len };
	}
	if (r >= 0)
		r = chat_moderate_new(q, &f->at[0], &f->at[1], &why, chat_moderate_kick_acted, &x);
	if (r == 0)
		channel_submit(&x->rq);
	buf_done(&text);
	return r == 0 ? ACT_DEFERRED : MIN(r, ACT_ANSWERED);
}

/* MUTE and BAN */

/* The key of the entry for the target's address. Returns the length, 0: there is none. */
static size_t chat_moderate_address_key(struct channel *c, const struct chat_request *x, char key[CHAT_KEY_MAX])
{
	const struct channel_member *m = channel_find_name(c, x->target, x->target_len);
	const struct store_attribute *n = chat_entry_of(c, x->kind, x->target, x->target_len);
	struct address a;

	if (m)
		return chat_name_address_key(key, x->kind, &m->address);
	if (chat_name_is_address(x->target, x->target_len, &a))
		return chat_name_address_key(key, x->kind, &a);
	/* The target is not in the room: the entry for its name says which address belongs to it. */
	if (!n || n->value_len == 0 || n->value_len > CHAT_KEY_MAX || n->value[0] == '-')
		return 0;
	memcpy(key, n->value, n->value_len);
	return n->value_len;
}

static void chat_moderate_held(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);

	if (rq->result == 0 && x->seconds > 0 && strcmp(x->kind, CHAT_ENTRY_BAN) == 0)
		(void)chat_moderate_expel(c, x, CHAT_WHY_BANNED, strlen(CHAT_WHY_BANNED));
	channel_finish(rq, rq->result);
}

static void chat_moderate_hold_acted(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);
	bool lift = x->seconds == 0;
	char key[CHAT_KEY_MAX];
	size_t len;

	if (!chat_moderate_may(x, c))
		return;
	if (!lift && !chat_entry_fits(c, x, 2)) {
		channel_finish(rq, CHAT_E_ENTRIES);
		return;
	}
	chat_entry_persist_founder(c, x);
	len = chat_moderate_address_key(c, x, x->value);
	x->value_len = len > 0 ? len : 1;
	if (len == 0)
		x->value[0] = '-';
	else
		chat_entry_set_also(c, x, x->value, len, x->target, lift ? 0 : x->target_len, x->until_msec);
	len = chat_name_key(key, x->kind, x->target, x->target_len);
	chat_entry_set(c, x, key, len, x->value, lift ? 0 : x->value_len, x->until_msec, chat_moderate_held);
}

static int chat_moderate_hold(struct request *q, struct fields *f, const char *kind)
{
	const struct field *seconds = &f->at[2];
	struct chat_request *x;
	uint64_t n;
	int r;

	if (str_to_u64(seconds->data, seconds->len, 0, CHAT_MODERATE_SECONDS_MAX, &n) < 0) {
		request_error(q, ERROR_BAD_ARGUMENT,
			      "'%.*s' is no number of seconds: that is 0, which lifts it, to %llu",
			      (int)MIN(seconds->len, (size_t)40), seconds->data, CHAT_MODERATE_SECONDS_MAX);
		return ACT_ANSWERED;
	}
	r = chat_moderate_new(q, &f->at[0], &f->at[1], NULL, chat_moderate_hold_acted, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	x->kind = kind;
	x->seconds = n;
	x->until_msec = n > 0 ? channel_engine_msec(chat_engine(request_role_state(q))) + n * 1000 : 0;
	channel_submit(&x->rq);
	return ACT_DEFERRED;
}

int chat_moderate_mute(struct request *q, struct fields *f)
{
	return chat_moderate_hold(q, f, CHAT_ENTRY_MUTE);
}

int chat_moderate_ban(struct request *q, struct fields *f)
{
	return chat_moderate_hold(q, f, CHAT_ENTRY_BAN);
}

/* ROLE */

static bool chat_moderate_has_name(const struct channel_member *m, const struct chat_request *x)
{
	return str_casecmp(m->name, m->name_len, x->target, x->target_len) == 0;
}

/* Whether the room has an owner other than the target. */
static bool chat_moderate_has_other_owner(struct channel *c, const struct chat_request *x)
{
	if (chat_entry_has_owner(c, x->target, x->target_len))
		return true;
	for (struct channel_member *m = channel_next_member(c, NULL); m; m = channel_next_member(c, m))
		if (chat_member_rank(m) == CHAT_RANK_OWNER && !chat_moderate_has_name(m, x))
			return true;
	return false;
}

/* Sets the rank of all members with the name. Returns how many. */
static unsigned chat_moderate_make(struct channel *c, const struct chat_request *x)
{
	unsigned n = 0;

	for (struct channel_member *m = channel_next_member(c, NULL); m; m = channel_next_member(c, m)) {
		if (!chat_moderate_has_name(m, x))
			continue;
		chat_member_set_rank(m, x->to);
		n++;
	}
	return n;
}

static void chat_moderate_made(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);

	if (rq->result == 0)
		(void)chat_moderate_make(c, x);
	channel_finish(rq, rq->result);
}

/* Why the target must not get the new rank: enum chat_refusal. 0: it may. */
static int chat_moderate_role_refused(struct channel *c, struct chat_request *x)
{
	struct channel_member *self = channel_find_member(c, x->rq.session);

	/* Everybody may lower its own rank. */
	x->target_rank = chat_moderate_target(c, x, NULL);
	if (!(chat_moderate_has_name(self, x) && x->to <= x->rank) &&
	    !chat_rank_may_make(x->rank, x->target_rank, x->to))
		return CHAT_E_OUTRANKED;
	if (x->target_rank == CHAT_RANK_OWNER && x->to != CHAT_RANK_OWNER && !chat_moderate_has_other_owner(c, x))
		return CHAT_E_LAST_OWNER;
	if (x->to != CHAT_RANK_MEMBER && !chat_entry_fits(c, x, 1))
		return CHAT_E_ENTRIES;
	return 0;
}

static void chat_moderate_role_acted(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);
	const char *word = chat_rank_name(x->to);
	char key[CHAT_KEY_MAX];
	size_t len;
	int r;

	if (!chat_moderate_actor(x, c))
		return;
	r = chat_moderate_role_refused(c, x);
	if (r > 0) {
		channel_finish(rq, r);
		return;
	}
	if (chat_name_is_address(x->target, x->target_len, NULL)) {
		/* In memory only: tomorrow the address may belong to somebody else. */
		channel_finish(rq, chat_moderate_make(c, x) > 0 ? 0 : CHAT_E_NOBODY);
		return;
	}
	chat_entry_persist_founder(c, x);
	len = chat_name_key(key, CHAT_ENTRY_ROLE, x->target, x->target_len);
	chat_entry_set(c, x, key, len, word, x->to == CHAT_RANK_MEMBER ? 0 : strlen(word), 0, chat_moderate_made);
}

int chat_moderate_role(struct request *q, struct fields *f)
{
	enum chat_rank to = chat_rank_from_name(f->at[2].data, f->at[2].len);
	struct chat_request *x;
	int r;

	if (to == CHAT_RANK_MAX) {
		request_error(q, ERROR_BAD_ARGUMENT, "a role is owner, operator or member, not '%.*s'",
			      (int)MIN(f->at[2].len, (size_t)40), f->at[2].data);
		return ACT_ANSWERED;
	}
	r = chat_moderate_new(q, &f->at[0], &f->at[1], NULL, chat_moderate_role_acted, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	x->to = to;
	channel_submit(&x->rq);
	return ACT_DEFERRED;
}
