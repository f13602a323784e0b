#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A list of all channels of a kind, in the order of their names: those in memory and those on disk, merged. ROOMS,
 * `ioectl rooms` and `ioectl mailboxes` are made from it. The caller embeds it in a struct of its own, and goes through
 * three steps, each of which can be in a thread of its own:
 *
 *	channel_list_collect()  walks over the channels in memory, once
 *	channel_list_fetch()    reads the next page of channels on disk
 *	channel_list_next()     returns one channel after the other, until the page is used up
 */

#include "channel/subscriber.h"

/* A channel of the list. Its texts are valid until the next call for the list. */
struct channel_listed {
	const char *name, *attribute; /* the list's attribute of the channel */
	size_t name_len, attribute_len;
	uint64_t members;
	uint64_t count, bytes; /* messages that are kept */
	uint64_t last;         /* the last number */
	bool live;             /* it is in memory, so this is newer than what is on disk */
};

struct channel_list {
	/* The caller sets these; all else is zero. */
	struct channel_engine *engine;
	uint8_t kind;
	bool live_only;        /* leave out the channels on disk */
	const char *attribute; /* name of the attribute that is listed */
	size_t attribute_max;  /* its value is cut to so many bytes, between characters; 0: it is not cut */
	size_t live_max;       /* bytes of memory for the channels in memory; 0: no bound. More is -ENOBUFS */
	size_t page_rows;      /* channels on disk that are read at once */
	/* Owner: whether the channel in memory is listed. NULL: if it has a member or has had a message. */
	bool (*includes)(struct channel *c);

	int error; /* what collect and fetch end with: 0, -ENOMEM, -ENOBUFS (live_max) or enum channel_outcome */

	/* The list's. */
	struct channel_walk walk;
	void (*on_collected)(struct channel_list *l);
	void (*on_fetched)(struct channel_list *l);
	struct buf live, live_texts; /* struct channel_list_live, sorted by name; what they point into */
	size_t live_at;
	struct store_list page;
	size_t page_at;
	struct store_listed row; /* the next one of the page, if has_row */
	bool has_row, is_fetched;
};

/* Origin: calls on_collected() in the same thread. */
void channel_list_collect(struct channel_list *l, struct reactor *origin, void (*on_collected)(struct channel_list *l));

/*
 * Any thread that has a loop, after on_collected(), and again when channel_list_next() says -EAGAIN: calls on_fetched()
 * in the same thread; at once, with CHANNEL_E_UNAVAILABLE, where there is no store.
 */
void channel_list_fetch(struct channel_list *l, struct loop *loop, void (*on_fetched)(struct channel_list *l));

/* 1 and the next channel; 0: there are no more; -EAGAIN: the page is used up. */
int channel_list_next(struct channel_list *l, struct channel_listed *ret);

/* Whether channel_list_next() would return 0. */
bool channel_list_is_complete(const struct channel_list *l);

/* Why there is no store, for CHANNEL_E_UNAVAILABLE. Returns @dst. */
const char *channel_list_why(const struct channel_list *l, char *dst, size_t size);

/* Frees what it holds. Nothing of it may be under way. */
void channel_list_done(struct channel_list *l);
