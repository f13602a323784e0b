#pragma once
/* SPDX-License-Identifier: MIT */
/* The error words of the protocol: ERROR: SLUG: text. */

#include <stddef.h>

enum slug {
	SLUG_BAD_COMMAND,
	SLUG_BAD_ARGUMENT,
	SLUG_TOO_LONG,
	SLUG_NOT_FOUND,
	SLUG_EXISTS,
	SLUG_DENIED,
	SLUG_AUTH_REQUIRED,
	SLUG_AUTH_FAILED,
	SLUG_TAKEN,
	SLUG_TOO_LARGE,
	SLUG_NO_SPACE,
	SLUG_QUOTA,
	SLUG_BUSY,
	SLUG_LIMIT,
	SLUG_SLOW,
	SLUG_CORRUPT,
	SLUG_OFFLINE,
	SLUG_TIMEOUT,
	SLUG_UNAVAILABLE,
	SLUG_SHUTTING_DOWN,
	SLUG_INTERNAL,
	SLUG_MAX,
};

const char *slug_name(enum slug s);

/* SLUG_MAX for none. */
enum slug slug_from_name(const char *s, size_t n);
