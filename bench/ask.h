#pragma once
/* SPDX-License-Identifier: MIT */
/* Request and answer as a measuring of its own, for scenarios that change what stands beside it. */

#include <sys/types.h>

struct load_args;
struct mark_figures;

/*
 * @server is whose CPU time is counted, with its children's; 0: nobody's. The times are those of batches. Prints a
 * sentence where it fails.
 */
int ask_measure(const struct load_args *args, pid_t server, struct mark_figures *ret);
