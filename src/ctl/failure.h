#pragma once
/* SPDX-License-Identifier: MIT */
/* Why an instance could not be asked: the sentence and the exit code. */

#include "ctl/client.h"
#include "ctl/ctl.h"

/* For client_ask()'s result, and where that is 0 the error in @a. CTL_OK: there is none. */
enum ctl_exit failure_of(int r, const struct client_answer *a);

/* Says it on stderr, and what to do; returns failure_of(). */
enum ctl_exit failure_print(const struct ctl_instance *i, int r, const struct client_answer *a);

/* The exit code of a command that asked several: theirs where all are the same, else CTL_SOME_FAILED. */
enum ctl_exit failure_join(enum ctl_exit so_far, enum ctl_exit one, bool first);
