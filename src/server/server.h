#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The running daemon: its listeners, reactors and workers, and the order in which they start and stop. All functions
 * but server_post() are called in main's thread. The caller owns main's loop.
 */

#include "net/listener.h"
#include "server/status.h"
#include "session/reactor.h"
#include "session/role.h"

struct channel_engine;

#define REACTORS_MAX 64

struct server_options {
	uint64_t reactors, workers;
	char *state_dir, *runtime_dir;
	uint64_t stop_timeout_usec;
};
extern const struct option_section server_section;

struct server_args {
	unsigned instance;
	const struct role *const *roles; /* NULL-terminated, in the order of the schema's names; static */
	struct settings *settings;       /* server_start() takes a reference of its own */
	struct loop *loop;               /* main's */
	unsigned n_inherited;            /* listening sockets of the service manager, from descriptor 3 on */
	/* What roles with uses_channels share: made before the first of them starts, freed after the roles have
	 * stopped. 0 or negative errno. NULL where no role uses channels. */
	int (*engine_new)(struct server *s, struct channel_engine **ret);
	void (*engine_free)(struct channel_engine *engine);
	void (*stopped)(struct server *s, void *userdata); /* after server_stop(): all threads have ended */
	void *userdata;
};

struct server {
	struct server_args args;
	struct settings *settings;
	unsigned n_roles_started;
	struct channel_engine *engine; /* role_start.engine; NULL: no role uses it */
	struct listener **listeners; /* NULL-terminated; each reactor has a list of its own */
	size_t n_listeners;
	struct reactor_set reactors;
	unsigned n_made, n_started, n_empty, n_ended; /* of the reactors */
	int state_fd, lock_fd;
	char *state_dir, *runtime_dir;
	char state_shared[512]; /* not empty: other users can enter the state directory, and what to do */
	uint64_t started_usec, started_real_usec;
	bool stopping, dropped;
	struct timer stop_timer;
	struct list tasks; /* task.h: those that are away */
	uint64_t reload_usec;
	bool reload_ok;
	char reload_text[256];
};

/* Opens everything and starts the threads. 0 or negative errno with sentences in @why. */
int server_start(struct server **ret, const struct server_args *args, char *why, size_t why_size);

/*
 * Begins to stop: accepts no more connections, sends GOAWAY, answers the requests under way. Calls args.stopped() when
 * the reactors have ended. After stop_timeout the remaining connections are reset.
 */
void server_stop(struct server *s, const char *why);

/* How long server_stop() and server_free() take at most, even with threads that are stuck in the kernel. */
uint64_t server_stop_usec(const struct server *s);

/* After args.stopped, or after a failed start. Returns how many threads are stuck in the kernel and were left
 * behind. */
unsigned server_free(struct server *s);

/* For the watchdog. True: every reactor has finished a round of its loop since the last call. Asks each for one
 * more. */
bool server_poke(struct server *s);

/* For the start and reload.c: the listeners of the plan's settings, NULL-terminated, from present, inherited and new
 * ones. 0, or negative errno with a sentence in plan->why. The caller frees them with listener_list_free(). */
struct listener_plan;
int server_open_listeners(const struct listener_plan *plan, struct listener ***ret);

/* Makes each role check its folder, disk or store. The results are in the status a little later. */
void server_check(struct server *s);

/* From any thread: sends @m to main's thread, which calls @act. */
void server_post(struct server *s, struct msg *m, void (*act)(struct msg *m));
