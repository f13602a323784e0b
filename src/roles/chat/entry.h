#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What a room remembers of people beside what they said: roles, mutes, bans and its topic, as notes of the channel. All
 * of it in the room's owner.
 *
 *	role:NAME            owner or operator; a nick's, since an address is nobody's for long
 *	founder              the nick of the first member, in memory only until the room is on disk for another reason
 *	mute:NAME ban:NAME   the key of the address that is held with it, or "-"; with an end
 *	mute@ADDR ban@ADDR   the name
 *	topic topic-by       the text, and who set it
 */

#include "roles/chat/request.h"

#define CHAT_ENTRY_FOUNDER  "founder"
#define CHAT_ENTRY_ROLE     "role"
#define CHAT_ENTRY_MUTE     "mute"
#define CHAT_ENTRY_BAN      "ban"
#define CHAT_ENTRY_TOPIC    "topic"
#define CHAT_ENTRY_TOPIC_BY "topic-by"

/* One of those without a name in its key. NULL: none. */
const struct store_attribute *chat_entry_get(struct channel *c, const char *key);
/* One that is about a name. */
const struct store_attribute *chat_entry_of(struct channel *c, const char *kind, const char *name, size_t len);

/* Of a member, or of a name that is not here. */
enum chat_rank chat_entry_rank(struct channel *c, const char *name, size_t len);

/* Whether anybody is on record as an owner, but @but. */
bool chat_entry_has_owner(struct channel *c, const char *but, size_t but_len);

/* Who came in is the room's first member. */
void chat_entry_found(struct channel *c, const char *name, size_t len);

/* Somebody has left. Where nobody is there any more, a room that is not on disk begins anew with whoever comes next:
 * all is forgotten of one that is kept nowhere (@all), else that it was founded. */
void chat_entry_forget(struct channel *c, bool all);

/* The room is about to be on disk, and its founder with it. Call before each step that writes there. */
void chat_entry_persist_founder(struct channel *c, struct chat_request *x);

/* How long @name or @address is held ("ban", "mute") still; 0: not at all. In seconds, rounded up. */
uint64_t chat_entry_held(struct channel *c, const char *kind, const char *name, size_t len,
			 const struct address *address);

/* Whether the room may remember @more. */
bool chat_entry_fits(struct channel *c, const struct chat_request *x, unsigned more);

/*
 * Sets a note, or with an empty value removes it, and goes on with then(), to which o->op.result says how it went. In a
 * room that is kept nowhere it is in memory.
 */
void chat_entry_set(struct channel *c, struct chat_request *x, const char *key, size_t key_len, const char *value,
		    size_t value_len, uint64_t until_msec, channel_act_fn next);

/* The same without waiting for it, in the order it was asked for. */
void chat_entry_set_also(struct channel *c, struct chat_request *x, const char *key, size_t key_len, const char *value,
			 size_t value_len, uint64_t until_msec);
