#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Moderation entries: the roles, mutes, bans and the topic of a room, as attributes of its channel. The attributes are:
 *
 *	role:NAME            owner or operator; nicks only, since an address changes hands
 *	founder              the nick of the first member; in memory until something else of the room goes to disk
 *	mute:NAME ban:NAME   the key of the entry for the address, or "-"; has an end
 *	mute@ADDR ban@ADDR   the name
 *	topic topic-by       the text, and who set it
 */

#include "roles/chat/owner/act.h"

#define CHAT_ENTRY_FOUNDER  "founder"
#define CHAT_ENTRY_ROLE     "role"
#define CHAT_ENTRY_MUTE     "mute"
#define CHAT_ENTRY_BAN      "ban"
#define CHAT_ENTRY_TOPIC    "topic"
#define CHAT_ENTRY_TOPIC_BY "topic-by"

/* An entry without a name in its key. NULL: there is none. */
const struct store_attribute *chat_entry_get(struct channel *c, const char *key);
/* The entry of this kind for a name. */
const struct store_attribute *chat_entry_of(struct channel *c, const char *kind, const char *name, size_t len);

/* The rank of a name, whether or not it is in the room. */
enum chat_rank chat_entry_rank(struct channel *c, const char *name, size_t len);

/* Whether an entry makes anybody but @but an owner. */
bool chat_entry_has_owner(struct channel *c, const char *but, size_t but_len);

/* Makes this member, the first of the room, its founder. */
void chat_entry_found(struct channel *c, const char *name, size_t len);

/* Call after a member has left. If it was the last one, the founder is forgotten; with @all, which is for a room
 * that is in memory only, all entries are. The next member founds the room anew. */
void chat_entry_forget(struct channel *c, bool all);

/* Writes the founder to disk as an owner. Call before each store call that writes something of the room. */
void chat_entry_persist_founder(struct channel *c, struct chat_request *x);

/* For how many seconds more @name or @address is banned or muted (@kind), rounded up. 0: it is not. */
uint64_t chat_entry_held(struct channel *c, const char *kind, const char *name, size_t len,
			 const struct address *address);

/* Whether @more entries are within the limit (chat.records). */
bool chat_entry_fits(struct channel *c, const struct chat_request *x, unsigned more);

/*
 * Sets an entry, or removes it where the value is empty, and goes on with next(); x->rq.result says how it went. In a
 * room that is in memory only, so is the entry.
 */
void chat_entry_set(struct channel *c, struct chat_request *x, const char *key, size_t key_len, const char *value,
		    size_t value_len, uint64_t until_msec, channel_act_fn next);

/* The same, and nothing waits for it. Calls are carried out in their order. */
void chat_entry_set_also(struct channel *c, const struct chat_request *x, const char *key, size_t key_len,
			 const char *value, size_t value_len, uint64_t until_msec);
