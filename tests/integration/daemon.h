#pragma once
/* SPDX-License-Identifier: MIT */
/* A real ioed in a folder of its own, from outside. */

#include "harness.h"

#include <sys/types.h>

#define DAEMON_PORTS_MAX 8

struct daemon {
	unsigned reactors;
	char *dir;        /* all of the following are in it; removed by daemon_free() */
	char *config;     /* ioe.conf */
	char *state;
	char *runtime;
	char *files;      /* the default root of the file role */
	char *control;    /* the control socket */
	char *notify;
	const char *instance; /* for -i, or NULL; set it before daemon_spawn() */
	harness_setup_fn setup;
	void *setup_data;
	int deaf_fd;      /* not -1: the daemon's stderr, read by nobody; the caller's */

	GPid pid;         /* 0: not running */
	int pidfd;
	int service_manager_fd;
	GString *notified; /* what came over the notify socket */
	uint16_t ports[DAEMON_PORTS_MAX]; /* in the order of the configuration's listeners */
	unsigned n_ports;

	GThread *log_thread;
	int log_fd;
	GMutex log_lock;
	GCond log_more;
	GString *log;     /* what came over stderr */
};

/* A listener with every role: what most tests want. The kernel chooses the port. */
#define DAEMON_LISTENER \
	"listeners = ( { address = \"127.0.0.1\"; port = 0; roles = [ \"file\", \"chat\", \"relay\", \"compute\" ]; } );\n"

/*
 * @config is the text of ioe.conf, with @DIR@ for the daemon's folder; "reactors = N;" is put behind it (0: not).
 * daemon_new() starts nothing. daemon_start() is new, spawn and ready in one.
 */
struct daemon *daemon_new(unsigned reactors, const char *config);
struct daemon *daemon_start(unsigned reactors, const char *config);
void daemon_write_config(struct daemon *d, const char *config);
void daemon_spawn(struct daemon *d);
void daemon_wait_ready(struct daemon *d); /* and reads the ports back */
void daemon_wait_notified(struct daemon *d, const char *what); /* then forgets all that came before */
void daemon_wait_log(struct daemon *d, const char *what);
char *daemon_take_log(struct daemon *d);  /* what came so far, and forgets it */
void daemon_signal(struct daemon *d, int sig);
int daemon_wait_exit(struct daemon *d);   /* the wait status */
void daemon_stop(struct daemon *d);       /* TERM; must exit with 0. May be spawned again */
void daemon_kill(struct daemon *d);       /* KILL. May be spawned again */
struct daemon *daemon_free(struct daemon *d);
void daemon_finish(struct daemon *d);     /* stop and free */

/* As harness_add(), with a daemon that has been started, and is finished behind the test. */
typedef void (*daemon_fn)(struct daemon *d);
void daemon_add(const char *path, const char *config, daemon_fn fn);

/* One Varlink call: sends @message and its NUL, returns the answer without. */
char *daemon_varlink(struct daemon *d, const char *message);
int daemon_varlink_connect(struct daemon *d);
uint64_t daemon_status(struct daemon *d, const char *key); /* a number out of Status */
void daemon_wait_status(struct daemon *d, const char *key, uint64_t n);
void daemon_wait_sessions(struct daemon *d, uint64_t n);
/* The text behind "key": in @json, or NULL. */
const char *daemon_json_value(const char *json, const char *key);

uint64_t daemon_proc(struct daemon *d, const char *key); /* a number of /proc/PID/status, "VmRSS" */
unsigned daemon_descriptors(struct daemon *d);
uint64_t daemon_cpu_ticks(struct daemon *d);
uint64_t daemon_switches(struct daemon *d); /* voluntary context switches of all threads: wake-ups */
bool daemon_is_sanitized(struct daemon *d); /* its memory use says nothing */
