#pragma once
/* SPDX-License-Identifier: MIT */
/* The exit codes of ioectl and ioe-client. The manuals promise the numbers. */

#include <stdbool.h>

enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_FAILED = 1,
	EXIT_CODE_USAGE = 2,
	EXIT_CODE_NO_SERVER = 3,
	EXIT_CODE_NOT_PERMITTED = 4,
	EXIT_CODE_NOT_FOUND = 5,
	EXIT_CODE_EXISTS = 6,
	EXIT_CODE_TIMED_OUT = 7,
	EXIT_CODE_SOME_FAILED = 8,
	EXIT_CODE_INTERRUPTED = 9,
	EXIT_CODE_CORRUPT = 10,
	EXIT_CODE_LIMIT = 11,
	EXIT_CODE_LATER = 12,
	EXIT_CODE_DEGRADED = 13,
	EXIT_CODE_MAX,
};

/* "not-found", for programs that read the answer; "failed" for a number that is not in the list. */
const char *exit_name(int code);

/* The code of a command with several parts: the code of all parts if they are equal, else EXIT_CODE_SOME_FAILED.
 * @first: @so_far is not set yet. */
enum exit_code exit_join(enum exit_code so_far, enum exit_code one, bool first);
