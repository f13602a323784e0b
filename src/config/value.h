#pragma once
/* SPDX-License-Identifier: MIT */
/* Checks one setting against its option row, and reads or prints its value. */

#include "base/option.h"
#include "config/fault.h"

#include <libconfig.h>
#include <stdbool.h>

/* The source of the settings, and the schema they are checked against. */
struct value_context {
	const struct option_schema *schema;
	struct faults *faults;
	const char *file; /* for messages */
	unsigned instance;
};

/*
 * Sets the field of @row in @values from @setting. Messages name the option by @section and @row. 0, -EINVAL with a
 * fault added (the field stays as it was), or -ENOMEM.
 */
int value_set(const struct value_context *c, const struct option_section *section, const struct option *row,
	      const config_setting_t *setting, void *values);

/* Makes a section's struct on the heap, with all defaults; a row without a default is zero. 0, -EINVAL (a row refuses
 * its own default), or -ENOMEM. Free with option_values_free(). */
int value_new_section(const struct value_context *c, const struct option_section *section, void **ret);

/* Appends the value as it would stand in the file. 0 or negative errno. */
int value_print(const struct option_schema *schema, const struct option *row, const void *values, struct buf *ret);

/* Appends the values that the row accepts: "64 to 16M", "true or false", "\"err\", \"warning\"". 0 or negative
 * errno. */
int value_print_range(const struct option_schema *schema, const struct option *row, struct buf *ret);

bool value_is_equal(const struct option *row, const void *a, const void *b);

/* The name of the option: "limits.line"; of a row of the top level: "reactors". Returns @dst. */
#define VALUE_NAME_MAX 96
const char *value_name(const struct option_section *section, const struct option *row, char dst[VALUE_NAME_MAX]);

/* The setting as it stands in the file, made harmless and cut: 5, "64K", true, ( ... ). Returns @dst. */
#define VALUE_SHOWN_MAX 100
const char *value_shown(const config_setting_t *setting, char dst[VALUE_SHOWN_MAX]);
