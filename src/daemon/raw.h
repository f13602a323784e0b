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

struct request;
struct session;

/* Old clients take one recv of this size for a READ's size or error, and for any other answer. */
#define RAW_READ_RECV   64
#define RAW_ANSWER_RECV 1028

/* The session begins; where its listener has one role that greets who is silent, raw_greet() is due at raw_deadline(). */
void raw_begin(struct session *s);
void raw_greet(struct session *s);

/* Bytes came to a session that may be or is raw (s->raw_watch). */
void raw_feed(struct session *s, char *p, size_t n);

/* It has been quiet, or the peer has ended its requests, or something that a command waited for is done. */
void raw_tick(struct session *s);

/* Nothing is on its way to the peer, whose TCP took the last answer some time ago. */
bool raw_is_clear(struct session *s);

/* When raw_tick() wants to be called, UINT64_MAX for never. */
uint64_t raw_deadline(const struct session *s);

/* Something came that is not worked off. */
bool raw_is_pending(const struct session *s);

/* And it is kept here. */
bool raw_is_unfinished(const struct session *s);

void raw_free(struct session *s);

/* An answer has left: the next one waits a while, so that it is a recv of its own. */
void raw_answered(struct session *s);

/* The length of the text that fits, with "..." put in its place where it is cut behind a whole line. In place. */
size_t raw_fit_lines(char *text, size_t len);

/* A size of 64 bytes: digits and blanks, as int() takes them. */
void raw_put_size(char dst[RAW_READ_RECV], uint64_t size);
