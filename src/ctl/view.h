#pragma once
/* SPDX-License-Identifier: MIT */
/* Values of an answer, as people read them. "?" stands for a value that is absent or of another type: a daemon can
 * be of another version. Text does not steer the terminal. */

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define VIEW_MAX 1024 /* room in @dst; longer text is cut */

/* Each fills and returns @dst. */
char *view_string(char dst[VIEW_MAX], struct json_object *v); /* of an array's element */
char *view_text(char dst[VIEW_MAX], struct json_object *o, const char *key);
char *view_text_if_any(char dst[VIEW_MAX], struct json_object *o, const char *key); /* "-" where there is none */
char *view_number(char dst[VIEW_MAX], struct json_object *o, const char *key);
char *view_any(char dst[VIEW_MAX], struct json_object *o, const char *key);      /* a number or a text */
char *view_size(char dst[VIEW_MAX], struct json_object *o, const char *key);     /* "1.5 MiB" */
char *view_duration(char dst[VIEW_MAX], struct json_object *o, const char *key); /* "3 h 12 min" */
char *view_time(char dst[VIEW_MAX], struct json_object *o, const char *key);     /* "2026-01-31 23:59:59", local */
char *view_joined(char dst[VIEW_MAX], struct json_object *o, const char *key);   /* an array's strings, "a+b" */

bool view_flag(struct json_object *o, const char *key);
uint64_t view_u64(struct json_object *o, const char *key); /* 0 where it is none */

/* An array, or NULL; and the number of its elements (of NULL: 0). */
struct json_object *view_array(struct json_object *o, const char *key);
size_t view_count(struct json_object *array);

/* Prints the answers of a command: all as an array, or the only one; nothing where no instance answered. */
void view_answers(FILE *f, struct json_object *array, bool all);

/* Prints the JSON itself. All bytes that could steer a terminal are escaped. */
void view_json(FILE *f, struct json_object *o);
