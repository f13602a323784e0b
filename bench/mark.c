/* SPDX-License-Identifier: MIT */
#include "mark.h"

#include "base/clock.h"
#include "hist.h"
#include "load.h"
#include "proc.h"
#include "target.h"

#include <stdio.h>

int mark_take(const struct load_args *args, const struct proc_tree *server, struct mark *ret)
{
	struct mark m = {};
	struct timespec ts;
	int r;

	if (server->n > 0) {
		r = proc_cpu_nsec(server, &m.server_nsec);
		if (r < 0)
			return load_fail(-r, "Cannot read the CPU time of %s", args->target->name);
	}

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	m.load_nsec = (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
	m.usec = clock_usec();

	*ret = m;
	return 0;
}

void mark_compare(const struct mark *from, const struct mark *to, double n, const struct hist *hist,
		  struct mark_figures *ret)
{
	*ret = (struct mark_figures){
		.rate = n * USEC_PER_SEC / (double)(to->usec - from->usec),
		.server_usec = (double)(to->server_nsec - from->server_nsec) / 1000 / n,
		.load_usec = (double)(to->load_nsec - from->load_nsec) / 1000 / n,
		.p50_usec = hist ? hist_percentile(hist, 50) : 0,
		.p99_usec = hist ? hist_percentile(hist, 99) : 0,
	};
}

void mark_print(const struct mark_figures *f)
{
	printf("%.4f\t%.5f\t%llu\t%llu\t%.5f\n", f->rate, f->server_usec, (unsigned long long)f->p50_usec,
	       (unsigned long long)f->p99_usec, f->load_usec);
}
