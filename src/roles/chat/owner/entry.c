/* SPDX-License-Identifier: MIT */
#include "roles/chat/owner/entry.h"

#include "base/str.h"

#include <string.h>

const struct store_attribute *chat_entry_get(struct channel *c, const char *key)
{
	return channel_attribute(c, key, strlen(key));
}

const struct store_attribute *chat_entry_of(struct channel *c, const char *kind, const char *name, size_t len)
{
	char key[CHAT_KEY_MAX];
	size_t n = chat_name_key(key, kind, name, len);

	return channel_attribute(c, key, n);
}

enum chat_rank chat_entry_rank(struct channel *c, const char *name, size_t len)
{
	const struct store_attribute *n = chat_entry_get(c, CHAT_ENTRY_FOUNDER);
	enum chat_rank rank;

	if (n && str_casecmp(n->value, n->value_len, name, len) == 0)
		return CHAT_RANK_OWNER;
	n = chat_entry_of(c, CHAT_ENTRY_ROLE, name, len);
	rank = n ? chat_rank_from_name(n->value, n->value_len) : CHAT_RANK_MEMBER;
	return rank == CHAT_RANK_MAX ? CHAT_RANK_MEMBER : rank;
}

static bool chat_entry_is_role(const struct store_attribute *n)
{
	size_t head = strlen(CHAT_ENTRY_ROLE ":");

	return n->name_len > head && memcmp(n->name, CHAT_ENTRY_ROLE ":", head) == 0;
}

static bool chat_entry_is_owner(const struct store_attribute *n, const char *but, size_t but_len)
{
	size_t head = strlen(CHAT_ENTRY_ROLE ":");

	return chat_entry_is_role(n) && chat_rank_from_name(n->value, n->value_len) == CHAT_RANK_OWNER &&
	       str_casecmp(n->name + head, n->name_len - head, but, but_len) != 0;
}

bool chat_entry_has_owner(struct channel *c, const char *but, size_t but_len)
{
	const struct store_attribute *n = chat_entry_get(c, CHAT_ENTRY_FOUNDER);

	if (n && str_casecmp(n->value, n->value_len, but, but_len) != 0)
		return true;
	for (n = channel_next_attribute(c, NULL); n; n = channel_next_attribute(c, n))
		if (chat_entry_is_owner(n, but, but_len))
			return true;
	return false;
}

void chat_entry_found(struct channel *c, const char *name, size_t len)
{
	if (chat_name_is_address(name, len, NULL))
		return; /* an address owns the room only while it is in it */
	(void)channel_set_volatile(c, CHAT_ENTRY_FOUNDER, strlen(CHAT_ENTRY_FOUNDER), name, len, 0);
}

void chat_entry_forget(struct channel *c, bool all)
{
	const struct store_attribute *n;
	char key[UINT8_MAX];
	size_t len;

	if (channel_n_members(c) > 0)
		return;
	(void)channel_set_volatile(c, CHAT_ENTRY_FOUNDER, strlen(CHAT_ENTRY_FOUNDER), "", 0, 0);
	while (all && (n = channel_next_attribute(c, NULL))) {
		len = n->name_len;
		memcpy(key, n->name, len);
		(void)channel_set_volatile(c, key, len, "", 0, 0);
	}
}

void chat_entry_persist_founder(struct channel *c, struct chat_request *x)
{
	const struct store_attribute *n = chat_entry_get(c, CHAT_ENTRY_FOUNDER);
	const char *owner = chat_rank_name(CHAT_RANK_OWNER);
	char key[CHAT_KEY_MAX];
	size_t len;

	if (!n)
		return;
	len = chat_name_key(key, CHAT_ENTRY_ROLE, n->value, n->value_len);
	(void)channel_set_volatile(c, CHAT_ENTRY_FOUNDER, strlen(CHAT_ENTRY_FOUNDER), "", 0, 0);
	chat_entry_set_also(c, x, key, len, owner, strlen(owner), 0);
}

static uint64_t chat_entry_left(const struct channel *c, const struct store_attribute *n)
{
	uint64_t now = channel_msec(c);

	return n && n->until_msec > now ? (n->until_msec - now + 999) / 1000 : 0;
}

uint64_t chat_entry_held(struct channel *c, const char *kind, const char *name, size_t len,
			 const struct address *address)
{
	uint64_t left = chat_entry_left(c, chat_entry_of(c, kind, name, len));
	char key[CHAT_KEY_MAX];
	size_t n;

	/* Many people may share an address. Operators and owners are not muted or banned by it. */
	if (left > 0 || chat_rank_may(chat_entry_rank(c, name, len)))
		return left;
	n = chat_name_address_key(key, kind, address);
	return n > 0 ? chat_entry_left(c, channel_attribute(c, key, n)) : 0;
}

bool chat_entry_fits(struct channel *c, const struct chat_request *x, unsigned more)
{
	uint64_t have = 0;

	for (const struct store_attribute *n = channel_next_attribute(c, NULL); n; n = channel_next_attribute(c, n))
		have += memchr(n->name, ':', n->name_len) || memchr(n->name, '@', n->name_len);
	return have + more <= x->args.max_entries;
}

void chat_entry_set_also(struct channel *c, const struct chat_request *x, const char *key, size_t key_len,
			 const char *value, size_t value_len, uint64_t until_msec)
{
	if (x->args.durable)
		channel_set_also(c, key, key_len, value, value_len, until_msec);
	else
		(void)channel_set_volatile(c, key, key_len, value, value_len, until_msec);
}

void chat_entry_set(struct channel *c, struct chat_request *x, const char *key, size_t key_len, const char *value,
		    size_t value_len, uint64_t until_msec, channel_act_fn next)
{
	if (!x->args.durable) {
		x->rq.result = channel_set_volatile(c, key, key_len, value, value_len, until_msec);
		next(c, &x->rq);
		return;
	}
	memcpy(x->key, key, key_len);
	x->rq.call.set.name = x->key;
	x->rq.call.set.name_len = key_len;
	x->rq.call.set.value = value;
	x->rq.call.set.value_len = value_len;
	x->rq.call.set.until_msec = until_msec;
	channel_set(c, &x->rq, next);
}
