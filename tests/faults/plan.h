#pragma once
/* SPDX-License-Identifier: MIT */
/* The test's side of the library that fails calls: $FAIL_LIBRARY is preloaded into a daemon, and told what to do. */

#include "faults/fail.h"
#include "integration/daemon.h"

/* A plan in the daemon's folder; gone with it. */
struct fail_plan *plan_new(struct daemon *d, unsigned always);
void plan_free(struct fail_plan *p);
/* As daemon_spawn(), with the library. */
void plan_spawn(struct daemon *d);

void plan_arm(struct fail_plan *p, enum fail_function function, int error, unsigned nth, bool on);
/* How many calls failed since. */
unsigned plan_disarm(struct fail_plan *p);

const char *plan_function_name(enum fail_function function);
const char *plan_error_name(int error);
