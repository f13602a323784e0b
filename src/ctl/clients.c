/* SPDX-License-Identifier: MIT */
/* `ioectl clients`: the rows are made as the pages come, and the widths are known at the end. */
#include "base/macro.h"
#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/output.h"
#include "ctl/request.h"
#include "ctl/table.h"
#include "ctl/view.h"

#include <string.h>

struct clients_column {
	const char *name; /* for --columns */
	const char *head;
	const char *key;  /* in the answer; NULL: the instance */
	char *(*view)(char *dst, struct json_object *o, const char *key);
};

static const struct clients_column clients_columns[] = {
	{ "instance", "INSTANCE", NULL, NULL },
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

struct clients_list {
	const struct clients_column *columns[ELEMENTSOF(clients_columns)];
	struct table table;
	struct json_object *array; /* with -j, instead of the table */
	bool no_headers;
	bool named;                /* one instance was named: the clients do not name theirs */
};

static void clients_list_done(struct clients_list *l)
{
	table_done(&l->table);
	(void)json_object_put(l->array);
}

static const struct clients_column *clients_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ELEMENTSOF(clients_columns); i++)
		if (strlen(clients_columns[i].name) == len && memcmp(clients_columns[i].name, name, len) == 0)
			return &clients_columns[i];
	return NULL;
}

static bool clients_choose_one(struct clients_list *l, const struct clients_column *c)
{
	for (size_t i = 0; i < l->table.n_columns; i++)
		if (l->columns[i] == c)
			return false;
	l->columns[l->table.n_columns++] = c;
	return true;
}

/* "id,name". False: the reason was printed. */
static bool clients_choose(struct clients_list *l, const char *names)
{
	if (strcmp(names, "all") == 0) {
		for (size_t i = 0; i < ELEMENTSOF(clients_columns); i++)
			(void)clients_choose_one(l, &clients_columns[i]);
		return true;
	}
	for (const char *p = names;; p++) {
		size_t len = strcspn(p, ",");
		const struct clients_column *c = clients_find(p, len);

		if (!c || !clients_choose_one(l, c)) {
			(void)fprintf(stderr, "ioectl: '%.*s' is %s; --columns takes all, or a list of", (int)len, p,
				      c ? "named twice" : "no column of clients");
			for (size_t i = 0; i < ELEMENTSOF(clients_columns); i++)
				(void)fprintf(stderr, "%s %s", i ? "," : "", clients_columns[i].name);
			(void)fputc('\n', stderr);
			return false;
		}
		p += len;
		if (!*p)
			return true;
	}
}

static int clients_head(struct clients_list *l)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->table.n_columns; i++)
		r = table_add(&l->table, l->columns[i]->head);
	return r;
}

static int clients_row(struct clients_list *l, const struct ctl_instance *instance, struct json_object *o)
{
	char text[VIEW_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->table.n_columns; i++) {
		const struct clients_column *c = l->columns[i];

		r = table_add(&l->table, c->key ? c->view(text, o, c->key) : instance->number ? instance->number : "-");
	}
	return r;
}

static int clients_json(struct clients_list *l, const struct ctl_instance *instance, struct json_object *o)
{
	if (!l->named && json_object_is_type(o, json_type_object)) {
		struct json_object *number = instance_json(instance);

		if (!number || json_object_object_add(o, "instance", number) < 0)
			return -1;
	}
	return json_object_array_add(l->array, json_object_get(o));
}

static enum exit_code clients_page(void *userdata, const struct ctl_instance *instance, struct json_object *answer)
{
	struct json_object *page = view_array(answer, "clients");
	struct clients_list *l = userdata;
	int r = 0;

	for (size_t i = 0; r == 0 && i < view_count(page); i++) {
		struct json_object *o = json_object_array_get_idx(page, i);

		r = l->array ? clients_json(l, instance, o) : clients_row(l, instance, o);
	}
	if (r == 0)
		return EXIT_CODE_OK;
	(void)fprintf(stderr, "ioectl: out of memory\n");
	return EXIT_CODE_FAILED;
}

static enum exit_code clients_list(const struct ctl *ctl, struct clients_list *l, const char *filter)
{
	struct json_object *parameters = NULL;
	enum exit_code asked, printed;
	struct output out;

	if (filter) {
		parameters = json_object_new_object();
		(void)json_object_object_add(parameters, "filter", json_object_new_string(filter));
	}
	if (output_open(&out) < 0)
		asked = EXIT_CODE_FAILED;
	else
		asked = request_each_more(ctl, "org.ioe.control.Clients", parameters, clients_page, l);
	(void)json_object_put(parameters);
	if (!out.file)
		return asked;
	if (asked != EXIT_CODE_OK && asked != EXIT_CODE_SOME_FAILED)
		; /* an empty list would mean that nobody is connected, where that is not known */
	else if (l->array)
		view_json(out.file, l->array);
	else
		table_print(out.file, &l->table, l->no_headers);
	printed = output_finish(&out);
	return printed != EXIT_CODE_OK ? printed : asked;
}

static enum exit_code clients_run(const struct ctl *ctl, const struct args *a)
{
	_cleanup_(clients_list_done) struct clients_list l = {
		.no_headers = args_has(a, "no-headers"),
		.named = !ctl->all,
	};
	const char *columns = args_get(a, "columns");

	if (!columns && ctl->n_instances > 1)
		(void)clients_choose_one(&l, clients_find("instance", strlen("instance")));
	if (!clients_choose(&l, columns ? columns : CLIENTS_DEFAULT))
		return EXIT_CODE_USAGE;
	if (ctl->json)
		l.array = json_object_new_array();
	if (ctl->json ? !l.array : clients_head(&l) < 0) {
		(void)fprintf(stderr, "ioectl: out of memory\n");
		return EXIT_CODE_FAILED;
	}
	return clients_list(ctl, &l, a->words[0]);
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
