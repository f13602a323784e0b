#pragma once
/* SPDX-License-Identifier: MIT */
/* ioed run for a moment, for what is its own to say or do: so the same code does it. */

#include "base/buf.h"
#include "ctl/ctl.h"

/* argv[0] is its name, NULL the end. Prints what it said, with -j as {"ok": ..., "text": ...}. The exit code. */
enum exit_code program_run(const struct ctl *ctl, const char *const *argv);
