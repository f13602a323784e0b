/* SPDX-License-Identifier: MIT */
/*
 * Cuts the power in the middle of uploads, again and again, on ext4 and XFS. What was acknowledged before the cut is
 * there and whole afterwards, nothing half-done is seen, and nothing is acknowledged behind it.
 *
 * A test that loses nothing proves something only if it would see a loss. So the same is done to daemons that leave
 * out the fsync() of files, or that of folders, or both: they must be found out.
 */

#include "faults/disk.h"
#include "faults/fail_plan.h"
#include "faults/writers.h"

#include <stdio.h>
#include <string.h>

/* So many cuts find out a daemon that syncs too little. */
#define POWER_BROKEN_CUTS_MAX 100

static const char *const power_types[] = { "ext4", "xfs" };

static const struct power_broken {
	const char *name;
	unsigned always;
} power_broken[] = {
	{ "without-fsync", FAIL_FILES_UNSYNCED | FAIL_DIRS_UNSYNCED },
	{ "without-fsync-of-files", FAIL_FILES_UNSYNCED },
	{ "without-fsync-of-folders", FAIL_DIRS_UNSYNCED },
};

struct power_case {
	const char *type;
	const struct power_broken *broken; /* NULL: the daemon as it is */

	unsigned long cuts, acked;
	struct writers_damage damage;
};

static struct power_case power_cases[G_N_ELEMENTS(power_types) * (1 + G_N_ELEMENTS(power_broken))];

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
	fail_plan_spawn(p->d);
	daemon_wait_ready(p->d);
	atomic_store(&p->plan->always, p->always);
}

static void power_init(struct power *p, const struct power_case *c)
{
	unsigned seed = (unsigned)g_test_rand_int();

	p->d = daemon_new(1, DAEMON_LISTENER);
	p->plan = fail_plan_new(p->d, 0);
	p->always = c->broken ? c->broken->always : 0;
	p->random = g_rand_new_with_seed(seed);
	disk_init(&p->disk, p->d->dir, c->type, p->d->state);
	writers_init(&p->writers, seed, 300000); /* the loop's own disk has not for ever to write */
	disk_mount(&p->disk);
	power_spawn(p);
}

static void power_done(struct power *p)
{
	daemon_stop(p->d);
	disk_done(&p->disk);
	writers_done(&p->writers);
	g_rand_free(p->random);
	fail_plan_free(p->plan);
	(void)daemon_free(p->d);
}

/* Who comes after the cut hears that it cannot be; the daemon itself goes on. */
static void power_expect_refusal(struct power *p)
{
	struct client *c = client_new_ioe1(p->d, 0);

	client_puts(c, "WRITE,behind,5\nWRITEPING,step\n");
	client_expect_error(c, "internal|denied|no-space|unavailable");
	client_expect(c, "PONG,step");
	client_free(c);
}

static void power_cut(struct power *p, struct power_case *c)
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
	writers_check(&p->writers, p->d, &c->damage);
	writers_thin_out(&p->writers, p->d);
	c->cuts++;
	c->acked = p->writers.acked_in_all;
}

static void power_rounds(struct power_case *c)
{
	unsigned rounds = harness_is_long() ? 1000 : 30;
	struct power p;

	power_init(&p, c);
	while (c->cuts < rounds) {
		power_cut(&p, c);
		if (c->damage.lost + c->damage.torn + c->damage.stray > 0)
			harness_fail("After cut %lu: %u lost, %u torn, %u left behind.", c->cuts, c->damage.lost,
				     c->damage.torn, c->damage.stray);
	}
	power_done(&p);
}

/* A daemon that does not do what it says: how many cuts it takes until that shows. */
static void power_find_out(struct power_case *c)
{
	struct power p;

	power_init(&p, c);
	while (c->damage.lost + c->damage.torn == 0) {
		if (c->cuts == POWER_BROKEN_CUTS_MAX)
			harness_fail("%d cuts lost nothing: this test sees no loss.", POWER_BROKEN_CUTS_MAX);
		power_cut(&p, c);
	}
	power_done(&p);
}

static void power_case_run(gconstpointer data)
{
	struct power_case *c = (struct power_case *)data;

	if (!disk_may_make(c->type))
		return;
	if (c->broken)
		power_find_out(c);
	else
		power_rounds(c);
}

static void power_add_case(struct power_case *c, const char *type, const struct power_broken *broken)
{
	g_autofree char *path = g_strconcat("/power/", type, broken ? "-" : "", broken ? broken->name : "", NULL);

	c->type = type;
	c->broken = broken;
	g_test_add_data_func(path, c, power_case_run);
}

static void power_add(void)
{
	struct power_case *c = power_cases;

	for (size_t i = 0; i < G_N_ELEMENTS(power_types); i++)
		power_add_case(c++, power_types[i], NULL);
	for (size_t k = 0; k < G_N_ELEMENTS(power_broken); k++)
		for (size_t i = 0; i < G_N_ELEMENTS(power_types); i++)
			power_add_case(c++, power_types[i], &power_broken[k]);
}

static void power_count(const struct power_case *c)
{
	if (c->cuts == 0)
		return;
	printf("# counts: %s%s%s: %lu power cuts in the middle of uploads, %lu acknowledged files, %u lost, %u torn, "
	       "%u left behind\n",
	       c->type, c->broken ? " " : "", c->broken ? c->broken->name : "", c->cuts, c->acked, c->damage.lost,
	       c->damage.torn, c->damage.stray);
}

static void power_report(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(power_cases); i++)
		power_count(&power_cases[i]);
}

int main(int argc, char **argv)
{
	return disk_main(argc, argv, power_add, power_report);
}
