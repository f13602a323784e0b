/* SPDX-License-Identifier: MIT */
#include "control/reply.h"

#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>

/* Each key is a literal and new in its object, so json-c need not copy it, nor search for it. */
#define REPLY_ADD (JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT)

void reply_add(struct json_object *o, const char *key, struct json_object *value, int *r)
{
	if (!value || !o || json_object_object_add_ex(o, key, value, REPLY_ADD) < 0) {
		(void)json_object_put(value);
		*r = -ENOMEM;
	}
}

void reply_append(struct json_object *array, struct json_object *value, int *r)
{
	if (!value || !array || json_object_array_add(array, value) < 0) {
		(void)json_object_put(value);
		*r = -ENOMEM;
	}
}

struct json_object *reply_string(const char *s, size_t len)
{
	_cleanup_(freep) char *harmless = NULL;

	if (str_is_utf8(s, len))
		return json_object_new_string_len(s, (int)len);
	harmless = malloc(len);
	if (!harmless)
		return NULL;
	return json_object_new_string_len(harmless, (int)str_harmless(harmless, s, len));
}

void reply_text(struct json_object *o, const char *key, const char *s, int *r)
{
	reply_add(o, key, reply_string(s, strlen(s)), r);
}

void reply_number(struct json_object *o, const char *key, uint64_t v, int *r)
{
	reply_add(o, key, json_object_new_int64((int64_t)MIN(v, (uint64_t)INT64_MAX)), r);
}

void reply_flag(struct json_object *o, const char *key, bool v, int *r)
{
	reply_add(o, key, json_object_new_boolean(v), r);
}
