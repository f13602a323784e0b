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
	const void *key; /* the owner's memory, unchanged while in the table */
	size_t key_len;
};

struct map {
	struct map_node **buckets;
	size_t n_buckets; /* a power of two, or 0 before the first insertion */
	size_t n;
	uint64_t k0, k1;
};

/* The inert value is all zero; map_init() draws the key from the kernel. 0 or negative errno. */
int map_init(struct map *m);
void map_done(struct map *m);

/* The hash of the table's key; equal for two maps only with equal keys. */
uint64_t map_hash(const struct map *m, const void *key, size_t len);

struct map_node *map_find(const struct map *m, const void *key, size_t len);

/* The key must not be in the table yet. Sets all of @node. 0 or -ENOMEM (nothing changed). */
int map_add(struct map *m, struct map_node *node, const void *key, size_t len);
void map_remove(struct map *m, struct map_node *node);

/* Walk in no order: map_next(m, NULL) is the first, NULL after the last. Nothing may be added or removed meanwhile. */
struct map_node *map_next(const struct map *m, const struct map_node *node);

/* SipHash-1-3 (Aumasson, Bernstein; c and d rounds as in the Linux and Rust tables). */
uint64_t map_siphash(uint64_t k0, uint64_t k1, const void *data, size_t len);
