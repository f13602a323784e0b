#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A daemon and its files, a scenario that a client plays with it, and what must be true behind that although a call has
 * failed: no OK that is not true, the session in step, nothing left behind, descriptors and memory as before. What is
 * wrong fails the test and not the program.
 */

#include "faults/fail_plan.h"
#include "integration/client.h"

enum scenario_kind {
	SCENARIO_NEW = 1 << 0,
	SCENARIO_REPLACE = 1 << 1,
	SCENARIO_READ = 1 << 2,
	SCENARIO_LIST = 1 << 3,
	SCENARIO_OLD = 1 << 4, /* a new file from an old client, which ends nothing and waits for one answer */
};

struct scenario_script {
	const char *name;
	enum scenario_kind kind;
	const char *file; /* what is asked for; for a new file the prefix of its name */
	size_t size;
	bool ioe1; /* else the first line is what is asked for, and may yet turn out to be an old client's */
};

enum scenario_flags {
	SCENARIO_BREAKS = 1 << 0, /* the session may end without its answers */
	SCENARIO_WRITES = 1 << 1, /* only writing uses it: a READ beside it is answered as ever */
	SCENARIO_CUTS = 1 << 2,   /* may do half of what it is asked for */
	SCENARIO_ONCE = 1 << 3,   /* nobody could be served if it failed for ever */
};

struct scenario_target {
	enum fail_function function;
	unsigned flags;
	int errors[3]; /* what it fails with in the short form */
};

struct scenario {
	const struct scenario_script *script;
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
	const struct scenario_target *target;
	int error;
	unsigned nth, injected;
	bool on;
	GString *where; /* all of it in words */
	bool failed;
};

/* Its daemon runs with FAIL_LIBRARY; @always is what fails, or is left out, all the time. */
void scenario_init(struct scenario *s, const struct scenario_script *script, unsigned reactors, unsigned always);
void scenario_done(struct scenario *s);
void scenario_fail(struct scenario *s, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* What it has and holds when nothing is under way; the first sessions make what is kept for all to come. */
void scenario_measure(struct scenario *s);
/* The plan is armed before, or not; it is disarmed behind. */
void scenario_play(struct scenario *s);
/* Every session is gone, and nothing of it stays. How many blocks of memory are out now. */
long long scenario_wait_quiet(struct scenario *s);
/* The daemon has ended: all that was acknowledged is there, nothing else is, and what could not be swept has been. */
void scenario_restart(struct scenario *s);
