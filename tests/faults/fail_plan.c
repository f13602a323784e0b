/* SPDX-License-Identifier: MIT */
#include "faults/fail_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *fail_plan_path(const struct daemon *d)
{
	return g_build_filename(d->dir, "plan", NULL);
}

struct fail_plan *fail_plan_new(struct daemon *d, unsigned always)
{
	g_autofree char *path = fail_plan_path(d);
	struct fail_plan *p;
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(ftruncate(fd, sizeof(*p)), ==, 0);
	p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	g_assert_true(p != MAP_FAILED);
	(void)close(fd);
	atomic_store(&p->always, always);
	return p;
}

void fail_plan_free(struct fail_plan *p)
{
	(void)munmap(p, sizeof(*p));
}

void fail_plan_spawn(struct daemon *d)
{
	const char *given = g_getenv("ASAN_OPTIONS");
	g_autofree char *path = fail_plan_path(d), *before = g_strdup(given), *options = NULL;

	/*
	 * AddressSanitizer wants to be the first library, and says so; being the second is enough here. And behind ours
	 * it sees who allocates only if it looks closely: without that, LeakSanitizer does not know ld.so's own blocks.
	 */
	options = g_strdup_printf("%s%sverify_asan_link_order=0:fast_unwind_on_malloc=0:malloc_context_size=12",
				  given ? given : "", given && *given ? ":" : "");
	(void)setenv("LD_PRELOAD", harness_program("FAIL_LIBRARY"), 1);
	(void)setenv(FAIL_VARIABLE, path, 1);
	(void)setenv("ASAN_OPTIONS", options, 1);
	/* The list of what LeakSanitizer suppresses would look like a line of ioed's. */
	(void)setenv("LSAN_OPTIONS", "print_suppressions=0", 0);
	daemon_spawn(d);
	(void)unsetenv("LD_PRELOAD");
	(void)unsetenv(FAIL_VARIABLE);
	if (given)
		(void)setenv("ASAN_OPTIONS", before, 1);
	else
		(void)unsetenv("ASAN_OPTIONS");
}

void fail_plan_arm(struct fail_plan *p, enum fail_function function, int error, unsigned nth, bool on)
{
	p->function = function;
	p->error = error;
	p->nth = nth;
	p->on = on;
	atomic_store(&p->calls, 0);
	atomic_store(&p->injected, 0);
	atomic_store(&p->armed, true);
}

unsigned fail_plan_disarm(struct fail_plan *p)
{
	atomic_store(&p->armed, false);
	return atomic_load(&p->injected);
}

const char *fail_plan_function_name(enum fail_function function)
{
	static const char *const names[] = {
#define FAIL_NAME(id, name) [FAIL_##id] = name,
		FAIL_FUNCTIONS(FAIL_NAME)
#undef FAIL_NAME
	};

	return names[function];
}

const char *fail_plan_error_name(int error)
{
	return error == FAIL_SHORT ? "half of it" : strerrorname_np(error);
}
