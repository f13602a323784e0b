#pragma once
/* SPDX-License-Identifier: MIT */
/* What came out of a configuration of config_schema.h. */

#include "base/buf.h"
#include "config/config.h"

#include <check.h>
#include <string.h>

#include "unit/config_schema.h"

static inline const struct top_values *config_top(const struct settings *s)
{
	return settings_get(s, &top_section);
}

static inline const struct limits_values *config_limits(const struct settings *s)
{
	return settings_get(s, &limits_section);
}

static inline const struct file_values *config_file(const struct settings *s)
{
	return settings_get(s, &file_section);
}

/* Must load. */
static inline struct settings *config_parsed_as(const char *text, unsigned instance)
{
	struct settings *s = NULL;
	struct buf why = {};
	int r;

	r = config_parse(text, strlen(text), "f", instance, &schema, &s, &why);
	ck_assert_msg(r == 0, "%s: %s", text, buf_str(&why));
	ck_assert_uint_eq(why.len, 0);
	ck_assert_ptr_nonnull(s);
	buf_done(&why);
	return s;
}

static inline struct settings *config_parsed(const char *text)
{
	return config_parsed_as(text, 1);
}

static inline void config_expect_default(const struct settings *s, unsigned instance)
{
	char dir[64];

	(void)snprintf(dir, sizeof(dir), "/var/lib/ioe/%u", instance);
	ck_assert_uint_eq(s->instance, instance);
	ck_assert_uint_eq(config_top(s)->reactors, 1);
	ck_assert_uint_eq(config_top(s)->stop_timeout_usec, 10 * USEC_PER_SEC);
	ck_assert_str_eq(config_top(s)->state_dir, dir);
	ck_assert_uint_eq(config_limits(s)->connections, 16384);
	ck_assert_uint_eq(config_limits(s)->line, 65536);
	ck_assert_uint_eq(config_limits(s)->idle_usec, 86400 * USEC_PER_SEC);
	ck_assert_uint_eq(((const struct limits_values *)settings_get(s, &memory_section))->memory, 256 << 20);
	ck_assert_ptr_null(config_file(s)->root);
	ck_assert_uint_eq(config_file(s)->max_size, 1 << 30);
	ck_assert_uint_eq(config_file(s)->overwrite, 1);
	ck_assert_uint_eq(config_file(s)->mode, 0640);
	ck_assert(config_file(s)->sync);
	ck_assert_uint_eq(((const struct log_values *)settings_get(s, &log_section))->level, 3);
	ck_assert_uint_eq(s->n_listeners, 2);
	ck_assert_uint_eq(((struct listener_values *)s->listeners[0])->port_base, 9000);
	ck_assert_uint_eq(((struct listener_values *)s->listeners[0])->roles, 15);
	ck_assert_str_eq(((struct listener_values *)s->listeners[0])->address, "127.0.0.1");
	ck_assert(((struct listener_values *)s->listeners[0])->raw);
	ck_assert_uint_eq(((struct listener_values *)s->listeners[1])->port_base, 11825);
	ck_assert_uint_eq(((struct listener_values *)s->listeners[1])->roles, 2);
}
