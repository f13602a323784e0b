#pragma once
/* SPDX-License-Identifier: MIT */
/* Request and answer as a measuring of its own, for scenarios that change what stands beside it. */

#include <stdint.h>
#include <sys/types.h>

struct load_args;

struct ask_figures {
	double rate;        /* answers a second */
	double server_usec; /* CPU an answer */
	double load_usec;
	uint64_t p50_usec, p99_usec; /* of batches */
};

/* @server is whose CPU time is counted, with its children's; 0: nobody's. Prints a sentence where it fails. */
int ask_measure(const struct load_args *args, pid_t server, struct ask_figures *ret);
