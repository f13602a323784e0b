/* SPDX-License-Identifier: MIT */
#include "config/config.h"
#include "config/value.h"

#include <errno.h>
#include <stdio.h>

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

/* Compares the lists as a whole: listeners have no names, so it is unknown which old one a new one stands for. */
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

struct difference {
	config_change_fn fn;
	void *userdata;
	struct buf from, to; /* the values' text */
};

/* Reports one row. @from and @to are structs of its section; one of them is NULL if a list has no such listener. */
static int difference_report(struct difference *d, const struct option_schema *schema, const char *name,
			   const struct option *row, const void *from, const void *to)
{
	int r = 0;

	if (from && to && value_is_equal(row, from, to))
		return 0;
	d->from.len = d->to.len = 0;
	if (from)
		r = value_print(schema, row, from, &d->from);
	if (r == 0 && to)
		r = value_print(schema, row, to, &d->to);
	if (r < 0 || !buf_str(&d->from) || !buf_str(&d->to))
		return -ENOMEM;
	d->fn(d->userdata, name, buf_str(&d->from), buf_str(&d->to), row->apply == OPTION_APPLY_RESTART);
	return 0;
}

/* Listeners are compared by their position in the list: "listeners[1].port". */
static int difference_report_listeners(struct difference *d, const struct settings *started, const struct settings *now,
				     const struct settings *fresh)
{
	const struct option_section *section = fresh->schema->listener;
	char name[VALUE_NAME_MAX];
	int r = 0;

	for (size_t i = 0; i < section->n_rows; i++) {
		const struct option *row = &section->rows[i];
		const struct settings *base = row->apply == OPTION_APPLY_RESTART ? started : now;

		for (size_t j = 0; r == 0 && (j < base->n_listeners || j < fresh->n_listeners); j++) {
			(void)snprintf(name, sizeof(name), "listeners[%zu].%s", j, row->path);
			r = difference_report(d, fresh->schema, name, row,
					    j < base->n_listeners ? base->listeners[j] : NULL,
					    j < fresh->n_listeners ? fresh->listeners[j] : NULL);
		}
	}
	return r;
}

int config_changes(const struct settings *started, const struct settings *now, const struct settings *fresh,
		   config_change_fn fn, void *userdata)
{
	struct difference d = { .fn = fn, .userdata = userdata };
	char name[VALUE_NAME_MAX];
	int r = 0;

	for (size_t i = 0; fresh->schema->sections[i]; i++) {
		const struct option_section *section = fresh->schema->sections[i];

		for (size_t j = 0; r == 0 && j < section->n_rows; j++) {
			const struct option *row = &section->rows[j];
			const struct settings *base = row->apply == OPTION_APPLY_RESTART ? started : now;

			r = difference_report(&d, fresh->schema, value_name(section, row, name), row, base->values[i],
					    fresh->values[i]);
		}
	}
	if (r == 0)
		r = difference_report_listeners(&d, started, now, fresh);
	buf_done(&d.from);
	buf_done(&d.to);
	return r;
}
