/* SPDX-License-Identifier: MIT */
#include "session/identity.h"

#include "session/name.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(NICK_MAX < IDENTITY_NAME_MAX && ADDRESS_TEXT_MAX <= IDENTITY_NAME_MAX, "both are names");

struct identity *identity_new(const struct address *address, const char *nick)
{
	char text[ADDRESS_TEXT_MAX];
	size_t text_size = strlen(address_text(address, text)) + 1;
	size_t nick_size = nick ? strlen(nick) + 1 : 0;
	struct identity *i = malloc(sizeof(*i) + text_size + nick_size);

	if (!i)
		return NULL;
	*i = (struct identity){ .refs = 1, .address = *address };
	memcpy(i->bytes, text, text_size);
	i->address_text = i->name = i->bytes;
	i->name_len = text_size - 1;
	if (nick) {
		memcpy(i->bytes + text_size, nick, nick_size);
		i->nick = i->name = i->bytes + text_size;
		i->name_len = nick_size - 1;
	}
	return i;
}

struct identity *identity_ref(struct identity *i)
{
	atomic_fetch_add_explicit(&i->refs, 1, memory_order_relaxed);
	return i;
}

struct identity *identity_unref(struct identity *i)
{
	if (i && atomic_fetch_sub_explicit(&i->refs, 1, memory_order_acq_rel) == 1)
		free(i);
	return NULL;
}
