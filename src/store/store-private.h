#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The inside of the store with SQLite, for the files of src/store/ only. store.c: its life and threads; rows.c:
 * answers, which every kind of store packs in the same way; open.c: opening and closing of channels; batch.c: the
 * writer's transactions; write.c: the requests in them; age.c: how old a message is; expire.c: removal of old messages;
 * diskspace.c: full disks; read.c: the reader; checkpoint.c and backup.c: the work of the maintenance thread;
 * restore.c: a copy in the place of a store that is not open.
 */

#include "base/macro.h"
#include "base/map.h"
#include "log/ratelimit.h"
#include "loop/thread.h"
#include "store/db.h"
#include "store/store.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

/* A thread, its connection, and the loop in which it waits. */
struct store_thread {
	struct store_sqlite *store;
	struct loop loop;
	struct log_ratelimit ratelimit; /* of its log events */
	struct db db;
	struct thread thread; /* runs the loop */
};

struct store_channel {
	struct store_sqlite *store;
	struct msg arrival;
	struct map_node node;    /* in s->open, by `key`... */
	bool entered;            /* ... where this is true */
	bool loaded;             /* the members from `now` to `row_dirty` are known */
	struct list touched;     /* in s->touched if the open transaction changed the channel */
	struct store_counts now; /* after the open transaction */
	struct store_counts was; /* after the last commit */
	uint64_t row_last;       /* the last message that the row on disk counts... */
	uint64_t row_was;        /* ... and counted at the begin of the transaction */
	bool row_dirty;          /* the row must be written in this transaction, and not lazily */
	struct store_request close;
	uint8_t name_len;
	char key[1 + STORE_NAME_MAX]; /* the kind, then the name */
};

/* A span in which the clock did not jump: its begin and end in the store's time and by the clock, in milliseconds. */
struct age_span {
	uint64_t counted, until;
	uint64_t real, real_until;
	uint64_t offset; /* clock minus store's time, modulo 2^64; of merged spans the smallest */
};

#define AGE_SPANS_MAX 32
struct age {
	const struct store_clock *clock;
	uint64_t ahead; /* store's time minus CLOCK_BOOTTIME, modulo 2^64; constant after age_open() */
	struct age_span spans[AGE_SPANS_MAX]; /* in the order of time; the last one is open and ends now */
	unsigned n;
	bool changed; /* the spans on disk are older */
	char boot_id[STORE_BOOT_ID_MAX + 1];
};

struct store_sqlite {
	struct store store; /* first */
	struct store_thread writer, reader, maintenance;
	char dir[PATH_MAX], path[PATH_MAX + 16];
	uint64_t max_queued_bytes, max_channels;

	/* For the writer only. */
	struct store_request *first, **last; /* requests for the next transaction */
	struct map open;
	struct store_channel id_block; /* has a kind of its own and an empty name, so the walk skips it */
	struct list touched;
	struct {
		uint64_t now[STORE_KINDS_MAX], was[STORE_KINDS_MAX];
	} rows; /* number of channels of each kind; now and was as in store_channel */
	struct store_rule rules[STORE_KINDS_MAX];
	uint64_t now_usec;                   /* real time of this transaction */
	struct age age;                      /* age.ahead and age.clock: for all threads */
	struct {
		uint64_t now[STORE_KINDS_MAX];   /* messages expired by the open transaction, */
		uint64_t round[STORE_KINDS_MAX]; /* and since the last log event about it */
		uint64_t next_usec;              /* earliest time of the next log event */
		bool unlogged;                   /* `now` or `round` is not zero */
	} expired;
	struct timer sweep;
	uint64_t sweep_at; /* id of the last channel that the walk has finished */
	bool sweep_due;
	atomic_uint dropping;     /* set before a transaction that can release names (open.c)... */
	bool may_drop;            /* ... and this in that transaction */
	bool checkpointing;       /* the maintenance thread has `checkpoint` */
	uint64_t checkpointed_at; /* pages in the log when it began */
	int64_t wal_bytes;        /* size of the log's file, with the zeros at its end */
	uint64_t log_pages;       /* pages in the log, after which the next transaction is written */
	uint64_t moved_pages;     /* pages in the log at the checkpoint if it has moved all of them; else 0 */
	int db_fd;                /* the database file, for diskspace.c */
	uint64_t page_bytes, allocated_bytes; /* size of a page; of the file's blocks, as far as is known */
	bool takes_in;                        /* the open transaction adds messages or attributes */
	bool full;                            /* the disk is full: requests that add are refused */
	struct msg checkpoint;

