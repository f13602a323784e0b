/* SPDX-License-Identifier: MIT */
/*
 * A session begins undecided, and what it says is kept here until it is known whose words they are. A line's end makes
 * it a line session, and what was kept is handed over. Silence behind a whole request of an old client makes it raw,
 * and from then on each silence ends a command. An old WRITE is the hard case: see wire/split.h. While its size is in
 * doubt its bytes are kept, up to RAW_KEEP; from there on they go into the upload under the likelier reading, and the
 * upload is told the right one once it is known.
 */
#include "session/raw/raw.h"

#include "base/clock.h"
#include "base/str.h"
#include "server/server.h"
#include "session/elsewhere.h"
#include "session/limits.h"
#include "session/raw/pace.h"
#include "session/session-private.h"
#include "wire/number.h"
#include "wire/split.h"

#include <assert.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define RAW_KEEP (64U << 10)

/* Silence after which bytes that are no request are not going to become one, and a fitting split is believed. */
#define RAW_LONG_USEC USEC_PER_SEC

/* Added to twice the round trip: a delayed ACK of the peer's. */
#define RAW_ACK_USEC (40 * USEC_PER_MSEC)

struct raw {
	struct buf data;        /* what came and is not worked off */
	unsigned recvs;         /* of the session, counted to 2 */
	bool writing;           /* data begins with an old WRITE's header */
	bool spooling;          /* data has been given to an upload, under `guess` */
	size_t header;          /* bytes up to the comma in front of the size */
	char head[SPLIT_DIGITS_MAX + 2]; /* the first ones behind it: some of them may be the file's after all */
	uint64_t guess;         /* bytes behind that comma that are not the file's */
	struct split split;
	uint64_t last_usec;     /* the last byte came */
	uint64_t wait_usec;     /* what quiet is; 0: not asked since then */
	uint64_t tick_usec;     /* USEC_NEVER: none */
	size_t charged;         /* to the pool, for all this */
	struct pace pace;       /* what is said to it */
	bool silent;            /* nothing has come yet, and after a while that will say something, too */
};

static_assert(sizeof(((struct raw *)NULL)->head) <= BODY_FRONT_MAX, "head may become the front of a body");

static struct raw *raw_get(struct session *s)
{
	if (!s->raw) {
		s->raw = calloc(1, sizeof(*s->raw));
		if (!s->raw) {
			session_end(s, "out of memory");
			return NULL;
		}
		s->raw->data.max = RAW_KEEP + REACTOR_SCRATCH;
		s->raw->tick_usec = USEC_NEVER;
		pace_init(&s->raw->pace);
	}
	return s->raw;
}

void raw_free(struct session *s)
{
	if (!s->raw)
		return;
	pool_uncharge(&s->reactor->pool, s->raw->charged);
	pace_clear(s, &s->raw->pace);
	buf_done(&s->raw->data);
	free(s->raw);
	s->raw = NULL;
}

/* Keeps the pool's account of what is kept here. */
static void raw_settle(struct session *s)
{
	size_t now;

	if (!s->raw)
		return;
	now = sizeof(*s->raw) + s->raw->data.cap;
	pool_charge(&s->reactor->pool, now - s->raw->charged);
	s->raw->charged = now;
}

uint64_t raw_deadline(const struct session *s)
{
	return s->raw ? MIN(s->raw->tick_usec, s->raw->pace.at_usec) : USEC_NEVER;
}

static uint64_t raw_legacy_wait(const struct session *s)
{
	const struct server_options *o = settings_get(s->reactor->settings, &server_section);

	return o->legacy_wait_usec;
}

static void raw_tick_at(struct session *s, uint64_t at)
{
	s->raw->tick_usec = at;
	session_touch(s);
}

/* Longer where the way is: what was sent in one piece may come in several. */
static uint64_t raw_quiet_usec(const struct session *s)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);
	uint64_t wait = raw_legacy_wait(s);

	if (getsockopt(s->conn.watch.fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0)
		wait = MAX(wait, 2 * (uint64_t)info.tcpi_rtt + RAW_ACK_USEC);
	return wait;
}

