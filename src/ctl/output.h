#pragma once
/* SPDX-License-Identifier: MIT */
/* What a command prints: collected, then written in one go, so that one place sees whether it could be written. */

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

/* Writes it all to standard output. EXIT_CODE_OK, or EXIT_CODE_FAILED: said on stderr, unless the reader has just gone away. */
enum exit_code output_finish(struct output *o);

/* Whether output_finish() has written anything, or tried to. */
bool output_has_printed(void);
