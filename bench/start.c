/* SPDX-License-Identifier: MIT */
/*
 * From exec to ready: a server is started once and ended again. Its resident memory is taken after it has answered
 * once.
 */
#include "base/clock.h"
#include "conn.h"
#include "load.h"
#include "spawn.h"
#include "target.h"

#include <stdio.h>

static int start_measure_rss(const struct spawn *s, uint64_t *ret_kib)
{
	_cleanup_(closep) int fd = -1;
	int r;

	r = conn_try((uint16_t)s->args->port, &fd);
	if (r < 0)
		return load_fail(-r, "Cannot connect to %s, which is ready", s->args->target->name);
	r = conn_check(fd, s->args->target->greets, s->args->target->request, s->args->target->answer);
	if (r < 0)
		return load_fail(-r, "%s gave no right answer", s->args->target->name);

	return spawn_rss_kib(s, ret_kib);
}

int start_scenario(const struct load_args *args)
{
	_cleanup_(spawn_done) struct spawn s = SPAWN_NULL;
	uint64_t ready_usec, kib;
	int r;

	if (!args->target->request)
		return load_fail(0, "%s answers nothing but files", args->target->name);

	r = spawn_init(&s, args);
	if (r < 0)
		return r;
	r = spawn_run(&s);
	if (r < 0)
		return r;
	r = spawn_wait(&s);
	if (r < 0)
		return r;

	ready_usec = clock_usec();
	r = start_measure_rss(&s, &kib);
	if (r < 0)
		return r;

	printf("%llu\t%llu\n", (unsigned long long)(ready_usec - *s.exec_usec), (unsigned long long)kib);
	return 0;
}
