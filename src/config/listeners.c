/* SPDX-License-Identifier: MIT */
/*
 * This file knows the meaning of four rows of a listener: address, port, port_base and roles. It finds them by their
 * names.
 */
#include "config/listeners.h"
#include "base/macro.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A group that is being checked, and the address where the listener would be bound. */
struct listener_group {
	const config_setting_t *setting;
	unsigned line;
	void *values;
	bool is_whole; /* it has no fault: it can be compared with others */
	int family;
	union {
		unsigned char bytes[16];
		struct in6_addr in6;
	} address;
	uint64_t port;
};

static const struct option *listeners_row(const struct option_schema *schema, const char *path)
{
	const struct option_section *section = schema->listener;

	for (size_t i = 0; i < section->n_rows; i++)
		if (strcmp(section->rows[i].path, path) == 0)
			return &section->rows[i];
	return NULL;
}

static const void *listeners_field(const struct option_schema *schema, const char *path, const void *values)
{
	const struct option *row = listeners_row(schema, path);

	return row ? (const char *)values + row->offset : NULL;
}

static bool listeners_has(const struct listener_group *g, const char *path)
{
	return config_setting_get_member(g->setting, path) != NULL;
}

static void listeners_unknown_key(const struct value_context *c, const config_setting_t *key)
{
	const struct option_section *section = c->schema->listener;
	struct buf allowed = {};
	int r = 0;

	for (size_t i = 0; i < section->n_rows && r == 0; i++)
		r = buf_printf(&allowed, "%s%s", i > 0 ? ", " : "", section->rows[i].path);
	if (r == 0 && buf_str(&allowed))
		fault_add(c->faults, c->file, config_setting_source_line(key),
			  "listeners.%.64s is no option; a listener has %s", config_setting_name(key), allowed.data);
	buf_done(&allowed);
}

static int listeners_read_keys(const struct value_context *c, struct listener_group *g)
{
	int n = config_setting_length(g->setting), r;

	for (int i = 0; i < n; i++) {
		const config_setting_t *key = config_setting_get_elem(g->setting, (unsigned)i);
		const char *name = config_setting_name(key);
		const struct option *row = listeners_row(c->schema, name);

		if (!row) {
			listeners_unknown_key(c, key);
			g->is_whole = false;
			continue;
		}
		r = value_set(c, c->schema->listener, row, key, g->values);
		if (r == -EINVAL)
			g->is_whole = false;
		else if (r < 0)
			return r;
	}
	return 0;
}

#define LISTENERS_FAULT(c, g, ...) \
	((g)->is_whole = false, fault_add((c)->faults, (c)->file, (g)->line, __VA_ARGS__))

static void listeners_check_address(const struct value_context *c, struct listener_group *g)
{
	const char *const *field = listeners_field(c->schema, "address", g->values);
	const char *text = field ? *field : NULL;
	char shown[VALUE_SHOWN_MAX];

	if (!text) {
		LISTENERS_FAULT(c, g, "a listener must have an address, such as \"127.0.0.1\"");
		return;
	}
	g->family = inet_pton(AF_INET, text, g->address.bytes) == 1 ? AF_INET :
		    inet_pton(AF_INET6, text, g->address.bytes) == 1 ? AF_INET6 : AF_UNSPEC;
	if (g->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&g->address.in6))
		LISTENERS_FAULT(c, g, "listeners.address = \"%s\" is an IPv4 address; write it as one, such as \"127.0.0.1\", "
				"or \"::\" for all of IPv6 and IPv4", text);
	if (g->family == AF_UNSPEC)
		LISTENERS_FAULT(c, g, "listeners.address = \"%s\" is no IPv4 or IPv6 address, such as \"127.0.0.1\" or "
				"\"::1\"", str_escape(shown, sizeof(shown), text, strlen(text)));
}

/* port is 0 to 65535; with 0 the kernel chooses. port_base plus the number of the instance must be 1 to 65535. */
static void listeners_check_port(const struct value_context *c, struct listener_group *g)
{
	const uint64_t *port = listeners_field(c->schema, "port", g->values);
	const uint64_t *base = listeners_field(c->schema, "port_base", g->values);
	bool has_port = listeners_has(g, "port"), has_base = listeners_has(g, "port_base");

	if (has_port == has_base) {
		LISTENERS_FAULT(c, g, "a listener must have one of port and port_base%s", has_port ? ", and has both" : "");
		return;
	}
	if (has_port && port)
		g->port = *port;
	if (has_base && base)
		g->port = *base + c->instance;
	if (has_base && g->is_whole && (g->port < 1 || g->port > UINT16_MAX))
		LISTENERS_FAULT(c, g, "listeners.port_base = %llu is for instance %u port %llu, outside 1 to 65535",
				(unsigned long long)*base, c->instance, (unsigned long long)g->port);
}

