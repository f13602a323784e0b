/* SPDX-License-Identifier: MIT */
#include "fuzz/talk_client.h"

#include "base/clock.h"
#include "fuzz/fuzz.h"
#include "fuzz/session_store.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define TALK_QUIET 12 /* passes in which nothing moves */

/* The connection is gone. Requests without a reply were carried out or not. */
static void talk_forget(struct talk_client *c)
{
	closep(&c->fd);
	c->fd = -1;
	c->named = c->ended = c->gone = false;
	c->received.len = 0;
	c->n_open = 0;
	c->last_id = 0;
	memset(c->rooms, 0, sizeof(c->rooms));
}

void talk_receive(struct talk_client *c, size_t max)
{
	while (talk_recv(c, max) && max == SIZE_MAX)
		;
	if (c->gone)
		talk_forget(c);
}

/* Requests. */

static void _printf_(3, 4) talk_say(struct talk_client *c, struct talk_request q, const char *fmt, ...)
{
	struct buf line = { 0 };
	va_list ap;

	va_start(ap, fmt);
	FUZZ_CHECK(buf_vprintf(&line, fmt, ap) == 0);
	va_end(ap);
	q.step = ++c->talk->step;
	c->open[c->n_open++] = q;
	c->talk->sim->asked += 2;
	/* Half a line is no request, and nothing must follow it. */
	if (send(c->fd, line.data, line.len, MSG_NOSIGNAL) < (ssize_t)line.len)
		talk_forget(c);
	buf_done(&line);
}

static struct talk_text *talk_new_text(struct talk_client *c, bool is_mail, unsigned x)
{
	struct talk *t = c->talk;
	struct talk_text *text = &t->texts[t->n_texts++];

	*text = (struct talk_text){ .from = c->index, .is_mail = is_mail, .room = x % TALK_ROOMS, .to = x % TALK_CLIENTS };
	text->cleared = is_mail && t->clients[text->to].clears > 0;
	if (!is_mail)
		t->said[text->room]++;
	return text;
}

static void talk_utter(struct talk_client *c, bool is_mail, unsigned x, unsigned y)
{
	static const char dots[] = "........................................................................................";
	unsigned index = c->talk->n_texts;
	struct talk_request q = { .kind = is_mail ? TALK_SEND : TALK_SAY, .text = index };
	int pad = y % 2 ? (int)sizeof(dots) - 1 : 0;
	const struct talk_text *text;

	if (index == TALK_TEXTS)
		return;
	text = talk_new_text(c, is_mail, x);
	if (is_mail)
		talk_say(c, q, "SEND,%s,t%u%.*s,k%u\n", talk_names[text->to], index, pad, dots, index);
	else
		talk_say(c, q, "SAY,r%u,t%u%.*s\n", text->room, index, pad, dots);
}

/* Sends its last mail again with the same key: whatever became of the first, it is there once. */
static void talk_send_again(struct talk_client *c)
{
	unsigned i = c->talk->n_texts;
	struct talk_text *text;

	while (i > 0 && !(c->talk->texts[i - 1].is_mail && c->talk->texts[i - 1].from == c->index))
		i--;
	if (i == 0)
		return;
	text = &c->talk->texts[--i];
	text->again = true;
	text->refused = false;
	talk_say(c, (struct talk_request){ .kind = TALK_SEND, .text = i }, "SEND,%s,t%u,k%u\n", talk_names[text->to], i, i);
}

/* The x-th mail whose ID is known and that is to (or from) this client, or not. -1: there is none. */
static int talk_pick(const struct talk_client *c, bool to, bool own, unsigned x)
{
	unsigned n = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < c->talk->n_texts; i++) {
			const struct talk_text *text = &c->talk->texts[i];

			if (!text->is_mail || text->number == 0 || ((to ? text->to : text->from) == c->index) != own)
				continue;
			if (pass == 1 && x-- == 0)
				return (int)i;
			n += pass == 0;
		}
		if (n == 0)
			return -1;
		x %= n;
	}
	return -1;
}

