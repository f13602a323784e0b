#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Which session holds which nick. A name belongs to one reactor, hash(name) % R, and only the thread of that reactor
 * touches its table. A session claims a name with a message, and the same message brings the result back. The session
 * keeps a claim that was granted, and sends it back when it ends or has another name. A name has one holder, or
 * several sessions of one address that have all asked for it as shared.
 */

#include "base/map.h"
#include "loop/inbox.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct name_entry;
struct request;

#define NICK_MAX 32 /* bytes of a nick; NICK has no other limit */

/* A session across threads: never a pointer. */
struct handle {
	uint32_t reactor, slot;
	uint64_t generation;
};

static inline bool handle_equal(struct handle a, struct handle b)
{
	return a.reactor == b.reactor && a.slot == b.slot && a.generation == b.generation;
}

struct name_claim {
	struct msg msg;
	struct handle holder;
	char shown[NICK_MAX + 1];
	char folded[NICK_MAX + 1]; /* lower case: names are compared without case */
	bool shared; /* others of the same address who say so, too, may have it beside this one */
	struct in6_addr address; /* of the holder */
	/* NULL, or the claim to this very name that the holder has now, and gives back behind this one. */
	const struct name_claim *before;
	struct name_entry *entry; /* the owner's; NULL: it was not granted */
	int error; /* the verdict: 0, it is granted; or what name_take() said */
	struct name_table *owner;
	void *cookie; /* the request, looked at only in the holder's thread */
	void (*done)(struct request *q, int result, const char *name); /* likewise */
};

/* One reactor's share of the names. */
struct name_table {
	struct map map;
};

int name_table_init(struct name_table *t);
void name_table_done(struct name_table *t);

/* Whether a nick may be so written: 1 to 32 of A-Z a-z 0-9 . _ - */
bool name_is_valid(const char *s, size_t n);

/* Fills both forms. */
void name_claim_set(struct name_claim *c, const char *s, size_t n);

/*
 * In the owner's thread. Grants it where nobody else holds it, or all who do share it with this one: 0, -EEXIST where
 * somebody else holds it, -ENOMEM. What was granted is given back once, by name_release().
 */
int name_take(struct name_table *t, struct name_claim *c);

/* The name is free once its last holder has given it back. Nothing where it was not granted. */
void name_release(struct name_table *t, struct name_claim *c);
