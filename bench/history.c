/* SPDX-License-Identifier: MIT */
/*
 * What was said, read again: a durable room that holds --count messages of 64 bytes is asked for a thousand at a time,
 * from anywhere, one request after the other. Of each answer every row has to be the right one. A room that holds less
 * is filled first.
 *
 * Only ioe has such rooms.
 */
#include "base/clock.h"
#include "base/str.h"
#include "conn.h"
#include "frame.h"
#include "hist.h"
#include "load.h"
#include "mark.h"
#include "proc.h"
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HISTORY_ROWS       1000
#define HISTORY_READY_USEC (10 * USEC_PER_SEC)
#define HISTORY_BATCH      100 /* messages under way while the room is filled: less than limits.pipeline */
#define HISTORY_LINE       256

struct history {
	const struct load_args *args;
	int fd;
	FILE *in; /* the same, for reading */
	uint64_t random;
	struct hist hist;
};

static void history_done(struct history *h)
{
	if (h->in)
		(void)fclose(h->in);
	else
		closep(&h->fd);
}

static int history_read_line(struct history *h, char line[HISTORY_LINE])
{
	if (!fgets(line, HISTORY_LINE, h->in))
		return load_fail(ECONNRESET, "%s did not answer", h->args->target->name);
	return 0;
}

/* Everything else has to be what is awaited. */
static int history_unexpected(const struct history *h, const char *line)
{
	return load_fail(0, "%s answered wrongly: \"%.*s\"", h->args->target->name, (int)strcspn(line, "\n"), line);
}

/* Lines up to one that begins with @begin, which is left in @line; JOINED and SAID are events. */
static int history_await(struct history *h, const char *begin, char line[HISTORY_LINE])
{
	int r;

	for (;;) {
		r = history_read_line(h, line);
		if (r < 0)
			return r;
		if (strncmp(line, begin, strlen(begin)) == 0)
			return 0;
		if (strncmp(line, "JOINED,", 7) != 0 && strncmp(line, "SAID,", 5) != 0)
			return history_unexpected(h, line);
	}
}

/* @ret_last: number of the room's last message. */
static int history_join(struct history *h, uint64_t *ret_last)
{
	static const char hello[] = "HELLO,ioe/1\nJOIN,log\n", joined[] = "OK,log,";
	unsigned long long last;
	char line[HISTORY_LINE];
	int r;

	r = conn_open((uint16_t)h->args->port, clock_usec() + HISTORY_READY_USEC, &h->fd);
	if (r >= 0)
		r = conn_send(h->fd, hello, sizeof(hello) - 1, false);
	if (r < 0)
		return load_fail(-r, "Cannot connect to %s", h->args->target->name);
	h->in = fdopen(h->fd, "re");
	if (!h->in)
		return load_fail(errno, "Cannot read from %s", h->args->target->name);

	r = history_await(h, "HI,ioe/1,", line);
	if (r >= 0)
		r = history_await(h, joined, line);
	if (r < 0)
		return r;
	if (sscanf(line, "OK,log,%llu,", &last) != 1)
		return history_unexpected(h, line);
	*ret_last = last;
	return 0;
}

/* Number n says the text of number n. */
static int history_say(struct history *h, uint64_t from, uint64_t n)
{
	char batch[HISTORY_BATCH * (FRAME_TEXT_BYTES + 16)], line[HISTORY_LINE], answer[32], *at = batch;
	uint64_t i;
	int r;

	for (i = from; i < from + n; i++) {
		at = (char *)memcpy(at, "SAY,log,", 8) + 8;
		frame_make_text(at, 0, i);
		at += FRAME_TEXT_BYTES;
		*at++ = '\n';
	}
	r = conn_send(h->fd, batch, (size_t)(at - batch), false);
	if (r < 0)
		return load_fail(-r, "Cannot send to %s", h->args->target->name);

	for (i = from; i < from + n; i++) {
		(void)snprintf(answer, sizeof(answer), "OK,%llu\n", (unsigned long long)i);
		r = history_await(h, "OK,", line);
		if (r < 0)
			return r;
		if (strcmp(line, answer) != 0)
			return history_unexpected(h, line);
	}
	return 0;
}

static int history_fill(struct history *h, uint64_t last)
{
	uint64_t n;
	int r;

	for (; last < h->args->count; last += n) {
		n = MIN(h->args->count - last, (uint64_t)HISTORY_BATCH);
		r = history_say(h, last + 1, n);
		if (r < 0)
			return r;
	}

	return 0;
}

