/* SPDX-License-Identifier: MIT */
/*
 * Attributes of a channel, by name: those of the store, which are read when the channel comes into memory, and volatile
 * ones. In the thread of the channel's owner; the roles read them, append.c sets what was stored.
 */
#include "channel/channel-private.h"

#include <errno.h>
#include <string.h>

static struct store_attribute *attribute_new(const char *name, size_t name_len, const char *value, size_t value_len,
					     uint64_t until_msec)
{
	struct store_attribute *n = malloc(sizeof(*n) + name_len + value_len);
	char *text;

	if (!n)
		return NULL;
	text = (char *)(n + 1);
	*n = (struct store_attribute){
		.until_msec = until_msec,
		.name_len = (uint8_t)name_len,
		.value_len = value_len,
		.name = text,
		.value = text + name_len,
	};
	memcpy(text, name, name_len);
	memcpy(text + name_len, value, value_len);
	return n;
}

bool attribute_drop(struct channel *c, const char *name, size_t len)
{
	for (struct store_attribute **at = &c->attributes; *at; at = &(*at)->next) {
		struct store_attribute *n = *at;

		if (n->name_len == len && memcmp(n->name, name, len) == 0) {
			*at = n->next;
			free(n);
			return true;
		}
	}
	return false;
}

uint64_t channel_msec(const struct channel *c)
{
	return c->age_msec;
}

static bool attribute_is_over(const struct channel *c, const struct store_attribute *n)
{
	return n->until_msec > 0 && n->until_msec <= channel_msec(c);
}

static void attribute_put(struct channel *c, struct store_attribute *n)
{
	(void)attribute_drop(c, n->name, n->name_len);
	/* Removes the ones that have ended, as the store does. */
	for (struct store_attribute **at = &c->attributes; n->until_msec > 0 && *at;) {
		struct store_attribute *old = *at;

		if (!attribute_is_over(c, old)) {
			at = &old->next;
			continue;
		}
		*at = old->next;
		free(old);
	}
	n->next = c->attributes;
	c->attributes = n;
}

const struct store_attribute *channel_next_attribute(struct channel *c, const struct store_attribute *n)
{
	n = n ? n->next : c->attributes;
	while (n && attribute_is_over(c, n))
		n = n->next;
	return n;
}

const struct store_attribute *channel_attribute(struct channel *c, const char *name, size_t len)
{
	const struct store_attribute *n = NULL;

	while ((n = channel_next_attribute(c, n)))
		if (n->name_len == len && memcmp(n->name, name, len) == 0)
			return n;
	return NULL;
}

int channel_set_volatile(struct channel *c, const char *name, size_t name_len, const char *value, size_t value_len,
			 uint64_t until_msec)
{
	struct store_attribute *n;

	if (value_len == 0) {
		(void)attribute_drop(c, name, name_len);
		return 0;
	}
	n = attribute_new(name, name_len, value, value_len, until_msec);
	if (!n)
		return -ENOMEM;
	attribute_put(c, n);
	return 0;
}
