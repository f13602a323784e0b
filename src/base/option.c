/* SPDX-License-Identifier: MIT */
#include "base/option.h"

#include <stdlib.h>

void *option_values_free(const struct option_section *section, void *values)
{
	if (!values)
		return NULL;
	for (size_t i = 0; i < section->n_rows; i++)
		if (section->rows[i].type == OPTION_STRING)
			free(*(char **)(void *)((char *)values + section->rows[i].offset));
	free(values);
	return NULL;
}

struct settings *settings_ref(struct settings *s)
{
	(void)atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

struct settings *settings_unref(struct settings *s)
{
	/* The reads of this thread must come before another thread frees the values. */
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) > 1)
		return NULL;

	for (size_t i = 0; s->values && s->schema->sections[i]; i++)
		(void)option_values_free(s->schema->sections[i], s->values[i]);
	for (size_t i = 0; i < s->n_listeners; i++)
		(void)option_values_free(s->schema->listener, s->listeners[i]);
	free(s->values);
	free(s->listeners);
	free(s->source);
	free(s);
	return NULL;
}

const void *settings_get(const struct settings *s, const struct option_section *section)
{
	for (size_t i = 0; s->schema->sections[i]; i++)
		if (s->schema->sections[i] == section)
			return s->values[i];
	return NULL;
}
