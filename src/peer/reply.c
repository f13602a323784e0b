/* SPDX-License-Identifier: MIT */
/*
 * Bytes from the server are read into one fixed buffer and cut into lines there. Of a body, the bytes that are already
 * in this buffer are handed out first; the rest is read directly into the caller's memory. No server can make the
 * memory grow beyond PEER_LINE_MAX.
 */
#include "peer/peer-private.h"

#include "base/macro.h"
#include "base/str.h"
#include "peer/dial.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Pieces that are read before the next look at the clock, as a server can send without an end. */
#define REPLY_PIECES 16
/* Checks the bytes that arrived in time, once the time is over: events can stand before the reply. */
#define REPLY_LAST_LOOKS 3

/* Receives bytes without waiting. The count, -EAGAIN, or another negative errno; -ECONNRESET: the server has closed. */
static ssize_t reply_recv(struct peer *p, void *buf, size_t n)
{
	ssize_t k;

	do
		k = recv(p->fd, buf, n, MSG_DONTWAIT);
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return -errno;
	p->received_msec = clock_real_usec() / USEC_PER_MSEC;
	return k > 0 ? k : -ECONNRESET;
}

/* Copies the line of a reply into p->line and p->decoded, and its fields into p->fields. */
static int reply_keep_line(struct peer *p, const char *line, size_t len)
{
	int r;

	p->line.len = p->decoded.len = 0;
	r = buf_append(&p->line, line, len);
	if (r == 0)
		r = buf_append(&p->decoded, line, len);
	if (r < 0)
		return r;
	if (!buf_str(&p->line) || !buf_str(&p->decoded))
		return -ENOMEM;
	return 0;
}

bool reply_has_word(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && memcmp(line, word, n) == 0 && (len == n || line[n] == ',');
}

/* GOAWAY,why */
static int reply_keep_goaway(struct peer *p, const char *line, size_t len)
{
	size_t word = MIN(len, strlen("GOAWAY,"));
	char *why = strndup(line + word, len - word);
	long n;

	if (!why)
		return -ENOMEM;
	n = field_decode(why, strlen(why));
	if (n >= 0)
		why[n] = '\0';
	free(p->goaway);
	p->goaway = why;
	p->unwanted = strncmp(why, "kicked", strlen("kicked")) == 0 ? ERROR_DENIED : ERROR_MAX;
	return 0;
}

/* Handles a line that is no reply. 1: done; 0: the line is a reply; or negative errno. */
static int reply_take_news(struct peer *p, char *line, size_t len)
{
	struct news news;
	int r;

	if (reply_has_word(line, len, "GOAWAY")) {
		r = reply_keep_goaway(p, line, len);
		return r < 0 ? r : 1;
	}
	r = news_parse(line, len, &news);
	p->n_news += r == 1;
	if (r == 1 && p->news)
		p->news(p->news_data, &news);
	return r;
}

/* Looks for a line in the bytes that have arrived. 1: it is in p->line; 0: no line is whole; or negative errno. */
static int reply_take_line(struct peer *p, size_t max)
{
	char *line;
	size_t len;
	int r;

	for (;;) {
		switch (line_next(&p->reader, &p->at, &p->left, max, &line, &len)) {
		case LINE_NONE:
			return 0;
		case LINE_TOO_LONG:
			return -EMSGSIZE;
		case LINE_NO_MEMORY:
			return -ENOMEM;
		case LINE_WHOLE:
			break;
		}
		r = reply_take_news(p, line, len);
		if (r < 0)
			return r;
		if (r == 0) {
			r = reply_keep_line(p, line, len);
			p->has_line = r == 0;
			return r < 0 ? r : 1;
		}
	}
}

int reply_look(struct peer *p, size_t max)
{
	ssize_t k;
	int r;

	for (unsigned i = 0; i <= REPLY_PIECES; i++) {
		r = p->left > 0 ? reply_take_line(p, max) : 0;
		if (r != 0 || i == REPLY_PIECES)
			return r;
		k = reply_recv(p, p->input, sizeof(p->input));
		if (k == -EAGAIN)
			return 0;
		if (k < 0)
			return (int)k;
		p->at = p->input;
		p->left = (size_t)k;
	}
	return 0;
}

int reply_wait_line(struct peer *p, size_t max)
{
	struct countdown c;
	unsigned looks = 0;
	short events;
	int r;

	countdown_start(&c, p->timeout_usec);
	for (;;) {
		if (countdown_left(&c) == 0 && looks++ == REPLY_LAST_LOOKS)
			return -ETIMEDOUT;
		r = reply_look(p, max);
		if (r != 0)
			return MIN(r, 0);
		r = dial_wait(p->fd, POLLIN, &c, &events);
		if (r < 0 && (r != -ETIMEDOUT || looks > 0))
			return r;
	}
}

void rate_begin(struct peer *p)
{
	countdown_start(&p->rate, p->timeout_usec);
	p->rate_bytes = 0;
	p->is_late = false;
}

void rate_add(struct peer *p, uint64_t n)
{
	p->rate_bytes += n;
}

