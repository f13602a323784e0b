/* SPDX-License-Identifier: MIT */
#include "client/flags.h"

#include "base/str.h"
#include "client/show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct flag *flags_find(const struct flag *flags, const char *name, size_t len)
{
	for (; flags->name; flags++)
		if (strlen(flags->name) == len && memcmp(flags->name, name, len) == 0)
			return flags;
	return NULL;
}

static int flags_refuse(const struct flag *flags, const char *word, const char *what, char *why, size_t why_size)
{
	char shown[64];
	int n;

	n = snprintf(why, why_size, "'%s' %s; there is", show_name(shown, sizeof(shown), word), what);
	for (; flags->name && n >= 0 && (size_t)n < why_size; flags++)
		n += snprintf(why + n, why_size - (size_t)n, " --%s%s", flags->name, flags->value ? "=..." : "");
	return -EINVAL;
}

int flags_take(const struct flag *flags, unsigned argc, char **argv, char *why, size_t why_size)
{
	unsigned i;

	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1] == '-'; i++) {
		const char *name = argv[i] + 2, *value = strchr(name, '=');
		const struct flag *flag;

		if (name[0] == '\0')
			return (int)i + 1;
		flag = flags_find(flags, name, value ? (size_t)(value - name) : strlen(name));
		if (!flag)
			return flags_refuse(flags, argv[i], "is no option of this command", why, why_size);
		if (value && !flag->value)
			return flags_refuse(flags, argv[i], "has a value, and the option takes none", why, why_size);
		if (!value && flag->value && i + 1 == argc)
			return flags_refuse(flags, argv[i], "lacks its value", why, why_size);
		if (flag->value)
			*flag->value = value ? value + 1 : argv[++i];
		if (flag->set)
			*flag->set = true;
	}
	return (int)i;
}

int flags_number(const char *name, const char *value, uint64_t min, uint64_t max, uint64_t *ret, char *why,
		 size_t why_size)
{
	char shown[64];

	if (str_to_u64(value, strlen(value), min, max, ret) == 0)
		return 0;
	(void)snprintf(why, why_size, "--%s: '%s' is no number from %" PRIu64 " to %" PRIu64, name,
		       show_name(shown, sizeof(shown), value), min, max);
	return -EINVAL;
}