static void talk_ask_ack(struct talk_client *c, enum talk_ask kind, unsigned x)
{
	int i = talk_pick(c, true, kind == TALK_ACK, x);
	struct talk_request q = { .kind = kind, .text = (unsigned)i };
	struct talk_text *text;

	if (i < 0)
		return;
	text = &c->talk->texts[i];
	if (kind == TALK_ACK) {
		q.sure = !text->taking && !text->cleared;
		text->taking = true;
	}
	talk_say(c, q, "ACK,%llu\n", (unsigned long long)text->number);
}

static void talk_ask_clear(struct talk_client *c)
{
	struct talk_request q = { .kind = TALK_CLEAR, .text = c->talk->n_texts };

	for (unsigned i = 0; i < c->talk->n_texts; i++)
		if (c->talk->texts[i].is_mail && c->talk->texts[i].to == c->index)
			c->talk->texts[i].cleared = true;
	c->clears++;
	talk_say(c, q, "MAILBOX,clear\n");
}

static void talk_ask_status(struct talk_client *c, unsigned x)
{
	int i = talk_pick(c, false, true, x);
	struct talk_request q = { .kind = TALK_STATUS, .text = (unsigned)i };

	if (i >= 0)
		talk_say(c, q, "STATUS,%llu\n", (unsigned long long)c->talk->texts[i].number);
}

void talk_ask(struct talk_client *c, enum talk_ask kind, unsigned x, unsigned y)
{
	unsigned room = x % TALK_ROOMS;
	struct talk_request q = { .kind = kind, .room = room, .number = c->talk->last[room], .after = y, .text = c->talk->said[room] };

	if (c->fd < 0 || !c->named || c->ended || c->n_open == TALK_OPEN)
		return;
	switch (kind) {
	case TALK_SAY:
	case TALK_SEND:
		talk_utter(c, kind == TALK_SEND, x, y);
		break;
	case TALK_SEND_AGAIN:
		talk_send_again(c);
		break;
	case TALK_ACK:
	case TALK_ACK_OTHER:
		talk_ask_ack(c, kind, x);
		break;
	case TALK_STATUS:
		talk_ask_status(c, x);
		break;
	case TALK_CLEAR:
		talk_ask_clear(c);
		break;
	case TALK_FETCH:
		talk_say(c, q, y ? "FETCH,%u\n" : "FETCH\n", y);
		break;
	case TALK_JOIN:
		talk_say(c, q, "JOIN,r%u\n", room);
		break;
	case TALK_JOIN_AFTER:
		talk_say(c, q, "JOIN,r%u,%u\n", room, y);
		break;
	case TALK_WAIT:
		talk_say(c, q, "WAIT,%s\n", x & 1 ? "on" : "off");
		break;
	case TALK_PART:
		talk_say(c, q, "PART,r%u\n", room);
		break;
	case TALK_HISTORY:
		talk_say(c, q, "HISTORY,r%u,%u,%u\n", room, y, 1 + x);
		break;
	case TALK_KICK:
		talk_say(c, q, "KICK,r%u,%s\n", room, talk_names[y % TALK_CLIENTS]);
		break;
	case TALK_ASK_MAX:
	case TALK_HELLO:
	case TALK_NICK:
		break;
	}
}

void talk_init(struct talk *t, struct sim_server *h, bool small_buffers)
{
	memset(t, 0, sizeof(*t));
	t->sim = h;
	t->step = 1;
	t->small_buffers = small_buffers;
	for (unsigned i = 0; i < TALK_CLIENTS; i++) {
		t->clients[i].talk = t;
		t->clients[i].index = i;
		t->clients[i].fd = -1;
	}
}

