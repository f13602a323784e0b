#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The calls that log: a level, a sentence, and fields. The sink decides where an entry goes (in ioed: log/journal.h);
 * without a sink each entry is a line on stderr. Levels are those of syslog. Text and values can hold any bytes; the
 * sink makes them harmless. Every thread may call them.
 */

#include "base/macro.h"

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>

enum log_level {
	LOG_LEVEL_ERR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
	LOG_LEVEL_MAX = 8,
};

/* A journal field, "IOE_PEER" for one. Both strings are the caller's and live for the call only. */
struct log_field {
	const char *name;
	const char *value;
};

#define LOG_FIELDS_MAX 8

/* This field is for programs only: the journal has it, a line never shows it. */
#define LOG_FIELD_ID "MESSAGE_ID"

typedef void (*log_sink_fn)(enum log_level level, const struct log_field *fields, size_t n_fields, const char *text);

/* Only before the first thread starts. NULL: stderr. */
void log_set_sink(log_sink_fn sink);

/* Any thread may set the level at any time. The default is info. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
const char *log_level_name(enum log_level level);

/* Whether stderr is a stream to the journal ($JOURNAL_STREAM in systemd.exec(5)), which reads "<N>" in front of a line
 * as its level. */
bool log_stderr_is_journal(void);

/* Writes the entry as one harmless line that ends in LF and fits a single write to a pipe; fields come last, in
 * brackets. @for_journal: "<4>text", else "program: warning: text". Returns the length, without the NUL behind it. */
#define LOG_LINE_MAX 4096
size_t log_line(char dst[LOG_LINE_MAX], bool for_journal, enum log_level level, const struct log_field *fields,
		size_t n_fields, const char *text);

static inline bool log_wants(enum log_level level)
{
	return level <= log_get_level();
}

void log_full(enum log_level level, const struct log_field *fields, size_t n_fields, const char *fmt, ...)
	_printf_(4, 5);
void log_full_v(enum log_level level, const struct log_field *fields, size_t n_fields, const char *fmt, va_list ap)
	_printf_(4, 0);

#define log_err(...)     log_full(LOG_LEVEL_ERR, NULL, 0, __VA_ARGS__)
#define log_warning(...) log_full(LOG_LEVEL_WARNING, NULL, 0, __VA_ARGS__)
#define log_notice(...)  log_full(LOG_LEVEL_NOTICE, NULL, 0, __VA_ARGS__)
#define log_info(...)    log_full(LOG_LEVEL_INFO, NULL, 0, __VA_ARGS__)
#define log_debug(...)                                                      \
	do {                                                                \
		if (log_wants(LOG_LEVEL_DEBUG))                             \
			log_full(LOG_LEVEL_DEBUG, NULL, 0, __VA_ARGS__);    \
	} while (0)
