/* SPDX-License-Identifier: MIT */
#include "proc.h"

#include "base/macro.h"
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void proc_fclosep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

static FILE *proc_open(pid_t pid, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)pid, (int)pid, name);
	return fopen(path, "re");
}

/* Only what the main thread has forked, which is what servers do. */
static int proc_add_children(struct proc_tree *t, pid_t parent)
{
	_cleanup_(proc_fclosep) FILE *f = NULL;
	int child;

	f = proc_open(parent, "children");
	if (!f)
		return -errno;

	while (fscanf(f, "%d", &child) == 1) {
		if (t->n == ELEMENTSOF(t->pids))
			return -E2BIG;
		t->pids[t->n++] = child;
	}

	return 0;
}

int proc_tree_find(pid_t root, struct proc_tree *ret)
{
	struct proc_tree t = { .pids = { root }, .n = 1 };
	size_t i;
	int r;

	/* the list grows while it is walked */
	for (i = 0; i < t.n; i++) {
		r = proc_add_children(&t, t.pids[i]);
		if (r < 0)
			return r;
	}

	*ret = t;
	return 0;
}

int proc_tree_find_server(pid_t pid, struct proc_tree *ret)
{
	int r;

	*ret = (struct proc_tree){};
	if (pid == 0)
		return 0;
	r = proc_tree_find(pid, ret);
	return r < 0 ? load_fail(-r, "Cannot find process %d and its children", (int)pid) : 0;
}

int proc_cpu_nsec(const struct proc_tree *t, uint64_t *ret)
{
	uint64_t sum = 0;
	struct timespec ts;
	clockid_t clock;
	size_t i;
	int r;

	for (i = 0; i < t->n; i++) {
		r = clock_getcpuclockid(t->pids[i], &clock);
		if (r != 0)
			return -r;
		if (clock_gettime(clock, &ts) < 0)
			return -errno;
		sum += (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
	}

	*ret = sum;
	return 0;
}

/* VmRSS of /proc/PID/status may be off by dozens of pages a CPU; smaps_rollup is counted anew. */
static int proc_rss_of(pid_t pid, uint64_t *ret)
{
	_cleanup_(proc_fclosep) FILE *f = NULL;
	unsigned long long kib;
	char line[256];

	f = proc_open(pid, "smaps_rollup");
	if (!f)
		return -errno;

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Rss: %llu kB", &kib) == 1) {
			*ret = kib;
			return 0;
		}

	return -ENODATA;
}

int proc_rss_kib(const struct proc_tree *t, uint64_t *ret)
{
	uint64_t sum = 0, one;
	size_t i;
	int r;

	for (i = 0; i < t->n; i++) {
		r = proc_rss_of(t->pids[i], &one);
		if (r < 0)
			return r;
		sum += one;
	}

	*ret = sum;
	return 0;
}
