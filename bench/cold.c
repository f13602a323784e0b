/* SPDX-License-Identifier: MIT */
/*
 * Who only wants a short answer, beside a disk that is kept busy: while one file of @size bytes that is not in memory
 * is read and another one written, PING is asked at a fixed pace. An answer's time runs from when it was due to be
 * asked for, not from when the answer before it let us: what stalls the server counts in full.
 *
 * With --bare the same is asked of a bare loop on the same core, which does nothing else: what it takes longer than it
 * should is the machine's doing, and ours.
 */
#include "base/clock.h"
#include "conn.h"
#include "hist.h"
#include "load.h"
#include "target.h"
#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define COLD_PACE_USEC  1000
#define COLD_READY_USEC (5 * USEC_PER_SEC)

struct cold_ping {
	const struct target *target;
	uint16_t port;
	atomic_bool stop;
	pthread_t thread;
	int error;
	struct hist hist;
};

struct cold_transfer {
	const struct load_args *args;
	const char *name;
	bool put;
	pthread_t thread;
	int error;
	uint64_t usec; /* what it took */
};

static int cold_ping_once(struct cold_ping *p, int fd, uint64_t due_usec)
{
	const struct timespec due = {
		.tv_sec = (time_t)(due_usec / USEC_PER_SEC),
		.tv_nsec = (long)(due_usec % USEC_PER_SEC) * 1000,
	};
	int r;

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
	r = conn_check(fd, false, p->target->request, p->target->answer);
	if (r >= 0)
		hist_add(&p->hist, clock_usec() - due_usec);
	return r;
}

static void *cold_ping_main(void *arg)
{
	_cleanup_(closep) int fd = -1;
	struct cold_ping *p = arg;
	uint64_t due_usec;

	(void)prctl(PR_SET_TIMERSLACK, 1UL);
	p->error = conn_open(p->port, clock_usec() + COLD_READY_USEC, &fd);
	if (p->error >= 0)
		p->error = conn_check(fd, p->target->greets, p->target->request, p->target->answer);

	for (due_usec = clock_usec(); p->error >= 0 && !atomic_load(&p->stop); due_usec += COLD_PACE_USEC)
		p->error = cold_ping_once(p, fd, due_usec);
	return NULL;
}

static void *cold_transfer_main(void *arg)
{
	_cleanup_(closep) int fd = -1;
	struct cold_transfer *t = arg;
	const struct load_args *a = t->args;
	uint64_t began_usec;

	t->error = transfer_open(a->target, (uint16_t)a->port, &fd);
	if (t->error < 0)
		return NULL;

	began_usec = clock_usec();
	t->error = t->put ? transfer_put(a->target, fd, t->name, a->size) :
			    transfer_get(a->target, fd, t->name, a->size, true);
	t->usec = clock_usec() - began_usec;
	return NULL;
}

/* How many of the file's pages are in memory. */
static int cold_count_warm(int fd, uint64_t size, size_t *ret)
{
	size_t pages = (size_t)((size + 4095) / 4096), warm = 0, i;
	_cleanup_(freep) unsigned char *there = malloc(pages);
	void *p;
	int r;

	if (!there)
		return -ENOMEM;
	p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	r = mincore(p, size, there) < 0 ? -errno : 0;
	(void)munmap(p, size);
	if (r < 0)
		return r;

	for (i = 0; i < pages; i++)
		warm += there[i] & 1;
	*ret = warm;
	return 0;
}

/* The file that is read: made where it is missing, on disk, and out of memory. */
static int cold_prepare(const struct load_args *args, const char *name)
{
	_cleanup_(closep) int fd = -1;
	struct stat st = {};
	char path[4096];
	size_t warm = 0;
	int r;

	(void)snprintf(path, sizeof(path), "%s/%s", args->dir, name);
	if (stat(path, &st) < 0 || (uint64_t)st.st_size != args->size) {
		r = transfer_make(args->dir, name, args->size);
		if (r < 0)
			return load_fail(-r, "Cannot make %s", path);
	}

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return load_fail(errno, "Cannot bring %s to disk", path);
	r = -posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (r >= 0)
		r = cold_count_warm(fd, args->size, &warm);
	if (r < 0)
		return load_fail(-r, "Cannot get %s out of memory", path);
	if (warm > args->size / 4096 / 100)
		return load_fail(0, "%zu pages of %s stay in memory: this file system cannot be made cold", warm, path);

	return 0;
}

