#pragma once
/* SPDX-License-Identifier: MIT */
/* ioe-bench: what its files share. Each scenario is a row in load.c and a file of its own. */

#include "base/macro.h"

#include <stdint.h>

#define LOAD_ANY_CORE UINT64_MAX

struct target;

/* The command line, checked against the ranges in load.c. */
struct load_args {
	const struct target *target;
	const char *dir; /* what the server serves, seen from here; NULL where none was given */
	uint64_t port;
	uint64_t pid;
	uint64_t connections;
	uint64_t depth;
	uint64_t publishers;
	uint64_t warm_msec;
	uint64_t msec;
	uint64_t size;
	uint64_t idle;
	uint64_t bare_port;
	uint64_t notify;
	uint64_t core;
	uint64_t count;
	char **command; /* what follows "--", ends in NULL; empty where nothing does */
};

/* Prints one sentence with the error's name (none where @error is 0) and returns -@error, or -EPROTO. */
int load_fail(int error, const char *fmt, ...) _printf_(2, 3);

/* The scenarios. Each prints its one line of figures to stdout, or a sentence to stderr and returns negative errno. */
int ask_scenario(const struct load_args *args);
int cold_scenario(const struct load_args *args);
int crowd_scenario(const struct load_args *args);
int fan_scenario(const struct load_args *args);
int get_scenario(const struct load_args *args);
int history_scenario(const struct load_args *args);
int hold_scenario(const struct load_args *args);
int idle_scenario(const struct load_args *args);
int mail_scenario(const struct load_args *args);
int put_scenario(const struct load_args *args);
int start_scenario(const struct load_args *args);
