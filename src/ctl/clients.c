/* SPDX-License-Identifier: MIT */
/* `ioectl clients`. */
#include "base/macro.h"
#include "ctl/ctl.h"
#include "ctl/list.h"
#include "ctl/output.h"
#include "ctl/view.h"

#include <string.h>

static const struct list_column clients_columns[] = {
	{ "id", "ID", "id", view_text },
	{ "name", "NAME", "name", view_text_if_any },
	{ "address", "ADDRESS", "address", view_text },
	{ "listener", "LISTENER", "listener", view_text },
	{ "dialect", "DIALECT", "dialect", view_text },
	{ "state", "STATE", "state", view_text },
	{ "connected", "CONNECTED", "connected_usec", view_time },
	{ "idle", "IDLE", "idle_usec", view_duration },
	{ "requests", "REQUESTS", "requests", view_number },
	{ "received", "RECEIVED", "bytes_in", view_size },
	{ "sent", "SENT", "bytes_out", view_size },
};

#define CLIENTS_DEFAULT "id,name,address,listener,dialect,state,connected,idle"

/* All columns, the instance first; NULL after the last. */
static const struct list_column *clients_column_at(size_t i)
{
	return i == 0 ? &list_instance : i <= ELEMENTSOF(clients_columns) ? &clients_columns[i - 1] : NULL;
}

static const struct list_column *clients_find(const char *name, size_t len)
{
	const struct list_column *c;

	for (size_t i = 0; (c = clients_column_at(i)); i++)
		if (strlen(c->name) == len && memcmp(c->name, name, len) == 0)
			return c;
	return NULL;
}

static bool clients_fail_column(const char *name, size_t len, const struct list_column *known)
{
	const struct list_column *c;

	(void)fprintf(stderr, "ioectl: '%.*s' is %s; --columns takes all, or a list of", (int)len, name,
		      known ? "named twice" : "no column of clients");
	for (size_t i = 0; (c = clients_column_at(i)); i++)
		(void)fprintf(stderr, "%s %s", i ? "," : "", c->name);
	(void)fputc('\n', stderr);
	return false;
}

/* "id,name", or "all". False: the reason was printed. */
static bool clients_choose(struct list *l, const char *names)
{
	const struct list_column *c;

	if (strcmp(names, "all") == 0) {
		for (size_t i = 0; (c = clients_column_at(i)); i++)
			(void)list_add_column(l, c);
		return true;
	}
	for (const char *p = names;; p++) {
		size_t len = strcspn(p, ",");

		c = clients_find(p, len);
		if (!c || !list_add_column(l, c))
			return clients_fail_column(p, len, c);
		p += len;
		if (!*p)
			return true;
	}
}

static enum exit_code clients_run(const struct ctl *ctl, const struct args *a)
{
	struct list l = { .ctl = ctl, .method = "org.ioe.control.Clients", .key = "clients" };
	const char *columns = args_get(a, "columns");
	struct json_object *parameters = NULL;
	enum exit_code code;

	l.no_headers = args_has(a, "no-headers");
	if (!columns && ctl->n_instances > 1)
		(void)list_add_column(&l, &list_instance);
	if (!clients_choose(&l, columns ? columns : CLIENTS_DEFAULT))
		return EXIT_CODE_USAGE;
	if (a->n > 0) {
		parameters = json_object_new_object();
		if (!parameters ||
		    json_object_object_add(parameters, "filter", json_object_new_string(a->words[0])) < 0) {
			(void)json_object_put(parameters);
			return output_fail_memory();
		}
	}
	code = list_print(&l, parameters);
	(void)json_object_put(parameters);
	return code;
}

static const struct flag clients_flags[] = {
	{ "columns", "LIST", NULL },
	{ "no-headers", NULL, NULL },
	{ 0 },
};

const struct ctl_command clients_command = {
	.row = {
		.name = "clients",
		.args = "[--columns=LIST] [--no-headers] [FILTER]",
		.help = "list who is connected",
		.flags = clients_flags,
		.max = 1,
	},
	.run = clients_run,
};
