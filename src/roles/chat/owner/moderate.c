/* SPDX-License-Identifier: MIT */
/*
 * Moderation of a room: the actor, the member that asks, must be an operator, and must outrank the target (rank.h).
 * Several sessions can have the target's name, where that is an address or a nick they share; all of them are treated
 * alike, but the actor itself is spared.
 */
#include "base/str.h"
#include "roles/chat/owner/entry.h"
#include "roles/chat/owner/member.h"

#include <string.h>

/* The actor. NULL: it is no member or no operator, and the request is finished. */
static struct channel_member *chat_moderate_actor(struct chat_request *x, struct channel *c)
{
	struct channel_member *m = chat_act_member(x, c);

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

	while (n && (n == actor || str_casecmp(n->name, n->name_len, x->args.target, x->args.target_len) != 0))
		n = channel_next_member(c, n);
	return n;
}

/* The target's rank: the highest of the members with that name, and of its entry. */
static enum chat_rank chat_moderate_target(struct channel *c, const struct chat_request *x,
					   const struct channel_member *actor)
{
	enum chat_rank rank = chat_entry_rank(c, x->args.target, x->args.target_len);
	struct channel_member *m = NULL;

	while ((m = chat_moderate_next(c, x, actor, m)))
		rank = MAX(rank, chat_member_rank(m));
	return rank;
}

/* Expels all members with the target's name but the actor. Returns how many. */
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

/* Whether the actor may act on the target. False: the request is finished. */
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

/* TOPIC */

static void chat_moderate_topic_set(struct channel *c, struct channel_request *rq)
{
	if (rq->result == 0)
		channel_notify(c, rq->message);
	channel_finish(rq, rq->result);
}

void chat_act_topic(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);
	const struct channel_event *e = channel_message_event(rq->message);

	if (!chat_moderate_actor(x, c))
		return;
	chat_entry_persist_founder(c, x);
	chat_entry_set_also(c, x, CHAT_ENTRY_TOPIC_BY, strlen(CHAT_ENTRY_TOPIC_BY), x->args.name,
			    e->text_len > 0 ? x->args.name_len : 0, 0);
	chat_entry_set(c, x, CHAT_ENTRY_TOPIC, strlen(CHAT_ENTRY_TOPIC), e->text, e->text_len, 0,
		       chat_moderate_topic_set);
}

/* KICK */

void chat_act_kick(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);

	if (chat_moderate_may(x, c))
		channel_finish(rq, chat_moderate_expel(c, x, x->args.text, x->args.text_len) > 0 ? 0 : CHAT_E_NOBODY);
}

/* MUTE and BAN */

/* The key of the entry for the target's address. Returns the length, 0: there is none. */
static size_t chat_moderate_address_key(struct channel *c, const struct chat_request *x, const char *kind,
					char key[CHAT_KEY_MAX])
{
	const struct channel_member *m = channel_find_name(c, x->args.target, x->args.target_len);
	const struct store_attribute *n = chat_entry_of(c, kind, x->args.target, x->args.target_len);
	struct address a;

	if (m)
		return chat_name_address_key(key, kind, &m->address);
	if (chat_name_is_address(x->args.target, x->args.target_len, &a))
		return chat_name_address_key(key, kind, &a);
	/* The target is not in the room: the entry for its name says which address belongs to it. */
	if (!n || n->value_len == 0 || n->value_len > CHAT_KEY_MAX || n->value[0] == '-')
		return 0;
	memcpy(key, n->value, n->value_len);
	return n->value_len;
}

static void chat_moderate_hold(struct channel *c, struct chat_request *x, const char *kind, channel_act_fn next)
{
	bool lift = x->args.seconds == 0;
	uint64_t until_msec = lift ? 0 : channel_msec(c) + x->args.seconds * 1000;
	char key[CHAT_KEY_MAX];
	size_t len;

	if (!chat_moderate_may(x, c))
		return;
	if (!lift && !chat_entry_fits(c, x, 2)) {
		channel_finish(&x->rq, CHAT_E_ENTRIES);
		return;
	}
	chat_entry_persist_founder(c, x);
	len = chat_moderate_address_key(c, x, kind, x->value);
	x->value_len = len > 0 ? len : 1;
	if (len == 0)
		x->value[0] = '-';
	else
		chat_entry_set_also(c, x, x->value, len, x->args.target, lift ? 0 : x->args.target_len, until_msec);
	len = chat_name_key(key, kind, x->args.target, x->args.target_len);
	chat_entry_set(c, x, key, len, x->value, lift ? 0 : x->value_len, until_msec, next);
}

static void chat_moderate_muted(_unused_ struct channel *c, struct channel_request *rq)
{
	channel_finish(rq, rq->result);
}

void chat_act_mute(struct channel *c, struct channel_request *rq)
{
	chat_moderate_hold(c, container_of(rq, struct chat_request, rq), CHAT_ENTRY_MUTE, chat_moderate_muted);
}

static void chat_moderate_banned(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);

	if (rq->result == 0 && x->args.seconds > 0)
		(void)chat_moderate_expel(c, x, CHAT_WHY_BANNED, strlen(CHAT_WHY_BANNED));
	channel_finish(rq, rq->result);
}

void chat_act_ban(struct channel *c, struct channel_request *rq)
{
	chat_moderate_hold(c, container_of(rq, struct chat_request, rq), CHAT_ENTRY_BAN, chat_moderate_banned);
}

/* ROLE */

static bool chat_moderate_has_name(const struct channel_member *m, const struct chat_request *x)
{
	return str_casecmp(m->name, m->name_len, x->args.target, x->args.target_len) == 0;
}

/* Whether the room has an owner other than the target. */
static bool chat_moderate_has_other_owner(struct channel *c, const struct chat_request *x)
{
	if (chat_entry_has_owner(c, x->args.target, x->args.target_len))
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
		chat_member_set_rank(m, x->args.to);
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
	if (!(chat_moderate_has_name(self, x) && x->args.to <= x->rank) &&
	    !chat_rank_may_make(x->rank, x->target_rank, x->args.to))
		return CHAT_E_OUTRANKED;
	if (x->target_rank == CHAT_RANK_OWNER && x->args.to != CHAT_RANK_OWNER && !chat_moderate_has_other_owner(c, x))
		return CHAT_E_LAST_OWNER;
	if (x->args.to != CHAT_RANK_MEMBER && !chat_entry_fits(c, x, 1))
		return CHAT_E_ENTRIES;
	return 0;
}

void chat_act_role(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);
	const char *word = chat_rank_name(x->args.to);
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
	if (chat_name_is_address(x->args.target, x->args.target_len, NULL)) {
		/* In memory only: tomorrow the address may belong to somebody else. */
		channel_finish(rq, chat_moderate_make(c, x) > 0 ? 0 : CHAT_E_NOBODY);
		return;
	}
	chat_entry_persist_founder(c, x);
	len = chat_name_key(key, CHAT_ENTRY_ROLE, x->args.target, x->args.target_len);
	chat_entry_set(c, x, key, len, word, x->args.to == CHAT_RANK_MEMBER ? 0 : strlen(word), 0, chat_moderate_made);
}
