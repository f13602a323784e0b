/* SPDX-License-Identifier: MIT */
#include "base/map.h"

#include "base/macro.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define MAP_BUCKETS_MIN 16

struct map_sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t map_rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void map_sip_round(struct map_sip *s)
{
	s->v0 += s->v1;
	s->v1 = map_rotl(s->v1, 13) ^ s->v0;
	s->v0 = map_rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = map_rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = map_rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = map_rotl(s->v1, 17) ^ s->v2;
	s->v2 = map_rotl(s->v2, 32);
}

static inline void map_sip_word(struct map_sip *s, uint64_t w)
{
	s->v3 ^= w;
	map_sip_round(s);
	s->v0 ^= w;
}

uint64_t map_siphash(uint64_t k0, uint64_t k1, const void *data, size_t len)
{
	const unsigned char *p = data;
	struct map_sip s = {
		k0 ^ 0x736f6d6570736575ULL,
		k1 ^ 0x646f72616e646f6dULL,
		k0 ^ 0x6c7967656e657261ULL,
		k1 ^ 0x7465646279746573ULL,
	};
	uint64_t w, last = (uint64_t)len << 56;
	size_t left;

	for (left = len; left >= 8; left -= 8, p += 8) {
		memcpy(&w, p, 8);
		map_sip_word(&s, le64toh(w));
	}
	while (left > 0) {
		left--;
		last |= (uint64_t)p[left] << (8 * left);
	}
	map_sip_word(&s, last);

	s.v2 ^= 0xff;
	map_sip_round(&s);
	map_sip_round(&s);
	map_sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

int map_init(struct map *m)
{
	uint64_t keys[2];
	ssize_t n;

	do
		n = getrandom(keys, sizeof(keys), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n != sizeof(keys))
		return -EIO;
	*m = (struct map){ .k0 = keys[0], .k1 = keys[1] };
	return 0;
}

void map_done(struct map *m)
{
	free(m->buckets);
	*m = (struct map){ 0 };
}

uint64_t map_hash(const struct map *m, const void *key, size_t len)
{
	return map_siphash(m->k0, m->k1, key, len);
}

static inline struct map_node **map_bucket(const struct map *m, uint64_t hash)
{
	return &m->buckets[hash & (m->n_buckets - 1)];
}

struct map_node *map_find(const struct map *m, const void *key, size_t len)
{
	struct map_node *node;
	uint64_t hash;

	if (m->n == 0)
		return NULL;
	hash = map_hash(m, key, len);
	for (node = *map_bucket(m, hash); node; node = node->next)
		if (node->hash == hash && node->key_len == len && (len == 0 || memcmp(node->key, key, len) == 0))
			return node;
	return NULL;
}

static void map_link(struct map *m, struct map_node *node)
{
	struct map_node **at = map_bucket(m, node->hash);

	node->next = *at;
	*at = node;
}

/* Keeps the average chain at one node or less. */
static int map_grow(struct map *m)
{
	struct map old = *m;
	size_t n = old.n_buckets ? old.n_buckets * 2 : MAP_BUCKETS_MIN;
	struct map_node **buckets, *node;
	size_t i;

	buckets = calloc(n, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	m->buckets = buckets;
	m->n_buckets = n;
	for (i = 0; i < old.n_buckets; i++)
		while ((node = old.buckets[i])) {
			old.buckets[i] = node->next;
			map_link(m, node);
		}
	free(old.buckets);
	return 0;
}

int map_add(struct map *m, struct map_node *node, const void *key, size_t len)
{
	int r;

	if (m->n >= m->n_buckets) {
		r = map_grow(m);
		if (r < 0)
			return r;
	}
	*node = (struct map_node){ .hash = map_hash(m, key, len), .key = key, .key_len = len };
	map_link(m, node);
	m->n++;
	return 0;
}

void map_remove(struct map *m, struct map_node *node)
{
	struct map_node **at = map_bucket(m, node->hash);

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	node->next = NULL;
	m->n--;
}

struct map_node *map_next(const struct map *m, const struct map_node *node)
{
	size_t i = 0;

	if (node) {
		if (node->next)
			return node->next;
		i = (node->hash & (m->n_buckets - 1)) + 1;
	}
	for (; i < m->n_buckets; i++)
		if (m->buckets[i])
			return m->buckets[i];
	return NULL;
}
