/* SPDX-License-Identifier: MIT */
#include "fuzz/talk_client.h"

#include "base/clock.h"
#include "base/str.h"
#include "fuzz/fuzz.h"
#include "fuzz/session_client.h"
#include "fuzz/session_store.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define TALK_QUIET   12  /* passes in which nothing moves */
#define TALK_STRICT  (2 * HOUSE_HISTORY) /* so many are kept in any case: store/prune.c */
#define TALK_FIELDS  10

static const char *const talk_names[TALK_CLIENTS] = { "ann", "bob", "cid", "dan" };

/* A line of ioe/1, taken apart. Nothing that is said here has to be encoded. */
struct talk_line {
	const char *at[TALK_FIELDS];
	size_t len[TALK_FIELDS];
	unsigned n;
};

static struct talk_line talk_split(const char *p, size_t n)
{
	struct talk_line l = { .n = 0 };

	for (;;) {
		const char *comma = memchr(p, ',', n);
		size_t k = comma ? (size_t)(comma - p) : n;

		FUZZ_CHECK(l.n < TALK_FIELDS);
		l.at[l.n] = p;
		l.len[l.n++] = k;
		if (!comma)
			return l;
		p += k + 1;
		n -= k + 1;
	}
}

static bool talk_is(const struct talk_line *l, unsigned i, const char *word)
{
	return i < l->n && l->len[i] == strlen(word) && memcmp(l->at[i], word, l->len[i]) == 0;
}

static uint64_t talk_number(const struct talk_line *l, unsigned i)
{
	uint64_t v;

	FUZZ_CHECK(i < l->n && str_to_u64(l->at[i], l->len[i], 0, UINT64_MAX, &v) == 0);
	return v;
}

static unsigned talk_room(const struct talk_line *l, unsigned i)
{
	FUZZ_CHECK(i < l->n && l->len[i] == 2 && l->at[i][0] == 'r');
	FUZZ_CHECK(l->at[i][1] >= '0' && l->at[i][1] < '0' + TALK_ROOMS);
	return (unsigned)(l->at[i][1] - '0');
}

/* "t7......" */
static unsigned talk_text(const struct talk *t, const struct talk_line *l, unsigned i)
{
	size_t n = 1;
	uint64_t v;

	FUZZ_CHECK(i < l->n && l->len[i] > 1 && l->at[i][0] == 't');
	while (n < l->len[i] && l->at[i][n] != '.')
		n++;
	FUZZ_CHECK(str_to_u64(l->at[i] + 1, n - 1, 0, t->n_texts - 1, &v) == 0);
	return (unsigned)v;
}

/* It is known now where it stands: once and for all, and behind what its sender had said there before. */
static void talk_place(struct talk *t, struct talk_text *text, uint64_t number)
{
	FUZZ_CHECK(!text->refused && number > 0);
	FUZZ_CHECK(text->number == 0 || text->number == number);
	if (text->number == number)
		return;
	text->number = number;
	if (!text->is_mail)
		t->last[text->room] = MAX(t->last[text->room], number);
	for (unsigned i = 0; i < t->n_texts; i++) {
		const struct talk_text *o = &t->texts[i];

		if (o == text || o->number == 0 || o->is_mail != text->is_mail)
			continue;
		if (o->is_mail ? o->to != text->to : o->room != text->room)
			continue;
		FUZZ_CHECK(o->number != number);
		FUZZ_CHECK(o->from != text->from || (o < text) == (o->number < number));
	}
}

/* The connection is no more. What was not answered may have been done, and may not. */
static void talk_forget(struct talk_client *c)
{
	closep(&c->fd);
	c->fd = -1;
	c->named = c->ended = c->gone = false;
	c->heard.len = 0;
	c->n_open = 0;
	c->last_id = 0;
	memset(c->rooms, 0, sizeof(c->rooms));
}

/* Events. */

