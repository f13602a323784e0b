#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Numbered logs on disk: the only SQLite. A channel has a kind (a small number of the caller's), a name, and messages
 * numbered from 1 up; a number is never given twice, also when the channel has been empty meanwhile.
 *
 * One thread writes. What comes while it commits goes into the next transaction, all of it, and what belongs to a
 * transaction is answered only once that is on disk. One that fails has used no number and fails for all that were in
 * it. Another thread reads, with a connection of its own, so that a page does not wait for a slow disk's commit; what
 * was answered by the writer, it sees. A third moves the log into the database and makes backups.
 *
 * A request is embedded by its caller, who keeps it and all it points at until done() is called, in the thread of its
 * home loop. Requests of one thread are carried out in the order they were made, the reader's apart.
 */

#include "base/buf.h"
#include "loop/loop.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_NAME_MAX  64   /* bytes of a channel's or a sender's name */
#define STORE_KEY_MAX   64   /* of a sender's own key for a message */
#define STORE_VALUE_MAX 4096 /* of a note */
#define STORE_KINDS_MAX 4

struct store;
struct store_channel; /* one that is open; the store's */

/* Where a message is in all the store: its channel's id and its number, in one. */
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
 * How long things of a kind are kept. Zero: no bound. Age is counted in the time for which the machine ran, whatever its
 * clock showed (age.c): what a message is stamped with is only shown.
 */
struct store_rule {
	uint64_t max_messages;  /* a channel; the oldest go first, a few later than they might */
	uint64_t max_age_usec;
	const char *where, *option; /* for what is logged: "rooms", "chat.history"; static. NULL: "channels", "the rule" */
	bool receipts;          /* what became of a message is kept as long as it would have been */
};

/* The system's clocks, or a test's. */
#define STORE_BOOT_ID_MAX 63
struct store_clock {
	uint64_t (*real_usec)(void);                         /* CLOCK_REALTIME */
	uint64_t (*boot_usec)(void);                         /* CLOCK_BOOTTIME: never jumps while the machine runs... */
	void (*boot_id)(char ret[STORE_BOOT_ID_MAX + 1]);    /* ... and since when that is; "": unknown */
};

struct store_args {
	const char *dir;           /* where store.db lies or is made */
	uint64_t max_queued_bytes; /* of requests that wait to be written; from there on: busy */
	uint64_t max_channels;     /* on disk, of each kind, so that one does not use up the other's */
	struct store_rule rules[STORE_KINDS_MAX];
	/* NULL or: it is a copy that was put back, so what was told of it since is not in it. Must see to it, durably, that
	 * this is another STORE; it may be asked for again if the daemon is killed. 0, or negative errno: it is not opened. */
	int (*renew)(void *userdata);
	void *userdata;
	const struct store_clock *clock; /* NULL: the system's; static */
};

/*
 * Opens it, brings its schema up to date, and starts its threads. 0, or a negative errno with a sentence in @why:
 * -EPROTONOSUPPORT: a newer ioed wrote it; -EBADMSG: it is damaged; -EBUSY: another process has it; -EROFS, -ENOSPC...
 */
int store_new(struct store **ret, const struct store_args *args, char *why, size_t why_size);

/* Once no thread asks any more: writes what is queued, ends the threads. What is stuck in the kernel by @until_usec is
 * left behind, with all the store's memory: how many threads that are. No done() is called any more. NULL is fine. */
unsigned store_free(struct store *s, uint64_t until_usec);

/* From any thread. */
struct store_state {
	bool closed;               /* a commit failed: nothing is written any more */
	bool damaged;              /* something could not be read as it should be */
	char why[512];             /* ... and what to do */
	bool full;                 /* the disk was, when something was last to be taken in */
	uint64_t commits, written; /* transactions, and requests in them */
	uint64_t queued_bytes;
	uint64_t wal_pages;
	uint64_t expired[STORE_KINDS_MAX]; /* messages that were dropped since they were too old */
	uint64_t busy_usec;        /* how long the writer has been at its present transaction; 0: idle */
};
void store_get_state(struct store *s, uint64_t now_usec, struct store_state *ret);
/* Has one of its threads look whether the database still lies where it was opened: what is kept in a file without a name
 * is gone with the daemon. Where it does not, the store is closed. */
