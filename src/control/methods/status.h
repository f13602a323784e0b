#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Answers as JSON. Built with one running result: an object that could not be made, or not be added, makes it -ENOMEM,
 * and nobody has to ask after each line. Each helper consumes what it is given.
 */

#include "server/status.h"

#include <json-c/json.h>

/* @key is a literal, and new in @o. */
void report_add(struct json_object *o, const char *key, struct json_object *value, int *r);
void report_append(struct json_object *array, struct json_object *value, int *r);
void report_text(struct json_object *o, const char *key, const char *s, int *r);
void report_number(struct json_object *o, const char *key, uint64_t v, int *r); /* cut to what Varlink's int holds */
void report_flag(struct json_object *o, const char *key, bool v, int *r);

/* JSON is UTF-8, and a path need not be: then it is made harmless. NULL: no memory. */
struct json_object *report_string(const char *s, size_t len);

/* A status as the reply of org.ioe.control.Status. 0 or -ENOMEM. The caller puts it. */
int report_status(const struct status *st, struct json_object **ret);
