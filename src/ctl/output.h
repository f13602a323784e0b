#pragma once
/* SPDX-License-Identifier: MIT */
/* The output of a command: collected, then written at once, so that one place sees whether it can be written. */

#include "ctl/ctl.h"

#include <stdio.h>

struct output {
	FILE *file; /* print here */
	char *text;
	size_t len;
};

int output_open(struct output *ret); /* 0 or -ENOMEM */

/* Leaves the text to the caller, to be freed. 0 or -ENOMEM. */
int output_close(struct output *o);

/* Writes all of it to standard output. EXIT_CODE_OK; or EXIT_CODE_FAILED, printed to stderr unless the reader of a
 * pipe has gone. */
enum exit_code output_finish(struct output *o);

/* Whether output_finish() has written anything, or tried to. */
bool output_has_printed(void);

/* Prints that memory ran out. Returns EXIT_CODE_FAILED. */
enum exit_code output_fail_memory(void);
