/* SPDX-License-Identifier: MIT */
/* What clients receive, and whether it is allowed. Called by fuzz_channel.c through talk_client.c. */
#include "fuzz/talk_client.h"

#include "base/str.h"
#include "fuzz/fuzz.h"
#include "fuzz/session_client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define TALK_STRICT  (2 * SIM_SERVER_HISTORY) /* the store keeps at least so many: store/expire.c */
#define TALK_FIELDS  10

const char *const talk_names[TALK_CLIENTS] = { "ann", "bob", "cid", "dan" };

/* The fields of a line of ioe/1. No text here needs encoding. */
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

/* The message has this number: always the same one, and above those of its sender's earlier messages there. */
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

/* Events. */

static void talk_received_said(struct talk_client *c, const struct talk_line *l)
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
	/* Old messages can have expired. From there on no number is left out. */
	if (c->talk->said[room] < TALK_STRICT)
		FUZZ_CHECK(number == m->at + 1);
	if (number > m->joined_at && c->talk->said[room] - m->said < TALK_STRICT)
		FUZZ_CHECK(number == MAX(m->at, m->joined_at) + 1);
	m->at = number;
}

static void talk_received_mail(struct talk_client *c, const struct talk_line *l)
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

static void talk_received_delivered(struct talk_client *c, const struct talk_line *l)
{
	uint64_t id = talk_number(l, 1);
	const struct talk_text *text = NULL;

	for (unsigned i = 0; i < c->talk->n_texts; i++)
		if (c->talk->texts[i].is_mail && c->talk->texts[i].number == id)
			text = &c->talk->texts[i];
	FUZZ_CHECK(text && text->from == c->index && text->taking && talk_is(l, 2, talk_names[text->to]));
}

static bool talk_received_event(struct talk_client *c, const struct talk_line *l)
{
	if (talk_is(l, 0, "SAID"))
		talk_received_said(c, l);
	else if (talk_is(l, 0, "MAIL"))
		talk_received_mail(c, l);
	else if (talk_is(l, 0, "DELIVERED"))
		talk_received_delivered(c, l);
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
static void talk_received_rows(struct talk_client *c, const struct talk_request *q, const char *p, size_t n)
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

/* One event or reply: returns its bytes, 0: it is not complete yet. */
static size_t talk_received_one(struct talk_client *c, const char *p, size_t n)
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
	if (talk_received_event(c, &l))
		return len + 1;
	FUZZ_CHECK(c->n_open > 0); /* never more answers than requests */
	q = c->open[0];
	if (q.kind == TALK_HISTORY && !is_error) {
		body = talk_number(&l, 0);
		if (n < len + 1 + body)
			return 0;
		talk_received_rows(c, &q, lf + 1, body);
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

bool talk_recv(struct talk_client *c, size_t max)
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
	FUZZ_CHECK(buf_append(&c->received, buf, (size_t)n) == 0);
	while (c->received.len > 0 && (k = talk_received_one(c, c->received.data, c->received.len)) > 0)
		buf_consume(&c->received, k);
	return true;
}
