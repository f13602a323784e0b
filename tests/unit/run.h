#pragma once
/* SPDX-License-Identifier: MIT */
/* How a unit test ends: its suite is run, as the CK_ environment says, and main() returns whether it passed. */

#include <check.h>
#include <stdlib.h>

static inline int run_suite(Suite *s)
{
	SRunner *runner = srunner_create(s);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
