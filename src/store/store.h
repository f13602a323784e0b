#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Numbered logs on disk. A channel has a kind (a small number that the caller chooses), a name, and messages with the
 * numbers 1, 2, 3... The store never gives a number of a channel twice, not even after the channel was empty.
 *
 * The writer thread commits. All requests that change something (append, remove, set, reserve) and arrive during one
 * commit form the next transaction, and each is answered only after its transaction is on disk. A transaction that
 * fails has used no number, and all requests in it fail. The reader thread has a connection of its own, so a page does
 * not wait for a slow commit; the reader sees all that the writer has answered. It serves open, page, lookup and list.
 * The maintenance thread moves the write-ahead log into the database and makes backups.
 *
 * The caller embeds a request. It must keep the request, and all memory that the request points at, until on_complete()
 * is called in the thread of store_request.loop. The writer serves the requests of one thread in the order in which
 * they were made; so does the reader. Between the two there is no order. Names, keys, values and texts have a length
 * and no NUL at their end.
 */

#include "base/buf.h"
#include "loop/loop.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_NAME_MAX  64   /* bytes of a channel's or a sender's name */
#define STORE_KEY_MAX   64   /* of a sender's own key for a message */
#define STORE_VALUE_MAX 4096 /* of an attribute */
#define STORE_KINDS_MAX 4

/*
 * A store. store_sqlite_ops is the one of the daemon; a test has another, without a disk. Each embeds this struct in
 * one of its own, and the functions below call it.
 */
struct store {
	const struct store_ops *ops;
};

struct store_channel; /* an open channel; owned by the store */

/* The id of a message in the whole store: the id of its channel and its number, in one integer. */
#define STORE_NUMBER_BITS 40
#define STORE_NUMBER_MAX  ((1ULL << STORE_NUMBER_BITS) - 1)
static inline uint64_t store_id(uint64_t channel, uint64_t number)
{
	return channel << STORE_NUMBER_BITS | number;
}
static inline uint64_t store_id_channel(uint64_t id)
{
	return id >> STORE_NUMBER_BITS;
}
static inline uint64_t store_id_number(uint64_t id)
{
	return id & STORE_NUMBER_MAX;
}

/*
 * How long the store keeps the messages of a kind. Zero: no bound. An age is measured in the time for which the machine
 * ran, not by its clock (age.c); the time stamp of a message is only shown.
 */
struct store_rule {
	uint64_t max_messages; /* of one channel; the oldest are removed first, a few of them late */
	uint64_t max_age_usec;
	const char *where,
		*option; /* for log messages: "rooms", "chat.history"; static. NULL: "channels", "the rule" */
	bool receipts;   /* the disposition of a message is kept for as long as the message would have been */
};

/* The clocks of the system, or those of a test. */
#define STORE_BOOT_ID_MAX 63
struct store_clock {
	uint64_t (*real_usec)(void);                         /* CLOCK_REALTIME */
	uint64_t (*boot_usec)(void);                         /* CLOCK_BOOTTIME: never jumps while the machine runs... */
	void (*boot_id)(char ret[STORE_BOOT_ID_MAX + 1]);    /* ... and since when that is; "": unknown */
};

struct store_args {
	const struct store_ops *ops; /* &store_sqlite_ops, or a test's */
	const char *dir;             /* where store.db lies or is made */
	uint64_t max_queued_bytes;   /* of requests that wait for the writer; above it a request is STORE_E_BUSY */
	uint64_t max_channels;       /* on disk, for each kind: one kind cannot use up the channels of another */
	struct store_rule rules[STORE_KINDS_MAX];
	/* NULL or: called where the database is a restored copy, which lacks all that was answered after it was made.
	 * Has to give the data another store id, durably. Is called again at the next start if the daemon is killed
	 * before the end. 0, or negative errno: the store is not opened. */
	int (*renew)(void *userdata);
	void *userdata;
	const struct store_clock *clock; /* NULL: the system's; static */
};

/* The state of the store: a copy, from store_get_state(). */
struct store_state {
	bool closed;               /* a commit failed: the store writes nothing any more */
	bool damaged;              /* a read found something that cannot be right */
	char why[512];             /* a sentence: why it is closed or damaged, and what to do; "": neither */
	bool full;                 /* the disk was full at the last write that needed room */
	uint64_t commits, written; /* transactions, and requests in them */
	uint64_t queued_bytes;
	uint64_t wal_pages;
	uint64_t expired[STORE_KINDS_MAX]; /* messages that were removed because they were too old */
	uint64_t busy_usec;                /* for how long the writer has worked on its transaction; 0: it is idle */
};

/*
 * How a request ends: 0; one of these, which are positive and which the caller decides on; or a negative errno for an
 * error that has no outcome of its own. The calls that take a request return the same: 0 or STORE_E_BUSY.
 */
