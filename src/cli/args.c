/* SPDX-License-Identifier: MIT */
#include "cli/args.h"

#include "base/str.h"
#include "cli/show.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The index of the row, -1 where there is none. */
static int args_find(const struct flag *flags, const char *name, size_t len)
{
	for (int i = 0; flags[i].name; i++)
		if (strlen(flags[i].name) == len && memcmp(flags[i].name, name, len) == 0)
			return i;
	return -1;
}

/* Reads one flag: "--name", "--name=value" or "--name" "value". 0, and in *ret_n how many strings of argv; or
 * ARGS_E_*. */
static int args_take_flag(struct args *a, char **argv, unsigned *ret_n)
{
	const char *name = argv[0] + 2, *value = strchr(name, '=');
	int i = args_find(a->flags, name, strcspn(name, "="));

	if (i < 0)
		return ARGS_E_UNKNOWN;
	assert(i < ARGS_FLAGS_MAX);
	if (!a->flags[i].value && value)
		return ARGS_E_VALUE;
	if (a->flags[i].value && !value && !argv[1])
		return ARGS_E_NO_VALUE;
	*ret_n = a->flags[i].value && !value ? 2 : 1;
	a->values[i] = value ? value + 1 : a->flags[i].value ? argv[1] : "";
	return 0;
}

int args_parse(struct args *ret, const struct flag *flags, enum args_order order, unsigned argc, char **argv,
	       const char **ret_at)
{
	struct args a = { .flags = flags, .words = argv + 1 };
	bool words_only = !flags;
	unsigned taken;
	int r;

	for (unsigned i = 1; i < argc; i += taken) {
		const char *arg = argv[i];

		taken = 1;
		*ret_at = arg;
		if (!words_only && strcmp(arg, "--") == 0) {
			words_only = true;
		} else if (!words_only && arg[0] == '-' && arg[1] == '-') {
			r = args_take_flag(&a, argv + i, &taken);
			if (r != 0)
				return r;
		} else if (!words_only && arg[0] == '-' && arg[1] && order == ARGS_FLAGS_ANYWHERE) {
			return ARGS_E_SHORT;
		} else {
			words_only = words_only || order == ARGS_FLAGS_FIRST;
			a.words[a.n++] = argv[i];
		}
	}
	if (argc > 0)
		a.words[a.n] = NULL;
	*ret = a;
	return 0;
}

const char *args_get(const struct args *a, const char *name)
{
	int i = a->flags ? args_find(a->flags, name, strlen(name)) : -1;

	assert(i >= 0);
	return a->values[i];
}

bool args_has(const struct args *a, const char *name)
{
	return args_get(a, name) != NULL;
}

int args_number(const struct args *a, const char *name, uint64_t min, uint64_t max, uint64_t *ret, char *why,
		size_t why_size)
{
	const char *value = args_get(a, name);
	char shown[64];

	if (str_to_u64(value, strlen(value), min, max, ret) == 0)
		return 0;
	(void)snprintf(why, why_size, "--%s: '%s' is no number from %" PRIu64 " to %" PRIu64, name,
		       show_name(shown, sizeof(shown), value), min, max);
	return -EINVAL;
}

int args_time(const char *name, const char *value, uint64_t *ret_usec, char *why, size_t why_size)
{
	if (str_to_usec(value, strlen(value), ret_usec) == 0)
		return 0;
	(void)snprintf(why, why_size, "--%s=%s is no time: a number and ms, s, m, h or d, such as 90s", name, value);
	return -EINVAL;
}
