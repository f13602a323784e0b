#pragma once
/* SPDX-License-Identifier: MIT */
/* The status of the daemon, for `ioectl status` and the metrics. Main gathers it from the counters of all threads. */

#include "log/warning.h"

#include <stdint.h>

struct server;

struct status_listener {
	char address[64]; /* "127.0.0.1:9001", "[::1]:9001" */
	char roles[80];   /* "file+chat" */
	bool paused;      /* out of descriptors: does not accept now */
	uint64_t accepted, refused;
};

struct status_role {
	const char *name; /* "session" for the verbs of every listener */
	uint64_t requests, errors;
	uint64_t expired; /* messages that were dropped because they were too old; a metric only */
};

struct status {
	const char *state; /* "starting", "running", "degraded", "stopping" */
	const char *version;
	unsigned instance;
	int pid;
	uint64_t started_usec; /* real time */
	uint64_t uptime_usec;
	const char *config;    /* the file, or "built-in defaults" */
	char state_dir[256];
	uint64_t reactors, workers;
	uint64_t sessions, sessions_limit, accepted, refused;
	uint64_t requests, errors;
	uint64_t bytes_in, bytes_out;
	uint64_t memory, memory_limit; /* bytes of clients' data held in memory */
	const char *log_level; /* static */
	uint64_t log_dropped;
	uint64_t reload_usec; /* real time of the last one, 0: none */
	bool reload_ok;
	char reload_text[256];
	size_t n_listeners, n_roles;
	struct status_listener *listeners; /* owned by the status */
	struct status_role *roles;         /* owned by the status */
	struct warnings warnings;          /* owned by the status */
};

/* In main's thread: adds the warnings that are true now. */
void server_warn(struct server *s, struct warnings *to);

/* In main's thread. 0 or -ENOMEM; free with status_done(). */
int server_status(struct server *s, struct status *ret);
void status_done(struct status *st);
