#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The log thread. Every thread puts records of a fixed size into its own bounded ring. The log thread sends them to the
 * journal or to stderr, and it is the only thread that can hang there. A record that finds its ring full is dropped and
 * counted, and the count is logged when there is space again.
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

/* The journal if stderr is connected to it (JOURNAL_STREAM matches) and its socket is there; else stderr. */
enum journal_sink journal_sink_pick(void);

/* Starts the log thread and becomes the sink of base/log.h. Each record has @instance as IOE_INSTANCE. 0 or negative
 * errno; -EBUSY: the log thread runs already, or was left behind. Calls journal_thread_init() for the caller. */
int journal_start(enum journal_sink sink, unsigned instance);

/* For each thread, once, before its first record: makes its ring at a time when an error can be handled. Without this
 * call the first record makes the ring, or is dropped. 0, -ENOMEM. */
int journal_thread_init(void);

/* Sends the queued records, ends the log thread, and gives base/log.h its stderr back. If the log thread hangs until
 * @until_usec (CLOCK_MONOTONIC) it is left behind, and all later records are dropped: stderr would hang the caller,
 * too. A second call waits for it again. */
void journal_stop(uint64_t until_usec);

/* Any thread. Records dropped since the start of the program. */
uint64_t journal_dropped(void);
