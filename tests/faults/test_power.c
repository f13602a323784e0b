/* SPDX-License-Identifier: MIT */
/*
 * Cuts the power in the middle of uploads, again and again, on ext4 and XFS. What was acknowledged before the cut is
 * there and whole afterwards, nothing half-done is seen, and nothing is acknowledged behind it.
 *
 * A test that loses nothing proves something only if it would see a loss. So the same is done to daemons that leave
 * out the fsync() of files, or that of folders, or both: they must be found out.
 */

#include "faults/disk.h"
#include "faults/plan.h"
#include "faults/writers.h"

#include <stdio.h>
#include <string.h>

/* So many cuts find out a daemon that syncs too little. */
#define POWER_BROKEN_CUTS_MAX 100

static unsigned long power_cuts, power_acked, power_broken, power_broken_cuts;

struct power {
	struct daemon *d;
	struct disk disk;
	struct fail_plan *plan;
	struct writers writers;
	GRand *random;
	unsigned always; /* what the daemon leaves out, once it has started */
};

static void power_spawn(struct power *p)
{
	atomic_store(&p->plan->always, 0);
	plan_spawn(p->d);
	daemon_wait_ready(p->d);
	atomic_store(&p->plan->always, p->always);
}

static void power_init(struct power *p, const char *type, unsigned always)
{
	unsigned seed = (unsigned)g_test_rand_int();

	p->d = daemon_new(1, DAEMON_LISTENER);
	p->plan = plan_new(p->d, 0);
	p->always = always;
	p->random = g_rand_new_with_seed(seed);
	disk_init(&p->disk, p->d->dir, type, p->d->state);
	writers_init(&p->writers, seed, 300000); /* the loop's own disk has not for ever to write */
	disk_mount(&p->disk);
	power_spawn(p);
}

static void power_done(struct power *p)
{
	power_acked += p->writers.acked_in_all;
	daemon_stop(p->d);
	disk_done(&p->disk);
	writers_done(&p->writers);
	g_rand_free(p->random);
	plan_free(p->plan);
	(void)daemon_free(p->d);
}

/* Who comes after the cut hears that it cannot be; the daemon itself goes on. */
static void power_expect_refusal(struct power *p)
{
	struct client *c = client_new_ioe1(p->d, 0);

	client_puts(c, "WRITE,behind,5\nWRITEPING,step\n");
	client_expect_error(c, "internal|denied|no-space");
	client_expect(c, "PONG,step");
	client_free(c);
}

static void power_cut(struct power *p, struct writers_damage *ret)
{
	unsigned n = (unsigned)g_rand_int_range(p->random, 0, 30);

	writers_start(&p->writers, p->d);
	if (!writers_wait_acked(&p->writers, n, harness_deadline()))
		harness_fail("Only %u of %u files were acknowledged.", atomic_load(&p->writers.acked), n);
	/* What is acknowledged while the power fails may be lost: the kernel tells nobody what it has not done. */
	writers_note(&p->writers);
	disk_cut(&p->disk);
	power_expect_refusal(p);
	daemon_kill(p->d);
	writers_join(&p->writers);
	g_free(daemon_take_log(p->d));

	disk_unmount(&p->disk);
	disk_mount(&p->disk);
	power_spawn(p);
	writers_check(&p->writers, p->d, ret);
	writers_thin_out(&p->writers, p->d);
}

static void power_rounds(gconstpointer type)
{
	unsigned rounds = plan_is_long() ? 1000 : 30;
	struct power p;

	if (!disk_may_make(type))
		return;
	power_init(&p, type, 0);
	for (unsigned i = 0; i < rounds; i++) {
		struct writers_damage damage;

		power_cut(&p, &damage);
		if (damage.lost + damage.torn + damage.stray > 0)
			harness_fail("After cut %u: %u lost, %u torn, %u left behind.", i + 1, damage.lost, damage.torn,
				     damage.stray);
		power_cuts++;
	}
	power_done(&p);
}

/* A daemon that does not do what it says: how many cuts it takes until that shows. */
static void power_find_out(const char *type, unsigned always)
{
	struct writers_damage damage = {};
	unsigned cuts = 0;
	struct power p;

	if (!disk_may_make(type))
		return;
	power_init(&p, type, always);
	while (damage.lost + damage.torn == 0) {
		if (++cuts > POWER_BROKEN_CUTS_MAX)
			harness_fail("%d cuts lost nothing: this test sees no loss.", POWER_BROKEN_CUTS_MAX);
		power_cut(&p, &damage);
	}
	g_test_message("found out by cut %u: %u lost, %u torn", cuts, damage.lost, damage.torn);
	power_broken++;
	power_broken_cuts += cuts;
	power_done(&p);
}

static void power_no_file_sync(gconstpointer type)
{
	power_find_out(type, FAIL_FILES_UNSYNCED);
}

static void power_no_folder_sync(gconstpointer type)
{
	power_find_out(type, FAIL_DIRS_UNSYNCED);
}

static void power_no_sync(gconstpointer type)
{
	power_find_out(type, FAIL_FILES_UNSYNCED | FAIL_DIRS_UNSYNCED);
}

static void power_add(void)
{
	g_test_add_data_func("/power/ext4", "ext4", power_rounds);
	g_test_add_data_func("/power/xfs", "xfs", power_rounds);
	g_test_add_data_func("/power/ext4-without-fsync", "ext4", power_no_sync);
	g_test_add_data_func("/power/xfs-without-fsync", "xfs", power_no_sync);
	g_test_add_data_func("/power/ext4-without-fsync-of-files", "ext4", power_no_file_sync);
	g_test_add_data_func("/power/xfs-without-fsync-of-files", "xfs", power_no_file_sync);
	g_test_add_data_func("/power/ext4-without-fsync-of-folders", "ext4", power_no_folder_sync);
	g_test_add_data_func("/power/xfs-without-fsync-of-folders", "xfs", power_no_folder_sync);
}

int main(int argc, char **argv)
{
	const char *why;
	int r;

	if (!disk_may_mount(&why)) {
		printf("Skipped: %s\n", why);
		return 77;
	}
	r = harness_main(argc, argv, power_add);
	printf("# counts: %lu power cuts in the middle of uploads, %lu acknowledged files; %lu daemons without fsync found out "
	       "by %lu cuts\n",
	       power_cuts, power_acked, power_broken, power_broken_cuts);
	return r;
}