static void listeners_check_group(const struct value_context *c, struct listener_group *g)
{
	const uint64_t *roles = listeners_field(c->schema, "roles", g->values);
	char why[256] = "";

	listeners_check_address(c, g);
	listeners_check_port(c, g);
	if (roles && *roles == 0 && !listeners_has(g, "roles"))
		LISTENERS_FAULT(c, g, "a listener must have roles, such as roles = ( \"%s\" )", c->schema->roles[0]);
	if (g->is_whole && c->schema->listener->check && c->schema->listener->check(g->values, why, sizeof(why)) < 0)
		LISTENERS_FAULT(c, g, "%s", why);
}

static int listeners_read_group(const struct value_context *c, struct listener_group *g)
{
	int r;

	if (config_setting_type(g->setting) != CONFIG_TYPE_GROUP) {
		char shown[VALUE_SHOWN_MAX];

		LISTENERS_FAULT(c, g, "listeners: %s is no listener, which is a group: { port = 9000; ... }",
				value_shown(g->setting, shown));
		return 0;
	}
	r = value_new_section(c, c->schema->listener, &g->values);
	if (r < 0)
		return r;
	r = listeners_read_keys(c, g);
	if (r == 0)
		listeners_check_group(c, g);
	return r;
}

/* Whether its address stands for all addresses of the family. */
static bool listeners_is_any(const struct listener_group *g)
{
	static const unsigned char any[16];

	return memcmp(&g->address, any, sizeof(any)) == 0;
}

/* Compares group @n with those before it. The kernel refuses two listeners with the same port if their addresses are
 * equal, or if one of the two is for all addresses of the family. */
static void listeners_check_twice(const struct value_context *c, struct listener_group *groups, size_t n)
{
	struct listener_group *g = &groups[n];

	for (size_t i = 0; i < n && g->is_whole && g->port != 0; i++) {
		const struct listener_group *other = &groups[i];

		if (!other->is_whole || other->port != g->port || other->family != g->family)
			continue;
		if (memcmp(&other->address, &g->address, sizeof(g->address)) == 0)
			LISTENERS_FAULT(c, g, "the listener of line %u has the same address and port %llu", other->line,
					(unsigned long long)g->port);
		else if (listeners_is_any(other) || listeners_is_any(g))
			LISTENERS_FAULT(c, g, "the listener of line %u has the same port %llu, and one of the two is for all "
					"addresses of %s: leave the other one out", other->line,
					(unsigned long long)g->port, g->family == AF_INET ? "IPv4" : "IPv6");
	}
}

static int listeners_read(const struct value_context *c, const config_setting_t *list, struct listener_group *groups,
			  size_t n)
{
	bool is_whole = true;
	int r;

	for (size_t i = 0; i < n; i++) {
		struct listener_group *g = &groups[i];

		g->setting = config_setting_get_elem(list, (unsigned)i);
		g->line = config_setting_source_line(g->setting);
		g->is_whole = true;
		r = listeners_read_group(c, g);
		if (r < 0)
			return r;
		listeners_check_twice(c, groups, i);
		is_whole = is_whole && g->is_whole;
	}
	return is_whole ? 0 : -EINVAL;
}

void listeners_clear(struct settings *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		(void)option_values_free(s->schema->listener, s->listeners[i]);
	free(s->listeners);
	s->listeners = NULL;
	s->n_listeners = 0;
}

/* Replaces the listeners of @s by those of the groups, which have no faults. */
static int listeners_replace(struct settings *s, struct listener_group *groups, size_t n)
{
	void **v = calloc(n, sizeof(*v));

	if (!v)
		return -ENOMEM;
	listeners_clear(s);
	for (size_t i = 0; i < n; i++)
		v[i] = STEAL_PTR(groups[i].values);
	s->listeners = v;
	s->n_listeners = n;
	return 0;
}

int listeners_set(const struct value_context *c, const config_setting_t *list, struct settings *s)
{
	unsigned line = config_setting_source_line(list);
	_cleanup_(freep) struct listener_group *groups = NULL;
	char shown[VALUE_SHOWN_MAX];
	size_t n;
	int r;

	if (config_setting_type(list) != CONFIG_TYPE_LIST) {
		fault_add(c->faults, c->file, line, "listeners = %s is no list of groups: ( { ... }, { ... } )",
			  value_shown(list, shown));
		return -EINVAL;
	}
	n = (size_t)config_setting_length(list);
	if (n < 1 || n > LISTENERS_MAX) {
		fault_add(c->faults, c->file, line, "listeners has %zu listeners, outside 1 to %d", n, LISTENERS_MAX);
		return -EINVAL;
	}
	groups = calloc(n, sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	r = listeners_read(c, list, groups, n);
	if (r == 0)
		r = listeners_replace(s, groups, n);
	for (size_t i = 0; i < n; i++)
		(void)option_values_free(c->schema->listener, groups[i].values);
	return r;
}
