#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Builds the JSON of a reply with one running result: an object that could not be made, or not be added, sets *r to
 * -ENOMEM, so the caller looks at the result once, at the end. Each helper consumes the object that it is given, also
 * on failure; NULL, for want of memory, is fine.
 */

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* @key is a literal, and new in @o. */
void reply_add(struct json_object *o, const char *key, struct json_object *value, int *r);
void reply_append(struct json_object *array, struct json_object *value, int *r);
void reply_text(struct json_object *o, const char *key, const char *s, int *r);
void reply_number(struct json_object *o, const char *key, uint64_t v, int *r); /* at most INT64_MAX, as Varlink's int */
void reply_flag(struct json_object *o, const char *key, bool v, int *r);

/* JSON is UTF-8, and a path need not be: str_harmless() is applied to a text that is not. NULL: no memory. */
struct json_object *reply_string(const char *s, size_t len);
