#pragma once
/* SPDX-License-Identifier: MIT */
/* Runs ioed itself, for commands that need the daemon's own code: check and restore. */

#include "base/buf.h"
#include "ctl/ctl.h"

/* @argv ends with a NULL. Prints its output, with -j as {"ok": ..., "text": ...}. Returns the exit code. */
enum exit_code program_run(const struct ctl *ctl, const char *const *argv);