void talk_begin(struct talk_client *c)
{
	struct talk *t = c->talk;
	struct handle handle;

	if (c->fd >= 0)
		return;
	c->fd = sim_server_connect(t->sim, SIM_SERVER_ALL, c->index, t->small_buffers, &handle);
	FUZZ_CHECK(c->fd >= 0);
	c->began = ++t->step;
	talk_say(c, (struct talk_request){ .kind = TALK_HELLO }, "HELLO,ioe/1\n");
	talk_say(c, (struct talk_request){ .kind = TALK_NICK }, "NICK,%s\n", talk_names[c->index]);
	for (unsigned i = 0; i < 3 && c->fd >= 0 && !c->named; i++) {
		sim_server_pass(t->sim);
		talk_receive(c, SIZE_MAX);
	}
	/* The session that has the name has not ended yet. */
	if (!c->named)
		talk_forget(c);
}

void talk_break(struct talk_client *c, bool half)
{
	if (c->fd < 0)
		return;
	if (!half) {
		talk_forget(c);
		return;
	}
	(void)shutdown(c->fd, SHUT_WR);
	c->ended = true;
}

/* All that happens without another request. */
static void talk_go_on(struct talk *t)
{
	unsigned quiet = 0;

	sim_server_serve_store(t->sim);
	while (quiet < TALK_QUIET) {
		bool moved = session_store_waiting(sim_server_store(t->sim)) > 0;

		sim_server_pass(t->sim);
		for (unsigned i = 0; i < TALK_CLIENTS; i++) {
			moved |= talk_recv(&t->clients[i], SIZE_MAX);
			if (t->clients[i].gone)
				talk_forget(&t->clients[i]);
		}
		quiet = moved ? 0 : quiet + 1;
	}
}

/* A client that is still in a room has received every message. */
static void talk_check_rooms(struct talk *t)
{
	const struct talk_client *c;
	bool were_in[TALK_CLIENTS][TALK_ROOMS] = { { 0 } };
	uint64_t at[TALK_CLIENTS][TALK_ROOMS] = { { 0 } };

	sim_server_sleep(t->sim, 20 * USEC_PER_SEC); /* all are within their rate again */
	for (unsigned i = 0; i < TALK_CLIENTS; i++) {
		c = &t->clients[i];
		FUZZ_CHECK(c->fd < 0 || c->ended || c->n_open == 0);
		for (unsigned room = 0; room < TALK_ROOMS; room++) {
			were_in[i][room] = c->fd >= 0 && !c->ended && c->rooms[room].in;
			at[i][room] = c->rooms[room].at;
			talk_ask(&t->clients[i], TALK_JOIN, room, 0);
		}
	}
	talk_go_on(t);
	/* A client whose JOIN was answered with OK had left the room, and knows the last number now. */
	for (unsigned i = 0; i < TALK_CLIENTS; i++) {
		c = &t->clients[i];
		for (unsigned room = 0; room < TALK_ROOMS; room++)
			FUZZ_CHECK(!were_in[i][room] || c->fd < 0 || c->rooms[room].at != at[i][room] ||
				   at[i][room] >= t->last[room]);
	}
}

/* Another session of each name receives all mail that was answered with OK and not acknowledged since. */
static void talk_check_mail(struct talk *t)
{
	for (unsigned i = 0; i < t->n_texts; i++)
		t->texts[i].found = false;
	for (unsigned i = 0; i < TALK_CLIENTS; i++) {
		talk_begin(&t->clients[i]);
		FUZZ_CHECK(t->clients[i].named);
		talk_ask(&t->clients[i], TALK_FETCH, 0, 0);
	}
	talk_go_on(t);
	for (unsigned i = 0; i < t->n_texts; i++) {
		const struct talk_text *text = &t->texts[i];

		FUZZ_CHECK(!text->is_mail || !text->acked || text->taking || text->cleared || text->found);
	}
}

void talk_end(struct talk *t)
{
	talk_go_on(t);
	talk_check_rooms(t);
	for (unsigned i = 0; i < TALK_CLIENTS; i++)
		talk_break(&t->clients[i], false);
	talk_go_on(t);
	session_store_fail_read(sim_server_store(t->sim), 0);
	talk_check_mail(t);
	for (unsigned i = 0; i < TALK_CLIENTS; i++) {
		talk_break(&t->clients[i], false);
		buf_done(&t->clients[i].received);
	}
	sim_server_check_empty(t->sim);
}
