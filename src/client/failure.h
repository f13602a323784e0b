#pragma once
/* SPDX-License-Identifier: MIT */
/* Failures of a connection and errors of a server: the exit code and the words of each, in one table. */

#include "cli/exit.h"
#include "wire/error_code.h"

struct failure_row {
	enum exit_code code;
	const char *words;  /* the kind of failure */
	const char *advice; /* how the user can go on; NULL where the server's own sentence says it */
};

/* Never NULL: ERROR_MAX is a code that this client does not know, and has a row. */
const struct failure_row *failure_from_error_code(enum error_code s);

/* For the negative errno of a connection; and of an attempt to connect. */
enum exit_code failure_from_errno(int error);
enum exit_code failure_from_dial(int error);
const char *failure_errno_words(int error);
