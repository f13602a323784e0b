/* SPDX-License-Identifier: MIT */
#include "fuzz/session_client.h"

#include "base/clock.h"
#include "base/str.h"
#include "fuzz/fuzz.h"
#include "session/frontend.h"
#include "session/limits.h"
#include "wire/line.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The form of an answer, and the dialect it is in. */
enum owed {
	OWED_LINE,
	OWED_SIZED = 1, /* or an error's line */
	OWED_IOE1 = 2,
	OWED_MAYBE = 4, /* what is said in a room: a line, or none */
	OWED_FOREIGN = 8, /* to the end: what another protocol's client shows */
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

static bool client_is_sized(const struct verb *v)
{
	static const char *const names[] = { "LIST", "READ", "HELP", "ROOMS", "WHO", "HISTORY" };

	for (size_t i = 0; i < ELEMENTSOF(names); i++)
		if (strcmp(v->name, names[i]) == 0)
			return true;
	return false;
}

static void client_said_verb(struct client *c, const struct verb *v, char *rest, size_t n)
{
	enum field_rule rule = v->flags & VERB_LAST_COMMA ? FIELD_RULE_LAST_COMMA : FIELD_RULE_REST;
	bool is_sized = client_is_sized(v);
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

/*
 * A verb that other listeners have: it is one here, too, in line where it has its right number of fields. What follows
 * a WRITE is not looked at; where its size is none and may be an old client's, neither is all else.
 */
static bool client_said_elsewhere(struct client *c, const struct verb *v, char *rest, size_t n)
{
	enum field_rule rule = v->flags & VERB_LAST_COMMA ? FIELD_RULE_LAST_COMMA : FIELD_RULE_REST;
	struct fields f = { 0 };

	if (c->dialect == DIALECT_LINE && rest && v->max > 0)
		(void)field_split(rest, n, c->dialect, rule, v->max, &f);
	if (c->dialect == DIALECT_LINE && (f.n < v->min || (rest && v->max == 0)))
		return false;
	client_said_unread(c, v, rest, n);
	if (c->dialect == DIALECT_LINE && strcmp(v->name, "WRITE") == 0 && c->body_left == 0)
		c->over = f.at[1].len > 0 && isdigit((unsigned char)f.at[1].data[0]) &&
			  (f.at[1].len > 18 || strspn(f.at[1].data, "0123456789") < f.at[1].len);
	client_owe(c, OWED_LINE);
	return true;
}

/* No verb: it may be said in a room. */
static void client_said_bare(struct client *c)
{
	bool said = c->dialect != DIALECT_IOE1 && verb_table_find(&frontend_of(c->listener)->verbs, "SAY", 3);

	client_owe(c, said ? OWED_LINE | OWED_MAYBE : OWED_LINE);
}

/* Another protocol: an answer of its own, and nothing behind it. */
static void client_owe_foreign(struct client *c)
{
	c->over = true;
	client_owe(c, OWED_FOREIGN);
}

static bool client_ends_http(const char *line, size_t n)
{
	const char *at = n >= 9 ? line + n - 9 : NULL;

	return at && memcmp(at, " HTTP/", 6) == 0 && isdigit((unsigned char)at[6]) && at[7] == '.' &&
	       isdigit((unsigned char)at[8]);
}

/* What no first line begins with, or holds. */
static bool client_says_binary(const char *line, size_t n)
{
	return n > 0 && (((unsigned char)line[0] < 0x20 && line[0] != '\t' && line[0] != '\r') || memchr(line, '\0', n));
}

static void client_said_line(struct client *c, char *line, size_t n)
{
	const struct verb_entry *e, *other;
	const char *comma;
	size_t name_len;

	if (c->dialect == DIALECT_LINE)
		n = line_strip_telnet(line, n);
	if (c->first_line && (client_says_binary(line, n) || client_ends_http(line, n))) {
		client_owe_foreign(c);
		return;
	}
	c->first_line = false;
	comma = n > 0 ? memchr(line, ',', n) : NULL;
	name_len = comma ? (size_t)(comma - line) : n;
	e = verb_table_find(&frontend_of(c->listener)->verbs, line, name_len);
	other = verb_table_find(&frontend_of(c->listener)->elsewhere, line, name_len);
	if ((e || other) && comma && memchr(line, '\0', n))
		client_said_unread(c, e ? e->verb : other->verb, comma + 1, n - name_len - 1);
	if (memchr(line, '\0', n))
		client_owe(c, OWED_LINE);
	else if (other && client_said_elsewhere(c, other->verb, comma ? line + name_len + 1 : NULL, n - name_len - !!comma))
		return;
	else if (!e)
		client_said_bare(c);
	else
		client_said_verb(c, e->verb, comma ? line + name_len + 1 : NULL, comma ? n - name_len - 1 : 0);
}

/* As a browser's first line begins, whose end is not seen. */
static bool client_says_http(const char *line, size_t n)
{
	size_t word = 0;

	while (word < n && line[word] && (isalnum((unsigned char)line[word]) || strchr("!#$%&'*+-.^_`|~", line[word])))
		word++;
	return word > 0 && n > word + 1 && line[word] == ' ' && line[word + 1] == '/';
}

/* A byte of a line. It is too long once it has more bytes than it may, and no CR of its end among them. */
static void client_said_byte(struct client *c, char ch)
{
	size_t max = c->sim->limits->line, n;

	if (c->skipping) {
		c->skipping = ch != '\n';
		return;
	}
	FUZZ_CHECK(buf_append(&c->line, &ch, 1) == 0);
	n = c->line.len;
	/* A telnet's words are taken out first, and may hold a NUL. */
	if (c->first_line && ch != '\n' && !memchr(c->line.data, '\377', n) && client_says_binary(c->line.data, n)) {
		client_owe_foreign(c);
		return;
	}
	if (ch == '\n') {
		n--;
		n -= n > 0 && c->line.data[n - 1] == '\r';
		c->line.len = 0;
		client_said_line(c, c->line.data, n);
	} else if (n > max + 1 || (n == max + 1 && ch != '\r')) {
		if (c->first_line && client_says_http(c->line.data, MIN(n, max + 1))) {
			client_owe_foreign(c);
			return;
		}
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

/* In ioe/1 a sentence may have letters of any kind; whether it is ioe/1 is not always known. */
static void client_check_error(const char *line, size_t n, bool is_ioe1, bool may_be_ioe1)
{
	const char *code = line + 7, *colon = memchr(code, ':', n - 7);

	FUZZ_CHECK(colon && error_code_from_name(code, (size_t)(colon - code)) != ERROR_MAX);
	FUZZ_CHECK(colon + 1 < line + n && colon[1] == ' ');
	FUZZ_CHECK(str_is_utf8(line, n) && !str_has_control(line, n));
	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK((may_be_ioe1 || (unsigned char)line[i] < 0x7f) && (!is_ioe1 || line[i] != ','));
}

static bool client_is_number(const char *line, size_t n)
{
	size_t digits = n > 0 && line[0] == '-';

	while (digits < n && line[digits] >= '0' && line[digits] <= '9')
		digits++;
	return n > 0 && digits == n && line[n - 1] != '-';
}

static bool client_is_word(const char *s, size_t n, const char *word)
{
	return n == strlen(word) && memcmp(s, word, n) == 0;
}

static bool client_is_error(const char *line, size_t n)
{
	return n >= 7 && memcmp(line, "ERROR: ", 7) == 0;
}

/* A line that the protocol knows as an answer: a word, with fields or without, or a number. */
static void client_check_line(const char *line, size_t n, bool is_ioe1)
{
	static const char *const words[] = { "OK", "HI", "PONG", "BYE", "Received data is not a valid integer" };
	size_t word = 0;
	bool known = client_is_number(line, n);

	while (word < n && line[word] != ',')
		word++;
	for (size_t i = 0; i < ELEMENTSOF(words); i++)
		known |= client_is_word(line, word, words[i]);
	FUZZ_CHECK(known);
	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK(line[i] != '\0' && (!is_ioe1 || ((unsigned char)line[i] >= 0x20 && line[i] != 0x7f)));
}

/* The events of ioe/1, and how many fields each has. */
static bool client_is_event(const char *line, size_t n)
{
	static const struct {
		const char *word;
		unsigned fields;
	} events[] = { { "SAID", 5 }, { "JOINED", 2 }, { "LEFT", 3 }, { "TOPIC", 3 }, { "MAIL", 4 }, { "DELIVERED", 3 }, { "GOAWAY", 1 } };
	const char *comma = memchr(line, ',', n);
	unsigned fields = 0;

	for (size_t i = 0; i < n; i++)
		fields += line[i] == ',';
	for (size_t i = 0; comma && i < ELEMENTSOF(events); i++) {
		if (!client_is_word(line, (size_t)(comma - line), events[i].word))
			continue;
		FUZZ_CHECK(fields == events[i].fields);
		for (size_t k = 0; k < n; k++)
			FUZZ_CHECK((unsigned char)line[k] >= 0x20 && line[k] != 0x7f);
		return true;
	}
	return false;
}

/* They turn round or break the line they stand in. */
static const char *const client_misleading[] = {
	"\330\234", "\342\200\216", "\342\200\217", "\342\200\250", "\342\200\251", "\342\200\252", "\342\200\253", "\342\200\254",
	"\342\200\255", "\342\200\256", "\342\201\246", "\342\201\247", "\342\201\250", "\342\201\251",
};

/* NAME: TEXT, NAME joined! and NAME left!, of which no answer has the form; and all that is harmless to show. */
static bool client_is_notified(const char *line, size_t n)
{
	size_t name = 0;

	while (name < n && (strchr("._-:", line[name]) ? line[name] != '\0' : isalnum((unsigned char)line[name]) != 0))
		name++;
	if (name == 0 || client_is_error(line, n) || name == n || line[name] != ' ')
		return false;
	if (line[name - 1] != ':' && !client_is_word(line + name, n - name, " joined!") &&
	    !client_is_word(line + name, n - name, " left!"))
		return false;
	FUZZ_CHECK(str_is_utf8(line, n));
	for (unsigned i = 0; i < ELEMENTSOF(client_misleading); i++)
		FUZZ_CHECK(!memmem(line, n, client_misleading[i], strlen(client_misleading[i])));
	for (size_t i = 0; i < n; i++) {
		unsigned char ch = (unsigned char)line[i];

		FUZZ_CHECK((ch >= 0x20 || ch == '\t') && ch != 0x7f);
		FUZZ_CHECK(ch != 0xc2 || (unsigned char)line[i + 1] >= 0xa0);
	}
	return true;
}

/* Whether what is owed at that place may have this answer. */
static bool client_may_be(const struct client *c, size_t i, const char *line, size_t n)
{
	return client_is_error(line, n) || !(c->owed.data[i] & OWED_SIZED) || client_is_number(line, n);
}

/*
 * It is one of those that are owed next, of which there are several only where some need not be answered. Which one it
 * is cannot always be told, and need not be, but for its form.
 */
static void client_received_answer(struct client *c, const char *line, size_t n)
{
	size_t min = SIZE_MAX, max = 0;
	unsigned all = OWED_SIZED | OWED_IOE1, any = 0;

	for (size_t i = c->answered_min; i < c->owed.len; i++) {
		if (client_may_be(c, i, line, n)) {
			min = MIN(min, i + 1);
			max = i + 1;
			all &= (unsigned)c->owed.data[i];
			any |= (unsigned)c->owed.data[i];
		}
		if (i >= c->answered_max && !(c->owed.data[i] & OWED_MAYBE))
			break;
	}
	FUZZ_CHECK(max > 0); /* never more answers than requests */
	c->answered_min = min;
	c->answered_max = max;
	if (client_is_error(line, n))
		client_check_error(line, n, all & OWED_IOE1, any & OWED_IOE1);
	else if (all & OWED_SIZED)
		FUZZ_CHECK(str_to_u64(line, n, 0, UINT64_MAX, &c->sized_left) == 0);
	else if ((any & OWED_SIZED) && client_is_number(line, n))
		c->raw = true; /* a number, or a size: no form can be told any more */
	else
		client_check_line(line, n, all & OWED_IOE1);
}

bool client_is_end(const char *line, size_t n)
{
	static const char *const ends[] = { "ERROR: slow: the events that waited", "ERROR: unavailable: what is kept for '" };

	for (size_t i = 0; i < ELEMENTSOF(ends); i++)
		if (n >= strlen(ends[i]) && memcmp(line, ends[i], strlen(ends[i])) == 0)
			return true;
	return false;
}

static void client_received_line(struct client *c)
{
	const char *line = c->answer.data;
	size_t n = c->answer.len - 1;

	FUZZ_CHECK(!c->cut);
	if (client_is_end(line, n))
		c->cut = true;
	else if (!client_is_event(line, n) && !client_is_notified(line, n))
		client_received_answer(c, line, n);
	c->answer.len = 0;
}

/* What a stranger is told, as far as it has come: one of three beginnings, and it is all there is. */
static void client_received_foreign(struct client *c, const char *p, size_t n)
{
	static const char *const begins[] = { "HTTP/1.1 421 ", "\025\003\001", "ERROR: bad-command: " };
	bool known = false;

	FUZZ_CHECK(buf_append(&c->answer, p, n) == 0 && c->answer.len < 512);
	for (size_t i = 0; i < ELEMENTSOF(begins); i++)
		known |= memcmp(c->answer.data, begins[i], MIN(c->answer.len, strlen(begins[i]))) == 0;
	FUZZ_CHECK(known);
}

static bool client_is_foreign(const struct client *c)
{
	return c->owed.len > 0 && c->owed.data[0] & OWED_FOREIGN;
}

static void client_received(struct client *c, const char *p, size_t n)
{
	if (!c->raw && client_is_foreign(c)) {
		client_received_foreign(c, p, n);
		return;
	}
	while (n > 0 && !c->raw) {
		size_t k = MIN((uint64_t)n, c->sized_left);
		const char *lf;

		if (k > 0) {
			c->sized_left -= k;
		} else {
			lf = memchr(p, '\n', n);
			k = lf ? (size_t)(lf - p) + 1 : n;
			FUZZ_CHECK(buf_append(&c->answer, p, k) == 0);
			if (lf)
				client_received_line(c);
		}
		p += k;
		n -= k;
	}
}

bool client_open(struct client *c, struct sim_server *h, enum sim_server_listener listener, unsigned host,
		 bool small_buffers)
{
	*c = (struct client){
		.sim = h,
		.listener = h->server.listeners[listener],
		.fd = sim_server_connect(h, listener, host, small_buffers, &c->session),
		.dialect = DIALECT_LINE,
		.first_line = true,
		.raw = listener >= SIM_SERVER_ALL_RAW,
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
	c->sim->asked++;
	for (ssize_t i = 0; i < taken; i++)
		c->sim->asked += p[i] == '\n';
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
		client_received(c, buf, (size_t)n);
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

/* Whether all is answered that must be. */
static bool client_is_answered(const struct client *c)
{
	size_t i = c->answered_max;

	if (client_is_foreign(c))
		return c->owed.len == 1 && c->answer.len > 0;
	while (i < c->owed.len && (c->owed.data[i] & OWED_MAYBE))
		i++;
	return i == c->owed.len && c->sized_left == 0 && c->answer.len == 0;
}

/* Whether anything but the client itself may have ended the session. */
static bool client_is_safe(const struct client *c)
{
	return !c->raw && !c->cut && !c->sim->slept && c->sim->kind == SIM_SERVER_WIDE;
}

void client_finish(struct client *c)
{
	bool slept = c->sim->slept;
	unsigned quiet = 0;

	client_end(c);
	sim_server_serve_store(c->sim);
	while (c->fd >= 0 && !c->gone && quiet < 16) {
		bool moved = sim_server_jobs(c->sim) > 0;

		/* Whether mail is taken, and so acknowledged, is looked for once a second at least. */
		if (quiet >= 8)
			sim_server_sleep(c->sim, 300 * USEC_PER_MSEC);

		while (sim_server_jobs(c->sim) > 0)
			sim_server_work(c->sim, 0);
		sim_server_pass(c->sim);
		while (client_hear(c, SIZE_MAX) > 0)
			moved = true;
		quiet = moved ? 0 : quiet + 1;
	}
	c->sim->slept = slept;
	FUZZ_CHECK(c->fd < 0 || c->gone || c->raw); /* it waits for nothing and nobody */
	if (c->fd >= 0 && client_is_safe(c))
		FUZZ_CHECK(client_is_answered(c));
	client_close(c);
}
