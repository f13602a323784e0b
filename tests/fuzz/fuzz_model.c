/* SPDX-License-Identifier: MIT */
/*
 * A session that means what it says, against session_model.c: what it is answered, to the byte, and what is in the
 * folder afterwards, must be what the model makes of the same bytes, however they were cut, in whatever order workers
 * did their work, and however slowly the answers were read.
 *
 * The first byte chooses the listener, the second how the bytes are cut, two more seed what happens between the pieces.
 * The rest are requests, a byte for the kind and some for what is in it.
 */
#include "base/clock.h"
#include "base/macro.h"
#include "fuzz/fuzz.h"
#include "fuzz/sim_server.h"
#include "fuzz/session_model.h"
#include "session/limits.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define BYTES_MAX  (1U << 20)
#define LARGE_MAX  3
#define LARGEST    400000
#define PIECES_MAX (8U << 10)
#define QUIET_MAX  8 /* passes in which nothing moves */

struct talk {
	const uint8_t *data, *end;
	struct buf bytes;
	unsigned large_left; /* files that may still be so: they take most of the time */
};

static uint8_t talk_take(struct talk *t)
{
	return t->data < t->end ? *t->data++ : 0;
}

static void talk_put(struct talk *t, const void *p, size_t n)
{
	FUZZ_CHECK(buf_append(&t->bytes, p, n) == 0);
}

static void talk_put_str(struct talk *t, const char *s)
{
	talk_put(t, s, strlen(s));
}

/* Bytes from the input, but for those that the model has no opinion on: telnet's, and the one it uses itself. */
static void talk_put_text(struct talk *t, size_t n)
{
	while (n-- > 0 && t->data < t->end) {
		char c = (char)talk_take(t);

		if (c != '\n' && c != '\377' && c != MODEL_SENTENCE)
			talk_put(t, &c, 1);
	}
}

static void talk_put_end(struct talk *t)
{
	talk_put_str(t, talk_take(t) & 1 ? "\r\n" : "\n");
}

static void talk_put_name(struct talk *t)
{
	static const char *const names[] = {
		"text", "big",      "exact", "empty",  "one",    "sub/deep", "sub",      "absent",
		"a",    "b",        "sub/c", "x,y",    "x,22",   "\303\274", "absent/a", "text/a",
		"..",   "../a",     "/a",    "a/",     "sub//a", ".ioe",     "",         "sub/../a",
		"\200", "\302\205", "a\tb",  ".ioe/0", "sub/.",  "1",        "22",       "0",
	};
	uint8_t x = talk_take(t);
	char run[300];

	if (x < ELEMENTSOF(names)) {
		talk_put_str(t, names[x]);
	} else if (x < 64) {
		talk_put_text(t, x - 32U);
	} else if (x < 80) {
		memset(run, 'n', sizeof(run));
		talk_put(t, run, 248U + x - 64);
	} else {
		talk_put(t, &x, x < 128);
	}
}

static size_t talk_take_size(struct talk *t)
{
	static const uint32_t sizes[] = {
		4095, 4096, 4097, 65535, 65536, 65537, 131072, 262143, 262144, 262145, 299999, 300000, 300001, LARGEST,
	};
	uint8_t x = talk_take(t);

	if (x >= ELEMENTSOF(sizes) || t->large_left == 0)
		return x;
	t->large_left--;
	return sizes[x];
}

/* Like requests, so that what is read as one where it should not be is told by an answer too many. */
static void talk_put_body(struct talk *t, size_t n, uint8_t seed)
{
	static const char text[] = "PING,out of step\n7\r\n22";
	static char body[LARGEST + UINT8_MAX];

	for (size_t i = 0; !body[sizeof(body) - 1] && i < sizeof(body); i++)
		body[i] = text[i % (sizeof(text) - 1)];
	talk_put(t, body + seed, n);
}

static void talk_write(struct talk *t)
{
	size_t size = talk_take_size(t), n = size;
	uint8_t how = talk_take(t);

	talk_put_str(t, "WRITE,");
	talk_put_name(t);
	FUZZ_CHECK(buf_printf(&t->bytes, how & 2 ? ",%018zu" : ",%zu", size) == 0);
	talk_put_end(t);
	talk_put_body(t, n, how);
}

