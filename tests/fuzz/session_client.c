/* SPDX-License-Identifier: MIT */
#include "fuzz/session_client.h"

#include "base/str.h"
#include "daemon/limits.h"
#include "fuzz/fuzz.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The form of an answer, and the dialect it is in. */
enum owed {
	OWED_LINE,
	OWED_SIZED, /* or an error's line */
	OWED_IOE1 = 2,
};

static void client_owe(struct client *c, enum owed form)
{
	char o = (char)(form | (c->dialect == DIALECT_IOE1 ? OWED_IOE1 : 0));

	FUZZ_CHECK(buf_append(&c->owed, &o, 1) == 0);
}

/* WRITE: whether bytes follow, which does not depend on whether they are welcome. */
static void client_said_write(struct client *c, struct fields *f)
{
	const struct field *size = &f->at[1];

	if (f->n == 2 && size->len <= 18)
		(void)str_to_u64(size->data, size->len, 0, UINT64_MAX, &c->body_left);
}

/* One that cannot be read: they follow all the same, where a size stands behind the last comma. */
static void client_said_unread(struct client *c, const struct verb *v, const char *rest, size_t n)
{
	const char *comma = rest ? memrchr(rest, ',', n) : NULL;
	size_t len = comma ? n - (size_t)(comma + 1 - rest) : 0;

	if (comma && len <= 18 && strcmp(v->name, "WRITE") == 0)
		(void)str_to_u64(comma + 1, len, 0, UINT64_MAX, &c->body_left);
}

static void client_said_verb(struct client *c, const struct verb *v, char *rest, size_t n)
{
	enum field_rule rule = v->flags & VERB_LAST_COMMA ? FIELD_RULE_LAST_COMMA : FIELD_RULE_REST;
	bool is_sized = strcmp(v->name, "LIST") == 0 || strcmp(v->name, "READ") == 0 || strcmp(v->name, "HELP") == 0;
	struct fields f = { 0 };

	if (v->flags & VERB_NOT_YET || (rest && v->max == 0) ||
	    (rest && field_split(rest, n, c->dialect, rule, v->max, &f) != FIELD_OK) || f.n < v->min) {
		client_said_unread(c, v, rest, n);
		client_owe(c, OWED_LINE);
		return;
	}
	if (strcmp(v->name, "HELLO") == 0 && f.n > 0 && f.at[0].len == 5 && memcmp(f.at[0].data, "ioe/1", 5) == 0)
		c->dialect = DIALECT_IOE1;
	if (strcmp(v->name, "WRITE") == 0)
		client_said_write(c, &f);
	if (strcmp(v->name, "BYE") == 0 || strcmp(v->name, "QUIT") == 0 || strcmp(v->name, "EXIT") == 0)
		c->over = true;
	client_owe(c, is_sized ? OWED_SIZED : OWED_LINE);
}

static void client_said_line(struct client *c, char *line, size_t n)
{
	const struct verb_entry *e;
	const char *comma;
	size_t name_len;

	if (c->dialect == DIALECT_LINE)
		n = line_strip_telnet(line, n);
	if (c->first_line && n > 8 && memcmp(line + n - 9, " HTTP/1.", 8) == 0 && line[n - 1] >= '0' &&
	    line[n - 1] <= '9')
		c->over = true;
	c->first_line = false;
	if (c->over) {
		client_owe(c, OWED_LINE);
		return;
	}
	comma = n > 0 ? memchr(line, ',', n) : NULL;
	name_len = comma ? (size_t)(comma - line) : n;
	e = verb_table_find(&c->listener->verbs, line, name_len);
	if (e && comma && memchr(line, '\0', n))
		client_said_unread(c, e->verb, comma + 1, n - name_len - 1);
	if (!e || memchr(line, '\0', n))
		client_owe(c, OWED_LINE);
	else
		client_said_verb(c, e->verb, comma ? line + name_len + 1 : NULL, comma ? n - name_len - 1 : 0);
}

/* As a browser's first line begins, whose end is not seen. */
static bool client_says_http(const char *line, size_t n)
{
	size_t word = 0;

	while (word < n && line[word] >= 'A' && line[word] <= 'Z')
		word++;
	return word > 0 && word < 16 && n > word + 1 && line[word] == ' ' && line[word + 1] == '/';
}

/* A byte of a line. It is too long once it has more bytes than it may, and no CR of its end among them. */
static void client_said_byte(struct client *c, char ch)
{
	size_t max = c->house->limits->line, n;

	if (c->skipping) {
		c->skipping = ch != '\n';
		return;
	}
	FUZZ_CHECK(buf_append(&c->line, &ch, 1) == 0);
	n = c->line.len;
	if (ch == '\n') {
		n--;
		n -= n > 0 && c->line.data[n - 1] == '\r';
		c->line.len = 0;
		client_said_line(c, c->line.data, n);
	} else if (n > max + 1 || (n == max + 1 && ch != '\r')) {
		c->over = c->first_line && client_says_http(c->line.data, n);
		c->line.len = 0;
		c->skipping = true;
		c->first_line = false;
		client_owe(c, OWED_LINE);
	}
}

static void client_said(struct client *c, const char *p, size_t n)
{
	while (n > 0 && !c->over) {
		size_t k = MIN((uint64_t)n, c->body_left);

		if (k > 0) {
			c->body_left -= k;
		} else {
			client_said_byte(c, *p);
			k = 1;
		}
		p += k;
		n -= k;
	}
}

