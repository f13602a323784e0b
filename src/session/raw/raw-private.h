#pragma once
/* SPDX-License-Identifier: MIT */
/* The state of a session whose client is undecided or old. For the files of session/raw/ only. */

#include "base/buf.h"
#include "base/clock.h"
#include "session/raw/pacing.h"
#include "session/session-private.h"
#include "wire/split.h"

/* Limit of bytes that are kept: of a line, or of the file of a WRITE whose size is undecided. */
#define RAW_KEEP (64U << 10)

struct raw {
	struct buf data;        /* input that was not worked off yet */
	unsigned recvs;         /* of the session, counted to 2 */
	bool writing;           /* data begins with an old WRITE's header */
	bool staging;           /* an upload has the data, and gets the following bytes, by `guess` */
	size_t header;          /* bytes up to the size, with the comma in front of it */
	char head[SPLIT_DIGITS_MAX + 2]; /* the first bytes behind the header: some may be the file's after all */
	uint64_t guess;         /* bytes behind the header that probably are not the file's */
	struct split split;
	uint64_t last_usec;     /* when the last byte arrived */
	uint64_t wait_usec;     /* the pause that ends a command; 0: not computed since then */
	uint64_t tick_usec;     /* USEC_NEVER: none */
	size_t accounted;         /* bytes in the memory account, for this struct */
	struct pacing pacing;       /* what is sent to it */
	bool awaits_idle;       /* no byte has arrived, and a role waits for the session to be idle (role.idle) */
};

_Static_assert(sizeof(((struct raw *)NULL)->head) <= BODY_FRONT_MAX, "head may become the front of a body");

/* command.c */
uint64_t raw_legacy_wait(const struct session *s);
/* The last reply is with the peer's TCP, and some time has passed: the next one is a recv of its own. */
bool raw_may_answer(struct session *s);

/* detect.c */
const struct role *raw_only_role(const struct session *s); /* NULL: the listener has several */
bool raw_is_alone(const struct session *s); /* that role takes bare lines, and so every command is for it */
bool raw_detect_begins(const struct buf *b, const char *with);
bool raw_detect_hello(const struct buf *b);
bool raw_detect_request(const struct buf *b);
bool raw_detect_line(const struct session *s, const char *p, size_t n);
/* The kept data, or a whole command, is another protocol's: the session is sent an answer in that, and ends. */
bool raw_detect_foreign(struct session *s);
bool raw_detect_foreign_command(struct session *s, const struct buf *data);
void raw_become_raw(struct session *s);
void raw_become_line(struct session *s); /* the kept data is the beginning of its input; frees s->raw */

/* write.c */
/* More has come behind what is kept; the kept data may begin a WRITE. */
void raw_write_note(struct session *s, const char *p, size_t n);
/* More has come for an upload whose size is undecided. */
void raw_write_feed(struct session *s, char *p, size_t n);
void raw_write_examine(struct session *s, enum split_moment moment);
