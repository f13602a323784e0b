#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The daemon as a whole, in main's thread: its listeners, reactors and workers, how they start and in which order
 * they stop. Main's loop is the caller's.
 */

#include "net/listener.h"
#include "server/status.h"
#include "session/reactor.h"
#include "session/role.h"

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
	struct settings *settings;       /* a reference of its own is taken */
	struct loop *loop;               /* main's */
	unsigned n_inherited;            /* listening sockets from descriptor 3 on, the service manager's */
	void (*stopped)(struct server *s, void *userdata); /* after server_stop(): all threads have ended */
	void *userdata;
};

struct server {
	struct server_args args;
	struct settings *settings;
	unsigned n_roles_started;
	void *shared; /* role_start.shared */
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
	struct list tasks; /* clients.h: tasks that are away */
	uint64_t reload_usec;
	bool reload_ok;
	char reload_text[256];
};

/* Opens everything and starts the threads. 0 or negative errno with sentences in @why. */
int server_start(struct server **ret, const struct server_args *args, char *why, size_t why_size);

/*
 * Has all threads switch to these settings (a reference is taken), listeners included. 0, or negative errno with a
 * sentence in @why: nothing was changed. @said: a remark for the status.
 */
int server_reload(struct server *s, struct settings *settings, const char *said, char *why, size_t why_size);
void server_reload_failed(struct server *s, const char *why);

/*
 * Begins to stop, in the written order: accept no more, GOAWAY, answer what is open; args.stopped is called when the
 * reactors have ended, at the latest stop_timeout from now, when what is left is reset.
 */
void server_stop(struct server *s, const char *why);

/* How long that takes at most, with threads that the kernel does not give back, and server_free(). */
uint64_t server_stop_usec(const struct server *s);

/* After args.stopped, or after a failed start. Returns how many threads are stuck in the kernel and were left
 * behind. */
unsigned server_free(struct server *s);

/* For the watchdog: whether every reactor has finished a round since the last call; asks each for one more. */
bool server_poke(struct server *s);

/* Has each role check its folder, disk or store; the results are in the status a little later. */
void server_look(struct server *s);

/* From any thread: runs @m in main's. */
void server_post(struct server *s, struct msg *m, void (*act)(struct msg *m));
