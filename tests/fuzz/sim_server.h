#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A server in which nothing happens by itself: one reactor without its thread, workers and a store without theirs, a
 * clock that stands still. What happens next, and when, is said by whoever fuzzes it. The roles and their folder are
 * real.
 *
 * One server runs for all inputs. An input must leave nothing behind in it; sim_server_check_empty() checks that.
 */

#include "base/buf.h"
#include "server/server.h"
#include "session/session.h"
#include "unit/session/session_invariants.h"

enum sim_server_kind {
	SIM_SERVER_WIDE,   /* the defaults; its folder is on a disk, so that the loop finds it cached */
	SIM_SERVER_NARROW, /* limits as small as they can be; its folder in memory, where the workers open and walk */
	SIM_SERVER_MAX,
};

enum sim_server_listener {
	SIM_SERVER_ALL, /* every role, without old clients */
	SIM_SERVER_FILE,
	SIM_SERVER_COMPUTE,
	SIM_SERVER_CHAT,
	SIM_SERVER_ALL_RAW, /* the same with old clients */
	SIM_SERVER_FILE_RAW,
	SIM_SERVER_COMPUTE_RAW,
	SIM_SERVER_CHAT_RAW,
	SIM_SERVER_LISTENERS,
};

/* chat.history, which is held to now and then. */
#define SIM_SERVER_HISTORY     8

/* file.max_size: more than an upload's piece; and so much that only two uploads fit into limits.memory. */
#define SIM_SERVER_WIDE_SIZE   300000
#define SIM_SERVER_NARROW_SIZE 40000

/* What is in the folder before each input, apart from its folder "sub". */
struct sim_server_file {
	const char *name;
	size_t size;
	bool is_wide; /* only in the wide server */
	char *data;
};
#define SIM_SERVER_FILES 6
extern struct sim_server_file sim_server_files[SIM_SERVER_FILES];

struct sim_server {
	enum sim_server_kind kind;
	struct server server;
	struct loop main_loop; /* hears what reactors tell main */
	struct reactor *reactor;
	const struct limits_options *limits;
	struct session_bounds bounds; /* of its sessions */
	char path[64];
	int root_fd;
	unsigned runs;
	uint64_t asked;     /* in this input: the most requests that what was sent can be */
	uint64_t answered;  /* before it */
	bool slept, worked; /* in this input */
	bool store_held;    /* the store does nothing of itself */
};

/* The one of this kind; built when it is first asked for, and as new. */
struct sim_server *sim_server_get(enum sim_server_kind kind);

/* In this input, requests to channels are packed and unpacked on their way (unit/fixture/packing_bus.h). */
void sim_server_pack(struct sim_server *h);

/* A new session at that listener, from the machine of that number. Its handle, and the client's end of the connection;
 * -1 where it was refused. */
int sim_server_connect(struct sim_server *h, enum sim_server_listener listener, unsigned host, bool small_buffers,
		       struct handle *ret);

void sim_server_pass(struct sim_server *h);           /* one pass of the loop, and all that must hold after it */
void sim_server_work(struct sim_server *h, size_t n); /* one job of those that wait */
size_t sim_server_jobs(const struct sim_server *h);
void sim_server_sleep(struct sim_server *h, uint64_t usec);

/* What the store is asked is done before each pass, unless h->store_held. */
struct store *sim_server_store(const struct sim_server *h);
void sim_server_serve_store(struct sim_server *h); /* as it is at first */

/* A file of the folder, as it is. 0 or negative errno. */
int sim_server_read_file(const struct sim_server *h, const char *name, struct buf *ret);

/* All clients have closed: every session must end without the clock's help, and leave nothing. */
void sim_server_check_empty(struct sim_server *h);
