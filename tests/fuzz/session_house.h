#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A server in which nothing happens by itself: one reactor without its thread, workers and a store without theirs, a
 * clock that stands still. What happens next, and when, is said by whoever fuzzes it. The roles and their folder are real.
 *
 * A house stands for the whole run; what an input leaves behind in it must be nothing, and house_settle() insists.
 */

#include "server/server.h"
#include "session/session-private.h"

enum house_kind {
	HOUSE_WIDE,   /* the defaults; its folder is on a disk, so that the loop finds it cached */
	HOUSE_NARROW, /* limits as small as they can be; its folder in memory, where the workers open and walk */
	HOUSE_MAX,
};

enum house_listener {
	HOUSE_ALL, /* every role, without old clients */
	HOUSE_FILE,
	HOUSE_COMPUTE,
	HOUSE_CHAT,
	HOUSE_ALL_RAW, /* the same with old clients */
	HOUSE_FILE_RAW,
	HOUSE_COMPUTE_RAW,
	HOUSE_CHAT_RAW,
	HOUSE_LISTENERS,
};

/* chat.history, which is held to now and then. */
#define HOUSE_HISTORY 8

/* file.max_size: more than an upload's piece; and so much that only two uploads fit into limits.memory. */
#define HOUSE_WIDE_SIZE   300000
#define HOUSE_NARROW_SIZE 40000

/* What is in the folder before each input, apart from its folder "sub". */
struct house_file {
	const char *name;
	size_t size;
	bool is_wide; /* only in the wide house */
	char *data;
};
#define HOUSE_FILES 6
extern struct house_file house_files[HOUSE_FILES];

struct house {
	enum house_kind kind;
	struct server server;
	struct loop main_loop; /* hears what reactors tell main */
	struct reactor *reactor;
	const struct limits_options *limits;
	uint64_t answer_max; /* bytes that one answer may have here */
	uint64_t said_max;   /* and what one pass may tell a session beyond its limit */
	char path[64];
	int root_fd;
	unsigned runs;
	uint64_t asked;     /* in this input: the most requests that what was sent can be */
	uint64_t answered;  /* before it */
	bool slept, worked; /* in this input */
	bool store_held;    /* the store does nothing of itself */
};

/* The one of this kind; built when it is first asked for, and as new. */
struct house *house_get(enum house_kind kind);

/* A new session at that listener, from the machine of that number. Its handle, and the client's end of the connection;
 * -1 where it was refused. */
int house_connect(struct house *h, enum house_listener listener, unsigned host, bool small_buffers, struct handle *ret);

void house_pass(struct house *h);           /* one pass of the loop, and all that must hold after it */
void house_work(struct house *h, size_t n); /* one job of those that wait */
size_t house_jobs(const struct house *h);
void house_sleep(struct house *h, uint64_t usec);

/* What the store is asked is done before each pass, unless h->store_held. */
struct store *house_store(const struct house *h);
void house_serve_store(struct house *h); /* as it is at first */

/* A file of the folder, as it is. 0 or negative errno. */
int house_read_file(const struct house *h, const char *name, struct buf *ret);

/* All clients have closed: every session must end without the clock's help, and leave nothing. */
void house_settle(struct house *h);
