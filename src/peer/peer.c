/* SPDX-License-Identifier: MIT */
/*
 * Bytes from the server come into one fixed piece of memory and are cut into lines there; a body's bytes that are in
 * it already are handed out first, the rest is read straight into the caller's memory. Nothing the server says makes
 * this grow beyond PEER_LINE_MAX.
 *
 * Whether digits alone are a number or the size of what follows cannot be seen on the wire: it depends on the request.
 * So each request leaves a bit behind, taken off by its answer.
 */
#include "peer/peer.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/macro.h"
#include "base/str.h"
#include "peer/dial.h"
#include "wire/line.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define PEER_PIECE      (64U << 10)
#define PEER_HELLO_MAX  4096U
#define PEER_HELLO_LINE "HELLO,ioe/1"

/* The fields of HI, in the order the protocol has them. */
enum peer_hello {
	PEER_HELLO_WORD,
	PEER_HELLO_DIALECT,
	PEER_HELLO_SERVER,
	PEER_HELLO_INSTANCE,
	PEER_HELLO_ROLES,
	PEER_HELLO_NAME,
	PEER_HELLO_CAPS,
	PEER_HELLO_STORE,
	PEER_HELLO_FIELDS,
};

/* Verbs whose answer is sized. */
static const char *const peer_sized_verbs[] = { "LIST", "DIR", "READ", "RANGE", "HELP", "ROOMS", "WHO", "HISTORY" };

struct peer {
	int fd;
	int error; /* negative: final */
	uint64_t timeout_usec;
	char *server, *store, *address;
	unsigned instance;

	struct line_reader reader;
	char *at; /* bytes in the piece not looked at yet */
	size_t left;
	struct buf line;    /* the answer as it came; NUL behind it */
	struct buf decoded; /* the same, fields decoded in place */
	struct fields fields;
	bool has_line; /* line holds one that peer_reply() has not told yet */
	char *goaway;
	enum slug unwanted;
	peer_news_fn news;
	void *news_data;
	uint64_t n_news; /* told or thrown away */

	uint64_t sized; /* a bit for each request under way, the oldest lowest */
	unsigned n_open;
	uint64_t body_left;
	char piece[PEER_PIECE];
};

static int peer_break(struct peer *p, int error)
{
	if (p->error == 0)
		p->error = error;
	return p->error;
}

struct peer *peer_free(struct peer *p)
{
	if (!p)
		return NULL;
	if (p->fd >= 0)
		(void)close(p->fd);
	line_reader_done(&p->reader);
	buf_done(&p->line);
	buf_done(&p->decoded);
	free(p->server);
	free(p->store);
	free(p->address);
	free(p->goaway);
	free(p);
	return NULL;
}

/* Bytes that are there, without waiting: the count, -EAGAIN, or what broke; a server that closed is -ECONNRESET. */
static ssize_t peer_recv(struct peer *p, void *buf, size_t n)
{
	ssize_t k;

	do
		k = recv(p->fd, buf, n, MSG_DONTWAIT);
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return -errno;
	return k > 0 ? k : -ECONNRESET;
}

/* An answer's line into p->line and p->decoded, its fields into p->fields. */
static int peer_keep_line(struct peer *p, const char *line, size_t len)
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

static bool peer_has_word(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && memcmp(line, word, n) == 0 && (len == n || line[n] == ',');
}

/* GOAWAY,why */
static int peer_keep_goaway(struct peer *p, const char *line, size_t len)
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
	p->unwanted = strncmp(why, "kicked", strlen("kicked")) == 0 ? SLUG_DENIED : SLUG_MAX;
	return 0;
}

/* A line that answers nothing: 1 and it is dealt with, 0 where it is an answer, negative errno. */
static int peer_take_news(struct peer *p, char *line, size_t len)
{
	struct news news;
	int r;

	if (peer_has_word(line, len, "GOAWAY")) {
		r = peer_keep_goaway(p, line, len);
		return r < 0 ? r : 1;
	}
	r = news_parse(line, len, &news);
	p->n_news += r == 1;
	if (r == 1 && p->news)
		p->news(p->news_data, &news);
	return r;
}

/* Looks for a line in what has come: 1 and it is kept in p->line, 0 where none is whole, negative errno. */
static int peer_take_line(struct peer *p, size_t max)
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
		r = peer_take_news(p, line, len);
		if (r < 0)
			return r;
		if (r == 0) {
			r = peer_keep_line(p, line, len);
			p->has_line = r == 0;
			return r < 0 ? r : 1;
		}
	}
}

