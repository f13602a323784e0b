#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Where log events go. Every thread puts fixed-size records into its own bounded ring; the log thread, which alone
 * may hang on a journal that nobody reads, sends them. A full ring counts what it drops, and the count is told once
 * there is room. The only libsystemd beside service_manager.c.
 */

#include "base/log.h"
#include "base/option.h"

#include <stdint.h>

enum journal_sink {
	JOURNAL_SINK_JOURNAL, /* sd_journal_sendv, with fields */
	JOURNAL_SINK_STDERR,  /* a line each, with <N> in front where systemd reads it */
};

struct log_options {
	uint64_t level; /* index into the words of log.level */
	uint64_t burst; /* log/ratelimit.h */
	uint64_t interval_usec;
};
extern const struct option_section log_section;

enum log_level journal_level(const struct log_options *options);

/* The journal where stderr is connected to it (JOURNAL_STREAM matches) and it can be reached, else stderr. */
enum journal_sink journal_sink_pick(void);

/* Starts the log thread and becomes log.h's sink. @instance goes with each record as IOE_INSTANCE. 0 or negative errno;
 * -EBUSY: it runs already, or was left behind. Does journal_thread_init() for the caller. */
int journal_start(enum journal_sink sink, unsigned instance);

/* Every thread that logs, once, before its first event, so that its ring is made where failing is possible; without it
 * the first event makes it, or counts as dropped. 0, -ENOMEM. */
int journal_thread_init(void);

/* Sends what is queued and gives log.h its stderr back. Where that hangs beyond @until_usec the log thread is left
 * behind, and from then on events are only counted as dropped: stderr would hang the caller too. A second call waits
 * for it once more. */
void journal_stop(uint64_t until_usec);

/* Events dropped since the program began, for status. */
uint64_t journal_dropped(void);
