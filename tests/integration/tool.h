#pragma once
/* SPDX-License-Identifier: MIT */
/* ioectl, ioe-client, and ioed where it is not to stay. */

#include "harness.h"

/* A tool's run. */
struct tool {
	int status; /* exit status; -1: ended by a signal */
	GString *out;
	GString *err;
};

/* Runs $@variable with the arguments up to NULL and @input on its stdin. */
void tool_run(struct tool *t, const char *variable, const char *input, ...) G_GNUC_NULL_TERMINATED;
void tool_run_setup(struct tool *t, const char *variable, const char *input, const char *const *args,
		    harness_setup_fn setup, void *data);
void tool_done(struct tool *t);