/* As peer_take_line(), reading what is there first. Does not wait: 0 also where nothing came. */
static int peer_look(struct peer *p, size_t max)
{
	ssize_t k;
	int r;

	for (;;) {
		r = p->left > 0 ? peer_take_line(p, max) : 0;
		if (r != 0)
			return r;
		k = peer_recv(p, p->piece, sizeof(p->piece));
		if (k == -EAGAIN)
			return 0;
		if (k < 0)
			return (int)k;
		p->at = p->piece;
		p->left = (size_t)k;
	}
}

/* Waits for a line. @deadline_usec 0: the time limit counts anew with each piece that comes. */
static int peer_wait_line(struct peer *p, size_t max, uint64_t deadline_usec)
{
	short events;
	int r;

	for (;;) {
		r = peer_look(p, max);
		if (r != 0)
			return r < 0 ? r : 0;
		r = dial_wait(p->fd, POLLIN, deadline_usec > 0 ? deadline_usec : clock_usec() + p->timeout_usec,
			      &events);
		if (r < 0)
			return r;
	}
}

static int peer_split(struct peer *p)
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
static bool peer_parse_error(struct peer *p, struct peer_reply *ret)
{
	static const char prefix[] = "ERROR: ";
	char *slug = p->decoded.data + strlen(prefix), *text;
	size_t len;
	long n;

	if (p->decoded.len < strlen(prefix) || memcmp(p->decoded.data, prefix, strlen(prefix)) != 0)
		return false;
	len = strcspn(slug, ":");
	text = slug + len + (slug[len] == ':');
	text += *text == ' ';
	n = field_decode(text, strlen(text));
	if (n >= 0)
		text[n] = '\0';
	ret->kind = PEER_REPLY_ERROR;
	ret->slug = slug_from_name(slug, len);
	ret->text = text;
	return true;
}

