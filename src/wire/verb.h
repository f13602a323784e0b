#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A verb is one row. Dispatch, HELP, statistics, the man-page test and the fuzz dictionary read that row; who acts
 * on it embeds it (session/role.h).
 */

#include "wire/field.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verb_flags {
	VERB_CONCURRENT = 0,      /* may be under way beside others; answers still leave in order */
	VERB_BARRIER = 1 << 0,    /* waits for all before it and holds all behind it */
	VERB_LAST_COMMA = 1 << 1, /* FIELD_RULE_LAST_COMMA */
	VERB_ALIAS = 1 << 2,      /* HELP names it beside the row above it */
	VERB_NOT_YET = 1 << 3,    /* answers unavailable, and HELP leaves it out */
	VERB_BODY = 1 << 4,       /* bytes follow the line, as many as its last field says; for VERB_BARRIER only */
	VERB_PADDED = 1 << 5,     /* in raw its answer begins with the size, padded to what an old client takes */
};

/*
 * What somebody must be allowed to send a verb: the classes that an administrator grants. A role asks for more where
 * the verb alone does not tell (the first JOIN of a room creates it, a WRITE may replace a file).
 */
enum verb_access {
	ACCESS_NONE, /* nothing: verbs of every listener */
	ACCESS_FILE_READ,
	ACCESS_FILE_ADD,    /* files and folders that are new */
	ACCESS_FILE_CHANGE, /* those that are there */
	ACCESS_CHAT_READ,
	ACCESS_CHAT_SAY, /* and what a member of some rank is allowed to do */
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
	uint8_t n_objects;    /* so many fields, from the first on, name what it acts on: paths, or a room */
};

#define VERB_NAME_MAX 15
#define VERB_TABLE_SLOTS 256

/* A verb under its name as two words: folded to upper case, padded with zeros, the length in the last byte. */
struct verb_entry {
	uint64_t key[2];
	const struct verb *verb;
	uint8_t owner; /* whatever the adder wants to know again */
};

/* The verbs one listener understands. Open addressing; built once, then only read. Inert when zero. */
struct verb_table {
	uint8_t slots[VERB_TABLE_SLOTS]; /* 1 + the index of an entry; 0: free */
	struct verb_entry entries[VERB_TABLE_SLOTS / 2]; /* @n, in the order they came */
	unsigned n;
};

/* -EEXIST where the name is in the table, -ENOSPC where half the slots are taken, -EINVAL for a name of an impossible
 * length. Keeps the pointer. */
int verb_table_add(struct verb_table *t, const struct verb *v, uint8_t owner);

/* In any case of letters; NULL for none. The entry lives as long as the table. */
const struct verb_entry *verb_table_find(const struct verb_table *t, const char *name, size_t len);