/* So long nothing has come, as far as is known: what came later may be there and not read. */
static uint64_t raw_silence(const struct session *s)
{
	uint64_t seen = s->reactor->loop.seen_usec;

	return seen > s->raw->last_usec ? seen - s->raw->last_usec : 0;
}

/* The way's length is asked for only where it has been quiet for as long as it must in any case. */
static bool raw_is_quiet(const struct session *s)
{
	struct raw *w = s->raw;
	uint64_t since = raw_silence(s);

	if (w->wait_usec == 0 && since >= raw_legacy_wait(s))
		w->wait_usec = raw_quiet_usec(s);
	return w->wait_usec != 0 && since >= w->wait_usec;
}

/* The session is a line session, and all that was kept is its beginning. */
static void raw_to_line(struct session *s)
{
	struct buf data = s->raw->data;

	s->raw->data = (struct buf){};
	s->raw_watch = false;
	raw_free(s);
	input_feed(s, data.data, data.len);
	buf_done(&data);
}

static bool raw_is_word(const struct buf *b, const char *word)
{
	return str_casecmp(b->data, b->len, word, strlen(word)) == 0;
}

static bool raw_begins(const struct buf *b, const char *with)
{
	size_t n = strlen(with);

	return b->len >= n && str_casecmp(b->data, n, with, n) == 0;
}

/* CONNECT,ip,port: two commas, and something behind each. */
static bool raw_is_connect(const struct buf *b)
{
	const char *ip = b->data + strlen("CONNECT,"), *end = b->data + b->len, *comma;

	if (!raw_begins(b, "CONNECT,"))
		return false;
	comma = memchr(ip, ',', (size_t)(end - ip));
	return comma && comma > ip && comma + 1 < end;
}

/* What was taken for an old client, since it waited for us to speak, is a new one. */
static bool raw_is_hello(const struct buf *b)
{
	size_t n = strlen("HELLO,ioe/1");

	return raw_begins(b, "HELLO,ioe/1") && memchr(b->data, '\n', b->len) && strchr(",\r\n", b->data[n]);
}

/* What an old client may have sent, and nobody has begun to type. */
static bool raw_is_request(const struct buf *b)
{
	return raw_is_word(b, "LIST") || raw_is_word(b, "BYE") || raw_is_word(b, "HELLO") ||
	       (raw_begins(b, "READ,") && b->len > strlen("READ,")) || raw_is_connect(b) ||
	       number_check(b->data, b->len) == 0;
}

/* The role that is alone on the session's listener; NULL: there are several. */
static const struct role *raw_only_role(const struct session *s)
{
	const struct server *server = s->reactor->server;

	if (s->listener->n_roles != 1)
		return NULL;
	return server->args.roles[__builtin_ctzll(s->listener->role_bits)];
}

/* One that takes lines that are no verbs takes all there is. */
static bool raw_is_alone(const struct session *s)
{
	const struct role *role = raw_only_role(s);

	return role && role->line;
}

/* What came is an old client's. Where it is asked for its name first, that is still to be seen. */
static void raw_decide(struct session *s)
{
	s->dialect = DIALECT_RAW;
	s->first_line = s->intercept;
}

/* The bytes of a command up to its first line's end. */
static size_t raw_first_line(const char *p, size_t n)
{
	const char *lf = n ? memchr(p, '\n', n) : NULL;
	size_t len = lf ? (size_t)(lf - p) : n;

	return len > 0 && p[len - 1] == '\r' ? len - 1 : len;
}

/*
 * Whether what was kept is another protocol's, as far as can be told before it is quiet. An old WRITE may have any bytes
 * behind its size.
 */