int rate_wait(struct peer *p, short events)
{
	bool over = countdown_left(&p->rate) == 0;
	short revents;
	int r;

	r = dial_wait(p->fd, events, &p->rate, &revents);
	if ((r == 0 && !over) || (r < 0 && r != -ETIMEDOUT))
		return r;
	if (p->rate_bytes >= MAX(p->timeout_usec * PEER_RATE_MIN / USEC_PER_SEC, (uint64_t)1)) {
		rate_begin(p);
		return 0;
	}
	if (r < 0 || p->is_late)
		return -ETIMEDOUT;
	p->is_late = true;
	return 0;
}

static int reply_split(struct peer *p)
{
	if (p->decoded.len == 0) {
		p->fields.n = 0;
		return 0;
	}
	if (field_split(p->decoded.data, p->decoded.len, DIALECT_IOE1, FIELD_RULE_REST, FIELDS_MAX, &p->fields) !=
	    FIELD_OK)
		return -EPROTO;
	return 0;
}

/* ERROR: SLUG: text */
static bool reply_parse_error(struct peer *p, struct peer_reply *ret)
{
	static const char prefix[] = "ERROR: ";
	char *code = p->decoded.data + strlen(prefix), *text;
	size_t len;
	long n;

	if (p->decoded.len < strlen(prefix) || memcmp(p->decoded.data, prefix, strlen(prefix)) != 0)
		return false;
	len = strcspn(code, ":");
	text = code + len + (code[len] == ':');
	text += *text == ' ';
	n = field_decode(text, strlen(text));
	if (n >= 0)
		text[n] = '\0';
	ret->kind = PEER_REPLY_ERROR;
	ret->code = error_code_from_name(code, len);
	ret->text = text;
	return true;
}

static int reply_parse(struct peer *p, bool sized, struct peer_reply *ret)
{
	struct peer_reply reply = { .line = p->line.data, .line_len = p->line.len };
	int r;

	/* No reply of the protocol has a NUL, and text is handed out as a string. */
	if (memchr(p->line.data, '\0', p->line.len))
		return -EPROTO;
	if (!reply_parse_error(p, &reply)) {
		r = reply_split(p);
		if (r < 0)
			return r;
		if (sized) {
			if (p->line.len > 18 || str_to_u64(p->line.data, p->line.len, 0, INT64_MAX, &reply.size) < 0)
				return -EPROTO;
			reply.kind = PEER_REPLY_SIZED;
			p->body_left = reply.size;
			rate_begin(p);
		} else {
			reply.kind = PEER_REPLY_LINE;
		}
		reply.n_fields = p->fields.n;
		reply.fields = p->fields.at;
	}
	*ret = reply;
	return 0;
}

int peer_reply(struct peer *p, struct peer_reply *ret)
{
	bool sized = p->sized & 1;
	int r;

	if (p->error < 0)
		return p->error;
	if (p->body_left > 0 || p->n_open == 0)
		return peer_break(p, -EBUSY);
	r = p->has_line ? 0 : reply_wait_line(p, PEER_LINE_MAX);
	if (r < 0)
		return peer_break(p, r);
	p->has_line = false;
	p->sized >>= 1;
	p->n_open--;
	r = reply_parse(p, sized, ret);
	return r < 0 ? peer_break(p, r) : 0;
}

ssize_t peer_read_body(struct peer *p, void *buf, size_t n)
{
	ssize_t k;
	int r;

	if (p->error < 0)
		return p->error;
	n = MIN((uint64_t)n, p->body_left);
	if (n == 0)
		return 0;
	if (p->left > 0) {
		k = (ssize_t)MIN(n, p->left);
		memcpy(buf, p->at, (size_t)k);
		p->at += k;
		p->left -= (size_t)k;
		rate_add(p, (uint64_t)k);
		p->body_left -= (uint64_t)k;
		return k;
	}
	while ((k = reply_recv(p, buf, n)) == -EAGAIN) {
		r = rate_wait(p, POLLIN);
		if (r < 0)
			return peer_break(p, r);
	}
	if (k < 0)
		return peer_break(p, (int)k);
	rate_add(p, (uint64_t)k);
	p->body_left -= (uint64_t)k;
	return k;
}

/* Before it closes, a server sends the reason to a client that reads too slowly, or that would miss events. After
 * any other reply without a request the two are out of step. */
static int reply_take_error(struct peer *p)
{
	struct peer_reply reply = { 0 };
	struct news news = { .kind = NEWS_ERROR };

	if (!reply_parse_error(p, &reply))
		return -EPROTO;
	news.text = (struct field){ (char *)reply.text, strlen(reply.text) };
	if (reply.code == ERROR_UNAVAILABLE) {
		p->unwanted = reply.code;
		free(p->goaway);
		p->goaway = strdup(reply.text);
	} else if (p->news)
		p->news(p->news_data, &news);
	return -ECONNRESET;
}

int peer_receive(struct peer *p)
{
	uint64_t before = p->n_news;
	int r;

	if (p->error < 0)
		return p->error;
	if (p->n_open > 0 || p->body_left > 0)
		return peer_break(p, -EBUSY);
	r = reply_look(p, PEER_LINE_MAX);
	if (r > 0)
		r = reply_take_error(p);
	return r < 0 ? peer_break(p, r) : p->n_news > before;
}

bool peer_is_open(struct peer *p)
{
	if (p->error == 0 && p->n_open == 0 && p->body_left == 0)
		(void)peer_receive(p);
	return p->error == 0 && !p->goaway;
}
