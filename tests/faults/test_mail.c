/* SPDX-License-Identifier: MIT */
/*
 * Mail, while the daemon is killed at any moment, its power cut, its disk filled. No message that was acknowledged is
 * missing, none comes out of order for its pair, and twice only comes what its receiver was not told to have taken.
 *
 * What would see a loss is shown to see one: the same is done to daemons that leave out the syncs, and to one that, as
 * far as its clients can see, acknowledges what it has only received.
 */

#include "faults/disk.h"
#include "faults/mail_scenario.h"
#include "faults/fail_plan.h"
#include "integration/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* So many kills or cuts find out a daemon that is wrong. */
#define MAIL_BROKEN_MAX 60

struct mail_count {
	const char *what;
	unsigned long rounds, acked, came, again, repeated;
	struct mail_scenario_damage damage;
};

static struct mail_count mail_counts[5]; /* the last one is empty */
static unsigned long mail_fills, mail_filled; /* disks that were full and had room again, and what was sent meanwhile */

static void mail_count(const char *what, unsigned long rounds, const struct mail_scenario *l,
		       const struct mail_scenario_damage *damage)
{
	struct mail_count *c = mail_counts;

	while (c->what && strcmp(c->what, what) != 0)
		c++;
	c->what = what;
	c->rounds += rounds;
	c->acked += l->acked_in_all;
	c->came += l->came;
	c->again += l->again;
	c->repeated += l->repeated;
	c->damage.lost += damage->lost;
	c->damage.disorder += damage->disorder;
	c->damage.doubled += damage->doubled;
	c->damage.torn += damage->torn;
}

static unsigned mail_sum(const struct mail_scenario_damage *damage)
{
	return damage->lost + damage->disorder + damage->doubled + damage->torn;
}

static void mail_expect_whole(const struct mail_scenario_damage *damage, const char *when, unsigned round,
			      unsigned seed)
{
	if (mail_sum(damage) > 0)
		harness_fail("After %s %u (seed %u): %u lost, %u out of order, %u doubled, %u torn.", when, round, seed,
			     damage->lost, damage->disorder, damage->doubled, damage->torn);
}

static void mail_restart(struct daemon *d)
{
	g_free(daemon_take_log(d));
	daemon_spawn(d);
	daemon_wait_ready(d);
}

/* Between one acknowledgement and the next, wherever that is. */
static void mail_kill(struct daemon *d, struct mail_scenario *l, GRand *random)
{
	unsigned n = (unsigned)g_rand_int_range(random, 0, 200);

	mail_scenario_start(l, d);
	if (!mail_scenario_wait_acked(l, n, harness_deadline()))
		harness_fail("Only %u of %u messages were acknowledged.", atomic_load(&l->acked), n);
	g_usleep((gulong)g_rand_int_range(random, 0, 3000));
	daemon_kill(d);
	mail_scenario_join(l);
	mail_restart(d);
}

static void mail_kills(unsigned reactors)
{
	unsigned rounds = harness_is_long() ? 200 : 20, seed = (unsigned)g_test_rand_int();
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	GRand *random = g_rand_new_with_seed(seed);
	struct mail_scenario_damage damage;
	struct mail_scenario l;

	mail_scenario_init(&l, seed);
	for (unsigned i = 0; i < rounds; i++) {
		mail_kill(d, &l, random);
		mail_expect_whole(&l.damage, "kill", i + 1, seed);
	}
	mail_scenario_check(&l, d, &damage);
	mail_expect_whole(&damage, "kill", rounds, seed);
	mail_count("kills", rounds, &l, &damage);
	mail_scenario_done(&l);
	g_rand_free(random);
	daemon_finish(d);
}

/* The kill test would notice a daemon that says OK to what it has not kept. */
static void mail_early(void)
{
	struct daemon *d = daemon_start(4, DAEMON_LISTENER);
	unsigned seed = (unsigned)g_test_rand_int(), rounds = 0;
	GRand *random = g_rand_new_with_seed(seed);
	struct mail_scenario_damage damage = { 0 };
	struct mail_scenario l;

	mail_scenario_init(&l, seed);
	l.early = true;
	while (damage.lost == 0) {
		if (rounds++ == MAIL_BROKEN_MAX)
			harness_fail("%d kills lost nothing: this test sees no loss.", MAIL_BROKEN_MAX);
		mail_kill(d, &l, random);
		mail_scenario_check(&l, d, &damage);
	}
	mail_count("kills of one that acknowledges early", rounds, &l, &damage);
	mail_scenario_done(&l);
	g_rand_free(random);
	daemon_finish(d);
}

