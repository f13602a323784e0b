#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Hash table of intrusive nodes, keyed by bytes and hashed with SipHash-1-3 under a random key, since clients choose
 * the keys. The table owns its array of buckets, never the nodes.
 */

#include <stddef.h>
#include <stdint.h>

struct map_node {
	struct map_node *next;
	uint64_t hash;
	const void *key; /* memory of the node's owner; it must not change while the node is in the table */
	size_t key_len;
};

struct map {
	struct map_node **buckets;
	size_t n_buckets; /* a power of two, or 0 before the first insertion */
	size_t n;
	uint64_t k0, k1;
};

/* The inert value is all zero. map_init() gets the random key of the hash from the kernel. 0 or negative errno. */
int map_init(struct map *m);

/* Frees the buckets; the nodes are their owners' to free. */
void map_done(struct map *m);

/* The hash of @key in this table. Two tables give different hashes, as each has a random key of its own. */
uint64_t map_hash(const struct map *m, const void *key, size_t len);

struct map_node *map_find(const struct map *m, const void *key, size_t len);

/* Adds @node under @key, which must not be in the table yet, and sets all members of @node. 0 or -ENOMEM (nothing
 * changed). */
int map_add(struct map *m, struct map_node *node, const void *key, size_t len);
void map_remove(struct map *m, struct map_node *node);

/* Walks the nodes in no particular order: map_next(m, NULL) is the first, and NULL comes after the last. Nothing is to
 * be added or removed during a walk. */
struct map_node *map_next(const struct map *m, const struct map_node *node);

/* SipHash-1-3 (Aumasson, Bernstein; c and d rounds as in the Linux and Rust tables). */
uint64_t map_siphash(uint64_t k0, uint64_t k1, const void *data, size_t len);
