#pragma once
/* SPDX-License-Identifier: MIT */
/* A conversation: the rooms it is in, what is said there, and what the user says. cmd-chat.c has the loop. */

#include "client/client.h"
#include "client/comeback.h"
#include "client/typing.h"

#define CHAT_ROOM_MAX  64 /* bytes of a room's name */
#define CHAT_ROOMS_MAX 32 /* at once */

#define CHAT_HELD_MAX   (16U << 20) /* bytes that are printed a little later; what is more is printed at once */
#define CHAT_UNSENT_MAX (64U << 10) /* bytes that are typed while the server is away */

struct chat_room {
	char name[CHAT_ROOM_MAX + 1];
	uint64_t last; /* number of the last message seen */
	uint64_t upto; /* of the last that is known to be there, and is on its way */
};

struct chat {
	struct client *client;
	struct chat_room rooms[CHAT_ROOMS_MAX]; /* what is said goes to the last one */
	size_t n_rooms;
	unsigned connection; /* they were joined on: client.connection */
	unsigned data;       /* their numbers are of: client.data */
	struct comeback back;
	struct buf unsent;   /* lines that were typed while the server is away */
	struct typing *typing; /* NULL: there is no terminal */
	bool holding;          /* what arrives is printed a little later: */
	struct buf held;
	bool send_only;            /* nothing of it is printed, and no line is a command */
	bool quit;
	bool at_end;           /* nothing more is to be said: not worth going on for ever for */
	bool failed;           /* something that was asked for */
	enum exit_code code;   /* how the last of that ended */
	enum exit_code ended;   /* the server, for good */
};

void chat_init(struct chat *ch, struct client *c);
void chat_done(struct chat *ch);

/* For client_set_news(). @userdata is the chat. */
void chat_news(void *userdata, const struct news *n);

/* What is said behind @since, or where it is NULL @n_history of the last messages, and what is said from now on. @asked: the
 * user wants these; else nothing depends on them. */
enum exit_code chat_join(struct chat *ch, const char *room, const uint64_t *since, uint64_t n_history, bool asked);
/* So many where nobody says: some at a terminal, none elsewhere. */
uint64_t chat_history_default(const struct chat *ch);
enum exit_code chat_part(struct chat *ch, const char *room);
/* The last ones of a room that we are in. */
enum exit_code chat_history(struct chat *ch, const char *room, uint64_t count);

/* The room that lines go to, NULL where there is none. */
const char *chat_here(const struct chat *ch);

/* Hears what has come. Where the connection broke it is made anew, which is tried for ever, and in all rooms nothing is
 * missed: a script waits for it; at a terminal it is one step, and while the server is away what is said is kept. Negative:
 * there is no coming back, and it was said. */
int chat_receive(struct chat *ch);
/* When there is something to hear, as typing_ops has it. */
int chat_fd(const struct chat *ch);
int chat_patience(const struct chat *ch);

/* Waits until all that was there when a room was joined, and all that was said here, has been shown. */
void chat_flush(struct chat *ch);

/* One line of the user's: said, or a command. False: that failed, and it was said why. */
bool chat_line(struct chat *ch, char *line);

/* A line of our own between those of others. */
void chat_notify(struct chat *ch, const char *fmt, ...) _printf_(2, 3);
void chat_print(struct chat *ch, struct buf *line); /* its end is added */