static bool raw_meets_foreign(struct session *s)
{
	const struct raw *w = s->raw;
	const char *p = w->data.data;
	size_t n = w->data.len;
	enum foreign what;

	if (!s->first_line || w->writing)
		return false;
	what = foreign_look(p, n);
	if (what == FOREIGN_NONE && s->intercept && memchr(p, '\n', n))
		what = foreign_look_line(p, raw_first_line(p, n));
	if (what != FOREIGN_NONE)
		input_refuse_foreign(s, what);
	return what != FOREIGN_NONE;
}

/* The last answer is with the peer's TCP, and some time has passed: so the next one is a recv of its own. */
static bool raw_may_answer(struct session *s)
{
	struct pace *p = &s->raw->pace;

	return s->n_requests == 0 && p->answers == 0 && pace_is_open(s, p); /* raw_tick() is called when that changes */
}

int raw_answer(struct session *s, struct outq *answer)
{
	if (s->raw)
		return pace_answer(s, &s->raw->pace, answer);
	outq_move(&s->conn.out, answer);
	return 0;
}

int raw_event(struct session *s, const void *data, size_t len, bool alone)
{
	struct pace *p = &s->raw->pace;
	int r = pace_event(s, p, data, len, alone);

	if (r < 0)
		return r;
	/* Where a command waits for its turn, raw_tick() looks at that first. */
	if (raw_is_pending(s))
		pace_later(s, p);
	else
		pace_go(s, p);
	return 0;
}

bool raw_has_unsaid(const struct session *s)
{
	return s->raw && s->raw->pace.head;
}

size_t raw_events(const struct session *s)
{
	return s->raw ? s->raw->pace.events : 0;
}

void raw_cut(struct session *s)
{
	struct raw *w = s->raw;

	if (!w)
		return;
	w->writing = w->spooling = false;
	buf_done(&w->data);
	pace_clear(s, &w->pace);
	raw_settle(s);
}

/* The same for a whole command. No name begins as a browser's request does. */
static bool raw_is_foreign(struct session *s, const struct buf *data)
{
	enum foreign what = foreign_look_line(data->data, raw_first_line(data->data, data->len));

	if (what == FOREIGN_NONE && s->intercept && foreign_begins_http(data->data, data->len))
		what = FOREIGN_HTTP;
	if (what != FOREIGN_NONE)
		input_refuse_foreign(s, what);
	return what != FOREIGN_NONE;
}

/* All that was kept is one command. */
static void raw_run(struct session *s)
{
	struct buf data = s->raw->data;
	size_t len = data.len;

	s->raw->data = (struct buf){ .max = data.max };
	if (s->first_line && raw_is_foreign(s, &data)) {
		buf_done(&data);
		return;
	}
	raw_decide(s);
	/* A person on an old client's port ends it with a line's end. */
	if (len > 0 && data.data[len - 1] == '\n')
		len--;
	if (len > 0 && len < data.len && data.data[len - 1] == '\r')
		len--;
	if (len > s->reactor->limits->line)
		input_too_long(s);
	else
		(void)input_line(s, data.data, &len);
	buf_done(&data);
}

/* Bytes that are no request have stayed alone: on some listeners that is an old client, too, and one that is lost. */
static void raw_unmatched(struct session *s)
{
	const struct server *server = s->reactor->server;

	for (unsigned i = 0; i < server->n_roles; i++) {
		const struct role *role = server->args.roles[i];
		struct request *q;

		if (!(s->listener->role_bits & 1ULL << i) || !role->stray)
			continue;
		buf_done(&s->raw->data);
		raw_decide(s);
		q = request_new(s, NULL, i);
		if (!q) {
			session_end(s, "out of memory");
			return;
		}
		session_finish(s);
		role->stray(q);
		return;
	}
}

/* Where an old WRITE's size begins: behind the second comma, and a digit must be there. 0: it is none (yet). */
static size_t raw_find_header(const struct buf *b)
{
	const char *name = b->data + strlen("WRITE,"), *end = b->data + b->len, *comma;

	if (!raw_begins(b, "WRITE,"))
		return 0;
	comma = memchr(name, ',', (size_t)(end - name));
	if (!comma || memchr(name, '\n', (size_t)(comma - name)) || comma + 1 == end)
		return 0;
	return comma[1] >= '0' && comma[1] <= '9' ? (size_t)(comma + 1 - b->data) : 0;
}

