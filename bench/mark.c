/* SPDX-License-Identifier: MIT */
#include "mark.h"

#include "base/clock.h"
#include "proc.h"

int mark_take(const struct proc_tree *server, struct mark *ret)
{
	struct mark m = {};
	struct timespec ts;
	int r;

	if (server->n > 0) {
		r = proc_cpu_nsec(server, &m.server_nsec);
		if (r < 0)
			return r;
	}

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	m.load_nsec = (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
	m.usec = clock_usec();

	*ret = m;
	return 0;
}
