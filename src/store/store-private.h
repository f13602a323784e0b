#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Inside of the store: store.c (its life), age.c (how old something is), open.c (channels come and go), batch.c (the writer's transactions), write.c
 * (what is done in them), expire.c (what has been kept long enough), diskspace.c (full disks), read.c (the reader), checkpoint.c
 * (the keeper) and backup.c (its copies). Nobody else includes this.
 */

#include "base/map.h"
#include "log/ratelimit.h"
#include "store/db.h"
#include "store/store.h"

#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

/* A thread, its connection, and the loop it waits in. */
struct store_thread {
	struct store *store;
	struct loop loop;
	struct log_ratelimit ratelimit; /* of what is logged */
	struct db db;
	pthread_t thread;
	bool started;
	sem_t ended;
	struct msg stop;
	void (*turn)(struct store *s); /* NULL or: after each pass of the loop */
};

struct store_channel {
	struct store *store;
	struct msg arrival;
	struct map_node node;        /* of s->open, by `key`... */
	bool entered;                /* ... once it is in there */
	bool loaded;                 /* the following is known */
	struct list touched;         /* in s->touched while a transaction has changed it */
	struct store_counts now;     /* as the transaction under way will leave it */
	struct store_counts was;     /* as the last one that was committed did */
	uint64_t row_last;           /* up to where the row on disk counts... */
	uint64_t row_was;            /* ... and did when the transaction began */
	bool row_dirty;              /* the row has to be written */
	struct store_request close;
	uint8_t name_len;
	char key[1 + STORE_NAME_MAX]; /* the kind, then the name */
};

/* From when to when it is in the store's time, and between what the clock was; in milliseconds. */
struct age_span {
	uint64_t counted, until;
	uint64_t real, real_until;
	uint64_t offset; /* by which the clock was ahead, modulo 2^64; the least, where several spans have become this one */
};

#define AGE_SPANS_MAX 32
struct age {
	const struct store_clock *clock;
	uint64_t ahead;  /* of CLOCK_BOOTTIME is the store's time by this, modulo 2^64; fixed once it is open */
	struct age_span spans[AGE_SPANS_MAX]; /* in their order; the last one's end is now */
	unsigned n;
	bool changed;    /* they are not on disk like that */
	char boot_id[STORE_BOOT_ID_MAX + 1];
};

struct store {
	struct store_thread writer, reader, maintenance;
	char dir[PATH_MAX], path[PATH_MAX + 16];
	uint64_t max_queued_bytes, max_channels;

	/* The writer's. */
	struct store_request *first, **last; /* what waits for the next transaction */
	struct map open;
	struct store_channel id_block; /* of a kind of its own, with an empty name, which the walk passes over */
	struct list touched;
	struct {
		uint64_t now[STORE_KINDS_MAX], was[STORE_KINDS_MAX];
	} rows;                              /* of channels of each kind, as a store_channel's counts */
	struct store_rule rules[STORE_KINDS_MAX];
	uint64_t now_usec;                   /* real time of this transaction */
	struct age age;                      /* but for age.ahead and age.clock, which are everybody's */
	struct {
		uint64_t now[STORE_KINDS_MAX];   /* dropped as too old: by the transaction under way, */
		uint64_t round[STORE_KINDS_MAX]; /* and since that was last told */
		uint64_t next_usec;              /* when it may be told again */
		bool unlogged;                   /* one of these is not zero */
	} expired;
	struct timer sweep;
	uint64_t sweep_at;                   /* the channel behind which it goes on */
	bool sweep_due;
	atomic_uint dropping;                /* said before a transaction that may give names back (open.c)... */
	bool may_drop;                       /* ... as the one under way may */
	bool checkpointing;                  /* the keeper is at it */
	uint64_t checkpointed_at;            /* how long the log was when it began */
	int64_t wal_bytes;                   /* the log's, with what stands ready behind it */
	uint64_t log_pages;                  /* of it, those that the next transaction comes behind */
	uint64_t moved_pages;                /* the checkpoint's: all that there were, where it has moved them all */
	int db_fd;                           /* diskspace.c's: the database, */
	uint64_t page_bytes, allocated_bytes; /* what a page has, and the file's blocks, as far as is known */
	bool takes_in;                       /* the transaction under way does */
	bool full;                           /* ... but may not, since the disk is full */
	struct msg checkpoint;

	uint64_t low_water_mark; /* the pool's last number, as it was at the start */

