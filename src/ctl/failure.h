#pragma once
/* SPDX-License-Identifier: MIT */
/* A request to an instance that failed: its sentence and its exit code. */

#include "ctl/call.h"
#include "ctl/ctl.h"

/* @r is the result of call_once(); where it is 0, @a has the error. EXIT_CODE_OK: no error. */
enum exit_code failure_of(int r, const struct call_reply *a);

/* Prints the failure to stderr, with advice; returns failure_of(). */
enum exit_code failure_print(const struct ctl_instance *i, int r, const struct call_reply *a);