enum store_outcome {
	STORE_E_NOT_FOUND = 1, /* there is no such channel or message, or not any more */
	STORE_E_FULL,          /* a bound of the channel is reached */
	STORE_E_NAMES,         /* store_args.max_channels is reached */
	STORE_E_NUMBERS,       /* the channel has used up its numbers */
	STORE_E_BUSY,          /* store_args.max_queued_bytes is reached, or another process has locked the database */
	STORE_E_NO_SPACE,      /* the disk is full; the store goes on */
	STORE_E_NO_MEMORY,
	STORE_E_IO,            /* the disk failed. After a failed commit the store is closed: store_state.why */
	STORE_E_DAMAGED,       /* the database is damaged */
	STORE_E_MAX,
};

struct store_request {
	struct msg msg;    /* carries the request to a thread of the store, and back */
	struct loop *loop; /* in whose thread on_complete() is called */
	void (*on_complete)(struct store_request *q); /* the request is the caller's again */
	int result;        /* 0, enum store_outcome, or negative errno */

	/* For the store only. */
	struct store *store;
	struct store_request *next;
	size_t queued_bytes;
	void (*on_arrival)(struct msg *m);
	int (*run)(struct store_request *q);
};

/* An attribute of a channel: a name and a value, and the time at which it ends. It is one piece of memory, which is
 * freed with free(). */
struct store_attribute {
	struct store_attribute *next;
	uint64_t until_msec; /* as store_age_msec(); 0: for ever */
	size_t value_len;
	uint8_t name_len;
	const char *name, *value;
};

struct store_counts {
	uint64_t id;    /* of the channel; 0: it is not on disk yet */
	uint64_t first; /* the oldest message's number; last + 1 where there is none */
	uint64_t last;  /* the highest number ever given or reserved */
	uint64_t count, bytes;
};

/* Opens a channel. It need not be on disk: the first write creates it. A channel is opened once at a time, and used
 * after the answer. The answer mostly comes from the reader, which does not wait for a commit: the counts can include
 * messages that are just being expired. */
struct store_open {
	struct store_request request;
	uint8_t kind, name_len;
	char name[STORE_NAME_MAX];
	struct store_channel *channel; /* from here on the answer; NULL where result is not 0 */
	struct store_counts counts;
	/* A list, also of attributes that have ended. The caller's: it frees them with store_open_done(), or takes the
	 * list and sets this to NULL. */
	struct store_attribute *attributes;
};
void store_open_done(struct store_open *q);

/* Adds one message at the end of a channel. */
struct store_append {
	struct store_request request;
	struct store_channel *channel;
	uint64_t after;                          /* its number is higher than this one */
	const char *from, *text, *key;           /* key: NULL for none */
	size_t from_len, text_len, key_len;
	uint64_t max_messages, max_bytes; /* a message that exceeds them is STORE_E_FULL; 0: no bound */
	struct store_counts counts;       /* with the message; last is its number */
	uint64_t message_id;
	uint64_t time_msec; /* of the calendar (CLOCK_REALTIME) when its transaction began */
	bool repeated; /* the key of this sender is known: message_id and time_msec are of that message */
};

/* The disposition of a message. */
enum store_disposition {
	STORE_HELD,
	STORE_TAKEN,
	STORE_EXPIRED,
	STORE_DISPOSITION_MAX,
};

struct store_removed {
	uint64_t number;
	uint8_t from_len;
	char from[STORE_NAME_MAX];
};

/* Removes messages. A number without a message is skipped. The disposition is kept for store_lookup where the rule of
 * the kind has receipts. */
struct store_remove {
	struct store_request request;
	struct store_channel *channel;
	const uint64_t *numbers;       /* NULL: all up to @upto */
	size_t n_numbers;
	uint64_t upto;
	enum store_disposition disposition;
	struct store_removed *removed; /* NULL, or room for n_numbers; the answer fills in n_removed of them */
	size_t n_removed;              /* from here on the answer */
	uint64_t time_msec;            /* as in store_append, of the removal */
	struct store_counts counts;
};

/* Sets an attribute; an empty value removes it. Setting one that has an end removes those of the channel that are
 * over. The attributes of an open channel in the caller's memory are not changed by this. */
struct store_set {
	struct store_request request;
	struct store_channel *channel;
	const char *name, *value;
	size_t name_len, value_len;
	uint64_t until_msec; /* as store_age_msec(); 0: for ever */
};

/* Reserves @n numbers for ephemeral messages: the first is above the old last and @after, the last is @until. */
struct store_reserve {
	struct store_request request;
	struct store_channel *channel;
	uint64_t after, n;
	uint64_t until; /* the answer */
};

/* The requests below are for the reader. */

