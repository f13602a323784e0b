/* SPDX-License-Identifier: MIT */
#include "ctl/list.h"

#include "base/macro.h"
#include "ctl/instance.h"
#include "ctl/output.h"
#include "ctl/request.h"
#include "ctl/view.h"

#include <assert.h>

const struct list_column list_instance = { "instance", "INSTANCE", NULL, NULL };

bool list_add_column(struct list *l, const struct list_column *c)
{
	for (size_t i = 0; i < l->table.n_columns; i++)
		if (l->columns[i] == c)
			return false;
	assert(l->table.n_columns < TABLE_COLUMNS_MAX);
	l->columns[l->table.n_columns++] = c;
	return true;
}

static int list_head(struct list *l)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->table.n_columns; i++)
		r = table_add(&l->table, l->columns[i]->head);
	return r;
}

static int list_row(struct list *l, const struct ctl_instance *instance, struct json_object *o)
{
	char text[VIEW_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->table.n_columns; i++) {
		const struct list_column *c = l->columns[i];

		r = table_add(&l->table, c->key ? c->view(text, o, c->key) : instance->number ? instance->number : "-");
	}
	return r;
}

static int list_json(struct list *l, const struct ctl_instance *instance, struct json_object *o)
{
	if (l->ctl->all && json_object_is_type(o, json_type_object)) {
		struct json_object *number = instance_json(instance);

		if (!number || json_object_object_add(o, "instance", number) < 0)
			return -1;
	}
	return json_object_array_add(l->array, json_object_get(o));
}

static enum exit_code list_page(void *userdata, const struct ctl_instance *instance, struct json_object *answer)
{
	struct list *l = userdata;
	struct json_object *page = view_array(answer, l->key);
	int r = 0;

	for (size_t i = 0; r == 0 && i < view_count(page); i++) {
		struct json_object *o = json_object_array_get_idx(page, i);

		r = l->array ? list_json(l, instance, o) : list_row(l, instance, o);
	}
	return r == 0 ? EXIT_CODE_OK : output_fail_memory();
}

static enum exit_code list_request(struct list *l, struct json_object *parameters)
{
	enum exit_code code, printed;
	struct output out;

	if (l->ctl->json)
		l->array = json_object_new_array();
	if ((l->ctl->json ? !l->array : list_head(l) < 0) || output_open(&out) < 0)
		return output_fail_memory();
	code = request_each_more(l->ctl, l->method, parameters, list_page, l);
	if (code == EXIT_CODE_OK || code == EXIT_CODE_SOME_FAILED) {
		if (l->array)
			view_json(out.file, l->array);
		else
			table_print(out.file, &l->table, l->no_headers);
	}
	printed = output_finish(&out);
	return printed != EXIT_CODE_OK ? printed : code;
}

enum exit_code list_print(struct list *l, struct json_object *parameters)
{
	enum exit_code code = list_request(l, parameters);

	table_done(&l->table);
	(void)json_object_put(l->array);
	l->array = NULL;
	return code;
}