static void talk_bad_write(struct talk *t)
{
	static const char *const sizes[] = {
		"", "-1", "+1", " 1", "1 ", "0x1", "1e3", "a", "1,",
		"18446744073709551616", "0000000000000000001", "999999999999999999",
	};
	uint8_t x = talk_take(t);

	talk_put_str(t, "WRITE,");
	talk_put_name(t);
	if (x == 255)
		return;
	talk_put_str(t, ",");
	talk_put_str(t, sizes[x % ELEMENTSOF(sizes)]);
	talk_put_end(t);
}

static void talk_number(struct talk *t)
{
	static const char alphabet[] = "0123456789012345678901234567899990__+- \t";
	uint8_t n = talk_take(t);

	for (; n > 0 && t->data < t->end; n--)
		talk_put(t, &alphabet[talk_take(t) % (sizeof(alphabet) - 1)], 1);
	talk_put_end(t);
}

static void talk_long_line(struct talk *t)
{
	size_t max = sim_server_get(SIM_SERVER_WIDE)->limits->line, n = max - 8 + talk_take(t) % 16;
	uint8_t how = talk_take(t);
	char *line = malloc(n);

	FUZZ_CHECK(line);
	memset(line, how & 1 ? '9' : 'x', n);
	if (how & 2)
		memcpy(line, "PING,", 5);
	talk_put(t, line, n);
	talk_put_end(t);
	free(line);
}

static void talk_request(struct talk *t)
{
	static const char *const words[] = { "LIST",     "list", "PING",   "BYE,x", "PING,", "",
					     "nonsense", "READ", "DOUBLE", "LIST,", "WRITE" };

	switch (talk_take(t) % 13) {
	case 0:
	case 1:
	case 2:
		talk_write(t);
		return;
	case 3:
		talk_bad_write(t);
		return;
	case 4:
	case 5:
		talk_put_str(t, "READ,");
		talk_put_name(t);
		break;
	case 6:
		talk_put_str(t, "LIST,");
		talk_put_name(t);
		break;
	case 7:
		talk_put_str(t, "DOUBLE,");
		talk_number(t);
		return;
	case 8:
		talk_number(t);
		return;
	case 9:
		talk_put_str(t, "Ping,");
		talk_put_text(t, talk_take(t));
		break;
	case 10:
		talk_put_text(t, talk_take(t) % 32);
		break;
	case 11:
		if (talk_take(t) % 4 == 0) {
			talk_long_line(t);
			return;
		}
		break;
	default:
		talk_put_str(t, words[talk_take(t) % ELEMENTSOF(words)]);
		break;
	}
	talk_put_end(t);
}

/* What happens between the pieces. */
struct chance {
	uint64_t state;
};

static unsigned chance_of(struct chance *c, unsigned n)
{
	c->state = c->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(c->state >> 33) % n;
}

struct session_end {
	struct sim_server *sim;
	int fd;
	bool gone;
	struct buf received;
};

static size_t end_receive(struct session_end *e, size_t max)
{
	char buf[64 << 10];
	ssize_t n = recv(e->fd, buf, MIN(max, sizeof(buf)), 0);

	e->gone = n == 0 || (n < 0 && errno != EAGAIN);
	if (n <= 0)
		return 0;
	FUZZ_CHECK(buf_append(&e->received, buf, (size_t)n) == 0);
	return (size_t)n;
}

/* Small pieces only of the beginning: a long rest would take too long. */
static size_t end_piece(struct chance *c, uint8_t cut, size_t done)
{
	switch (done < PIECES_MAX ? cut % 4 : 0) {
	case 0:
		return SIZE_MAX;
	case 1:
		return 1 + chance_of(c, 8);
	case 2:
		return 1 + chance_of(c, 3000);
	default:
		return 1 + chance_of(c, chance_of(c, 2) ? 10 : 100000);
	}
}

/* All that can happen without another word from the client. Whether anything did. */
static bool end_go_on(struct session_end *e, struct chance *c)
{
	bool moved = sim_server_jobs(e->sim) > 0;

	while (sim_server_jobs(e->sim) > 0)
		sim_server_work(e->sim, chance_of(c, 8));
	sim_server_pass(e->sim);
	while (end_receive(e, SIZE_MAX) > 0)
		moved = true;
	return moved;
}

