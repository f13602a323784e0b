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

/* Names a session in other threads, which must not have a pointer to it. */
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
	bool shared; /* other sessions of the same address can have the name, too, if they ask for it shared */
	struct in6_addr address; /* of the holder */
	/* NULL, or the holder's present claim to the same name, which it gives back after this one. */
	const struct name_claim *before;
	struct name_entry *entry; /* for the owner's thread; NULL: it was not granted */
	int error; /* the result of name_take(); 0: it was granted */
	struct name_table *owner;
	void *cookie; /* the request; for the holder's thread only */
	void (*done)(struct request *q, int result, const char *name); /* likewise */
};

/* The names that belong to one reactor. */
struct name_table {
	struct map map;
};

int name_table_init(struct name_table *t);
void name_table_done(struct name_table *t);

/* Whether the text has the form of a nick: 1 to 32 of A-Z a-z 0-9 . _ - */
bool name_is_valid(const char *s, size_t n);

/* Fills both forms of the name. */
void name_claim_set(struct name_claim *c, const char *s, size_t n);

/*
 * In the owner's thread. Grants the claim if no other session holds the name, or if all holders share it with this one.
 * 0; -EEXIST: another session holds it; -ENOMEM. A granted claim is given back once, with name_release().
 */
int name_take(struct name_table *t, struct name_claim *c);

/* Gives the claim back. When the last holder has done that, the name is free. Does nothing for a claim that was not
 * granted. */
void name_release(struct name_table *t, struct name_claim *c);
