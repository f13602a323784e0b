#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What the attacks have in common: an honest client that works beside them and measures, many cheap connections, and
 * the account afterwards, when everything must be as it was before.
 */

#include "client.h"

enum attack_verb {
	ATTACK_PING,
	ATTACK_DOUBLE,
	ATTACK_READ,
	ATTACK_WRITE,
	ATTACK_VERB_MAX,
};

struct attack {
	struct daemon *d;
	struct client *honest;
	GArray *usec[ATTACK_VERB_MAX]; /* how long each answer took */
	unsigned rounds;
	unsigned descriptors; /* before it began */
	uint64_t rss;         /* then, KiB */
	uint64_t memory_limit, memory_seen; /* limits.memory; the most that was seen of it */
};

/* On one port as it comes; on the other there is no role that takes words which stay alone for a second. */
enum { ATTACK_ALL, ATTACK_FILE };
#define ATTACK_LISTENERS \
	"listeners = (\n" \
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"file\", \"chat\", \"relay\", \"compute\" ]; },\n" \
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"file\", \"chat\" ]; }\n" \
	");\n" \
	"file = { sync = false; };\n"

/* @files: what is in the root before, made by the caller; NULL: nothing. */
void attack_start(struct attack *a, unsigned reactors, const char *config, void (*files)(struct daemon *d));
/* The honest client asks one of each, and every answer is right. */
void attack_work(struct attack *a);
void attack_work_for(struct attack *a, gint64 usec);
/* Prints how long the answers took since the last report. */
void attack_report(struct attack *a, const char *when);
/* Reports, too; then nothing of the attack is left: no session, memory, descriptor or half of a file. The
 * daemon is alive and stops. */
void attack_finish(struct attack *a);

/* A connection, from an address of its own; @n is its number. Does not block; receives into @window bytes (0:
 * usual). */
int attack_connect(struct daemon *d, unsigned listener, unsigned n, int window);
/* What the socket takes now of these bytes. */
size_t attack_push(int fd, const void *data, size_t n);
void attack_push_text(int fd, const char *text);
/* How many bytes come up to the end, which must come; appended to @to where that is not NULL. */
size_t attack_drain(int fd, GString *to);
void attack_reset(int fd);