/* Begins the request WRITE,name,SIZE; its name stands in the kept data. */
static void raw_begin_write(struct session *s, uint64_t size, bool unsettled)
{
	struct raw *w = s->raw;
	const struct verb_entry *e = verb_table_find(&s->listener->verbs, "WRITE", 5);
	size_t name_len = w->header - strlen("WRITE,");
	struct buf line = {};

	if (buf_append(&line, w->data.data + strlen("WRITE,"), name_len) < 0 ||
	    buf_printf(&line, "%llu", (unsigned long long)size) < 0) {
		session_end(s, "out of memory");
	} else {
		s->unsettled = unsettled;
		input_act(s, container_of(e->verb, struct role_verb, verb), e->owner, line.data, line.len);
		s->unsettled = false;
	}
	buf_done(&line);
}

/* The verdict is an old client's, and all of the file has come. */
static void raw_store(struct session *s, unsigned digits)
{
	struct raw *w = s->raw;
	struct buf data;

	raw_decide(s);
	w->writing = false;
	if (w->spooling) {
		w->spooling = false;
		request_settle(s->barrier, DIALECT_RAW);
		/* Never more than was guessed: all digits had come by then. */
		input_settle_body(s, split_size(&w->split, digits), w->head + digits, w->guess - digits);
		return;
	}
	raw_begin_write(s, split_size(&w->split, digits), false);
	if (session_has_ended(s))
		return;
	data = w->data;
	w->data = (struct buf){ .max = data.max };
	input_feed(s, data.data + w->header + digits, data.len - w->header - digits);
	buf_done(&data);
}

/* What came fits no size. Where it goes on is not known either, so the session ends. */
static void raw_refuse_write(struct session *s)
{
	struct raw *w = s->raw;
	struct request *q;

	raw_decide(s);
	w->writing = false;
	buf_done(&w->data);
	session_finish(s);
	if (w->spooling) {
		w->spooling = false;
		request_settle(s->barrier, DIALECT_RAW);
		input_cut_body(s); /* its upload answers */
		return;
	}
	q = request_new(s, NULL, s->reactor->server->n_roles);
	if (q)
		request_error(q, ERROR_BAD_ARGUMENT, "what came behind the name is no size and a file of that size");
	else
		session_end(s, "out of memory");
}

/* The verdict is a line session's; its body may be under way already. */
static void raw_write_is_line(struct session *s)
{
	struct raw *w = s->raw;

	if (!w->spooling) {
		raw_to_line(s);
		return;
	}
	/* Begun under another reading, it has another name, and bytes of the line itself are in it. */
	if (w->guess != w->split.line_body) {
		raw_refuse_write(s);
		return;
	}
	s->dialect = DIALECT_LINE;
	s->first_line = false;
	s->raw_watch = false;
	request_settle(s->barrier, DIALECT_LINE);
	input_settle_body(s, w->split.line_size, NULL, 0);
	raw_free(s);
}

/* More has come than is kept in doubt: the upload takes it, as the likelier reading has it. */
static void raw_spool(struct session *s)
{
	struct raw *w = s->raw;
	bool line = w->split.line_ended && w->split.line_is_size && !w->split.line_comma;
	struct buf data;

	w->guess = line ? w->split.line_body : MIN(w->split.digits, (uint64_t)SPLIT_DIGITS_MAX);
	memcpy(w->head, w->data.data + w->header, w->guess);
	raw_begin_write(s, 0, true);
	if (session_has_ended(s))
		return;
	w->spooling = true;
	data = w->data;
	w->data = (struct buf){ .max = data.max };
	input_feed(s, data.data + w->header + w->guess, data.len - w->header - w->guess);
	buf_done(&data);
}