static int cold_ping_start(struct cold_ping *p, const char *target, uint64_t port)
{
	p->target = target_find(target);
	p->port = (uint16_t)port;
	if (!p->target || !p->target->request)
		return load_fail(0, "%s answers nothing but files", target);
	return -pthread_create(&p->thread, NULL, cold_ping_main, p);
}

static int cold_ping_stop(struct cold_ping *p)
{
	atomic_store(&p->stop, true);
	(void)pthread_join(p->thread, NULL);
	if (p->error < 0)
		return load_fail(-p->error, "%s did not answer its pings", p->target->name);
	return 0;
}

/* Both at once, until both are done. */
static int cold_transfer(const struct load_args *args, struct cold_transfer t[2])
{
	int r, i;

	for (i = 0; i < 2; i++) {
		r = pthread_create(&t[i].thread, NULL, cold_transfer_main, &t[i]);
		if (r != 0)
			return load_fail(r, "Cannot start a thread");
	}
	for (i = 0; i < 2; i++)
		(void)pthread_join(t[i].thread, NULL);

	for (i = 0; i < 2; i++)
		if (t[i].error < 0)
			return load_fail(-t[i].error, "Could not %s %s at %s", t[i].put ? "store" : "read", t[i].name,
					 args->target->name);
	return 0;
}

static int cold_check(const struct load_args *args, const char *name)
{
	char path[4096];
	int r;

	r = transfer_check(args->dir, name, args->size);
	if (r < 0)
		return load_fail(-r, "%s confirmed %s, which is not what was sent", args->target->name, name);
	(void)snprintf(path, sizeof(path), "%s/%s", args->dir, name);
	return unlink(path) < 0 ? load_fail(errno, "Cannot delete %s", path) : 0;
}

static int cold_run(const struct load_args *args, struct cold_ping *server, struct cold_ping *bare,
		    struct cold_transfer t[2])
{
	int r, e;

	r = cold_ping_start(server, args->target->name, args->port);
	if (r < 0)
		return r;
	r = cold_ping_start(bare, "bare", args->bare_port);
	if (r >= 0) {
		r = cold_transfer(args, t);
		e = cold_ping_stop(bare);
		r = r < 0 ? r : e;
	}

	e = cold_ping_stop(server);
	return r < 0 ? r : e;
}

int cold_scenario(const struct load_args *args)
{
	static struct cold_ping server, bare;
	struct cold_transfer t[2] = {
		{ .args = args, .name = "cold" },
		{ .args = args, .name = "cold-written", .put = true },
	};
	int r;

	if (!args->dir || args->bare_port == 0 || args->size == 0 || !args->target->files)
		return load_fail(0, "cold needs a server of files, --size, --dir and --bare");

	r = cold_prepare(args, t[0].name);
	if (r < 0)
		return r;
	r = cold_run(args, &server, &bare, t);
	if (r < 0)
		return r;
	r = cold_check(args, t[1].name);
	if (r < 0)
		return r;

	printf("%llu\t%llu\t%llu\t%llu\t%llu\t%.4f\t%.4f\n", (unsigned long long)hist_percentile(&server.hist, 50),
	       (unsigned long long)hist_percentile(&server.hist, 99), (unsigned long long)hist_percentile(&server.hist, 100),
	       (unsigned long long)hist_percentile(&bare.hist, 99), (unsigned long long)server.hist.total,
	       (double)args->size / 1000 / (double)t[0].usec, (double)args->size / 1000 / (double)t[1].usec);
	return 0;
}
