/* SPDX-License-Identifier: MIT */
/*
 * Kills the daemon in the middle of uploads, again and again on the same state. After each start all that was
 * acknowledged is there and whole, and nothing half-done is seen.
 */

#include "faults/fail_plan.h"
#include "faults/writers.h"

#include <stdio.h>

static unsigned long kill_times, kill_acked;

/* Between one acknowledgement and the next, wherever that is. */
static void kill_somewhen(GRand *random, struct writers *w)
{
	unsigned n = (unsigned)g_rand_int_range(random, 0, 12);

	if (!writers_wait_acked(w, n, harness_deadline()))
		harness_fail("Only %u of %u files were acknowledged.", atomic_load(&w->acked), n);
	g_usleep((gulong)g_rand_int_range(random, 0, 3000));
}

static void kill_rounds(unsigned reactors)
{
	unsigned rounds = harness_is_long() ? 1000 : 100, seed = (unsigned)g_test_rand_int();
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	GRand *random = g_rand_new_with_seed(seed);
	struct writers w;

	writers_init(&w, seed, SIZE_MAX);
	for (unsigned i = 0; i < rounds; i++) {
		struct writers_damage damage;

		writers_start(&w, d);
		kill_somewhen(random, &w);
		/* An answer that is in the socket already reaches its client all the same. */
		daemon_kill(d);
		writers_join(&w);
		writers_note(&w);
		g_free(daemon_take_log(d));
		daemon_spawn(d);
		daemon_wait_ready(d);
		writers_check(&w, d, &damage);
		if (damage.lost + damage.torn + damage.stray > 0)
			harness_fail("After kill %u (seed %u): %u lost, %u torn, %u left behind.", i + 1, seed, damage.lost,
				     damage.torn, damage.stray);
		writers_thin_out(&w, d);
		kill_times++;
	}
	kill_acked += w.acked_in_all;
	writers_done(&w);
	g_rand_free(random);
	daemon_finish(d);
}

static void kill_add(void)
{
	harness_add("kill/uploads", kill_rounds);
}

int main(int argc, char **argv)
{
	int r;

	r = harness_main(argc, argv, kill_add);
	printf("# counts: %lu kills in the middle of uploads, %lu acknowledged files compared\n", kill_times, kill_acked);
	return r;
}
