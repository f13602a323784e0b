#pragma once
/* SPDX-License-Identifier: MIT */
/* One setting against its row. */

#include "base/option.h"
#include "config/fault.h"

#include <libconfig.h>
#include <stdbool.h>

/* Where settings are taken from, and what they may name. */
struct value_context {
	const struct option_schema *schema;
	struct faults *faults;
	const char *file; /* for messages */
	unsigned instance;
};

/*
 * Sets @row's field in @values from @setting; the @section's name and the row's path make its name in messages. 0,
 * -EINVAL with a fault added (the field is as it was), or -ENOMEM.
 */
int value_set(const struct value_context *c, const struct option_section *section, const struct option *row,
	      const config_setting_t *setting, void *values);

/* A section's struct with all defaults in it, on the heap; a row without a default is left at zero. 0, -EINVAL (a
 * default that its own row does not take), or -ENOMEM. Free with option_values_free(). */
int value_new_section(const struct value_context *c, const struct option_section *section, void **ret);

/* The field as it would stand in the file. 0 or negative errno. */
int value_print(const struct option_schema *schema, const struct option *row, const void *values, struct buf *ret);

/* "64 to 16M", "true or false", "\"err\", \"warning\"": what the row takes. 0 or negative errno. */
int value_print_range(const struct option_schema *schema, const struct option *row, struct buf *ret);

bool value_is_equal(const struct option *row, const void *a, const void *b);

/* "limits.line"; a row of the top level is just "reactors". */
#define VALUE_NAME_MAX 96
const char *value_name(const struct option_section *section, const struct option *row, char dst[VALUE_NAME_MAX]);

/* A setting as it stands in the file, harmless and cut: 5, "64K", true, ( ... ). */
#define VALUE_SHOWN_MAX 100
const char *value_shown(const config_setting_t *setting, char dst[VALUE_SHOWN_MAX]);
