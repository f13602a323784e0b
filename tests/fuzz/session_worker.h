#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The workers' double: loop/worker.h without threads. Jobs wait until the target runs them, in the order it likes,
 * which is an order that threads could have come to.
 */

#include "loop/worker.h"

#include <stddef.h>

size_t session_worker_jobs(const struct worker_pool *p);

/* Runs the @n-th job that waits (modulo their number), and sends it back. Harmless where none does. */
void session_worker_run(struct worker_pool *p, size_t n);
