/* SPDX-License-Identifier: MIT */
#include "roles/chat/owner/act.h"

#include "roles/chat/owner/entry.h"
#include "roles/chat/owner/member.h"

#include <errno.h>

#define CHAT_ROW_DURABLE PACK_ROW_BOOL(struct chat_request, args.durable)
#define CHAT_ROW_ENTRIES PACK_ROW_U64(struct chat_request, args.max_entries, UINT64_MAX)
#define CHAT_ROW_NAME    PACK_ROW_NAME(struct chat_request, args.name, args.name_len)
#define CHAT_ROW_ADDRESS PACK_ROW_ADDRESS(struct chat_request, args.address)
#define CHAT_ROW_TARGET  PACK_ROW_NAME(struct chat_request, args.target, args.target_len)

static const struct pack_row chat_say_rows[] = {
	CHAT_ROW_DURABLE,
};

static const struct pack_row chat_join_rows[] = {
	CHAT_ROW_DURABLE,
	CHAT_ROW_NAME,
	CHAT_ROW_ADDRESS,
	PACK_ROW_BOOL(struct chat_request, args.has_after),
	PACK_ROW_U64(struct chat_request, args.after, CHANNEL_NUMBER_MAX),
};

static const struct pack_row chat_rename_rows[] = {
	CHAT_ROW_NAME,
	CHAT_ROW_ADDRESS,
	PACK_ROW_BOOL(struct chat_request, args.within_rate),
};

static const struct pack_row chat_topic_rows[] = {
	CHAT_ROW_DURABLE,
	CHAT_ROW_NAME,
};

static const struct pack_row chat_kick_rows[] = {
	CHAT_ROW_TARGET,
	PACK_ROW_TEXT(struct chat_request, args.text, args.text_len, CHAT_WHY_MAX),
};

static const struct pack_row chat_hold_rows[] = {
	CHAT_ROW_DURABLE,
	CHAT_ROW_ENTRIES,
	CHAT_ROW_TARGET,
	PACK_ROW_U64(struct chat_request, args.seconds, UINT64_MAX),
};

static const struct pack_row chat_role_rows[] = {
	CHAT_ROW_DURABLE,
	CHAT_ROW_ENTRIES,
	CHAT_ROW_TARGET,
	PACK_ROW_ENUM(struct chat_request, args.to, enum chat_rank, CHAT_RANK_MAX - 1),
};

/* The fields that all kinds have alike, and the rows. */
#define CHAT_ARGUMENTS                                                                                                 \
	.size = sizeof(struct chat_request), .args_offset = offsetof(struct chat_request, args),                       \
	.args_size = sizeof(struct chat_arguments)
#define CHAT_ROWS(kind_rows) CHAT_ARGUMENTS, .rows = kind_rows, .n_rows = ELEMENTSOF(kind_rows)

const struct channel_request_kind chat_kinds[CHAT_KIND_MAX - 1] = {
	{ .id = CHAT_KIND_SAY, .name = "SAY", .act = chat_act_say, .has_message = true, CHAT_ROWS(chat_say_rows) },
	{ .id = CHAT_KIND_JOIN, .name = "JOIN", .act = chat_act_join, CHAT_ROWS(chat_join_rows) },
	{ .id = CHAT_KIND_PART, .name = "PART", .act = chat_act_part, CHAT_ARGUMENTS },
	{ .id = CHAT_KIND_RENAME, .name = "rename", .act = chat_act_rename, CHAT_ROWS(chat_rename_rows) },
	{ .id = CHAT_KIND_WHO, .name = "WHO", .act = chat_act_who, CHAT_ARGUMENTS },
	{ .id = CHAT_KIND_TOPIC, .name = "TOPIC", .act = chat_act_topic, .has_message = true,
	  CHAT_ROWS(chat_topic_rows) },
	{ .id = CHAT_KIND_KICK, .name = "KICK", .act = chat_act_kick, CHAT_ROWS(chat_kick_rows) },
	{ .id = CHAT_KIND_MUTE, .name = "MUTE", .act = chat_act_mute, CHAT_ROWS(chat_hold_rows) },
	{ .id = CHAT_KIND_BAN, .name = "BAN", .act = chat_act_ban, CHAT_ROWS(chat_hold_rows) },
	{ .id = CHAT_KIND_ROLE, .name = "ROLE", .act = chat_act_role, CHAT_ROWS(chat_role_rows) },
};

struct channel_member *chat_act_member(struct chat_request *x, struct channel *c)
{
	struct channel_member *m = channel_find_member(c, x->rq.session);

	if (!m)
		channel_finish(&x->rq, CHAT_E_NOT_MEMBER);
	return m;
}

/* SAY */

void _hot_ chat_act_say(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);
	struct channel_member *m = chat_act_member(x, c);

	if (!m)
		return;
	x->wait_sec = chat_rank_may(chat_member_rank(m))
			      ? 0
			      : chat_entry_held(c, CHAT_ENTRY_MUTE, m->name, m->name_len, &m->address);
	if (x->wait_sec > 0) {
		channel_finish(rq, CHAT_E_MUTED);
		return;
	}
	chat_entry_persist_founder(c, x);
	channel_append(c, rq, x->args.durable, NULL);
}

/* WHO */

bool chat_act_is_room(struct channel *c)
{
	return channel_n_members(c) > 0 || channel_counts(c)->count > 0 || chat_entry_get(c, CHAT_ENTRY_TOPIC);
}

int chat_act_names(struct channel *c, struct buf *to)
{
	int r = 0;

	for (struct channel_member *m = channel_next_member(c, NULL); m && r >= 0; m = channel_next_member(c, m))
		r = buf_printf(to, "%.*s\n", (int)m->name_len, m->name);
	return r;
}

void chat_act_who(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);

	if (!chat_act_is_room(c))
		channel_finish(rq, CHANNEL_E_NOT_FOUND);
	else
		channel_finish(rq, chat_act_names(c, &x->list) < 0 ? -ENOMEM : 0);
}
