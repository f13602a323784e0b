/* SPDX-License-Identifier: MIT */
#include "cli/exit.h"

const char *exit_name(int code)
{
	static const char *const names[EXIT_CODE_MAX] = {
		[EXIT_CODE_OK] = "ok",
		[EXIT_CODE_FAILED] = "failed",
		[EXIT_CODE_USAGE] = "usage",
		[EXIT_CODE_NO_SERVER] = "no-server",
		[EXIT_CODE_NOT_PERMITTED] = "not-permitted",
		[EXIT_CODE_NOT_FOUND] = "not-found",
		[EXIT_CODE_EXISTS] = "exists",
		[EXIT_CODE_TIMED_OUT] = "timed-out",
		[EXIT_CODE_SOME_FAILED] = "some-failed",
		[EXIT_CODE_INTERRUPTED] = "interrupted",
		[EXIT_CODE_CORRUPT] = "corrupt",
		[EXIT_CODE_LIMIT] = "limit",
		[EXIT_CODE_LATER] = "later",
		[EXIT_CODE_DEGRADED] = "degraded",
	};

	return names[code >= 0 && code < EXIT_CODE_MAX ? code : EXIT_CODE_FAILED];
}

enum exit_code exit_join(enum exit_code so_far, enum exit_code one, bool first)
{
	return first || so_far == one ? one : EXIT_CODE_SOME_FAILED;
}
