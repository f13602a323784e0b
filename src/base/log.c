/* SPDX-License-Identifier: MIT */
/*
 * All calls format the text in one place. The sink gets the finished text, cut to a greatest length, and the caller's
 * errno stays as it was. A line to stderr is one write(), so that lines of several threads or programs that share a
 * pipe do not mix.
 */

#include "base/log.h"
#include "base/io.h"
#include "base/str.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_TEXT_MAX      1024

/* The part of a line that its text can take at most, so that the fields, which name the client, always fit behind
 * it. */
#define LOG_LINE_TEXT_MAX 2560

static_assert(LOG_LINE_MAX <= PIPE_BUF, "a line must reach a pipe in one piece");

static _Atomic(log_sink_fn) log_sink;
static atomic_int log_level_now = LOG_LEVEL_INFO;

void log_set_sink(log_sink_fn sink)
{
	atomic_store_explicit(&log_sink, sink, memory_order_release);
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&log_level_now, (int)level, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
	return (enum log_level)atomic_load_explicit(&log_level_now, memory_order_relaxed);
}

const char *log_level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERR:
		return "err";
	case LOG_LEVEL_WARNING:
		return "warning";
	case LOG_LEVEL_NOTICE:
		return "notice";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		return "debug";
	case LOG_LEVEL_MAX:
		break;
	}
	return "unknown";
}

bool log_stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;

	/* A program that redirects stderr leaves the variable as it was, so device and inode must be those of
	 * stderr. */
	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	(void)snprintf(mine, sizeof(mine), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, mine) == 0;
}

/* Appends @s as far as it fits below @cap, leaving room for what closes the line. Returns the new length. */
static size_t log_line_put(char *dst, size_t len, size_t cap, const char *s)
{
	if (len + 4 <= cap)
		len += strlen(str_escape(dst + len, cap - len, s, strlen(s)));
	return len;
}

size_t log_line(char dst[LOG_LINE_MAX], bool for_journal, enum log_level level, const struct log_field *fields,
		size_t n_fields, const char *text)
{
	const size_t cap = LOG_LINE_MAX - 2; /* leaves room for "]\n" and the NUL of the last string */
	const char *open = " [";
	size_t len;

	if (for_journal)
		len = (size_t)snprintf(dst, cap, "<%d>", (int)level);
	else
		len = (size_t)snprintf(dst, cap, "%.64s: %s: ", program_invocation_short_name, log_level_name(level));
	len = log_line_put(dst, len, LOG_LINE_TEXT_MAX, text);

	for (size_t i = 0; i < n_fields; i++) {
		if (strcmp(fields[i].name, LOG_FIELD_ID) == 0)
			continue;
		len = log_line_put(dst, len, cap, open);
		len = log_line_put(dst, len, cap, fields[i].name);
		len = log_line_put(dst, len, cap, "=");
		len = log_line_put(dst, len, cap, fields[i].value);
		open = " ";
	}
	if (!open[1])
		dst[len++] = ']';
	dst[len++] = '\n';
	dst[len] = '\0';
	return len;
}

static void log_to_stderr(enum log_level level, const struct log_field *fields, size_t n_fields, const char *text)
{
	char line[LOG_LINE_MAX];
	size_t n;

	n = log_line(line, log_stderr_is_journal(), level, fields, n_fields, text);
	/* An error cannot be reported: this is the only place that reports go to. */
	(void)io_write_all(STDERR_FILENO, line, n);
}

void log_full_v(enum log_level level, const struct log_field *fields, size_t n_fields, const char *fmt, va_list ap)
{
	char text[LOG_TEXT_MAX];
	log_sink_fn sink;
	int saved_errno = errno;
	int r;

	if (!log_wants(level))
		return;

	r = vsnprintf(text, sizeof(text), fmt, ap);
	if (r < 0)
		(void)snprintf(text, sizeof(text), "An event could not be formatted: %s", fmt);
	else if ((size_t)r >= sizeof(text))
		(void)memcpy(text + sizeof(text) - sizeof("..."), "...", sizeof("..."));

	sink = atomic_load_explicit(&log_sink, memory_order_acquire);
	if (!sink)
		sink = log_to_stderr;
	sink(level, fields, MIN(n_fields, (size_t)LOG_FIELDS_MAX), text);
	errno = saved_errno;
}

void log_full(enum log_level level, const struct log_field *fields, size_t n_fields, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_full_v(level, fields, n_fields, fmt, ap);
	va_end(ap);
}
