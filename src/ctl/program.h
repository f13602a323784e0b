#pragma once
/* SPDX-License-Identifier: MIT */
/* Runs ioed for tasks that are its own: the same code does them. */

#include "base/buf.h"
#include "ctl/ctl.h"

/* @argv ends with a NULL. Prints its output, with -j as {"ok": ..., "text": ...}. Returns the exit code. */
enum exit_code program_run(const struct ctl *ctl, const char *const *argv);