void store_check_file(struct store *s);
/* The time that ages and ends are counted in: as CLOCK_BOOTTIME, and goes on where it was over a restart. */
uint64_t store_age_msec(const struct store *s);
int store_set_rule(struct store *s, unsigned kind, const struct store_rule *rule); /* 0 or -ENOMEM */

struct store_request {
	struct msg msg; /* to the store and back */
	struct loop *home;
	void (*on_complete)(struct store_request *q); /* owns it from then on */
	/*
	 * 0 or: -ENOENT no such channel or message, -EDQUOT a bound of the channel, -ENFILE max_channels, -ENOSPC the disk
	 * is full and the store is well, -ENOMEM, -EIO the store is closed (store_state.why).
	 */
	int result;

	/* The store's. */
	struct store *store;
	struct store_request *next;
	size_t queued_bytes;
	void (*on_arrival)(struct msg *m);
	int (*run)(struct store *s, struct store_request *q);
};

/*
 * The following take a request over: 0, and done() will be called. -EBUSY: too many bytes are queued, nothing was taken;
 * only store_append(), store_attribute() and store_reserve() may say that.
 */

/* A note: a name and a value that a channel keeps, with an end if it has one. Valid as long as the request. */
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

/* Opens a channel, which may not be on disk: the first write makes it. Opened once at a time, and used once that has been
 * answered. It waits for no commit: the counts may still have what is being taken out because it is old. */
struct store_open {
	struct store_request request;
	uint8_t kind, name_len;
	char name[STORE_NAME_MAX];
	struct store_channel *channel; /* from here on the answer; NULL where result is negative */
	struct store_counts counts;
	struct store_attribute *attributes; /* freed with store_open_done() */
	void *memory;
};
int store_open(struct store *s, struct store_open *q);
void store_open_done(struct store_open *q);

/* The channel's last word: no request with it may come behind. */
void store_close(struct store *s, struct store_channel *c);

/*
 * Numbers that are given without the store, in any channel. Up to the floor, earlier runs may have done so; this one may up
 * to what it has reserved in the pool, which is no channel otherwise.
 */
uint64_t store_low_water_mark(const struct store *s);
struct store_channel *store_id_block(struct store *s);

/* One message at the end. */
struct store_append {
	struct store_request request;
	struct store_channel *channel;
	uint64_t after;                          /* its number is behind this one */
	const char *from, *text, *key;           /* key: NULL for none */
	size_t from_len, text_len, key_len;
	uint64_t max_messages, max_bytes;        /* more than that would be -EDQUOT; 0: no bound */
	struct store_counts counts;              /* behind it; last is its number */
	uint64_t message_id, time_msec;
	bool repeated;                           /* the sender's key was here before: message_id and time are that one's */
};
int store_append(struct store *s, struct store_append *q);

/* What becomes of a message. */
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

/* Takes messages out. Those that are not there are passed over. */
struct store_remove {
	struct store_request request;
	struct store_channel *channel;
	const uint64_t *numbers;       /* NULL: all up to @upto */
	size_t n_numbers;
	uint64_t upto;
	enum store_disposition disposition;
	struct store_removed *removed; /* room for n_numbers, or NULL */
	size_t n_removed;
	uint64_t time_msec;
	struct store_counts counts;
};
int store_remove(struct store *s, struct store_remove *q);

/* Sets a note; an empty value removes it. One that has an end takes along those of the channel whose end has passed. */
struct store_set {
	struct store_request request;
	struct store_channel *channel;
	const char *name, *value;
	size_t name_len, value_len;
	uint64_t until_msec;
};
int store_set(struct store *s, struct store_set *q);