/* A message in a page. Its texts point into the page. */
struct store_row {
	uint64_t number, time_msec; /* time_msec: of the calendar */
	size_t from_len, text_len;
	const char *from, *text;
};

/* Messages with numbers above @after, oldest first. */
struct store_page {
	struct store_request request;
	uint64_t channel_id; /* 0: the channel is found by its name, and the answer sets this */
	uint8_t kind, name_len;
	char name[STORE_NAME_MAX];
	uint64_t after, upto;
	size_t max_rows, max_bytes; /* the first message is in the page whatever its size */
	bool count_left;
	bool count_all;  /* for a channel that is found by its name */
	struct buf rows; /* from here on the answer; freed by store_page_done() */
	size_t n_rows;
	uint64_t last;           /* number of the last message in the page; @after where there is none */
	bool more;               /* there are further messages up to @upto */
	uint64_t left;           /* count_left: how many */
	struct store_counts counts; /* count_all: the whole channel's, as they are on disk */
};
/* For the store that fills the page. store_page_add(): 1; 0: the row does not fit, and `more` is set; or -ENOMEM. */
void store_page_begin(struct store_page *q);
int store_page_add(struct store_page *q, const struct store_row *row);
/* *at = 0 at first. False: there are no more rows. A row is valid until store_page_done(). */
bool store_page_next(const struct store_page *q, size_t *at, struct store_row *ret);
void store_page_done(struct store_page *q);

/* The disposition of a message of this sender. STORE_E_NOT_FOUND: nothing is known of such a message, or not any
 * more. */
struct store_lookup {
	struct store_request request;
	uint64_t message_id;
	uint8_t from_len;
	char from[STORE_NAME_MAX];
	enum store_disposition disposition;
	uint64_t time_msec; /* of the disposition; STORE_HELD: when the message was stored */
};

/* A channel in a list. Both texts point into the list. */
struct store_listed {
	struct store_counts counts;
	size_t name_len, value_len;
	const char *name;  /* of the channel */
	const char *value; /* of store_list.attribute, which can have ended; empty: the channel has no such attribute */
};

/* Channels of a kind with names above @after, in the order of the bytes of their names. */
struct store_list {
	struct store_request request;
	uint8_t kind, after_len;
	char after[STORE_NAME_MAX];
	const char *attribute; /* the name of the attribute whose value is wanted, with its NUL; NULL: none */
	size_t max_rows;
	struct buf rows; /* from here on the answer; freed by store_list_done() */
	size_t n_rows;
	bool more;       /* there are further channels */
};
/* For the store that fills the list. store_list_add(): 0 or -ENOMEM. */
void store_list_begin(struct store_list *q);
int store_list_add(struct store_list *q, const struct store_listed *row);
/* *at = 0 at first. False: there are no more rows. A row is valid until store_list_done(). */
bool store_list_next(const struct store_list *q, size_t *at, struct store_listed *ret);
void store_list_done(struct store_list *q);

/*
 * Makes a consistent copy of the whole store as DIR/store.db, while the store goes on. DIR is created if its parent
 * exists. The result is 0 or a negative errno, never an outcome. -EEXIST: there is such a file; -EPERM: other users
 * could read or remove the copy there; -EBADMSG: the copy that was written is damaged; -ECANCELED. For each, @why is a
 * sentence.
 */
struct store_backup {
	struct store_request request;
	const char *dir;
	int served_fd;           /* -1 or: a folder that clients read; a copy in it or below it is refused... */
	const char *served_mark; /* ... and so is one below a folder with an entry of this name; NULL: no such name */
	atomic_bool stop;        /* set by any thread to give up: the result is -ECANCELED, and no file is left */
	char why[512];
};

/*
 * What a store does. Those that take a request return 0: on_complete() will be called; or STORE_E_BUSY: too many bytes
 * wait for the writer, and the request was not taken. Only append, set and reserve return that.
 */
struct store_ops {
	int (*new)(struct store **ret, const struct store_args *args, char *why, size_t why_size);
	unsigned (*free)(struct store *s, uint64_t until_usec);
	void (*get_state)(struct store *s, uint64_t now_usec, struct store_state *ret);
	void (*check_file)(struct store *s);
	uint64_t (*age_msec)(const struct store *s);
	int (*set_rule)(struct store *s, unsigned kind, const struct store_rule *rule);
	uint64_t (*low_water_mark)(const struct store *s);
	struct store_channel *(*id_block)(struct store *s);
	int (*open)(struct store *s, struct store_open *q);
	void (*close)(struct store *s, struct store_channel *c);
	int (*append)(struct store *s, struct store_append *q);
	int (*remove)(struct store *s, struct store_remove *q);
	int (*set)(struct store *s, struct store_set *q);
	int (*reserve)(struct store *s, struct store_reserve *q);
	int (*page)(struct store *s, struct store_page *q);
	int (*lookup)(struct store *s, struct store_lookup *q);
	int (*list)(struct store *s, struct store_list *q);
	int (*backup)(struct store *s, struct store_backup *q);
};

