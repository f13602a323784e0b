#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A server of our own: the command behind "--", started, waited for and ended again. Ready is READY=1 on NOTIFY_SOCKET
 * with --notify, else the first connection that succeeds. All print a sentence where they fail.
 */

#include <stdint.h>
#include <sys/types.h>

struct load_args;

struct spawn {
	const struct load_args *args;
	pid_t pid; /* leads a process group of its own; 0: none runs */
	int notify;
	char notify_name[128];
	uint64_t *exec_usec; /* shared with the child, which writes it right before exec */
};

#define SPAWN_NULL { .notify = -1 }

int spawn_init(struct spawn *s, const struct load_args *args);
void spawn_done(struct spawn *s); /* ends what runs */

/* Between run and stop; any number of times. */
int spawn_run(struct spawn *s);
int spawn_wait(struct spawn *s);
void spawn_stop(struct spawn *s);

/* Resident memory, its children's with it. */
int spawn_rss_kib(const struct spawn *s, uint64_t *ret);