	/* Written by the writer. */
	atomic_uint_fast64_t queued, commits, written, wal_pages, busy_since, n_expired[STORE_KINDS_MAX];
	atomic_bool closed, was_full;
	atomic_bool damaged;                 /* also by the others */
	struct msg check;
	bool has_wal;                        /* there was one once all was open */
	atomic_bool checking;                /* it is under way */
	atomic_bool ending;                  /* what takes long gives up */
	pthread_mutex_t lock; /* of why, for a few instructions */
	char why[512];
};

/* store.c */
void store_push(struct store *s, struct store_thread *t, struct store_request *q, void (*on_arrival)(struct msg *m),
		int (*run)(struct store *s, struct store_request *q));
/* In the store's threads: the answer is there. */
void store_answer(struct store_request *q, int result);
/* The writer: nothing is written any more, since this has failed. */
void store_fail(struct store *s, const char *what, const struct db *d);
/* In that thread: this has failed, and may go right the next time. */
void store_trouble(struct store_thread *t, const char *what, int error);

/* batch.c: the writer's turn */
void batch_arrived(struct msg *m);
void batch_turn(struct store *s);

/* age.c */
int age_open(struct store *s, const struct store_clock *clock); /* behind diskspace_open(). 0 or negative errno */
void age_close(struct store *s);                                /* once its thread has ended */
/* The writer, before a transaction that stamps by s->now_usec: where the clock has jumped, that is corrected and is
 * written with it. */
void age_check_clock(struct store *s);
void age_save(struct store *s);                      /* now and then, before a transaction */
int age_write(struct store *s);                      /* in a transaction, where age.changed. 0 or negative errno */
uint64_t age_of(const struct store *s, uint64_t real); /* what was stamped so: how many milliseconds ago, at least */

/* open.c; the writer: it is in s->open. 0 or -ENOMEM */
int open_enter(struct store *s, struct store_channel *c);

/* write.c; a run() is 0, negative errno: the transaction cannot be committed; or positive errno: it is refused alone */
int write_count(struct store *s); /* what channels there are, at the start. 0 or negative errno */
int write_load_id_block(struct store *s); /* at the start: how far the numbers are used. 0 or negative errno */
int write_ready(struct store *s, struct store_channel *c); /* before anything is done with an open one */
int write_load(struct store *s, struct store_channel *c); /* by its key. 0 or negative errno; id 0: not on disk */
void write_touch(struct store *s, struct store_channel *c);
int write_update_row(struct store *s, struct store_channel *c); /* its row, where it has to be written */
/* Takes one message out. 0, ENOENT or negative errno. *ret_removed, where it is not NULL, tells whose it was. */
int write_take_out(struct store *s, struct store_channel *c, uint64_t number, enum store_disposition disposition,
		   struct store_removed *ret_removed);

/* read.c; by any connection */
int read_find(struct db *d, uint8_t kind, const char *name, size_t len, struct store_counts *ret); /* 1; 0: not there */
int read_tail(struct db *d, struct store_counts *c); /* counts what the row does not tell of yet */

/* expire.c */
/* At most @budget messages of the channel that need not be kept any longer. *ret_more: there are more. */
int expire_messages(struct store *s, struct store_channel *c, unsigned budget, bool *ret_more);
/* Some of what an open channel has too many of. 0 or negative errno. */
int expire_excess(struct store *s, struct store_channel *c);
/* A step of the walk through all channels. Names are given back only where s->may_drop; else s->dropping is set, and the
 * next step goes on there. 0 or negative errno. */
int expire_step(struct store *s);
/* What was dropped: once the walk has been everywhere, or @all there is. */
void expire_log(struct store *s, bool all);
void expire_start(struct store *s); /* in the writer's thread */
void expire_stop(struct store *s);

/* diskspace.c */
int diskspace_open(struct store *s); /* 0 or negative errno */
void diskspace_close(struct store *s);
/* In a transaction, before the commit: 0, -ENOSPC as if that had said so, or another negative errno. */
int diskspace_reserve(struct store *s);
void diskspace_reset(struct store *s);               /* the file has been cut */
uint64_t diskspace_log_bytes(const struct store *s); /* bytes that the log's file is to have */

/* restore.c: finishes what was interrupted, if there is such. *ret_kept: "", or where what was there is kept. 0 or negative
 * errno */
int restore_finish(int dirfd, bool *ret_done, char ret_kept[static RESTORE_KEPT_MAX]);

/* checkpoint.c */
void checkpoint_start(struct store *s); /* before the writer's first transaction */
/* The writer, in a transaction, so that nobody else writes to the log: sees to it that there is room in its file. */
void checkpoint_grow_log(struct store *s);
/* The writer, between two transactions: has the log moved into the database where it has become long. */
void checkpoint_begin(struct store *s);
/* The writer, on a full disk, rolling back what failed: moves it now. False: it does not begin anew by that. */
bool checkpoint_now(struct store *s);