static void end_say_all(struct session_end *e, const struct buf *bytes, uint8_t cut, struct chance *c)
{
	unsigned quiet = 0;
	size_t done = 0;

	while (done < bytes->len && !e->gone) {
		size_t piece = MIN(end_piece(c, cut, done), bytes->len - done);
		ssize_t n = send(e->fd, bytes->data + done, piece, MSG_NOSIGNAL);

		if (n < 0 && errno == EPIPE)
			break; /* it took leave before the end */
		if (n < 0) {
			quiet = end_go_on(e, c) ? 0 : quiet + 1;
			FUZZ_CHECK(quiet < QUIET_MAX); /* it takes no more, and waits for nothing */
			continue;
		}
		done += (size_t)n;
		e->sim->asked += (size_t)n; /* the model knows it better */
		quiet = 0;
		switch (chance_of(c, 5)) {
		case 0:
			break;
		case 1:
			sim_server_work(e->sim, chance_of(c, 8));
			break;
		case 2:
			(void)end_receive(e, 1 + chance_of(c, 5000));
			break;
		default:
			sim_server_pass(e->sim);
			break;
		}
	}
}

static void end_receive_out(struct session_end *e, struct chance *c)
{
	unsigned quiet = 0;

	(void)shutdown(e->fd, SHUT_WR);
	while (!e->gone && quiet < QUIET_MAX)
		quiet = end_go_on(e, c) ? 0 : quiet + 1;
	FUZZ_CHECK(e->gone);
}

/* What was written last is what is there. */
static void check_folder(struct sim_server *h, const struct model *m)
{
	for (size_t i = 0; i < m->n_files; i++) {
		const struct model_file *f = &m->files[i];
		struct buf b = { 0 };

		if (!f->is_written)
			continue;
		FUZZ_CHECK(sim_server_read_file(h, f->name, &b) == 0);
		FUZZ_CHECK(b.len == f->size && (b.len == 0 || memcmp(b.data, f->data, b.len) == 0));
		buf_done(&b);
	}
}

static void model_begin(struct model *m, const struct sim_server *h, enum sim_server_listener listener)
{
	*m = (struct model){
		.has_file = listener == SIM_SERVER_ALL || listener == SIM_SERVER_FILE || listener == SIM_SERVER_ALL_RAW,
		.has_compute = listener == SIM_SERVER_ALL || listener == SIM_SERVER_COMPUTE ||
			       listener == SIM_SERVER_ALL_RAW,
		.is_alone = listener == SIM_SERVER_FILE || listener == SIM_SERVER_COMPUTE,
		.line_max = h->limits->line,
		.max_size = SIM_SERVER_WIDE_SIZE,
	};
	for (unsigned i = 0; i < SIM_SERVER_FILES; i++) {
		const struct sim_server_file *f = &sim_server_files[i];

		(void)model_add_file(m, f->name, strlen(f->name), f->data, f->size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum sim_server_listener listeners[] = { SIM_SERVER_ALL, SIM_SERVER_FILE, SIM_SERVER_COMPUTE,
							      SIM_SERVER_ALL_RAW };
	struct session_end e = { .sim = sim_server_get(SIM_SERVER_WIDE) };
	struct talk t = { .data = data, .end = data + size };
	enum sim_server_listener listener;
	struct handle handle;
	struct chance chance;
	struct model m;
	uint8_t cut;

	if (size < 4 || size > 4096)
		return 0;
	listener = listeners[talk_take(&t) % ELEMENTSOF(listeners)];
	cut = talk_take(&t);
	chance.state = talk_take(&t) << 8;
	chance.state |= talk_take(&t);
	t.large_left = listener == SIM_SERVER_COMPUTE ? 0 : LARGE_MAX;
	if (listener == SIM_SERVER_ALL_RAW)
		talk_put_str(&t, "PING\n"); /* settles that it is no old client */
	while (t.data < t.end && t.bytes.len < BYTES_MAX)
		talk_request(&t);

	model_begin(&m, e.sim, listener);
	if (model_read(&m, t.bytes.data, t.bytes.len)) {
		e.fd = sim_server_connect(e.sim, listener, 0, cut & 4, &handle);
		FUZZ_CHECK(e.fd >= 0);
		end_say_all(&e, &t.bytes, cut, &chance);
		end_receive_out(&e, &chance);
		FUZZ_CHECK(model_agrees(&m, e.received.data, e.received.len));
		check_folder(e.sim, &m);
		closep(&e.fd);
		sim_server_check_empty(e.sim);
	}
	model_done(&m);
	buf_done(&t.bytes);
	buf_done(&e.received);
	return 0;
}
