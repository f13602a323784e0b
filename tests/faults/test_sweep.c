/* SPDX-License-Identifier: MIT */
/*
 * Fails the N-th call of every function that the file role and its sessions use, for N = 1, 2, 3, ... until a run meets
 * no such call any more; each with every error, for one call and for all from the N-th on. Whatever fails: no OK that
 * is not true, no crash, the session in step, other requests served, nothing half-done left behind, old content where
 * a replacement failed, and descriptors and memory as before.
 */

#include "faults/scenario.h"

#include <errno.h>
#include <stdio.h>

/* More calls of one function than this within a scenario: something repeats itself for ever. */
#define SWEEP_CALLS_MAX 500

/* So often more memory may be out than before, until it counts as lost. */
#define SWEEP_LOST_MAX 5

static const struct scenario_script sweep_scripts[] = {
	{ "new-small", SCENARIO_NEW, "in/new", 1000, false },
	{ "new-large", SCENARIO_NEW, "new", 700000, false },
	{ "replace-small", SCENARIO_REPLACE, "in/kept", 1000, true },
	{ "replace-large", SCENARIO_REPLACE, "kept", 700000, true },
	{ "read-small", SCENARIO_READ, "in/small", 5000, false },
	{ "read-large", SCENARIO_READ, "large", 600000, true },
	{ "list", SCENARIO_LIST, "many", 0, false },
	{ "old-small", SCENARIO_OLD, "new", 1000, false },
	{ "old-large", SCENARIO_OLD, "new", 300000, false },
};

static const struct sweep_setup {
	const char *name;
	unsigned always, kinds;
} sweep_setups[] = {
	{ "plain", 0, SCENARIO_NEW | SCENARIO_REPLACE | SCENARIO_READ | SCENARIO_LIST | SCENARIO_OLD },
	{ "no-tmpfile", FAIL_NO_TMPFILE, SCENARIO_NEW | SCENARIO_REPLACE | SCENARIO_OLD },
	{ "no-openat2", FAIL_NO_OPENAT2, SCENARIO_NEW | SCENARIO_REPLACE | SCENARIO_READ | SCENARIO_LIST },
	{ "cold", FAIL_COLD, SCENARIO_READ },
};

static const struct scenario_target sweep_targets[] = {
	{ FAIL_OPENAT, 0, { EIO, ENOSPC, EMFILE } },
	{ FAIL_OPENAT2, 0, { EIO, EAGAIN, ENFILE } },
	{ FAIL_PWRITE, SCENARIO_WRITES | SCENARIO_CUTS, { EIO, ENOSPC, EINTR } },
	{ FAIL_WRITE, SCENARIO_WRITES | SCENARIO_CUTS, { EIO, ENOSPC, EINTR } },
	{ FAIL_SPLICE, SCENARIO_CUTS, { EIO, ENOSPC, EINTR } },
	{ FAIL_FSYNC, SCENARIO_WRITES, { EIO, ENOSPC, EINTR } },
	{ FAIL_LINKAT, SCENARIO_WRITES, { EIO, EDQUOT, EROFS } },
	{ FAIL_RENAMEAT, SCENARIO_WRITES, { EIO, ENOSPC, EROFS } },
	{ FAIL_UNLINKAT, SCENARIO_WRITES, { EIO, EROFS } },
	{ FAIL_FTRUNCATE, SCENARIO_WRITES, { EIO, EROFS } },
	{ FAIL_FALLOCATE, SCENARIO_WRITES, { EIO, ENOSPC } },
	{ FAIL_FCHMOD, SCENARIO_WRITES, { EIO, EROFS } },
	{ FAIL_FSTAT, 0, { EIO, ENOMEM } },
	{ FAIL_FSTATAT, 0, { EIO, ENOMEM } },
	{ FAIL_PREADV2, SCENARIO_CUTS, { EIO, EAGAIN, EINTR } },
	{ FAIL_PREAD, SCENARIO_CUTS | SCENARIO_BREAKS, { EIO, EINTR } },
	{ FAIL_SENDFILE, SCENARIO_CUTS | SCENARIO_BREAKS, { EIO, EAGAIN, EINTR } },
	{ FAIL_FDOPENDIR, 0, { ENOMEM } },
	{ FAIL_READDIR, 0, { EIO } },
	{ FAIL_MKDIRAT, SCENARIO_WRITES, { EIO, ENOSPC } },
	{ FAIL_FCNTL, SCENARIO_BREAKS, { EMFILE } },
	{ FAIL_RECV, SCENARIO_CUTS | SCENARIO_BREAKS, { EIO, EAGAIN, EINTR } },
	{ FAIL_SEND, SCENARIO_CUTS | SCENARIO_BREAKS, { EIO, EAGAIN, EINTR } },
	{ FAIL_ACCEPT4, SCENARIO_BREAKS | SCENARIO_ONCE, { EMFILE, EINTR } },
	{ FAIL_EPOLL_CTL, SCENARIO_BREAKS, { ENOMEM, ENOSPC } },
	{ FAIL_MALLOC, SCENARIO_BREAKS, { ENOMEM } },
	{ FAIL_CLOSE, 0, { EIO, EINTR } },
};