/* SEQ,TIME,FROM,TEXT */
static int history_check_row(struct history *h, const char *row, size_t len, uint64_t number)
{
	char begin[32], text[FRAME_TEXT_BYTES];
	size_t n;

	n = (size_t)snprintf(begin, sizeof(begin), "%llu,", (unsigned long long)number);
	frame_make_text(text, 0, number);
	if (len < n + FRAME_TEXT_BYTES + 1 || memcmp(row, begin, n) != 0 ||
	    memcmp(row + len - FRAME_TEXT_BYTES, text, FRAME_TEXT_BYTES) != 0 || row[len - FRAME_TEXT_BYTES - 1] != ',')
		return history_unexpected(h, row);
	return 0;
}

static int history_check(struct history *h, char *p, size_t n, uint64_t after)
{
	const char *end;
	uint64_t i;
	int r;

	for (i = 1; n > 0; i++) {
		end = memchr(p, '\n', n);
		if (!end)
			return history_unexpected(h, p);
		r = history_check_row(h, p, (size_t)(end - p), after + i);
		if (r < 0)
			return r;
		n -= (size_t)(end + 1 - p);
		p += end + 1 - p;
	}

	return i == HISTORY_ROWS + 1
		       ? 0
		       : load_fail(0, "%s gave %zu rows of %d", h->args->target->name, (size_t)i - 1, HISTORY_ROWS);
}

static int history_ask(struct history *h, uint64_t after)
{
	static char body[HISTORY_ROWS * HISTORY_LINE + 1];
	uint64_t from_usec = clock_usec(), size;
	char request[64], line[HISTORY_LINE];
	int n, r;

	n = snprintf(request, sizeof(request), "HISTORY,log,%llu,%d\n", (unsigned long long)after, HISTORY_ROWS);
	r = conn_send(h->fd, request, (size_t)n, false);
	if (r < 0)
		return load_fail(-r, "Cannot send to %s", h->args->target->name);
	/* What is said of its own coming may be first. */
	do
		r = history_read_line(h, line);
	while (r >= 0 && strncmp(line, "JOINED,", 7) == 0);
	if (r < 0)
		return r;
	if (str_to_u64(line, strcspn(line, "\n"), 1, sizeof(body) - 1, &size) < 0)
		return history_unexpected(h, line);
	if (fread(body, 1, size, h->in) != size)
		return load_fail(ECONNRESET, "%s did not answer", h->args->target->name);

	hist_add(&h->hist, clock_usec() - from_usec);
	body[size] = '\0';
	return history_check(h, body, size, after);
}

static int history_ask_until(struct history *h, uint64_t until_usec)
{
	int r = 0;

	while (r == 0 && clock_usec() < until_usec) {
		h->random = h->random * 6364136223846793005ULL + 1442695040888963407ULL;
		r = history_ask(h, (h->random >> 20) % (h->args->count - HISTORY_ROWS + 1));
	}
	return r;
}

static int history_measure(struct history *h, const struct proc_tree *server, double *ret_server_usec)
{
	struct mark from, to;
	int r;

	r = history_ask_until(h, clock_usec() + h->args->warm_msec * USEC_PER_MSEC);
	if (r < 0)
		return r;
	h->hist = (struct hist){};
	r = mark_take(h->args, server, &from);
	if (r >= 0)
		r = history_ask_until(h, clock_usec() + h->args->msec * USEC_PER_MSEC);
	if (r >= 0)
		r = mark_take(h->args, server, &to);
	if (r < 0)
		return r;

	*ret_server_usec = (double)(to.server_nsec - from.server_nsec) / 1000 / (double)h->hist.total;
	return 0;
}

int history_scenario(const struct load_args *args)
{
	_cleanup_(history_done) struct history h = { .args = args, .fd = -1, .random = clock_usec() };
	uint64_t last = 0;
	struct proc_tree tree;
	double server_usec;
	int r;

	if (args->count < HISTORY_ROWS)
		return load_fail(0, "A room of %zu messages has no %d", (size_t)args->count, HISTORY_ROWS);
	r = history_join(&h, &last);
	if (r < 0)
		return r;
	r = history_fill(&h, last);
	if (r < 0)
		return r;
	r = proc_tree_find_server((pid_t)args->pid, &tree);
	if (r < 0)
		return r;
	r = history_measure(&h, &tree, &server_usec);
	if (r < 0)
		return r;

	printf("%llu\t%llu\t%.1f\n", (unsigned long long)hist_percentile(&h.hist, 50),
	       (unsigned long long)hist_percentile(&h.hist, 99), server_usec);
	return 0;
}