	uint64_t low_water_mark; /* the last number of id_block at the start */

	/* Written by the writer, read by all. */
	atomic_uint_fast64_t queued, commits, written, wal_pages, busy_since, n_expired[STORE_KINDS_MAX];
	atomic_bool closed, was_full;
	atomic_bool damaged; /* written by all threads of the store */
	struct msg check;
	bool has_wal;         /* a -wal file was there after the start */
	atomic_bool checking; /* `check` is away */
	atomic_bool ending;   /* store_free() was called: long work gives up */
	pthread_mutex_t lock; /* guards `why`; held for a few instructions */
	char why[512];
};

static inline struct store_sqlite *store_of(struct store *store)
{
	return container_of(store, struct store_sqlite, store);
}

static inline const struct store_sqlite *store_of_const(const struct store *store)
{
	return container_of(store, const struct store_sqlite, store);
}

/* store.c */
void store_push(struct store_sqlite *s, struct store_thread *t, struct store_request *q,
		void (*on_arrival)(struct msg *m), int (*run)(struct store_request *q));
/* In a thread of the store: sends the answer to the request's loop. */
void store_answer(struct store_request *q, int result);
/* The enum store_outcome of a negative errno, where it has one; else the errno. */
int store_outcome(int error);
/* @what has failed for good: closes the store. */
void store_fail(struct store_sqlite *s, const char *what, const struct db *d);
/* In the thread @t: @what has failed, but can succeed the next time. */
void store_trouble(struct store_thread *t, const char *what, int error);

/* batch.c: the writer's turn */
void batch_arrived(struct msg *m);
void batch_turn(struct store_sqlite *s);

/* age.c */
uint64_t age_msec(const struct store *store);   /* store_age_msec() */
uint64_t age_now(const struct store_sqlite *s); /* the same */
int age_open(struct store_sqlite *s, const struct store_clock *clock); /* after diskspace_open(). 0 or negative errno */
void age_close(struct store_sqlite *s);                                /* after the writer has ended */
/* The writer, before a transaction: where the clock has jumped, corrects s->now_usec, by which messages are stamped,
 * and has the new span written in the transaction. */
void age_check_clock(struct store_sqlite *s);
void age_save(struct store_sqlite *s); /* the writer, before a transaction: notes the time once an hour */
int age_write(struct store_sqlite *s); /* in a transaction, if age.changed. 0 or negative errno */
/* The least age of a message with this stamp, in milliseconds. */
uint64_t age_of(const struct store_sqlite *s, uint64_t real);

/* open.c */
int open_submit(struct store *store, struct store_open *q);
void open_close(struct store *store, struct store_channel *c);
/* The writer: puts the channel in s->open if it is not there. 0 or -ENOMEM */
int open_enter(struct store_sqlite *s, struct store_channel *c);

