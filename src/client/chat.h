#pragma once
/* SPDX-License-Identifier: MIT */
/* A chat: its rooms, the messages that arrive there, and the lines that the user sends. cmd-chat.c has the loop. */

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
	struct chat_room rooms[CHAT_ROOMS_MAX]; /* lines are sent to the last one */
	size_t n_rooms;
	unsigned connection; /* they were joined on: client.connection */
	unsigned data;       /* their numbers are of: client.data */
	struct comeback back;
	struct buf unsent;     /* lines typed while the server is away */
	struct typing *typing; /* NULL: there is no terminal */
	bool holding;          /* what arrives is printed a little later: */
	struct buf held;
	bool send_only; /* messages are not printed, and no line is a command */
	bool quit;
	bool at_end;          /* the last line was sent: reconnecting has a time limit */
	bool failed;          /* a line or a command of the user */
	enum exit_code code;  /* its exit code, of the last one */
	enum exit_code ended; /* not OK: the server is gone for good */
};

void chat_init(struct chat *ch, struct client *c);
void chat_done(struct chat *ch);

/* For client_set_news(). @userdata is the chat. */
void chat_news(void *userdata, const struct news *n);

/* Joins the room. Messages behind @since are printed; where @since is NULL, the last @n_history ones; and all
 * messages from now on. @requested: the user requested the history, so that its failure is one. */
enum exit_code chat_join(struct chat *ch, const char *room, const uint64_t *since, uint64_t n_history, bool requested);
/* The default: some messages at a terminal, none elsewhere. */
uint64_t chat_history_default(const struct chat *ch);
enum exit_code chat_part(struct chat *ch, const char *room);
/* Prints the last messages of a room that the user is in. */
enum exit_code chat_history(struct chat *ch, const char *room, uint64_t count);

/* The room that lines go to, NULL where there is none. */
const char *chat_here(const struct chat *ch);

/* Receives the messages that have arrived. A broken connection is made again, without end, and no message of a room
 * is missed: a script waits for it; at a terminal each call is one step, and lines that are typed meanwhile are
 * kept. Negative: the connection is gone for good, and the reason was printed. */
int chat_receive(struct chat *ch);
/* When to call chat_receive(), as in typing_ops. */
int chat_fd(const struct chat *ch);
int chat_patience(const struct chat *ch);

/* Waits until the history of the rooms and all lines that were sent have been printed. */
void chat_flush(struct chat *ch);

/* Sends one line of the user, or runs the command in it. False: that failed, and the reason was printed. */
bool chat_line(struct chat *ch, char *line);

/* Prints a line of this program between the messages. */
void chat_notify(struct chat *ch, const char *fmt, ...) _printf_(2, 3);
void chat_print(struct chat *ch, struct buf *line); /* its end is added */
