#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The dialect of the old clients, all of it: one send is one command, and nothing but silence ends it. Which sessions
 * speak it, where their commands end, and how answers are fitted to the one recv they make. ioe-protocol(7), OLD
 * CLIENTS. For session.c, input.c and request.c only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outq;
struct request;
struct session;

/* Old clients take one recv of this size for a READ's size or error, and for any other answer. */
#define RAW_READ_RECV   64
#define RAW_ANSWER_RECV 1028

/* Bytes came to a session that may be or is raw (s->raw_watch). */
void raw_feed(struct session *s, char *p, size_t n);

/* It has been quiet, or the peer has ended its requests, or something that a command waited for is done. */
void raw_tick(struct session *s);

/* When raw_tick() wants to be called, UINT64_MAX for never. */
uint64_t raw_deadline(const struct session *s);

/* Something came that is not worked off. */
bool raw_is_pending(const struct session *s);

/* And it is kept here. */
bool raw_is_unfinished(const struct session *s);

void raw_free(struct session *s);

/* What is said to the session, so that each thing is a recv of its own. All of @answer; 0 or -ENOMEM. */
int raw_answer(struct session *s, struct outq *answer);
int raw_event(struct session *s, const void *data, size_t len, bool alone);

/* Something of that waits; how many bytes of it are events. */
bool raw_has_unsaid(const struct session *s);
size_t raw_events(const struct session *s);

/* Away with all that waits, either way. */
void raw_cut(struct session *s);

/* The session is new: where a role wants it so, its silence is waited for. */
void raw_listen(struct session *s);

/* The length of the text that fits, with "..." put in its place where it is cut behind a whole line. In place. */
size_t raw_fit_lines(char *text, size_t len);

/* A size of 64 bytes: digits and blanks, as int() takes them. */
void raw_put_size(char dst[RAW_READ_RECV], uint64_t size);
