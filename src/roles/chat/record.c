/* SPDX-License-Identifier: MIT */
#include "roles/chat/record.h"

#include "base/clock.h"
#include "base/str.h"
#include "roles/chat/member.h"

#include <errno.h>
#include <string.h>

/* A note that is set on the way; nobody waits for it. */
struct chat_record_op {
	struct channel_op op;
	uint64_t until_msec;
	size_t key_len, value_len;
	char key[CHAT_KEY_MAX];
	char value[];
};

const struct store_note *chat_record_note(struct channel *c, const char *key)
{
	return channel_note(c, key, strlen(key));
}

const struct store_note *chat_record_of(struct channel *c, const char *kind, const char *name, size_t len)
{
	char key[CHAT_KEY_MAX];
	size_t n = chat_name_key(key, kind, name, len);

	return channel_note(c, key, n);
}

enum chat_rank chat_record_rank(struct channel *c, const char *name, size_t len)
{
	const struct store_note *n = chat_record_note(c, CHAT_RECORD_FOUNDER);
	enum chat_rank rank;

	if (n && str_casecmp(n->value, n->value_len, name, len) == 0)
		return CHAT_RANK_OWNER;
	n = chat_record_of(c, CHAT_RECORD_ROLE, name, len);
	rank = n ? chat_rank_from_name(n->value, n->value_len) : CHAT_RANK_MEMBER;
	return rank == CHAT_RANK_MAX ? CHAT_RANK_MEMBER : rank;
}

static bool chat_record_is_role(const struct store_note *n)
{
	size_t head = strlen(CHAT_RECORD_ROLE ":");

	return n->name_len > head && memcmp(n->name, CHAT_RECORD_ROLE ":", head) == 0;
}

static bool chat_record_is_owner(const struct store_note *n, const char *but, size_t but_len)
{
	size_t head = strlen(CHAT_RECORD_ROLE ":");

	return chat_record_is_role(n) && chat_rank_from_name(n->value, n->value_len) == CHAT_RANK_OWNER &&
	       str_casecmp(n->name + head, n->name_len - head, but, but_len) != 0;
}

bool chat_record_has_owner(struct channel *c, const char *but, size_t but_len)
{
	const struct store_note *n = chat_record_note(c, CHAT_RECORD_FOUNDER);

	if (n && str_casecmp(n->value, n->value_len, but, but_len) != 0)
		return true;
	for (n = channel_next_note(c, NULL); n; n = channel_next_note(c, n))
		if (chat_record_is_owner(n, but, but_len))
			return true;
	return false;
}

void chat_record_found(struct channel *c, const char *name, size_t len)
{
	if (chat_name_is_address(name, len, NULL))
		return; /* his as long as he stays */
	(void)channel_set_volatile(c, CHAT_RECORD_FOUNDER, strlen(CHAT_RECORD_FOUNDER), name, len, 0);
}

void chat_record_forget(struct channel *c, bool all)
{
	const struct store_note *n;
	char key[UINT8_MAX];
	size_t len;

	if (channel_n_members(c) > 0)
		return;
	(void)channel_set_volatile(c, CHAT_RECORD_FOUNDER, strlen(CHAT_RECORD_FOUNDER), "", 0, 0);
	while (all && (n = channel_next_note(c, NULL))) {
		len = n->name_len;
		memcpy(key, n->name, len);
		(void)channel_set_volatile(c, key, len, "", 0, 0);
	}
}

void chat_record_settle(struct channel *c, struct chat_op *o)
{
	const struct store_note *n = chat_record_note(c, CHAT_RECORD_FOUNDER);
	const char *owner = chat_rank_name(CHAT_RANK_OWNER);
	char key[CHAT_KEY_MAX];
	size_t len;

	if (!n)
		return;
	len = chat_name_key(key, CHAT_RECORD_ROLE, n->value, n->value_len);
	(void)channel_set_volatile(c, CHAT_RECORD_FOUNDER, strlen(CHAT_RECORD_FOUNDER), "", 0, 0);
	chat_record_set_also(c, o, key, len, owner, strlen(owner), 0);
}

static uint64_t chat_record_left(const struct channel *c, const struct store_note *n)
{
	uint64_t now = channel_msec(c);

	return n && n->until_msec > now ? (n->until_msec - now + 999) / 1000 : 0;
}

uint64_t chat_record_held(struct channel *c, const char *kind, const char *name, size_t len,
			  const struct address *address)
{
	uint64_t left = chat_record_left(c, chat_record_of(c, kind, name, len));
	char key[CHAT_KEY_MAX];
	size_t n;

	/* An address may be many people's: it does not hold those whom the room trusts. */
	if (left > 0 || chat_rank_may(chat_record_rank(c, name, len)))
		return left;
	n = chat_name_address_key(key, kind, address);
	return n > 0 ? chat_record_left(c, channel_note(c, key, n)) : 0;
}

bool chat_record_fits(struct channel *c, const struct chat_op *o, unsigned more)
{
	uint64_t have = 0;

	for (const struct store_note *n = channel_next_note(c, NULL); n; n = channel_next_note(c, n))
		have += memchr(n->name, ':', n->name_len) || memchr(n->name, '@', n->name_len);
	return have + more <= o->max_records;
}

static void chat_record_acted(struct channel *c, struct channel_op *op)
{
	struct chat_record_op *r = container_of(op, struct chat_record_op, op);

	op->step.set.name = r->key;
	op->step.set.name_len = r->key_len;
	op->step.set.value = r->value;
	op->step.set.value_len = r->value_len;
	op->step.set.until_msec = r->until_msec;
	channel_set(c, op, NULL);
}

static void chat_record_done(struct channel_op *op)
{
	free(container_of(op, struct chat_record_op, op));
}

void chat_record_set_also(struct channel *c, struct chat_op *o, const char *key, size_t key_len, const char *value,
			  size_t value_len, uint64_t until_msec)
{
	struct chat_record_op *r;
	const char *room;
	size_t room_len;

	if (!o->durable) {
		(void)channel_set_volatile(c, key, key_len, value, value_len, until_msec);
		return;
	}
	r = calloc(1, sizeof(*r) + value_len);
	if (!r)
		return;
	room = channel_name(c, &room_len);
	channel_op_init_alone(&r->op, o->op.hub, &chat_policy, channel_reactor(c), NULL, room, room_len);
	r->op.act = chat_record_acted;
	r->op.done = chat_record_done;
	r->until_msec = until_msec;
	r->key_len = key_len;
	r->value_len = value_len;
	memcpy(r->key, key, key_len);
	memcpy(r->value, value, value_len);
	channel_submit(&r->op);
}

void chat_record_set(struct channel *c, struct chat_op *o, const char *key, size_t key_len, const char *value,
		     size_t value_len, uint64_t until_msec, void (*then)(struct channel *c, struct channel_op *op))
{
	if (!o->durable) {
		o->op.result = channel_set_volatile(c, key, key_len, value, value_len, until_msec);
		then(c, &o->op);
		return;
	}
	memcpy(o->key, key, key_len);
	o->op.step.set.name = o->key;
	o->op.step.set.name_len = key_len;
	o->op.step.set.value = value;
	o->op.step.set.value_len = value_len;
	o->op.step.set.until_msec = until_msec;
	channel_set(c, &o->op, then);
}
