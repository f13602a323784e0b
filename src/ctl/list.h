#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A list that the instances send in pages: the rows are made as the pages arrive, and printed as one table, whose
 * widths are known at the end. With -j the objects are collected instead.
 */

#include "ctl/ctl.h"
#include "ctl/table.h"

#include <json-c/json.h>

struct list_column {
	const char *name; /* for the choice of columns; NULL: it cannot be chosen */
	const char *head;
	const char *key;  /* in the answer; NULL: the instance */
	char *(*view)(char *dst, struct json_object *o, const char *key);
};

/* Inert when zero but for the first four. */
struct list {
	const struct ctl *ctl;
	const char *method, *key; /* the call, and the array in its answer */
	bool no_headers;
	const struct list_column *columns[TABLE_COLUMNS_MAX];
	struct table table; /* its n_columns are those of the list */
	struct json_object *array;
};

extern const struct list_column list_instance;

/* False: the list has this column already. */
bool list_add_column(struct list *l, const struct list_column *c);

/* Sends the request, prints the list, and frees what the list holds; @parameters are not consumed. Prints nothing but
 * the failures where no instance answered: an empty list would mean that there is nothing. */
enum exit_code list_print(struct list *l, struct json_object *parameters);
