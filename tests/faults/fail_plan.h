#pragma once
/* SPDX-License-Identifier: MIT */
/* The test's side of the library that fails calls: $FAIL_LIBRARY is preloaded into a daemon, and told what to do. */

#include "faults/fail.h"
#include "integration/daemon.h"

/* A plan in the daemon's folder; gone with it. */
struct fail_plan *fail_plan_new(struct daemon *d, unsigned always);
void fail_plan_free(struct fail_plan *p);
/* As daemon_spawn(), with the library. */
void fail_plan_spawn(struct daemon *d);

void fail_plan_arm(struct fail_plan *p, enum fail_function function, int error, unsigned nth, bool on);
/* How many calls failed since. */
unsigned fail_plan_disarm(struct fail_plan *p);

const char *fail_plan_function_name(enum fail_function function);
const char *fail_plan_error_name(int error);
