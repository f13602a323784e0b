/* SPDX-License-Identifier: MIT */
/*
 * Every request calls verb_table_find(). A name fits into two machine words, so each step (upper case, hash,
 * comparison) is a few instructions on whole words, without a loop over the bytes.
 */
#include "wire/verb.h"

#include "base/macro.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define VERB_BYTES(c) ((c) * 0x0101010101010101ULL)

_Static_assert(VERB_NAME_MAX == 15, "the name and its length fill two words");
_Static_assert(VERB_TABLE_SLOTS == 256, "the hash is one byte");

static inline uint64_t verb_load64(const char *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof(w));
	return le64toh(w);
}

static inline uint64_t verb_load32(const char *s)
{
	uint32_t w;

	memcpy(&w, s, sizeof(w));
	return le32toh(w);
}

/* Subtracts 0x20 from the bytes 'a' to 'z'. The sums below cannot carry into the next byte, as the top bit of each byte
 * is cleared before. */
static inline uint64_t verb_fold(uint64_t w)
{
	uint64_t low = w & VERB_BYTES(0x7f);
	uint64_t from_a = low + VERB_BYTES(0x80 - 'a');
	uint64_t above_z = low + VERB_BYTES(0x7f - 'z');
	uint64_t is_lower = (from_a ^ above_z) & ~w & VERB_BYTES(0x80);

	return w - (is_lower >> 2);
}

/* Two loads that overlap read the name and nothing outside it; a shift removes the bytes that both have. len is 1 to
 * 15. */
static inline void verb_key(const char *s, size_t len, uint64_t key[2])
{
	uint64_t a, b = 0;

	if (len >= 8) {
		a = verb_load64(s);
		b = verb_load64(s + len - 8) >> 8 >> (8 * (15 - len));
	} else if (len >= 4) {
		a = verb_load32(s) | verb_load32(s + len - 4) >> (8 * (8 - len)) << 32;
	} else {
		a = (unsigned char)s[0] | (uint64_t)(unsigned char)s[len / 2] << (8 * (len / 2)) |
		    (uint64_t)(unsigned char)s[len - 1] << (8 * (len - 1));
	}
	key[0] = verb_fold(a);
	key[1] = verb_fold(b) | (uint64_t)len << 56;
}

/*
 * Clients choose the name that is looked up, but no entry of the table, so a simple hash is enough: the search for an
 * unknown name ends at the next free slot, and half of the slots are free.
 */
static inline uint8_t verb_hash(const uint64_t key[2])
{
	return (uint8_t)((key[0] * 0x9e3779b97f4a7c15ULL ^ key[1] * 0xc2b2ae3d27d4eb4fULL) >> 56);
}

/* Finds the entry with the key. *ret_slot is its slot, or else the free slot where it would be added. */
static inline const struct verb_entry *verb_table_get(const struct verb_table *t, const uint64_t key[2], uint8_t *ret_slot)
{
	const struct verb_entry *found = NULL;
	uint8_t i;

	for (i = verb_hash(key); t->slots[i]; i++) {
		const struct verb_entry *e = &t->entries[t->slots[i] - 1];

		if (e->key[0] == key[0] && e->key[1] == key[1]) {
			found = e;
			break;
		}
	}
	*ret_slot = i;
	return found;
}

int verb_table_add(struct verb_table *t, const struct verb *v, uint8_t owner)
{
	size_t len = strlen(v->name);
	struct verb_entry *e;
	uint64_t key[2];
	uint8_t slot;

	if (len == 0 || len > VERB_NAME_MAX)
		return -EINVAL;
	verb_key(v->name, len, key);
	if (verb_table_get(t, key, &slot))
		return -EEXIST;
	if (t->n >= ELEMENTSOF(t->entries))
		return -ENOSPC;
	e = &t->entries[t->n++];
	*e = (struct verb_entry){ .key = { key[0], key[1] }, .verb = v, .owner = owner };
	t->slots[slot] = (uint8_t)t->n;
	return 0;
}

_hot_ const struct verb_entry *verb_table_find(const struct verb_table *t, const char *name, size_t len)
{
	uint64_t key[2];
	uint8_t slot;

	if (len == 0 || len > VERB_NAME_MAX)
		return NULL;
	verb_key(name, len, key);
	return verb_table_get(t, key, &slot);
}
