/* SPDX-License-Identifier: MIT */
/*
 * Large files, one after the other over one connection, for as long as @msec. The first one is compared byte by byte
 * and warms what there is to warm; of those that count only heads and lengths are looked at, as in transfer.h.
 */
#include "base/clock.h"
#include "load.h"
#include "mark.h"
#include "proc.h"
#include "target.h"
#include "transfer.h"

#include <stdio.h>

static int get_one(const struct load_args *args, int fd, const char *name, bool look)
{
	int r;

	r = transfer_get(args->target, fd, name, args->size, look);
	if (r < 0)
		return load_fail(-r, "Could not read %s from %s", name, args->target->name);
	return 0;
}

static int get_run(const struct load_args *args, int fd, const char *name, const struct proc_tree *server)
{
	struct mark_figures figures;
	struct mark from, to;
	double files = 0;
	int r;

	r = mark_take(args, server, &from);
	if (r < 0)
		return r;

	do {
		r = get_one(args, fd, name, false);
		if (r < 0)
			return r;
		files++;
	} while (clock_usec() < from.usec + args->msec * USEC_PER_MSEC);

	r = mark_take(args, server, &to);
	if (r < 0)
		return r;

	mark_compare(&from, &to, files, NULL, &figures);
	mark_print(&figures);
	return 0;
}

int get_scenario(const struct load_args *args)
{
	_cleanup_(closep) int fd = -1;
	struct proc_tree server;
	char name[32];
	int r;

	if (!args->target->files)
		return load_fail(0, "%s has no files", args->target->name);

	(void)snprintf(name, sizeof(name), "f%llu", (unsigned long long)args->size);
	r = transfer_open(args->target, (uint16_t)args->port, &fd);
	if (r < 0)
		return load_fail(-r, "Cannot connect to %s", args->target->name);
	r = get_one(args, fd, name, true);
	if (r < 0)
		return r;

	r = proc_tree_find_server((pid_t)args->pid, &server);
	if (r < 0)
		return r;

	return get_run(args, fd, name, &server);
}
