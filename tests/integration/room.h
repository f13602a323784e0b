#pragma once
/* SPDX-License-Identifier: MIT */
/* Clients that meet in rooms. */

#include "client.h"

/* A listener with all roles, and one for chat alone. */
#define ROOM_LISTENERS \
	"listeners = (\n" \
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"file\", \"chat\", \"relay\", \"compute\" ]; },\n" \
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"chat\" ]; }\n" \
	");\n"
enum { ROOM_ALL, ROOM_ALONE };

/* Without a bound on how fast things are said. */
#define ROOM_FAST "chat = { rate = 0; };\n"

/* In ioe/1, with a name, which somebody may just be giving up. */
struct client *room_client(struct daemon *d, const char *name);

/* The next lines are these, in any order: what a room says and what is answered may come one way or the other. */
void room_expect_all(struct client *c, ...) G_GNUC_NULL_TERMINATED;

/* Comes in and reads the answer, and that it has. */
void room_join(struct client *c, const char *room, const char *name, const char *answer);

/* Anna and Bert, who have both just come into a room that is new. */
void room_meet(struct daemon *d, const char *room, struct client **ret_a, struct client **ret_b);

void room_part(struct client *c, const char *room, const char *name);

/* What was said: the parts of SAID,room,SEQ,TIME,FROM,TEXT, as they stand there. */
struct room_said {
	guint64 seq, time;
	char *from, *text;
};
/* False: the line is something else. */
bool room_parse(const char *line, const char *room, struct room_said *ret);
void room_said_clear(struct room_said *s);

/* The next line is this, whenever it was said. */
void room_received(struct client *c, const char *room, guint64 seq, const char *from, const char *text);

/* Passes over lines until one begins so, and returns it. */
char *room_until(struct client *c, const char *start);

/* The numbers and texts of HISTORY,room,after,count: "SEQ TEXT\n" each, as ioe/1 has them. */
char *room_history(struct client *c, const char *room, guint64 after, unsigned count);