static void raw_look_write(struct session *s, enum split_moment moment)
{
	struct raw *w = s->raw;
	unsigned digits = 0;

	switch (split_decide(&w->split, moment, &digits)) {
	case SPLIT_WAIT:
		if (!w->spooling && w->data.len > RAW_KEEP)
			raw_spool(s);
		break;
	case SPLIT_LINE:
		raw_write_is_line(s);
		break;
	case SPLIT_RAW:
		if (w->spooling || raw_may_answer(s))
			raw_store(s, digits);
		break;
	case SPLIT_NONE:
		raw_refuse_write(s);
		break;
	}
}

static void raw_look_command(struct session *s, enum split_moment moment)
{
	struct raw *w = s->raw;

	if (w->data.len == 0)
		return;
	if (s->intercept && s->n_requests == 0 && raw_is_hello(&w->data)) {
		s->intercept = s->first_line = false;
		s->dialect = DIALECT_LINE;
		raw_to_line(s);
		return;
	}
	if (s->dialect == DIALECT_UNDECIDED && (memchr(w->data.data, '\n', w->data.len) || w->data.len > RAW_KEEP)) {
		raw_to_line(s);
		return;
	}
	if (moment == SPLIT_NOW)
		return;
	/* A browser's request may come in pieces: the end of its line will tell. An old client's user may have typed it,
	 * too, where an answer is due in any case; then the session is over with that. */
	if (s->dialect == DIALECT_UNDECIDED && moment != SPLIT_EOF && foreign_begins_http(w->data.data, w->data.len)) {
		if (moment == SPLIT_LONG || raw_is_alone(s))
			raw_unmatched(s);
		return;
	}
	if (s->dialect == DIALECT_RAW || raw_is_request(&w->data) || raw_is_alone(s) ||
	    (moment == SPLIT_LONG && elsewhere_has(s, w->data.data, w->data.len))) {
		if (raw_may_answer(s))
			raw_run(s);
	} else if (moment == SPLIT_LONG) {
		raw_unmatched(s);
	} else if (moment == SPLIT_EOF) {
		buf_done(&w->data); /* half a request is none */
	}
}

static void raw_look(struct session *s, enum split_moment moment)
{
	if (s->raw->writing)
		raw_look_write(s, moment);
	else
		raw_look_command(s, moment);
}

bool raw_is_pending(const struct session *s)
{
	return s->raw && (s->raw->writing || s->raw->data.len > 0);
}

bool raw_is_unfinished(const struct session *s)
{
	return raw_is_pending(s) && !s->raw->spooling;
}

/* The next silence that would mean something. */
static void raw_wait(struct session *s)
{
	struct raw *w = s->raw;
	uint64_t since = raw_silence(s), quiet = w->wait_usec ? w->wait_usec : raw_legacy_wait(s);

	if (!raw_is_pending(s))
		return;
	if (since < quiet)
		raw_tick_at(s, w->last_usec + quiet);
	else if (since < RAW_LONG_USEC && w->tick_usec == USEC_NEVER)
		raw_tick_at(s, w->last_usec + RAW_LONG_USEC);
}

/* What came goes to the upload at once; the split only counts it. */
static void raw_feed_spool(struct session *s, char *p, size_t n)
{
	struct raw *w = s->raw;

	split_feed(&w->split, p, n, false);
	/* Before the bytes are given away: what is behind a line session's file is its next request. */
	raw_look_write(s, SPLIT_NOW);
	if (!session_has_ended(s))
		input_feed(s, p, n);
}

static void raw_note_write(struct session *s, const char *p, size_t n)
{
	struct raw *w = s->raw;
	bool counts = s->dialect == DIALECT_RAW || w->recvs == 1;

	if (w->writing) {
		split_feed(&w->split, p, n, counts);
		return;
	}
	w->header = verb_table_find(&s->listener->verbs, "WRITE", 5) ? raw_find_header(&w->data) : 0;
	if (w->header == 0)
		return;
	w->writing = true;
	split_init(&w->split, s->dialect == DIALECT_RAW);
	split_feed(&w->split, w->data.data + w->header, w->data.len - w->header, counts);
}

