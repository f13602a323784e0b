#pragma once
/* SPDX-License-Identifier: MIT */
/* The error codes of the protocol, the words behind "ERROR: " (ioe-protocol(7), ERRORS). */

#include <stddef.h>

enum error_code {
	ERROR_BAD_COMMAND,
	ERROR_BAD_ARGUMENT,
	ERROR_TOO_LONG,
	ERROR_NOT_FOUND,
	ERROR_EXISTS,
	ERROR_DENIED,
	ERROR_AUTH_REQUIRED,
	ERROR_AUTH_FAILED,
	ERROR_TAKEN,
	ERROR_TOO_LARGE,
	ERROR_NO_SPACE,
	ERROR_QUOTA,
	ERROR_BUSY,
	ERROR_LIMIT,
	ERROR_SLOW,
	ERROR_CORRUPT,
	ERROR_OFFLINE,
	ERROR_TIMEOUT,
	ERROR_UNAVAILABLE,
	ERROR_SHUTTING_DOWN,
	ERROR_INTERNAL,
	ERROR_MAX,
};

const char *error_code_name(enum error_code s);

/* ERROR_MAX: no code has this name. */
enum error_code error_code_from_name(const char *s, size_t n);
