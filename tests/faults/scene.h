#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A daemon and its files, a scene that a client plays with it, and what must be true behind that although a call has
 * failed: no OK that is not true, the session in step, nothing left behind, descriptors and memory as before. What is
 * wrong fails the test and not the program.
 */

#include "faults/plan.h"
#include "integration/client.h"

enum scene_kind {
	SCENE_NEW = 1 << 0,
	SCENE_REPLACE = 1 << 1,
	SCENE_READ = 1 << 2,
	SCENE_LIST = 1 << 3,
	SCENE_OLD = 1 << 4, /* a new file from an old client, which ends nothing and waits for one answer */
};

struct scene_script {
	const char *name;
	enum scene_kind kind;
	const char *file; /* what is asked for; for a new file the prefix of its name */
	size_t size;
	bool ioe1; /* else the first line is what is asked for, and may yet turn out to be an old client's */
};

enum scene_flags {
	SCENE_BREAKS = 1 << 0, /* the session may end without its answers */
	SCENE_WRITES = 1 << 1, /* only writing uses it: a READ beside it is answered as ever */
	SCENE_CUTS = 1 << 2,   /* may do half of what it is asked for */
	SCENE_ONCE = 1 << 3,   /* nobody could be served if it failed for ever */
};

struct scene_target {
	enum fail_function function;
	unsigned flags;
	int errors[3]; /* what it fails with in the short form */
};

struct scene {
	const struct scene_script *script;
	struct daemon *d;
	struct fail_plan *plan;
	GHashTable *files; /* name to GBytes: what must be there */
	GQueue news;       /* names of new files, oldest first */
	char *listing;     /* of many/ */
	unsigned seed;

	/* When nothing is under way. */
	unsigned descriptors;
	uint64_t memory;
	long long blocks;

	/* The run. */
	const struct scene_target *target;
	int error;
	unsigned nth, injected;
	bool on;
	GString *where; /* all of it in words */
	bool failed;
};

/* Its daemon runs with FAIL_LIBRARY; @always is what fails, or is left out, all the time. */
void scene_init(struct scene *s, const struct scene_script *script, unsigned reactors, unsigned always);
void scene_done(struct scene *s);
void scene_fail(struct scene *s, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* What it has and holds when nothing is under way; the first sessions make what is kept for all to come. */
void scene_measure(struct scene *s);
/* The plan is armed before, or not; it is disarmed behind. */
void scene_play(struct scene *s);
/* Every session is gone, and nothing of it stays. How many blocks of memory are out now. */
long long scene_wait_quiet(struct scene *s);
/* The daemon has ended: all that was acknowledged is there, nothing else is, and what could not be swept has been. */
void scene_restart(struct scene *s);