/* A line session, as nearly all are: known by its first bytes. */
static bool raw_is_plain_line(const struct session *s, const char *p, size_t n)
{
	return s->dialect == DIALECT_UNDECIDED && !s->raw && memchr(p, '\n', n) &&
	       (n < 6 || str_casecmp(p, 6, "WRITE,", 6) != 0);
}

void raw_feed(struct session *s, char *p, size_t n)
{
	struct raw *w;

	if (raw_is_plain_line(s, p, n)) {
		s->raw_watch = false;
		input_feed(s, p, n);
		return;
	}
	w = raw_get(s);
	if (!w)
		return;
	w->silent = false;
	if (w->data.len == 0 && !w->spooling)
		s->line_usec = s->reactor->loop.now_usec;
	w->last_usec = s->reactor->loop.now_usec;
	w->wait_usec = 0;
	w->tick_usec = USEC_NEVER;
	w->recvs = MIN(w->recvs + 1, 2U);
	if (w->spooling) {
		raw_feed_spool(s, p, n);
	} else if (buf_append(&w->data, p, n) < 0) {
		session_end(s, "more than an old client says at once");
	} else {
		raw_note_write(s, p, n);
		if (!raw_meets_foreign(s))
			raw_look(s, SPLIT_NOW);
	}
	if (!session_has_ended(s) && s->raw)
		raw_wait(s);
	raw_settle(s);
}

/* What came and is not worked off. */
static void raw_tick_input(struct session *s)
{
	struct raw *w = s->raw;

	if (session_is_ending(s) && !w->spooling) {
		/* No more requests are taken. */
		w->writing = false;
		buf_done(&w->data);
	}
	if (!raw_is_pending(s))
		return;
	if (s->eof)
		raw_look(s, SPLIT_EOF);
	else if (raw_silence(s) >= RAW_LONG_USEC)
		raw_look(s, SPLIT_LONG);
	else if (raw_is_quiet(s))
		raw_look(s, SPLIT_QUIET);
	if (!session_has_ended(s) && s->raw && !s->eof)
		raw_wait(s);
}

static void raw_tick_silent(struct session *s)
{
	struct raw *w = s->raw;

	if (raw_silence(s) < w->wait_usec) {
		raw_tick_at(s, w->last_usec + w->wait_usec);
		return;
	}
	w->silent = false;
	s->dialect = DIALECT_RAW; /* what it says first may be another protocol's yet */
	raw_only_role(s)->quiet(s);
}

void raw_tick(struct session *s)
{
	struct raw *w = s->raw;

	w->tick_usec = w->pace.at_usec = USEC_NEVER;
	if (w->silent && !s->eof && !session_is_ending(s))
		raw_tick_silent(s);
	else
		raw_tick_input(s); /* may say something, and before what waits: else it would never be its turn */
	if (!session_has_ended(s) && s->raw)
		pace_go(s, &s->raw->pace);
	raw_settle(s);
}

void raw_listen(struct session *s)
{
	const struct role *role = raw_only_role(s);
	struct raw *w;

	if (!s->raw_watch || !role || !role->quiet)
		return;
	w = raw_get(s);
	if (!w)
		return;
	w->silent = true;
	w->last_usec = s->reactor->loop.now_usec;
	w->wait_usec = raw_quiet_usec(s);
	raw_tick_at(s, w->last_usec + w->wait_usec);
	raw_settle(s);
}

size_t raw_fit_lines(char *text, size_t len)
{
	size_t n = RAW_ANSWER_RECV - 3;

	if (len <= RAW_ANSWER_RECV)
		return len;
	while (n > 0 && text[n - 1] != '\n')
		n--;
	memcpy(text + n, "...", 3);
	return n + 3;
}

void raw_put_size(char dst[RAW_READ_RECV], uint64_t size)
{
	memset(dst, ' ', RAW_READ_RECV);
	(void)str_put_u64(dst, size);
}
