/* SPDX-License-Identifier: MIT */
#include "wire/error_code.h"

#include "base/macro.h"

#include <string.h>

static const char *const slug_names[] = {
	[SLUG_BAD_COMMAND] = "bad-command",
	[SLUG_BAD_ARGUMENT] = "bad-argument",
	[SLUG_TOO_LONG] = "too-long",
	[SLUG_NOT_FOUND] = "not-found",
	[SLUG_EXISTS] = "exists",
	[SLUG_DENIED] = "denied",
	[SLUG_AUTH_REQUIRED] = "auth-required",
	[SLUG_AUTH_FAILED] = "auth-failed",
	[SLUG_TAKEN] = "taken",
	[SLUG_TOO_LARGE] = "too-large",
	[SLUG_NO_SPACE] = "no-space",
	[SLUG_QUOTA] = "quota",
	[SLUG_BUSY] = "busy",
	[SLUG_LIMIT] = "limit",
	[SLUG_SLOW] = "slow",
	[SLUG_CORRUPT] = "corrupt",
	[SLUG_OFFLINE] = "offline",
	[SLUG_TIMEOUT] = "timeout",
	[SLUG_UNAVAILABLE] = "unavailable",
	[SLUG_SHUTTING_DOWN] = "shutting-down",
	[SLUG_INTERNAL] = "internal",
};

_Static_assert(ELEMENTSOF(slug_names) == SLUG_MAX, "every slug has its word");

const char *slug_name(enum slug s)
{
	return (unsigned)s < SLUG_MAX ? slug_names[s] : slug_names[SLUG_INTERNAL];
}

enum slug slug_from_name(const char *s, size_t n)
{
	unsigned i;

	for (i = 0; i < SLUG_MAX; i++)
		if (strlen(slug_names[i]) == n && memcmp(slug_names[i], s, n) == 0)
			return (enum slug)i;
	return SLUG_MAX;
}
