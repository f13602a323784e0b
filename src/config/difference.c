/* SPDX-License-Identifier: MIT */
#include "config/config.h"
#include "config/value.h"

/* "reactors = 4 applies after a restart; until then it is 2". */
static void difference_print(const struct option_schema *schema, const char *name, const struct option *row,
			     const void *now, const void *then, struct buf *ret)
{
	(void)buf_printf(ret, "%s = ", name);
	(void)value_print(schema, row, then, ret);
	(void)buf_append_str(ret, " applies after a restart; until then it is ");
	(void)value_print(schema, row, now, ret);
	(void)buf_append_str(ret, "\n");
}

/* Listeners have no names by which one of the old list would be one of the new. */
static bool difference_is_listeners(const struct settings *a, const struct settings *b)
{
	const struct option_section *section = a->schema->listener;

	for (size_t i = 0; i < section->n_rows; i++) {
		const struct option *row = &section->rows[i];

		if (row->apply != OPTION_APPLY_RESTART)
			continue;
		if (a->n_listeners != b->n_listeners)
			return true;
		for (size_t j = 0; j < a->n_listeners; j++)
			if (!value_is_equal(row, a->listeners[j], b->listeners[j]))
				return true;
	}
	return false;
}

int config_restart_needed(const struct settings *a, const struct settings *b, struct buf *ret)
{
	char name[VALUE_NAME_MAX];
	int n = 0;

	for (size_t i = 0; a->schema->sections[i]; i++) {
		const struct option_section *section = a->schema->sections[i];

		for (size_t j = 0; j < section->n_rows; j++) {
			const struct option *row = &section->rows[j];

			if (row->apply != OPTION_APPLY_RESTART || value_is_equal(row, a->values[i], b->values[i]))
				continue;
			difference_print(a->schema, value_name(section, row, name), row, a->values[i],
					 b->values[i], ret);
			n++;
		}
	}
	if (difference_is_listeners(a, b)) {
		(void)buf_append_str(ret, "listeners: the changes apply after a restart\n");
		n++;
	}
	return n;
}