static void client_check_error(const char *line, size_t n, bool is_ioe1)
{
	const char *slug = line + 7, *colon = memchr(slug, ':', n - 7);

	FUZZ_CHECK(colon && slug_from_name(slug, (size_t)(colon - slug)) != SLUG_MAX);
	FUZZ_CHECK(colon + 1 < line + n && colon[1] == ' ');
	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK(line[i] >= 0x20 && line[i] < 0x7f && (!is_ioe1 || line[i] != ','));
}

/* A line that the protocol knows as an answer: a word, with fields or without, or a number. */
static void client_check_line(const char *line, size_t n, bool is_ioe1)
{
	static const char *const words[] = { "OK", "HI", "PONG", "BYE", "Received data is not a valid integer" };
	size_t word = 0, digits = n > 0 && line[0] == '-';
	bool known = false;

	while (word < n && line[word] != ',')
		word++;
	while (digits < n && line[digits] >= '0' && line[digits] <= '9')
		digits++;
	for (size_t i = 0; i < ELEMENTSOF(words); i++)
		known |= word == strlen(words[i]) && memcmp(line, words[i], word) == 0;
	FUZZ_CHECK(known || (n > 0 && digits == n && line[n - 1] != '-'));
	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK(line[i] != '\0' && (!is_ioe1 || ((unsigned char)line[i] >= 0x20 && line[i] != 0x7f)));
}

static void client_heard_line(struct client *c)
{
	const char *line = c->answer.data;
	size_t n = c->answer.len - 1;
	enum owed owed;

	owed = (enum owed)c->owed.data[c->n_answered++];
	if (n >= 7 && memcmp(line, "ERROR: ", 7) == 0)
		client_check_error(line, n, owed & OWED_IOE1);
	else if (owed & OWED_SIZED)
		FUZZ_CHECK(str_to_u64(line, n, 0, UINT64_MAX, &c->sized_left) == 0);
	else
		client_check_line(line, n, owed & OWED_IOE1);
	c->answer.len = 0;
}

static void client_heard(struct client *c, const char *p, size_t n)
{
	while (n > 0) {
		size_t k = MIN((uint64_t)n, c->sized_left);
		const char *lf;

		if (k > 0) {
			c->sized_left -= k;
		} else {
			FUZZ_CHECK(c->n_answered < c->owed.len); /* never more answers than requests */
			lf = memchr(p, '\n', n);
			k = lf ? (size_t)(lf - p) + 1 : n;
			FUZZ_CHECK(buf_append(&c->answer, p, k) == 0);
			if (lf)
				client_heard_line(c);
		}
		p += k;
		n -= k;
	}
}

bool client_open(struct client *c, struct house *h, enum house_listener listener, bool small_buffers)
{
	*c = (struct client){
		.house = h,
		.listener = h->server.listeners[listener],
		.fd = house_connect(h, listener, small_buffers, &c->session),
		.dialect = DIALECT_LINE,
		.first_line = true,
		.raw = listener >= HOUSE_ALL_RAW,
	};
	return c->fd >= 0;
}

size_t client_say(struct client *c, const char *p, size_t n)
{
	ssize_t taken;

	if (c->fd < 0 || c->ended || n == 0)
		return 0;
	taken = send(c->fd, p, n, MSG_NOSIGNAL);
	if (taken <= 0)
		return 0;
	/* A request ends with its line; or, an old client's and one that is too long, with what was sent at once. */
	c->house->asked++;
	for (ssize_t i = 0; i < taken; i++)
		c->house->asked += p[i] == '\n';
	if (!c->raw)
		client_said(c, p, (size_t)taken);
	return (size_t)taken;
}

size_t client_hear(struct client *c, size_t max)
{
	char buf[64 << 10];
	ssize_t n;

	if (c->fd < 0 || c->gone)
		return 0;
	n = recv(c->fd, buf, MIN(max, sizeof(buf)), 0);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		c->gone = true;
	if (n <= 0)
		return 0;
	if (!c->raw)
		client_heard(c, buf, (size_t)n);
	return (size_t)n;
}

void client_end(struct client *c)
{
	if (c->fd >= 0 && !c->ended)
		(void)shutdown(c->fd, SHUT_WR);
	c->ended = true;
}

void client_close(struct client *c)
{
	closep(&c->fd);
	c->fd = -1;
	buf_done(&c->line);
	buf_done(&c->owed);
	buf_done(&c->answer);
}

/* Whether anything but the client itself may have ended the session. */
static bool client_is_safe(const struct client *c)
{
	return !c->raw && !c->house->slept && c->house->kind == HOUSE_WIDE;
}

void client_finish(struct client *c)
{
	unsigned quiet = 0;

	client_end(c);
	while (c->fd >= 0 && !c->gone && quiet < 8) {
		bool moved = house_jobs(c->house) > 0;

		while (house_jobs(c->house) > 0)
			house_work(c->house, 0);
		house_pass(c->house);
		while (client_hear(c, SIZE_MAX) > 0)
			moved = true;
		quiet = moved ? 0 : quiet + 1;
	}
	FUZZ_CHECK(c->fd < 0 || c->gone || c->raw); /* it waits for nothing and nobody */
	if (c->fd >= 0 && client_is_safe(c))
		FUZZ_CHECK(c->n_answered == c->owed.len && c->sized_left == 0 && c->answer.len == 0);
	client_close(c);
}
