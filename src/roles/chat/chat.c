/* SPDX-License-Identifier: MIT */
#include "roles/chat/chat.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "channel/channel.h"
#include "channel/engine.h"
#include "roles/chat/history.h"
#include "roles/chat/list.h"
#include "roles/chat/member.h"
#include "roles/chat/moderate.h"
#include "roles/chat/old.h"
#include "roles/chat/say.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define FIELD(member) OPTION_FIELD(struct chat_options, member, uint64_t)
#define CHAT_DAY      (86400 * USEC_PER_SEC)

static const struct option chat_rows[] = {
	{ "durable", OPTION_BOOL, OPTION_FIELD(struct chat_options, durable, bool), 0, 1, "true", OPTION_APPLY_NOW, NULL,
	  "Whether messages, topics, ranks, mutes and bans are on disk. With false, a room is gone when its last member leaves." },
	{ "history", OPTION_INT, FIELD(history), 1, 100000000, "10000", OPTION_APPLY_NOW, NULL,
	  "Messages that a room keeps. A new one replaces the oldest one." },
	{ "history_age", OPTION_TIME, FIELD(history_usec), USEC_PER_SEC, 36500 * CHAT_DAY, "365d", OPTION_APPLY_NOW, NULL,
	  "A room keeps a message for this time." },
	{ "rate", OPTION_INT, FIELD(rate), 0, 1000000, "10", OPTION_APPLY_NOW, NULL,
	  "Limit of messages a second of a session; JOIN, TOPIC, KICK and the like count as messages. 0 means no limit." },
	{ "burst", OPTION_INT, FIELD(burst), 1, 1000000, "50", OPTION_APPLY_NOW, NULL,
	  "Limit of messages that a session sends at once after a pause." },
	{ "text", OPTION_SIZE, FIELD(text), 1, 64 << 10, "4K", OPTION_APPLY_NOW, NULL,
	  "Limit of bytes of a message, a topic, or a reason." },
	{ "joined", OPTION_INT, FIELD(joined), 1, 10000, "50", OPTION_APPLY_NOW, NULL,
	  "Limit of rooms that a session is in at the same time." },
	{ "members", OPTION_INT, FIELD(members), 1, 1000000, "10000", OPTION_APPLY_NOW, NULL,
	  "Limit of sessions in a room." },
	{ "rooms", OPTION_INT, FIELD(rooms), 1, 1000000, "10000", OPTION_APPLY_NOW, NULL,
	  "Limit of rooms in use at the same time." },
	{ "records", OPTION_INT, FIELD(records), 1, 100000, "1000", OPTION_APPLY_NOW, NULL,
	  "Limit of ranks, mutes and bans of a room. A mute or a ban counts twice: for the name and for its address." },
};

const struct option_section chat_section = {
	.name = "chat",
	.rows = chat_rows,
	.n_rows = ELEMENTSOF(chat_rows),
	.size = sizeof(struct chat_options),
};

#define CHAT_LISTS_MAX 16

struct chat_state {
	struct channel_engine *engine;
	atomic_uint lists; /* that are being made at the moment, in all reactors */
};

bool chat_lists_enter(struct chat_state *state)
{
	if (atomic_fetch_add(&state->lists, 1) < CHAT_LISTS_MAX)
		return true;
	chat_lists_leave(state);
	return false;
}

void chat_lists_leave(struct chat_state *state)
{
	(void)atomic_fetch_sub(&state->lists, 1);
}

struct channel_engine *chat_engine(const struct chat_state *state)
{
	return state->engine;
}

static void chat_reload(void *state, const struct settings *settings)
{
	const struct chat_options *o = settings_get(settings, &chat_section);
	const struct channel_retention retention = {
		.max_messages = o->history,
		.max_age_usec = o->history_usec,
		.where = "rooms",
		.option = "chat.history_age",
	};

	if (channel_engine_set_retention(((struct chat_state *)state)->engine, chat_policy.kind, &retention) < 0)
		log_err("chat.history and chat.history_age stay as they were: out of memory");
}

static void chat_stop(void *state)
{
	free(state);
}

static int chat_start(const struct role_start *with, void **ret_state, _unused_ char *why, _unused_ size_t why_size)
{
	struct chat_state *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->engine = with->engine;
	chat_reload(s, with->settings);
	*ret_state = s;
	return 0;
}

static void chat_check(void *state)
{
	channel_engine_check(((struct chat_state *)state)->engine);
}

static uint64_t chat_expired(void *state)
{
	return channel_engine_expired(((struct chat_state *)state)->engine, chat_policy.kind);
}

static void chat_warn(void *state, struct warnings *to)
{
	channel_engine_warn(((struct chat_state *)state)->engine, to);
}

/* A verb with a long reply is a barrier, so a session has only one such reply in memory. */
static const struct role_verb chat_verbs[] = {
	{ { "JOIN", "JOIN,room[,after]", "Enters a room; sends the messages behind after.", 1, 2,
	    VERB_BARRIER, ACCESS_CHAT_READ, 1 }, chat_member_join },
	{ { "PART", "PART,room", "Leaves a room.", 1, 1, VERB_BARRIER, ACCESS_CHAT_READ, 1 }, chat_member_part },
	{ { "ROOMS", "ROOMS", "Lists the rooms: name, members, last number, topic.", 0, 0,
	    VERB_BARRIER, ACCESS_CHAT_READ, 0 }, chat_list_rooms },
	{ { "WHO", "WHO[,room]", "Lists the members of a room, or of all rooms.", 0, 1,
	    VERB_BARRIER, ACCESS_CHAT_READ, 1 }, chat_list_who },
	{ { "SAY", "SAY,room,text", "Sends a message to a room; OK has its number.", 2, 2,
	    VERB_CONCURRENT, ACCESS_CHAT_SAY, 1 }, chat_say },
	{ { "HISTORY", "HISTORY,room,after,count", "Lists messages behind a number, with times.", 3, 3,
	    VERB_BARRIER, ACCESS_CHAT_READ, 1 }, chat_history },
	{ { "TOPIC", "TOPIC,room,text", "Sets a room's topic.", 2, 2,
	    VERB_CONCURRENT, ACCESS_CHAT_SAY, 1 }, chat_moderate_topic },
	{ { "KICK", "KICK,room,name[,why]", "Removes a member from a room.", 2, 3,
	    VERB_CONCURRENT, ACCESS_CHAT_SAY, 1 }, chat_moderate_kick },
	{ { "MUTE", "MUTE,room,name,seconds", "Mutes a name and its address; 0 ends that.", 3, 3,
	    VERB_CONCURRENT, ACCESS_CHAT_SAY, 1 }, chat_moderate_mute },
	{ { "BAN", "BAN,room,name,seconds", "Bans a name and its address; 0 ends that.", 3, 3,
	    VERB_CONCURRENT, ACCESS_CHAT_SAY, 1 }, chat_moderate_ban },
	{ { "ROLE", "ROLE,room,name,role", "Makes somebody owner, operator or member.", 3, 3,
	    VERB_CONCURRENT, ACCESS_CHAT_SAY, 1 }, chat_moderate_role },
};

const struct role chat_role = {
	.name = "chat",
	.verbs = chat_verbs,
	.n_verbs = ELEMENTSOF(chat_verbs),
	.exposed = "read and speak in all rooms",
	.options = &chat_section,
	.uses_channels = true,
	.line = chat_say_line,
	.idle = chat_old_idle,
	.start = chat_start,
	.stop = chat_stop,
	.check = chat_check,
	.expired = chat_expired,
	.warn = chat_warn,
	.reload = chat_reload,
};
