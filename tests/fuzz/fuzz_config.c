/* SPDX-License-Identifier: MIT */
/* Any bytes as a configuration: refused with a sentence, or settings of which each value is in its row's range. */
#include "config/config.h"
#include "fuzz/fuzz.h"
#include "unit/fixture/config_schema.h"

#include <string.h>

static bool is_in_range(const struct option *row, uint64_t n)
{
	if (row->type == OPTION_ROLES)
		return n > 0 && n < 1U << (ELEMENTSOF(schema_roles) - 1);
	if (row->type != OPTION_WORD)
		return n >= row->min && n <= row->max;
	for (uint64_t i = 0; row->words[i]; i++)
		if (i == n)
			return true;
	return false;
}

static void check_row(const struct option *row, const void *values)
{
	const void *field = (const char *)values + row->offset;
	const char *s;

	if (row->type == OPTION_STRING) {
		s = *(char *const *)field;
		FUZZ_CHECK(!s || (strlen(s) >= row->min && strlen(s) <= row->max));
	} else if (row->type != OPTION_BOOL) {
		FUZZ_CHECK(is_in_range(row, *(const uint64_t *)field));
	}
}

static void check_section(const struct option_section *section, const void *values)
{
	char why[200];

	for (size_t i = 0; i < section->n_rows; i++)
		check_row(&section->rows[i], values);
	FUZZ_CHECK(!section->check || section->check(values, why, sizeof(why)) == 0);
}

static void check_settings(const struct settings *s)
{
	for (size_t i = 0; schema_sections[i]; i++)
		check_section(schema_sections[i], s->values[i]);
	FUZZ_CHECK(s->n_listeners >= 1 && s->n_listeners <= 64);
	for (size_t i = 0; i < s->n_listeners; i++) {
		const struct listener_values *l = s->listeners[i];

		check_section(schema.listener, l);
		FUZZ_CHECK(l->address);
		FUZZ_CHECK(l->port_base == 0 || (l->port == 0 && l->port_base + s->instance <= 65535));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf why = { .max = 64 * 1024 };
	struct settings *s = NULL;
	int r;

	r = config_parse((const char *)data, size, "fuzz", 2, &schema, &s, &why);
	FUZZ_CHECK(r == 0 ? s && why.len == 0 : r == -EINVAL && !s && why.len > 0);
	if (s)
		check_settings(s);
	(void)settings_unref(s);
	buf_done(&why);
	return 0;
}
