#pragma once
/* SPDX-License-Identifier: MIT */
/* What a server costs, seen from outside: CPU time and memory of a process and its descendants (nginx has workers). */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_TREE_MAX 256

struct proc_tree {
	pid_t pids[PROC_TREE_MAX];
	size_t n;
};

/* @root and what it and its descendants have forked, as of now. 0, -E2BIG, -ENOENT where a process is gone or the
 * kernel keeps no list of children. */
int proc_tree_find(pid_t root, struct proc_tree *ret);

/* That of the server @pid, none where @pid is 0. Prints a sentence where it fails. */
int proc_tree_find_server(pid_t pid, struct proc_tree *ret);

/* User and system time of all their threads, ended ones too. To the nanosecond for what is not running just now,
 * to the scheduler's tick for what is. */
int proc_cpu_nsec(const struct proc_tree *t, uint64_t *ret);

/* Resident memory; pages that two of them share count twice. */
int proc_rss_kib(const struct proc_tree *t, uint64_t *ret);
