#pragma once
/* SPDX-License-Identifier: MIT */
/* Why an instance could not be asked: the sentence and the exit code. */

#include "ctl/call.h"
#include "ctl/ctl.h"

/* For call_once()'s result, and where that is 0 the error in @a. EXIT_CODE_OK: there is none. */
enum exit_code failure_of(int r, const struct call_reply *a);

/* Says it on stderr, and what to do; returns failure_of(). */
enum exit_code failure_print(const struct ctl_instance *i, int r, const struct call_reply *a);