static void talk_heard_said(struct talk_client *c, const struct talk_line *l)
{
	unsigned room = talk_room(l, 1);
	struct talk_member *m = &c->rooms[room];
	uint64_t number = talk_number(l, 2);
	struct talk_text *text;

	FUZZ_CHECK(l->n == 6 && m->in);
	text = &c->talk->texts[talk_text(c->talk, l, 5)];
	FUZZ_CHECK(!text->is_mail && text->room == room && talk_is(l, 4, talk_names[text->from]));
	talk_place(c->talk, text, number);
	FUZZ_CHECK(number > m->at);
	/* What is old may be kept no longer. From there on nothing is left out. */
	if (c->talk->said[room] < TALK_STRICT)
		FUZZ_CHECK(number == m->at + 1);
	if (number > m->joined_at && c->talk->said[room] - m->said < TALK_STRICT)
		FUZZ_CHECK(number == MAX(m->at, m->joined_at) + 1);
	m->at = number;
}

static void talk_heard_mail(struct talk_client *c, const struct talk_line *l)
{
	uint64_t id = talk_number(l, 1);
	struct talk_text *text;

	FUZZ_CHECK(l->n == 5);
	text = &c->talk->texts[talk_text(c->talk, l, 4)];
	FUZZ_CHECK(text->is_mail && text->to == c->index && talk_is(l, 2, talk_names[text->from]));
	talk_place(c->talk, text, id);
	FUZZ_CHECK(id > c->last_id);
	FUZZ_CHECK(text->taken == 0 || text->taken > c->began);
	c->last_id = id;
	text->found = true;
}

static void talk_heard_delivered(struct talk_client *c, const struct talk_line *l)
{
	uint64_t id = talk_number(l, 1);
	const struct talk_text *text = NULL;

	for (unsigned i = 0; i < c->talk->n_texts; i++)
		if (c->talk->texts[i].is_mail && c->talk->texts[i].number == id)
			text = &c->talk->texts[i];
	FUZZ_CHECK(text && text->from == c->index && text->taking && talk_is(l, 2, talk_names[text->to]));
}

static bool talk_heard_event(struct talk_client *c, const struct talk_line *l)
{
	if (talk_is(l, 0, "SAID"))
		talk_heard_said(c, l);
	else if (talk_is(l, 0, "MAIL"))
		talk_heard_mail(c, l);
	else if (talk_is(l, 0, "DELIVERED"))
		talk_heard_delivered(c, l);
	else if (talk_is(l, 0, "LEFT") && talk_is(l, 2, talk_names[c->index]))
		c->rooms[talk_room(l, 1)].in = false;
	else
		return talk_is(l, 0, "LEFT") || talk_is(l, 0, "JOINED");
	return true;
}

/* Answers. */

static void talk_answered_join(struct talk_client *c, const struct talk_request *q, const struct talk_line *l)
{
	uint64_t last = talk_number(l, 2);

	FUZZ_CHECK(l->n == 5 && talk_room(l, 1) == q->room && last >= q->number);
	c->rooms[q->room] = (struct talk_member){
		.in = true,
		.joined_at = last,
		.at = q->kind == TALK_JOIN_AFTER ? MIN(q->after, last) : last,
		.said = q->text,
	};
}

static void talk_answered_ack(struct talk_client *c, const struct talk_request *q, uint64_t count)
{
	FUZZ_CHECK(q->kind == TALK_ACK ? count <= 1 && (count == 1 || !q->sure) : count == 0);
	if (q->kind == TALK_ACK)
		c->talk->texts[q->text].taken = c->talk->step;
}

static void talk_answered_clear(struct talk_client *c, const struct talk_request *q)
{
	c->clears--;
	for (unsigned i = 0; i < q->text; i++) {
		struct talk_text *text = &c->talk->texts[i];

		if (text->is_mail && text->to == c->index && text->acked > 0 && text->acked < q->step)
			text->taken = c->talk->step;
	}
}

static void talk_answered_status(struct talk_client *c, const struct talk_request *q, const struct talk_line *l)
{
	const struct talk_text *text = &c->talk->texts[q->text];

	if (talk_is(l, 1, "held"))
		FUZZ_CHECK(text->taken == 0 || text->taken > q->step);
	else if (talk_is(l, 1, "delivered"))
		FUZZ_CHECK(text->taking);
	else
		FUZZ_CHECK(talk_is(l, 1, "expired") && text->cleared);
}

