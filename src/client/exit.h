#pragma once
/* SPDX-License-Identifier: MIT */
/* How a command ended, as the shell sees it, and the words for it: the one table. */

#include "wire/error_code.h"

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
};

struct exit_row {
	enum exit_code code;
	const char *words;  /* what kind of failure it is */
	const char *advice; /* what to do about it; NULL where the server's own sentence says it all */
};

/* Also for ERROR_MAX, a word this client does not know. */
const struct exit_row *exit_from_error_code(enum error_code s);

/* For the negative errno of a connection; of one that was not there yet. */
enum exit_code exit_from_errno(int error);
enum exit_code exit_from_dial(int error);
const char *exit_errno_words(int error);
