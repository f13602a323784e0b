#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A verb is one row. Dispatch, HELP, counters, the test of the manual page and the fuzz dictionary read that row;
 * `struct role_verb` (session/role.h) embeds it and adds the function that acts on a request.
 */

#include "wire/field.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verb_flags {
	VERB_CONCURRENT = 0,      /* begins while earlier requests are under way; replies still leave in order */
	VERB_BARRIER = 1 << 0,    /* begins when all earlier requests have ended, and later ones wait for its end */
	VERB_LAST_COMMA = 1 << 1, /* FIELD_RULE_LAST_COMMA */
	VERB_ALIAS = 1 << 2,      /* another name of the verb in the row above; HELP shows both in one line */
	VERB_NOT_YET = 1 << 3,    /* answers unavailable, and HELP leaves it out */
	VERB_BODY = 1 << 4,       /* a body follows the line; its size is the last field; only with VERB_BARRIER */
	VERB_PADDED = 1 << 5,     /* in raw its reply begins with a size, padded as old clients expect */
};

/*
 * The class of access that a verb needs. An administrator will grant these classes to users. A role needs a further
 * class where the verb alone does not decide: the first JOIN of a room creates it, and a WRITE can replace a file.
 */
enum verb_access {
	ACCESS_NONE, /* no class is needed: the verbs of every listener */
	ACCESS_FILE_READ,
	ACCESS_FILE_ADD,    /* makes new files and folders */
	ACCESS_FILE_CHANGE, /* changes existing files and folders */
	ACCESS_CHAT_READ,
	ACCESS_CHAT_SAY, /* speaks in a room, and moderates it as its rank there allows */
	ACCESS_RELAY_SEND,
	ACCESS_RELAY_RECEIVE,
	ACCESS_COMPUTE,
	ACCESS_MAX,
};

struct verb {
	const char *name;     /* upper case, at most VERB_NAME_MAX bytes */
	const char *syntax;   /* as in the manual: "WRITE,name,size" */
	const char *help;     /* one sentence */
	uint8_t min, max;     /* fields behind the verb */
	unsigned flags;
	enum verb_access access;
	uint8_t n_objects;    /* this many fields, from the first on, name the objects it acts on: paths, or a room */
};

#define VERB_NAME_MAX 15
#define VERB_TABLE_SLOTS 256

/* A verb and its name as two machine words: in upper case, padded with zeros, the length in the last byte. */
struct verb_entry {
	uint64_t key[2];
	const struct verb *verb;
	uint8_t owner; /* a number that the caller of verb_table_add() chose */
};

/* The verbs of one listener: a hash table with open addressing. It is built once, then threads only read it. Inert when
 * zero. */
struct verb_table {
	uint8_t slots[VERB_TABLE_SLOTS]; /* 1 + the index of an entry; 0: free */
	struct verb_entry entries[VERB_TABLE_SLOTS / 2]; /* @n, in the order in which they were added */
	unsigned n;
};

/* Adds @v, which must outlive the table. 0; -EEXIST: the table has the name; -ENOSPC: half the slots are taken;
 * -EINVAL: the name is empty or longer than VERB_NAME_MAX. */
int verb_table_add(struct verb_table *t, const struct verb *v, uint8_t owner);

/* Finds a verb by its name, in upper or lower case; NULL: there is none. The entry is valid as long as the table. */
const struct verb_entry *verb_table_find(const struct verb_table *t, const char *name, size_t len);