/* write.c */
uint64_t write_low_water_mark(const struct store *store);
struct store_channel *write_id_block(struct store *store);
int write_submit_append(struct store *store, struct store_append *q);
int write_submit_remove(struct store *store, struct store_remove *q);
int write_submit_set(struct store *store, struct store_set *q);
int write_submit_reserve(struct store *store, struct store_reserve *q);
/* A run() returns 0, a negative errno: the transaction fails, or an enum store_outcome: only this request. */
int write_count(struct store_sqlite *s);         /* at the start: counts the channels. 0 or negative errno */
int write_load_id_block(struct store_sqlite *s); /* at the start. 0 or negative errno */
/* Before any other use of an open channel. 0, negative errno, or an enum store_outcome as a run(). */
int write_ready(struct store_sqlite *s, struct store_channel *c);
/* Reads the counts of a channel by its key. 0 or negative errno; id 0: the channel is not on disk. */
int write_load(struct store_sqlite *s, struct store_channel *c);
void write_touch(struct store_sqlite *s, struct store_channel *c);     /* the open transaction changes it */
/* Updates the row on disk if it is dirty, or far behind. 0 or negative errno. */
int write_update_row(struct store_sqlite *s, struct store_channel *c);
/* Removes one message. 0, STORE_E_NOT_FOUND or negative errno. *ret_removed, where it is not NULL, has its sender. */
int write_take_out(struct store_sqlite *s, struct store_channel *c, uint64_t number, enum store_disposition disposition,
		   struct store_removed *ret_removed);

/* read.c */
int read_submit_page(struct store *store, struct store_page *q);
int read_submit_lookup(struct store *store, struct store_lookup *q);
int read_submit_list(struct store *store, struct store_list *q);
/* 1: found; 0: there is no such channel; or negative errno. */
int read_find(struct db *d, uint8_t kind, const char *name, size_t len, struct store_counts *ret);
/* Adds the messages that the row of the channel does not count yet. 0 or negative errno. */
int read_tail(struct db *d, struct store_counts *c);

/* expire.c */
int expire_set_rule(struct store *store, unsigned kind, const struct store_rule *rule);
/* Removes at most @budget messages that the rule does not keep. *ret_more: there are more. 0 or negative errno. */
int expire_messages(struct store_sqlite *s, struct store_channel *c, unsigned budget, bool *ret_more);
/* Removes some of the messages that an open channel has too many of. 0 or negative errno. */
int expire_excess(struct store_sqlite *s, struct store_channel *c);
/* A step of the walk through all channels. Releases a name only if s->may_drop is set; otherwise sets s->dropping, and
 * the next step goes on at the same channel. 0 or negative errno. */
int expire_step(struct store_sqlite *s);
/* Logs how many messages have expired: after a whole walk, or, with @all, now. */
void expire_log(struct store_sqlite *s, bool all);
void expire_start(struct store_sqlite *s); /* in the writer's thread */
void expire_stop(struct store_sqlite *s);

/* diskspace.c */
int diskspace_open(struct store_sqlite *s); /* 0 or negative errno */
void diskspace_close(struct store_sqlite *s);
/* In a transaction, before the commit. 0, -ENOSPC (and the error is in db, as after a failed commit), another errno. */
int diskspace_reserve(struct store_sqlite *s);
void diskspace_reset(struct store_sqlite *s);               /* after SQLite has truncated the file */
uint64_t diskspace_log_bytes(const struct store_sqlite *s); /* the size that the file of the log needs */

/* restore.c: finishes a restore that was interrupted; *ret_done: there was one. *ret_kept: the folder that has the old
 * files, or "". 0 or negative errno. */
int restore_finish(int dirfd, bool *ret_done, char ret_kept[static RESTORE_KEPT_MAX]);

/* backup.c */
int backup_submit(struct store *store, struct store_backup *q);

/* checkpoint.c */
void checkpoint_start(struct store_sqlite *s); /* before the writer's first transaction */
/* The writer, in a transaction, when nobody else writes to the log: makes its file large enough. */
void checkpoint_grow_log(struct store_sqlite *s);
/* The writer, between two transactions: starts a checkpoint if the log has become long. */
void checkpoint_begin(struct store_sqlite *s);
/* The writer, on a full disk: rolls the transaction back and runs a checkpoint. False: the log could not begin anew. */
bool checkpoint_now(struct store_sqlite *s);
