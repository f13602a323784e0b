/* SPDX-License-Identifier: MIT */
#include "wire/error_code.h"

#include "base/macro.h"

#include <string.h>

static const char *const error_code_names[] = {
	[ERROR_BAD_COMMAND] = "bad-command",
	[ERROR_BAD_ARGUMENT] = "bad-argument",
	[ERROR_TOO_LONG] = "too-long",
	[ERROR_NOT_FOUND] = "not-found",
	[ERROR_EXISTS] = "exists",
	[ERROR_DENIED] = "denied",
	[ERROR_AUTH_REQUIRED] = "auth-required",
	[ERROR_AUTH_FAILED] = "auth-failed",
	[ERROR_TAKEN] = "taken",
	[ERROR_TOO_LARGE] = "too-large",
	[ERROR_NO_SPACE] = "no-space",
	[ERROR_QUOTA] = "quota",
	[ERROR_BUSY] = "busy",
	[ERROR_LIMIT] = "limit",
	[ERROR_SLOW] = "slow",
	[ERROR_CORRUPT] = "corrupt",
	[ERROR_OFFLINE] = "offline",
	[ERROR_TIMEOUT] = "timeout",
	[ERROR_UNAVAILABLE] = "unavailable",
	[ERROR_SHUTTING_DOWN] = "shutting-down",
	[ERROR_INTERNAL] = "internal",
};

_Static_assert(ELEMENTSOF(error_code_names) == ERROR_MAX, "every error code has its word");

const char *error_code_name(enum error_code s)
{
	return (unsigned)s < ERROR_MAX ? error_code_names[s] : error_code_names[ERROR_INTERNAL];
}

enum error_code error_code_from_name(const char *s, size_t n)
{
	unsigned i;

	for (i = 0; i < ERROR_MAX; i++)
		if (strlen(error_code_names[i]) == n && memcmp(error_code_names[i], s, n) == 0)
			return (enum error_code)i;
	return ERROR_MAX;
}