static void talk_answered(struct talk_client *c, const struct talk_request *q, const struct talk_line *l)
{
	struct talk_text *text = &c->talk->texts[q->text];

	switch (q->kind) {
	case TALK_SAY:
	case TALK_SEND:
		talk_place(c->talk, text, talk_number(l, 1));
		text->acked = text->acked ? text->acked : c->talk->step;
		break;
	case TALK_ACK:
	case TALK_ACK_OTHER:
		talk_answered_ack(c, q, talk_number(l, 1));
		break;
	case TALK_JOIN:
	case TALK_JOIN_AFTER:
		talk_answered_join(c, q, l);
		break;
	case TALK_PART:
		c->rooms[q->room].in = false;
		break;
	case TALK_STATUS:
		talk_answered_status(c, q, l);
		break;
	case TALK_CLEAR:
		talk_answered_clear(c, q);
		break;
	case TALK_NICK:
		c->named = true;
		c->clears = 0; /* the session that held the name before is gone, and so all it asked for is done */
		break;
	case TALK_FETCH:
	case TALK_WAIT:
	case TALK_HISTORY:
	case TALK_KICK:
	case TALK_HELLO:
	case TALK_SEND_AGAIN:
	case TALK_ASK_MAX:
		break;
	}
}

static void talk_refused(struct talk_client *c, const struct talk_request *q, const char *line, size_t n)
{
	struct talk_text *text = &c->talk->texts[q->text];

	if ((q->kind == TALK_SAY || q->kind == TALK_SEND) && !text->again) {
		FUZZ_CHECK(text->number == 0);
		text->refused = true;
	} else if (q->kind == TALK_CLEAR) {
		c->clears--;
	} else if (q->kind == TALK_STATUS) {
		FUZZ_CHECK(!memmem(line, n, "not-found", 9));
	}
}

/* A line of HISTORY: SEQ,TIME,FROM,TEXT. */
static void talk_heard_rows(struct talk_client *c, const struct talk_request *q, const char *p, size_t n)
{
	uint64_t before = 0;

	while (n > 0) {
		size_t k = (size_t)((const char *)memchr(p, '\n', n) - p);
		struct talk_line l = talk_split(p, k);
		uint64_t number = talk_number(&l, 0);
		struct talk_text *text = &c->talk->texts[talk_text(c->talk, &l, 3)];

		FUZZ_CHECK(l.n == 4 && number > before && !text->is_mail && text->room == q->room);
		FUZZ_CHECK(talk_is(&l, 2, talk_names[text->from]));
		talk_place(c->talk, text, number);
		before = number;
		p += k + 1;
		n -= k + 1;
	}
}

/* One thing that was heard: returns its bytes, 0: the rest is still to come. */
static size_t talk_heard_one(struct talk_client *c, const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n);
	size_t len = lf ? (size_t)(lf - p) : 0, body = 0;
	struct talk_request q;
	struct talk_line l;
	bool is_error = len > 7 && memcmp(p, "ERROR: ", 7) == 0;

	if (!lf)
		return 0;
	if (client_is_end(p, len)) {
		c->gone = true;
		return n;
	}
	l = is_error ? (struct talk_line){ .n = 0 } : talk_split(p, len);
	if (talk_heard_event(c, &l))
		return len + 1;
	FUZZ_CHECK(c->n_open > 0); /* never more answers than requests */
	q = c->open[0];
	if (q.kind == TALK_HISTORY && !is_error) {
		body = talk_number(&l, 0);
		if (n < len + 1 + body)
			return 0;
		talk_heard_rows(c, &q, lf + 1, body);
	} else if (!is_error) {
		FUZZ_CHECK(talk_is(&l, 0, q.kind == TALK_HELLO ? "HI" : "OK"));
	}
	memmove(&c->open[0], &c->open[1], --c->n_open * sizeof(c->open[0]));
	if (is_error)
		talk_refused(c, &q, p, len);
	else
		talk_answered(c, &q, &l);
	return len + 1 + body;
}

