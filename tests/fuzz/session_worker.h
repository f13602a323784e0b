#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The double of the worker pool: a pool (loop/worker.h) without threads. Jobs wait until the target runs them, in the
 * order that the target likes, which is an order that threads could have come to.
 */

#include "loop/worker.h"

#include <stddef.h>

/* 0 or negative errno. worker_pool_stop() runs all jobs that wait, and frees the pool. */
int session_worker_new(struct worker_pool **ret);

size_t session_worker_jobs(const struct worker_pool *p);

/* Runs the @n-th job that waits (modulo their number), and sends it back. Does nothing where none waits. */
void session_worker_run(struct worker_pool *p, size_t n);
