/* SPDX-License-Identifier: MIT */
#include "roles/chat/owner/member.h"

#include "base/str.h"
#include "roles/chat/event.h"
#include "roles/chat/owner/entry.h"

#include <string.h>

void chat_member_notify(struct channel *c, unsigned type, const struct channel_member *m, const char *text, size_t len)
{
	struct channel_message *message = channel_message_new(type, m->name, m->name_len, text, len);

	if (message)
		channel_notify(c, message);
	(void)channel_message_unref(message);
}

void chat_member_left(struct channel *c, struct channel_member *m, const char *why)
{
	chat_member_notify(c, CHAT_EVENT_LEFT, m, why, strlen(why));
	chat_entry_forget(c, m->flags & CHAT_MEMBER_VOLATILE);
}

void chat_member_expel(struct channel *c, struct channel_member *m, const char *why, size_t len)
{
	struct channel_message *message = channel_message_new(CHAT_EVENT_LEFT, m->name, m->name_len, why, len);
	bool is_volatile = m->flags & CHAT_MEMBER_VOLATILE;

	channel_expel(c, m, message);
	if (message)
		channel_notify(c, message);
	(void)channel_message_unref(message);
	chat_entry_forget(c, is_volatile);
}

/* The topic, for a session that enters. */
static void chat_member_take_topic(struct channel *c, struct chat_request *x)
{
	const struct store_attribute *n = chat_entry_get(c, CHAT_ENTRY_TOPIC);

	if (!n || buf_append(&x->list, n->value, n->value_len) < 0)
		return;
	n = chat_entry_get(c, CHAT_ENTRY_TOPIC_BY);
	if (n) {
		x->topic_by_len = MIN(n->value_len, sizeof(x->topic_by));
		memcpy(x->topic_by, n->value, x->topic_by_len);
	}
}

void chat_act_join(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);
	struct channel_member *m;
	int r;

	x->wait_sec = chat_entry_held(c, CHAT_ENTRY_BAN, x->args.name, x->args.name_len, &x->args.address);
	if (x->wait_sec > 0) {
		channel_finish(rq, CHAT_E_BANNED);
		return;
	}
	if (x->args.has_after && x->args.after > channel_counts(c)->last) {
		channel_finish(rq, CHAT_E_AHEAD);
		return;
	}
	r = channel_enter(c, rq, x->args.name, x->args.name_len, &x->args.address, &m);
	if (r != 0) {
		channel_finish(rq, r);
		return;
	}
	m->flags = x->args.durable ? 0 : CHAT_MEMBER_VOLATILE;
	if (!x->args.durable)
		channel_expect_ephemeral(c);
	chat_member_set_rank(m, chat_entry_rank(c, x->args.name, x->args.name_len));
	x->n_members = channel_n_members(c);
	if (x->n_members == 1 && !chat_entry_has_owner(c, "", 0)) {
		chat_member_set_rank(m, CHAT_RANK_OWNER);
		chat_entry_found(c, x->args.name, x->args.name_len);
	}
	chat_member_take_topic(c, x);
	chat_member_notify(c, CHAT_EVENT_JOINED, m, "", 0);
	channel_finish(rq, 0);
}

void chat_act_part(struct channel *c, struct channel_request *rq)
{
	struct channel_member *m = chat_act_member(container_of(rq, struct chat_request, rq), c);
	bool is_volatile;

	if (!m)
		return;
	is_volatile = m->flags & CHAT_MEMBER_VOLATILE;
	chat_member_notify(c, CHAT_EVENT_LEFT, m, CHAT_WHY_PARTED, strlen(CHAT_WHY_PARTED));
	channel_leave(c, m);
	chat_entry_forget(c, is_volatile);
	channel_finish(rq, 0);
}

/* Why a member with a new name must leave. NULL: it may stay. */
static const char *chat_member_name_refused(struct channel *c, const struct chat_request *x)
{
	if (!x->args.within_rate)
		return CHAT_WHY_FLOOD;
	if (chat_entry_held(c, CHAT_ENTRY_BAN, x->args.name, x->args.name_len, &x->args.address) > 0)
		return CHAT_WHY_BANNED;
	return NULL;
}

static void chat_member_set_name(struct channel *c, struct channel_member *m, const struct chat_request *x)
{
	m->name_len = (uint8_t)x->args.name_len;
	memcpy(m->name, x->args.name, x->args.name_len);
	/* The member keeps its rank, or gets that of the new name where that is higher, as if it had entered with
	 * it. */
	chat_member_set_rank(m, MAX(chat_member_rank(m), chat_entry_rank(c, x->args.name, x->args.name_len)));
	if (chat_member_rank(m) == CHAT_RANK_OWNER && !chat_entry_has_owner(c, "", 0))
		chat_entry_found(c, x->args.name, x->args.name_len);
}

/* The others receive LEFT for the old name and JOINED for the new one. */
void chat_act_rename(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);
	struct channel_member *m = chat_act_member(x, c);
	const char *why;

	if (!m)
		return;
	if (str_casecmp(m->name, m->name_len, x->args.name, x->args.name_len) == 0) {
		chat_member_set_name(c, m, x);
		channel_finish(rq, 0);
		return;
	}
	why = chat_member_name_refused(c, x);
	if (why) {
		chat_member_expel(c, m, why, strlen(why));
	} else {
		chat_member_notify(c, CHAT_EVENT_LEFT, m, CHAT_WHY_RENAMED, strlen(CHAT_WHY_RENAMED));
		chat_member_set_name(c, m, x);
		chat_member_notify(c, CHAT_EVENT_JOINED, m, "", 0);
	}
	channel_finish(rq, 0);
}