/* On disk, in a database of SQLite. */
extern const struct store_ops store_sqlite_ops;

/*
 * Opens the store, brings its schema up to date, and starts its threads. 0, or a negative errno with a sentence in
 * @why: -EPROTONOSUPPORT: a newer ioed wrote it; -EBADMSG: it is damaged; -EBUSY: another process uses it; -EROFS,
 * -ENOSPC...
 */
static inline int store_new(struct store **ret, const struct store_args *args, char *why, size_t why_size)
{
	return args->ops->new(ret, args, why, why_size);
}

/* To be called when no thread makes requests any more. Writes the queued requests and ends the threads. Requests and
 * their loops must live until this returns; a loop that has stopped does not call on_complete(). Returns how many
 * threads have not ended by @until_usec (CLOCK_MONOTONIC), mostly because they are stuck in the kernel: they are left
 * behind, with all memory of the store. NULL is fine. */
static inline unsigned store_free(struct store *s, uint64_t until_usec)
{
	return s ? s->ops->free(s, until_usec) : 0;
}

/* Any thread. @now_usec: clock_usec(). */
static inline void store_get_state(struct store *s, uint64_t now_usec, struct store_state *ret)
{
	s->ops->get_state(s, now_usec, ret);
}

/* Any thread. The maintenance thread then checks that the database file still has the name by which it was opened, and
 * closes the store if it has not: data in a file without a name is lost when the daemon ends. */
static inline void store_check_file(struct store *s)
{
	s->ops->check_file(s);
}

/* Any thread. The time by which ages and ends are measured: like CLOCK_BOOTTIME, but a restart does not set it back. */
static inline uint64_t store_age_msec(const struct store *s)
{
	return s->ops->age_msec(s);
}

/* Any thread. The rule of the kind from now on; it is copied, but not the texts that it points to. The messages that
 * are over by it are removed a little later. 0 or -ENOMEM. */
static inline int store_set_rule(struct store *s, unsigned kind, const struct store_rule *rule)
{
	return s->ops->set_rule(s, kind, rule);
}

/*
 * Ephemeral messages get their numbers without the store, in any channel. Earlier runs can have given every number up
 * to the low-water mark, which does not change during a run. This run gives those above it, up to the end of the range
 * that it has reserved in the id block. The id block is an open channel that belongs to the store: it is for
 * store_reserve() only, and never closed. Both functions: any thread.
 */
static inline uint64_t store_low_water_mark(const struct store *s)
{
	return s->ops->low_water_mark(s);
}

static inline struct store_channel *store_id_block(struct store *s)
{
	return s->ops->id_block(s);
}

static inline int store_open(struct store *s, struct store_open *q)
{
	return s->ops->open(s, q);
}

/* Closes a channel. No request with it is allowed afterwards. */
static inline void store_close(struct store *s, struct store_channel *c)
{
	s->ops->close(s, c);
}

static inline int store_append(struct store *s, struct store_append *q)
{
	return s->ops->append(s, q);
}

static inline int store_remove(struct store *s, struct store_remove *q)
{
	return s->ops->remove(s, q);
}

static inline int store_set(struct store *s, struct store_set *q)
{
	return s->ops->set(s, q);
}

static inline int store_reserve(struct store *s, struct store_reserve *q)
{
	return s->ops->reserve(s, q);
}

static inline int store_page(struct store *s, struct store_page *q)
{
	return s->ops->page(s, q);
}

static inline int store_lookup(struct store *s, struct store_lookup *q)
{
	return s->ops->lookup(s, q);
}

static inline int store_list(struct store *s, struct store_list *q)
{
	return s->ops->list(s, q);
}

static inline int store_backup(struct store *s, struct store_backup *q)
{
	return s->ops->backup(s, q);
}

/*
 * Puts a copy in the place of the store of a folder. The caller makes sure that no daemon has that store open, or opens
 * it meanwhile. The copy, @file, is only read, and checked first; the old files are moved to a new folder in @dir.
 * However this ends, the folder has a whole store, the old one or the copy. Blocks. 0, or negative errno with a
 * sentence in @why.
 */
#define RESTORE_KEPT_MAX 64
struct store_restore {
	int dirfd;        /* of the folder; stays the caller's */
	const char *dir;  /* its path, for sentences */
	const char *file; /* path of the copy */
	char kept[RESTORE_KEPT_MAX]; /* the answer: the name of the folder in @dir with the old files; "": none */
	char why[1024];
};
int store_restore(struct store_restore *q);
