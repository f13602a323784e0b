/* SPDX-License-Identifier: MIT */
/* `ioectl rooms` and `ioectl mailboxes`: the pages are collected, and printed as one table. */
#include "base/macro.h"
#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/output.h"
#include "ctl/request.h"
#include "ctl/table.h"
#include "ctl/view.h"

struct channels_column {
	const char *head;
	const char *key; /* in the answer; NULL: the end */
	char *(*view)(char *dst, struct json_object *o, const char *key);
};

struct channels_kind {
	const char *method, *key;
	struct channels_column columns[7];
};

static const struct channels_kind channels_rooms = {
	"org.ioe.control.Rooms",
	"rooms",
	{ { "ROOM", "name", view_text },
	  { "MEMBERS", "members", view_number },
	  { "MESSAGES", "messages", view_number },
	  { "SIZE", "bytes", view_size },
	  { "LAST", "last", view_number },
	  { "TOPIC", "topic", view_text_if_any },
	  { 0 } },
};

static const struct channels_kind channels_mailboxes = {
	"org.ioe.control.Mailboxes",
	"mailboxes",
	{ { "MAILBOX", "name", view_text },
	  { "READERS", "readers", view_number },
	  { "MESSAGES", "messages", view_number },
	  { "SIZE", "bytes", view_size },
	  { "EVER", "last", view_number },
	  { 0 } },
};

struct channels {
	const struct ctl *ctl;
	const struct channels_kind *kind;
	struct table table;
	struct json_object *array; /* with -j, instead of the table */
	bool no_headers;
};

static int channels_head(struct channels *l)
{
	int r = 0;

	l->table.n_columns = l->ctl->n_instances > 1;
	for (const struct channels_column *c = l->kind->columns; c->key; c++)
		l->table.n_columns++;
	if (l->ctl->n_instances > 1)
		r = table_add(&l->table, "INSTANCE");
	for (const struct channels_column *c = l->kind->columns; r == 0 && c->key; c++)
		r = table_add(&l->table, c->head);
	return r;
}

static int channels_row(struct channels *l, const struct ctl_instance *i, struct json_object *o)
{
	char text[VIEW_MAX];
	int r = 0;

	if (l->ctl->n_instances > 1)
		r = table_add(&l->table, i->number ? i->number : "-");
	for (const struct channels_column *c = l->kind->columns; r == 0 && c->key; c++)
		r = table_add(&l->table, c->view(text, o, c->key));
	return r;
}

static int channels_json(struct channels *l, const struct ctl_instance *i, struct json_object *o)
{
	if (l->ctl->all && json_object_is_type(o, json_type_object)) {
		struct json_object *number = instance_json(i);

		if (!number || json_object_object_add(o, "instance", number) < 0)
			return -1;
	}
	return json_object_array_add(l->array, json_object_get(o));
}

static enum exit_code channels_page(void *userdata, const struct ctl_instance *i, struct json_object *answer)
{
	struct channels *l = userdata;
	struct json_object *page = view_array(answer, l->kind->key);
	int r = 0;

	for (size_t k = 0; r == 0 && k < view_count(page); k++) {
		struct json_object *o = json_object_array_get_idx(page, k);

		r = l->array ? channels_json(l, i, o) : channels_row(l, i, o);
	}
	if (r == 0)
		return EXIT_CODE_OK;
	(void)fprintf(stderr, "ioectl: out of memory\n");
	return EXIT_CODE_FAILED;
}

static enum exit_code channels_print(struct channels *l)
{
	enum exit_code asked, printed;
	struct output out;

	if ((l->ctl->json && !(l->array = json_object_new_array())) || channels_head(l) < 0) {
		(void)fprintf(stderr, "ioectl: out of memory\n");
		return EXIT_CODE_FAILED;
	}
	if (output_open(&out) < 0)
		return EXIT_CODE_FAILED;
	asked = request_each_more(l->ctl, l->kind->method, NULL, channels_page, l);
	/* An empty list would mean that there is nothing, where that is not known. */
	if (asked != EXIT_CODE_OK && asked != EXIT_CODE_SOME_FAILED)
		;
	else if (l->array)
		view_json(out.file, l->array);
	else
		table_print(out.file, &l->table, l->no_headers);
	printed = output_finish(&out);
	return printed != EXIT_CODE_OK ? printed : asked;
}

static enum exit_code channels_run(const struct ctl *ctl, const struct channels_kind *kind, const struct args *a)
{
	struct channels l = { .ctl = ctl, .kind = kind, .no_headers = args_has(a, "no-headers") };
	enum exit_code code;

	code = channels_print(&l);
	table_done(&l.table);
	(void)json_object_put(l.array);
	return code;
}

static enum exit_code channels_run_rooms(const struct ctl *ctl, const struct args *a)
{
	return channels_run(ctl, &channels_rooms, a);
}

static enum exit_code channels_run_mailboxes(const struct ctl *ctl, const struct args *a)
{
	return channels_run(ctl, &channels_mailboxes, a);
}

static const struct flag channels_flags[] = {
	{ "no-headers", NULL, NULL },
	{ 0 },
};

const struct ctl_command rooms_command = {
	.row = {
		.name = "rooms",
		.args = "[--no-headers]",
		.help = "list the rooms people talk in",
		.flags = channels_flags,
	},
	.run = channels_run_rooms,
};

const struct ctl_command mailboxes_command = {
	.row = {
		.name = "mailboxes",
		.args = "[--no-headers]",
		.help = "list who has messages waiting",
		.flags = channels_flags,
	},
	.run = channels_run_mailboxes,
};
