#pragma once
/* SPDX-License-Identifier: MIT */
/* Reads the list `listeners`: checks each group against the rows of a listener, and the groups against each other. */

#include "config/value.h"

#define LISTENERS_MAX 64

/* Replaces the listeners of @s. 0, -EINVAL with faults added (@s is as it was), or -ENOMEM. */
int listeners_set(const struct value_context *c, const config_setting_t *list, struct settings *s);

void listeners_clear(struct settings *s);