static int peer_parse_reply(struct peer *p, bool sized, struct peer_reply *ret)
{
	struct peer_reply reply = { .line = p->line.data, .line_len = p->line.len };
	int r;

	/* Nothing the protocol has holds a NUL, and text is handed out as a string. */
	if (memchr(p->line.data, '\0', p->line.len))
		return -EPROTO;
	if (!peer_parse_error(p, &reply)) {
		r = peer_split(p);
		if (r < 0)
			return r;
		if (sized) {
			if (p->line.len > 18 || str_to_u64(p->line.data, p->line.len, 0, INT64_MAX, &reply.size) < 0)
				return -EPROTO;
			reply.kind = PEER_REPLY_SIZED;
			p->body_left = reply.size;
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
	r = p->has_line ? 0 : peer_wait_line(p, PEER_LINE_MAX, 0);
	if (r < 0)
		return peer_break(p, r);
	p->has_line = false;
	p->sized >>= 1;
	p->n_open--;
	r = peer_parse_reply(p, sized, ret);
	return r < 0 ? peer_break(p, r) : 0;
}

ssize_t peer_read_body(struct peer *p, void *buf, size_t n)
{
	short events;
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
		p->body_left -= (uint64_t)k;
		return k;
	}
	while ((k = peer_recv(p, buf, n)) == -EAGAIN) {
		r = dial_wait(p->fd, POLLIN, clock_usec() + p->timeout_usec, &events);
		if (r < 0)
			return peer_break(p, r);
	}
	if (k < 0)
		return peer_break(p, (int)k);
	p->body_left -= (uint64_t)k;
	return k;
}

/* Sends what there is room for. An answer that is there is taken first, and also where sending breaks: a server that
 * refuses may say so and close. The count, -EAGAIN, or negative errno; 0: an answer came. */
static ssize_t peer_send_some(struct peer *p, const char *data, size_t n)
{
	ssize_t k;
	int r;

	r = peer_look(p, PEER_LINE_MAX);
	if (r > 0)
		return 0;
	k = r < 0 ? r : send(p->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (k >= 0 || r < 0)
		return k;
	if (errno == EAGAIN || errno == EINTR)
		return -EAGAIN;
	k = -errno;
	return peer_look(p, PEER_LINE_MAX) > 0 ? 0 : k;
}

int peer_send(struct peer *p, const void *data, size_t n)
{
	const char *at = data;
	short events;
	ssize_t k;
	int r;

	if (p->error < 0)
		return p->error;
	if (p->has_line)
		return PEER_E_ANSWERED;
	while (n > 0) {
		k = peer_send_some(p, at, n);
		if (k == 0)
			return PEER_E_ANSWERED;
		if (k > 0) {
			at += k;
			n -= (size_t)k;
			continue;
		}
		if (k != -EAGAIN)
			return peer_break(p, (int)k);
		r = dial_wait(p->fd, POLLIN | POLLOUT, clock_usec() + p->timeout_usec, &events);
		if (r < 0)
			return peer_break(p, r);
	}
	return 0;
}

/* A request's line. Answers to those before it may be coming meanwhile and stay in the kernel. */
static int peer_send_line(struct peer *p, const char *line, size_t len)
{
	short events;
	ssize_t k;
	int r;

	while (len > 0) {
		k = send(p->fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (k >= 0) {
			line += k;
			len -= (size_t)k;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		r = dial_wait(p->fd, POLLOUT, clock_usec() + p->timeout_usec, &events);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool peer_is_sized(const char *line, size_t len)
{
	const char *comma = memchr(line, ',', len);
	size_t n = comma ? (size_t)(comma - line) : len;

	for (size_t i = 0; i < ELEMENTSOF(peer_sized_verbs); i++)
		if (str_casecmp(line, n, peer_sized_verbs[i], strlen(peer_sized_verbs[i])) == 0)
			return true;
	return false;
}

/* @line ends in LF, counted in @len. */
static int peer_request_line(struct peer *p, const char *line, size_t len)
{
	int r;

	if (p->error < 0)
		return p->error;
	if (p->n_open >= PEER_OPEN_MAX || p->body_left > 0)
		return -EBUSY;
	r = peer_send_line(p, line, len);
	if (r < 0)
		return peer_break(p, r);
	p->sized |= (uint64_t)peer_is_sized(line, len - 1) << p->n_open;
	p->n_open++;
	return 0;
}

int peer_request_raw(struct peer *p, const char *line, size_t len)
{
	_cleanup_(buf_done) struct buf b = { 0 };
	int r;

	if (memchr(line, '\n', len))
		return -EINVAL;
	r = buf_append(&b, line, len);
	if (r == 0)
		r = buf_append(&b, "\n", 1);
	return r < 0 ? r : peer_request_line(p, b.data, b.len);
}

int peer_request(struct peer *p, const struct field *fields, unsigned n)
{
	_cleanup_(buf_done) struct buf b = { 0 };
	int r;

	assert(n > 0);
	for (unsigned i = 0; i < n; i++) {
		/* Room for the comma before and the LF behind as well. */
		r = buf_reserve(&b, field_encoded_len(fields[i].data, fields[i].len) + 2);
		if (r < 0)
			return r;
		if (i > 0)
			b.data[b.len++] = ',';
		b.len += field_encode(b.data + b.len, fields[i].data, fields[i].len);
	}
	b.data[b.len++] = '\n';
	return peer_request_line(p, b.data, b.len);
}

/* Before it closes, a server says why to one that reads too slowly, or that would miss something. After any other
 * answer to nothing the two are out of step. */
static int peer_take_error(struct peer *p)
{
	struct peer_reply reply = { 0 };
	struct news news = { .kind = NEWS_ERROR };

	if (!peer_parse_error(p, &reply))
		return -EPROTO;
	news.text = (struct field){ (char *)reply.text, strlen(reply.text) };
	if (reply.slug == SLUG_UNAVAILABLE) {
		p->unwanted = reply.slug;
		free(p->goaway);
		p->goaway = strdup(reply.text);
	} else if (p->news)
		p->news(p->news_data, &news);
	return -ECONNRESET;
}

int peer_hear(struct peer *p)
{
	uint64_t before = p->n_news;
	int r;

	if (p->error < 0)
		return p->error;
	if (p->n_open > 0 || p->body_left > 0)
		return peer_break(p, -EBUSY);
	r = peer_look(p, PEER_LINE_MAX);
	if (r > 0)
		r = peer_take_error(p);
	return r < 0 ? peer_break(p, r) : p->n_news > before;
}

bool peer_is_open(struct peer *p)
{
	if (p->error == 0 && p->n_open == 0 && p->body_left == 0)
		(void)peer_hear(p);
	return p->error == 0 && !p->goaway;
}

static int peer_refused(enum slug slug)
{
	if (slug == SLUG_BUSY || slug == SLUG_LIMIT)
		return -EBUSY;
	if (slug == SLUG_SHUTTING_DOWN || slug == SLUG_UNAVAILABLE)
		return -ESHUTDOWN;
	if (slug == SLUG_DENIED || slug == SLUG_AUTH_REQUIRED)
		return -EACCES;
	return -EPROTO;
}

/* A chat listener may have said "Hii" to a client that seemed an old one; nothing ends it. */
static void peer_skip_hii(struct peer *p)
{
	size_t n = 0;

	while (p->line.len - n >= 3 && memcmp(p->line.data + n, "Hii", 3) == 0)
		n += 3;
	buf_consume(&p->line, n);
	buf_consume(&p->decoded, n);
	(void)buf_str(&p->line);
	(void)buf_str(&p->decoded);
}

static int peer_keep_hello(struct peer *p, const struct peer_reply *reply)
{
	const struct field *f = reply->fields;
	uint64_t instance;

	if (reply->n_fields < PEER_HELLO_FIELDS || !peer_has_word(p->line.data, p->line.len, "HI,ioe/1") ||
	    str_to_u64(f[PEER_HELLO_INSTANCE].data, f[PEER_HELLO_INSTANCE].len, 0, 9999, &instance) < 0)
		return -EPROTO;
	p->instance = (unsigned)instance;
	p->server = strndup(f[PEER_HELLO_SERVER].data, f[PEER_HELLO_SERVER].len);
	p->store = strndup(f[PEER_HELLO_STORE].data, f[PEER_HELLO_STORE].len);
	return p->server && p->store ? 0 : -ENOMEM;
}

static int peer_hello(struct peer *p, uint64_t deadline_usec)
{
	struct peer_reply reply;
	int r;

	r = peer_request_raw(p, PEER_HELLO_LINE, strlen(PEER_HELLO_LINE));
	if (r < 0)
		return r;
	r = peer_wait_line(p, PEER_HELLO_MAX, deadline_usec);
	if (r < 0)
		return r == -EMSGSIZE ? -EPROTO : r;
	peer_skip_hii(p);
	r = peer_reply(p, &reply);
	if (r < 0)
		return r;
	if (reply.kind == PEER_REPLY_ERROR)
		return peer_refused(reply.slug);
	return peer_keep_hello(p, &reply);
}

/* HOST:PORT in digits, of the address that answered. */
static int peer_keep_address(struct peer *p)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char host[NI_MAXHOST], port[NI_MAXSERV];
	bool v6;

	if (getpeername(p->fd, (struct sockaddr *)&sa, &len) < 0)
		return -errno;
	if (getnameinfo((struct sockaddr *)&sa, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return -EAFNOSUPPORT;
	v6 = strchr(host, ':');
	if (asprintf(&p->address, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port) < 0) {
		p->address = NULL;
		return -ENOMEM;
	}
	return 0;
}

int peer_connect(struct peer **ret, const char *host, const char *port, uint64_t timeout_usec)
{
	_cleanup_(peer_freep) struct peer *p = NULL;
	uint64_t deadline_usec = clock_usec() + timeout_usec;
	int r;

	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->fd = -1;
	p->unwanted = SLUG_MAX;
	p->timeout_usec = timeout_usec;
	p->line.max = p->decoded.max = PEER_LINE_MAX + 1;
	r = dial_tcp(host, port, deadline_usec, &p->fd);
	if (r == 0)
		r = peer_keep_address(p);
	if (r == 0)
		r = peer_hello(p, deadline_usec);
	if (r < 0)
		return r;
	*ret = STEAL_PTR(p);
	return 0;
}

void peer_set_timeout(struct peer *p, uint64_t timeout_usec)
{
	p->timeout_usec = timeout_usec;
}

void peer_set_news(struct peer *p, peer_news_fn fn, void *userdata)
{
	p->news = fn;
	p->news_data = userdata;
}

int peer_fd(const struct peer *p)
{
	return p->fd;
}

const char *peer_server(const struct peer *p)
{
	return p->server;
}

unsigned peer_instance(const struct peer *p)
{
	return p->instance;
}

const char *peer_store(const struct peer *p)
{
	return p->store;
}

const char *peer_address(const struct peer *p)
{
	return p->address;
}

const char *peer_goaway(const struct peer *p)
{
	return p->goaway;
}

enum slug peer_unwanted(const struct peer *p)
{
	return p->unwanted;
}
