/* SPDX-License-Identifier: MIT */
#include "client/mail.h"

#include "base/stdfd.h"
#include "base/str.h"
#include "cli/show.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAIL_ACK_MAX     50  /* of one ACK: it has no more than 64 fields */
#define MAIL_READER_MSEC 100 /* in which one that has enough of a pipe ends, as head(1) does */

void mail_done(struct mail *m)
{
	free(m->ids);
	m->ids = NULL;
	m->n = m->cap = 0;
}

/* The server has other data now, and gives the same numbers to other messages. */
static void mail_forget(struct mail *m)
{
	if (m->data != m->client->data)
		m->n = m->flushed = 0;
	m->data = m->client->data;
}

static bool mail_is_printed(const struct mail *m, uint64_t id)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->ids[i] == id)
			return true;
	return false;
}

static int mail_add(struct mail *m, uint64_t id)
{
	uint64_t *ids;

	if (m->n == m->cap) {
		ids = reallocarray(m->ids, m->cap + 64, sizeof(*ids));
		if (!ids)
			return -ENOMEM;
		m->ids = ids;
		m->cap += 64;
	}
	m->ids[m->n++] = id;
	return 0;
}

/* "2026-01-31 23:59:59 bob: text" */
static int mail_line(struct buf *line, const struct news *n)
{
	int r;

	r = show_time(line, n->time_msec);
	if (r == 0)
		r = buf_append_str(line, n->kind == NEWS_DELIVERED ? " * delivered to " : " ");
	if (r == 0)
		r = show_field(line, &n->name);
	if (r == 0)
		r = buf_append_str(line, ": ");
	if (r == 0 && n->kind == NEWS_DELIVERED)
		r = buf_printf(line, "%llu", (unsigned long long)n->number);
	if (r == 0)
		r = show_field(line, &n->text);
	return r == 0 ? buf_append_str(line, "\n") : r;
}

static int mail_print(struct mail *m, const struct news *n)
{
	_cleanup_(buf_done) struct buf line = { 0 };
	int r;

	r = mail_line(&line, n);
	if (r == 0 && n->kind == NEWS_MAIL)
		r = mail_add(m, n->number);
	if (r < 0)
		return r;
	errno = 0;
	if (fwrite(line.data, 1, line.len, stdout) != line.len)
		return errno > 0 ? -errno : -EIO;
	return 0;
}

void mail_news(void *userdata, const struct news *n)
{
	struct mail *m = userdata;

	mail_forget(m);
	if (m->error < 0 || (n->kind != NEWS_MAIL && n->kind != NEWS_DELIVERED))
		return;
	if (n->kind == NEWS_MAIL && mail_is_printed(m, n->number))
		return;
	m->error = mail_print(m, n);
}

/* Flushes all printed messages, and checks that a pipe still has a reader. 0 or negative errno. */
static int mail_flush(const struct mail *m)
{
	struct pollfd reader = { .fd = STDOUT_FILENO };
	int r = stdfd_flush();
	struct stat st;

	if (r < 0 || m->n == 0 || fstat(STDOUT_FILENO, &st) < 0 || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		return r;
	/* A signal ends the program, or this wait. */
	return poll(&reader, 1, MAIL_READER_MSEC) > 0 ? -EPIPE : 0;
}

/* Acknowledges the first of the flushed messages. */
static enum exit_code mail_acknowledge(struct mail *m)
{
	char texts[MAIL_ACK_MAX][24];
	struct field request[MAIL_ACK_MAX + 1] = { { (char *)"ACK", strlen("ACK") } };
	struct peer_reply reply;
	enum exit_code code;
	size_t n;
	int r;

	/* A connection that is made for this can lead to other data, where the same IDs belong to messages that were
	 * never printed. */
	if (!client_link(m->client, &code))
		return code;
	mail_forget(m);
	n = MIN(m->flushed, (size_t)MAIL_ACK_MAX);
	if (n == 0)
		return EXIT_CODE_OK;
	for (size_t i = 0; i < n; i++)
		request[i + 1] = (struct field){ texts[i], str_put_u64(texts[i], m->ids[i]) };
	r = peer_request(m->client->peer, request, (unsigned)n + 1);
	/* More messages can arrive meanwhile, behind those. */
	code = r < 0 ? client_fail_broken(m->client, r) : client_answer(m->client, PEER_REPLY_LINE, &reply);
	if (code == EXIT_CODE_OK) {
		m->n -= n;
		m->flushed -= n;
		memmove(m->ids, m->ids + n, m->n * sizeof(*m->ids));
	}
	return code;
}

enum exit_code mail_finish(struct mail *m)
{
	enum exit_code code = EXIT_CODE_OK;

	mail_forget(m);
	do {
		if (m->error == 0)
			m->error = mail_flush(m);
		if (m->error == -ENOMEM)
			return client_fail(m->client, EXIT_CODE_FAILED, "%s", strerror(ENOMEM));
		if (m->error < 0)
			return client_fail_output(m->client, m->error);
		if (m->keep)
			m->n = 0;
		/* More messages can arrive meanwhile, and are flushed first. */
		m->flushed = m->n;
		while (m->flushed > 0 && code == EXIT_CODE_OK)
			code = mail_acknowledge(m);
	} while (m->n > 0 && code == EXIT_CODE_OK);
	return code;
}