static const int sweep_errors[] = { EIO, ENOSPC, EDQUOT, EROFS, EMFILE, ENFILE, ENOMEM, EINTR, EAGAIN };

struct sweep_case {
	const struct sweep_setup *setup;
	const struct scenario_script *script;
	unsigned reactors;
};

/* Over all cases. */
static unsigned long sweep_runs, sweep_faults;

static bool sweep_is_transient(int error)
{
	return error == EINTR || error == EAGAIN;
}

/*
 * A run may need more memory at once than any before it, and some of that is kept for the next. So where there is more
 * than before, the same is done again: what is kept is used then, what is lost is lost once more.
 */
static void sweep_check_memory(struct scenario *s, unsigned *lost)
{
	long long blocks = scenario_wait_quiet(s);

	*lost = blocks > s->blocks ? *lost + 1 : 0;
	if (*lost >= SWEEP_LOST_MAX)
		scenario_fail(s, "It loses memory: done %u times, each time some blocks more, at last %lld and %lld.",
			      *lost, s->blocks, blocks);
	s->blocks = blocks;
}

/* One run of the scenario: false where nothing failed in it, or too much. */
static bool sweep_run(struct scenario *s)
{
	const struct scenario_target *t = s->target;
	unsigned lost = 0;

	g_string_printf(s->where, "%s() fails with %s at call %u%s", fail_plan_function_name(t->function),
			fail_plan_error_name(s->error), s->nth, s->on ? " and from there on" : "");
	do {
		fail_plan_arm(s->plan, t->function, s->error, s->nth, s->on);
		scenario_play(s);
		if (!s->failed)
			sweep_check_memory(s, &lost);
		sweep_runs++;
		sweep_faults += s->injected;
	} while (lost > 0 && !s->failed);
	return s->injected > 0 && !s->failed;
}

static void sweep_error(struct scenario *s, int error)
{
	s->error = error;
	for (int on = 0; on < 2 && !s->failed; on++) {
		/* What asks to be tried again is, for ever. */
		if (on && (sweep_is_transient(error) || s->target->flags & SCENARIO_ONCE))
			break;
		s->on = on;
		s->nth = 1;
		while (sweep_run(s))
			if (++s->nth > SWEEP_CALLS_MAX)
				scenario_fail(s, "There is no end to it.");
	}
}

static void sweep_function(struct scenario *s, const struct scenario_target *t)
{
	/* What ran out of descriptors waits for a second, or until one comes back: not in each of the short cases. */
	if (t->function == FAIL_ACCEPT4 && s->script->kind != SCENARIO_LIST && !harness_is_long())
		return;
	s->target = t;
	if (harness_is_long()) {
		for (size_t i = 0; i < G_N_ELEMENTS(sweep_errors); i++)
			sweep_error(s, sweep_errors[i]);
	} else {
		for (size_t i = 0; i < G_N_ELEMENTS(t->errors) && t->errors[i]; i++)
			sweep_error(s, t->errors[i]);
	}
	if (t->flags & SCENARIO_CUTS)
		sweep_error(s, FAIL_SHORT);
}

static void sweep_case_run(gconstpointer data)
{
	const struct sweep_case *c = data;
	unsigned long before = sweep_faults;
	struct scenario s;

	scenario_init(&s, c->script, c->reactors, c->setup->always | FAIL_FILES_UNSYNCED | FAIL_DIRS_UNSYNCED);
	scenario_measure(&s);
	for (size_t i = 0; i < G_N_ELEMENTS(sweep_targets) && !s.failed; i++) {
		sweep_function(&s, &sweep_targets[i]);
		if (i != G_N_ELEMENTS(sweep_targets) / 2 || s.failed)
			continue;
		daemon_kill(s.d);
		scenario_restart(&s);
		scenario_measure(&s);
	}
	/* A clean end, too: that is where LeakSanitizer speaks. */
	daemon_stop(s.d);
	if (!s.failed)
		scenario_restart(&s);
	if (!s.failed && sweep_faults - before < 50)
		scenario_fail(&s, "Only %lu calls were failed: the library does not see what the daemon does.",
			      sweep_faults - before);
	scenario_done(&s);
}

/* All of it with one reactor; the long form with four, too. */
static void sweep_add(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sweep_setups); i++)
		for (size_t k = 0; k < G_N_ELEMENTS(sweep_scripts); k++)
			for (unsigned reactors = 1; reactors <= (harness_is_long() ? 4 : 1); reactors += 3) {
				struct sweep_case *c = g_new(struct sweep_case, 1);
				g_autofree char *path = NULL;

				*c = (struct sweep_case){ &sweep_setups[i], &sweep_scripts[k], reactors };
				path = g_strdup_printf("/reactors=%u/sweep/%s/%s", reactors, c->setup->name,
						       c->script->name);
				if (c->setup->kinds & c->script->kind)
					g_test_add_data_func_full(path, c, sweep_case_run, g_free);
				else
					g_free(c);
			}
}

int main(int argc, char **argv)
{
	int r;

	r = harness_main(argc, argv, sweep_add);
	printf("# counts: %lu calls failed in %lu runs of a scenario\n", sweep_faults, sweep_runs);
	return r;
}
