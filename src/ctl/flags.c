/* SPDX-License-Identifier: MIT */
#include "ctl/flags.h"

#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct flag *flags_find(const struct flag *flags, const char *name, size_t len)
{
	for (; flags->name; flags++)
		if (strlen(flags->name) == len && memcmp(flags->name, name, len) == 0)
			return flags;
	return NULL;
}

/* One argument "--name", "--name=value" or "--name" "value". How many of argv it took, or negative. */
static int flags_take(const struct flag *flags, const char *command, char **argv)
{
	const char *name = argv[0] + 2, *value = strchr(name, '=');
	const struct flag *f = flags_find(flags, name, strcspn(name, "="));
	int taken = 1;

	if (!f) {
		(void)fprintf(stderr, "ioectl: %s takes no option '%s'\n", command, argv[0]);
		return -EINVAL;
	}
	if (!f->value && value) {
		(void)fprintf(stderr, "ioectl: --%s takes no value, and '%s' was given\n", f->name, value + 1);
		return -EINVAL;
	}
	if (f->value) {
		if (!value && !argv[1]) {
			(void)fprintf(stderr, "ioectl: --%s wants a value\n", f->name);
			return -EINVAL;
		}
		*f->value = value ? value + 1 : argv[taken++];
	}
	if (f->given)
		*f->given = true;
	return taken;
}

int flags_parse(const struct flag *flags, size_t min, size_t max, int argc, char **argv)
{
	bool words_only = false;
	size_t n = 0;

	for (int i = 1; i < argc;) {
		int taken = 1;

		if (!words_only && strcmp(argv[i], "--") == 0) {
			words_only = true;
		} else if (!words_only && argv[i][0] == '-' && argv[i][1] == '-') {
			taken = flags_take(flags, argv[0], argv + i);
			if (taken < 0)
				return taken;
		} else if (!words_only && argv[i][0] == '-' && argv[i][1]) {
			(void)fprintf(stderr, "ioectl: %s takes no option '%s'; -i, -s and -j stand before it\n", argv[0],
				      argv[i]);
			return -EINVAL;
		} else {
			argv[++n] = argv[i];
		}
		i += taken;
	}
	if (n < min) {
		(void)fprintf(stderr, "ioectl: %s wants an argument: see ioectl --help\n", argv[0]);
		return -EINVAL;
	}
	if (n > max) {
		(void)fprintf(stderr, "ioectl: %s takes %zu argument%s, and '%s' was given\n", argv[0], max,
			      max == 1 ? "" : "s", argv[max + 1]);
		return -EINVAL;
	}
	return (int)n;
}

int flags_time(const char *flag, const char *text, uint64_t *ret_usec)
{
	if (str_to_usec(text, strlen(text), ret_usec) == 0)
		return 0;
	(void)fprintf(stderr, "ioectl: --%s=%s is no time: a number and ms, s, m, h or d, such as 90s\n", flag, text);
	return -EINVAL;
}