struct mail_power {
	struct daemon *d;
	struct disk disk;
	struct fail_plan *plan;
	unsigned always;
};

static void mail_power_spawn(struct mail_power *p)
{
	atomic_store(&p->plan->always, 0);
	fail_plan_spawn(p->d);
	daemon_wait_ready(p->d);
	atomic_store(&p->plan->always, p->always);
}

static void mail_cut(struct mail_power *p, struct mail_scenario *l, GRand *random, struct mail_scenario_damage *ret)
{
	unsigned n = (unsigned)g_rand_int_range(random, 0, 150);

	mail_scenario_start(l, p->d);
	if (!mail_scenario_wait_acked(l, n, harness_deadline()))
		harness_fail("Only %u of %u messages were acknowledged.", atomic_load(&l->acked), n);
	mail_scenario_note(l);
	disk_cut(&p->disk);
	daemon_kill(p->d);
	mail_scenario_join(l);
	g_free(daemon_take_log(p->d));
	disk_unmount(&p->disk);
	disk_mount(&p->disk);
	mail_power_spawn(p);
	mail_scenario_check(l, p->d, ret);
}

static void mail_power_run(unsigned always, unsigned long rounds, const char *what)
{
	struct mail_power p = { .d = daemon_new(4, DAEMON_LISTENER), .always = always };
	unsigned seed = (unsigned)g_test_rand_int();
	GRand *random = g_rand_new_with_seed(seed);
	struct mail_scenario_damage damage = { 0 };
	unsigned long i = 0;
	struct mail_scenario l;

	mail_scenario_init(&l, seed);
	p.plan = fail_plan_new(p.d, 0);
	disk_init(&p.disk, p.d->dir, "ext4", p.d->state);
	disk_mount(&p.disk);
	mail_power_spawn(&p);
	while (i < rounds && (always == 0 || mail_sum(&damage) == 0)) {
		mail_cut(&p, &l, random, &damage);
		i++;
		if (always == 0)
			mail_expect_whole(&damage, "cut", (unsigned)i, seed);
	}
	if (always != 0 && mail_sum(&damage) == 0)
		harness_fail("%lu cuts lost nothing: this test sees no loss.", i);
	mail_count(what, i, &l, &damage);
	daemon_stop(p.d);
	disk_done(&p.disk);
	mail_scenario_done(&l);
	g_rand_free(random);
	fail_plan_free(p.plan);
	(void)daemon_free(p.d);
}

static void mail_power(void)
{
	if (disk_may_make("ext4"))
		mail_power_run(0, harness_is_long() ? 200 : 10, "power cuts");
}

static void mail_power_unsynced(void)
{
	if (disk_may_make("ext4"))
		mail_power_run(FAIL_FILES_UNSYNCED | FAIL_DIRS_UNSYNCED, MAIL_BROKEN_MAX, "power cuts without syncs");
}

/* All that is left, but @spare bytes of it. */
static char *mail_fill(const struct daemon *d, size_t spare)
{
	char *path = g_build_filename(d->state, "filler", NULL);
	off_t size = 0;
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	g_assert_cmpint(fd, >=, 0);
	for (off_t piece = 16 << 20; piece >= 4096;)
		if (fallocate(fd, 0, size, piece) == 0)
			size += piece;
		else
			piece /= 2;
	g_assert_cmpint(ftruncate(fd, MAX(size - (off_t)spare, 0)), ==, 0);
	(void)close(fd);
	return path;
}

/* Sends until there is no space. How many were acknowledged, from @n on. */
static unsigned mail_send_until_full(struct client *alice, const char *text, unsigned n)
{
	for (unsigned i = 0; i < 10000; i++) {
		g_autofree char *line = NULL;

		client_printf(alice, "SEND,bob,%u %s\n", n, text);
		line = client_line(alice);
		if (g_str_has_prefix(line, "ERROR: no-space: "))
			return n;
		if (!g_str_has_prefix(line, "OK,"))
			harness_fail("Neither OK nor no-space: %.200s", line);
		n++;
	}
	harness_fail("The disk does not become full.");
}

static void mail_fetch_all(struct client *bob, const char *text, unsigned n)
{
	client_puts(bob, "FETCH\n");
	for (unsigned i = 0; i < n; i++) {
		g_autofree char *want = g_strdup_printf("%u %s", i, text);

		(void)mail_expect(bob, "alice", want);
	}
	g_free(client_line(bob));
}