/* Takes @n numbers for messages that are not kept: those behind the old last and @after, up to @until. */
struct store_reserve {
	struct store_request request;
	struct store_channel *channel;
	uint64_t after, n;
	uint64_t until;
};
int store_reserve(struct store *s, struct store_reserve *q);

/* The reader's. */

struct store_row {
	uint64_t number, time_msec;
	size_t from_len, text_len;
	const char *from, *text;
};

/* Messages behind @after, oldest first. */
struct store_page {
	struct store_request request;
	uint64_t channel_id;     /* 0: by name, and it is set once the page is there */
	uint8_t kind, name_len;
	char name[STORE_NAME_MAX];
	uint64_t after, upto;
	size_t max_rows, max_bytes; /* the first one is there whatever its size */
	bool count_left;
	bool count_all;          /* by name only */
	struct buf rows;         /* from here on the answer; store_page_done() */
	size_t n_rows;
	uint64_t last;           /* the last one's number; @after where there is none */
	bool more;               /* there are further ones up to @upto */
	uint64_t left;           /* count_left: how many */
	struct store_counts counts; /* count_all: the whole channel's, as they are on disk */
};
int store_page(struct store *s, struct store_page *q);
/* *at = 0 at first. False: that was the last one. What it points at lives as long as the page. */
bool store_page_next(const struct store_page *q, size_t *at, struct store_row *ret);
void store_page_done(struct store_page *q);

/* What became of a message of this sender's. -ENOENT: there is none (any more). */
struct store_lookup {
	struct store_request request;
	uint64_t message_id;
	uint8_t from_len;
	char from[STORE_NAME_MAX];
	enum store_disposition disposition;
	uint64_t time_msec;      /* of that; HELD: when it was taken in */
};
int store_lookup(struct store *s, struct store_lookup *q);

struct store_listed {
	struct store_counts counts;
	size_t name_len, value_len;
	const char *name, *value; /* of the note that was asked for */
};

/* Channels of a kind, in the order of their names. */
struct store_list {
	struct store_request request;
	uint8_t kind, after_len;
	char after[STORE_NAME_MAX];
	const char *attribute; /* whose value is wanted; NULL: none */
	size_t max_rows;
	struct buf rows;
	size_t n_rows;
	bool more;
};
int store_list(struct store *s, struct store_list *q);
bool store_list_next(const struct store_list *q, size_t *at, struct store_listed *ret);
void store_list_done(struct store_list *q);

/*
 * A whole and consistent copy as DIR/store.db, while all goes on; DIR is made where its parent is there. -EEXIST where the
 * copy is; -EPERM: somebody else could read the copy there or take it away; -EBADMSG: what was written is not what it
 * should be. @why has a sentence for each.
 */
struct store_backup {
	struct store_request request;
	const char *dir;
	int served_fd;           /* -1 or: a folder that clients may read, in and below which there is no place for a copy... */
	const char *served_mark; /* ... nor below one that has an entry of this name; NULL: none */
	atomic_bool stop; /* from any thread: nobody wants it any more. -ECANCELED, and nothing is left of it */
	char why[512];
};
int store_backup(struct store *s, struct store_backup *q);

/*
 * Puts a copy in the place of the store in a folder, which nobody has open or opens meanwhile. It is checked; what was
 * there is kept in a folder beside. However it ends, there is the one or the other. Blocks. 0, or negative errno with a
 * sentence in @why.
 */
#define RESTORE_KEPT_MAX 64
struct store_restore {
	int dirfd;        /* the caller's */
	const char *dir;  /* its path, for sentences */
	const char *file;
	char kept[RESTORE_KEPT_MAX]; /* the folder in it that has what was there; "": nothing was */
	char why[1024];
};
int store_restore(struct store_restore *q);