static bool talk_recv(struct talk_client *c, size_t max)
{
	char buf[64 << 10];
	ssize_t n;
	size_t k;

	if (c->fd < 0 || c->gone)
		return false;
	c->talk->step++;
	n = recv(c->fd, buf, MIN(max, sizeof(buf)), 0);
	c->gone = n == 0 || (n < 0 && errno != EAGAIN);
	if (n <= 0)
		return false;
	FUZZ_CHECK(buf_append(&c->heard, buf, (size_t)n) == 0);
	while (c->heard.len > 0 && (k = talk_heard_one(c, c->heard.data, c->heard.len)) > 0)
		buf_consume(&c->heard, k);
	return true;
}

void talk_hear(struct talk_client *c, size_t max)
{
	while (talk_recv(c, max) && max == SIZE_MAX)
		;
	if (c->gone)
		talk_forget(c);
}

/* Asks. */

static void _printf_(3, 4) talk_say(struct talk_client *c, struct talk_request q, const char *fmt, ...)
{
	struct buf line = { 0 };
	va_list ap;

	va_start(ap, fmt);
	FUZZ_CHECK(buf_vprintf(&line, fmt, ap) == 0);
	va_end(ap);
	q.step = ++c->talk->step;
	c->open[c->n_open++] = q;
	c->talk->house->asked += 2;
	/* What is sent by half is no request, and nothing may follow it. */
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

/* The mail it has sent last, once more and with the same key: however the first went, it is there once. */
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

void talk_init(struct talk *t, struct house *h, bool small_buffers)
{
	memset(t, 0, sizeof(*t));
	t->house = h;
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
	c->fd = house_connect(t->house, HOUSE_ALL, c->index, t->small_buffers, &handle);
	FUZZ_CHECK(c->fd >= 0);
	c->began = ++t->step;
	talk_say(c, (struct talk_request){ .kind = TALK_HELLO }, "HELLO,ioe/1\n");
	talk_say(c, (struct talk_request){ .kind = TALK_NICK }, "NICK,%s\n", talk_names[c->index]);
	for (unsigned i = 0; i < 3 && c->fd >= 0 && !c->named; i++) {
		house_pass(t->house);
		talk_hear(c, SIZE_MAX);
	}
	/* The one that has the name is still about to go. */
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

/* All that happens without another word from a client. */
static void talk_go_on(struct talk *t)
{
	unsigned quiet = 0;

	house_serve_store(t->house);
	while (quiet < TALK_QUIET) {
		bool moved = session_store_waiting(house_store(t->house)) > 0;

		house_pass(t->house);
		for (unsigned i = 0; i < TALK_CLIENTS; i++) {
			moved |= talk_recv(&t->clients[i], SIZE_MAX);
			if (t->clients[i].gone)
				talk_forget(&t->clients[i]);
		}
		quiet = moved ? 0 : quiet + 1;
	}
}

/* Whoever is still in a room has been told of everything. */
static void talk_check_rooms(struct talk *t)
{
	const struct talk_client *c;
	bool were_in[TALK_CLIENTS][TALK_ROOMS] = { { 0 } };
	uint64_t at[TALK_CLIENTS][TALK_ROOMS] = { { 0 } };

	house_sleep(t->house, 20 * USEC_PER_SEC); /* nobody says too much at once */
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
	/* Where JOIN was answered with OK, it was in the room no more, and has been told where it is now. */
	for (unsigned i = 0; i < TALK_CLIENTS; i++) {
		c = &t->clients[i];
		for (unsigned room = 0; room < TALK_ROOMS; room++)
			FUZZ_CHECK(!were_in[i][room] || c->fd < 0 || c->rooms[room].at != at[i][room] ||
				   at[i][room] >= t->last[room]);
	}
}

/* Another session of each name is given all that was acknowledged to a sender and not taken since. */
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
	session_store_fail_read(house_store(t->house), 0);
	talk_check_mail(t);
	for (unsigned i = 0; i < TALK_CLIENTS; i++) {
		talk_break(&t->clients[i], false);
		buf_done(&t->clients[i].heard);
	}
	house_settle(t->house);
}