/* A store on a disk that becomes full, and has room again: it is refused, and then it is taken, without a restart. */
static void mail_full_run(void)
{
	struct daemon *d = daemon_new(4, DAEMON_LISTENER);
	unsigned rounds = 5, n = 0; /* many more, and the mail alone would fill the disk */
	g_autofree char *text = g_strnfill(1000, 'x');
	struct client *alice, *bob;

	g_assert_cmpint(mount("tmpfs", d->state, "tmpfs", MS_NOSUID | MS_NODEV, "size=16m"), ==, 0);
	daemon_spawn(d);
	daemon_wait_ready(d);
	alice = mail_client(d, "alice");
	for (unsigned i = 0; i < rounds; i++) {
		g_autofree char *filler = mail_fill(d, 100 << 10), *more = NULL;

		n = mail_send_until_full(alice, text, n);
		/* Full it is: what there is, is served. */
		bob = mail_client(d, "bob");
		mail_fetch_all(bob, text, n);
		client_ask(bob, "21", "42");
		client_free(bob);
		g_assert_cmpint(unlink(filler), ==, 0);
		more = g_strdup_printf("%u %s", n++, text);
		(void)mail_send(alice, "bob", more);
		if (i % 2) {
			client_free(alice);
			daemon_kill(d);
			mail_restart(d);
			alice = mail_client(d, "alice");
		}
	}
	bob = mail_client(d, "bob");
	mail_fetch_all(bob, text, n);
	client_ask(bob, "MAILBOX,clear", "OK,0,0,0");
	client_free(bob);
	client_free(alice);
	daemon_stop(d);
	g_assert_cmpint(umount2(d->state, 0), ==, 0);
	(void)daemon_free(d);
	mail_fills += rounds;
	mail_filled += n;
}

static void mail_full(void)
{
	unsigned disks = harness_is_long() ? 10 : 1;

	for (unsigned i = 0; i < disks; i++)
		mail_full_run();
}

/* Nobody makes room on the disk, but its receiver: what he has taken makes room for mail again. */
static void mail_full_lets_go(void)
{
	struct daemon *d = daemon_new(4, DAEMON_LISTENER);
	g_autofree char *text = g_strnfill(1000, 'x'), *filler = NULL;
	struct client *alice, *bob;
	unsigned n;

	g_assert_cmpint(mount("tmpfs", d->state, "tmpfs", MS_NOSUID | MS_NODEV, "size=8m"), ==, 0);
	daemon_spawn(d);
	daemon_wait_ready(d);
	alice = mail_client(d, "alice");
	bob = mail_client(d, "bob");
	n = mail_send_until_full(alice, text, 0);
	filler = mail_fill(d, 0);
	n = mail_send_until_full(alice, text, n);
	for (unsigned i = 0; i < n; i++) {
		g_autofree char *want = g_strdup_printf("%u %s", i, text);
		uint64_t id;

		client_puts(bob, "FETCH,1\n");
		id = mail_expect(bob, "alice", want);
		g_free(client_line(bob));
		mail_ack(bob, id, 1);
	}
	mail_expect_box(bob, 0);
	for (unsigned i = 0; i < n / 2; i++)
		(void)mail_send(alice, "bob", text);
	mail_expect_box(bob, n / 2);
	client_free(bob);
	client_free(alice);
	daemon_stop(d);
	g_assert_cmpint(umount2(d->state, 0), ==, 0);
	(void)daemon_free(d);
}

static bool mail_may_mount;

static void mail_add(void)
{
	harness_add("mail/kills", mail_kills);
	g_test_add_func("/mail/early", mail_early);
	if (!mail_may_mount)
		return;
	g_test_add_func("/mail/power", mail_power);
	g_test_add_func("/mail/power-unsynced", mail_power_unsynced);
	g_test_add_func("/mail/full", mail_full);
	g_test_add_func("/mail/full-lets-go", mail_full_lets_go);
}

int main(int argc, char **argv)
{
	const char *why;
	int r;

	mail_may_mount = disk_may_mount(&why);
	if (!mail_may_mount)
		printf("# Without power cuts and full disks: %s\n", why);
	r = harness_main(argc, argv, mail_add);
	for (const struct mail_count *c = mail_counts; c->what; c++)
		printf("# counts: %lu %s, %lu acknowledged messages, %lu delivered, of them %lu again, %lu sent again with "
		       "their key: %u lost, %u out of order, %u doubled, %u torn\n",
		       c->rounds, c->what, c->acked, c->came, c->again, c->repeated, c->damage.lost, c->damage.disorder,
		       c->damage.doubled, c->damage.torn);
	if (mail_fills > 0)
		printf("# counts: %lu times a disk that was full and had room again, %lu acknowledged messages, all there\n",
		       mail_fills, mail_filled);
	return r;
}
