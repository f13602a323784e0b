/* SPDX-License-Identifier: MIT */
/*
 * The NUL alone ends a message: it is found first, and only a whole message goes to json-c, in one piece. A NUL inside
 * an unfinished object ends the message, too, and is an error.
 *
 * JSON_TOKENER_STRICT of json-c 0.16 refuses bytes behind the object, a comma before a bracket, comments, leading
 * zeros and keywords in the wrong case. It accepts single quotes, control characters in strings, NaN and Infinity, and
 * its own check of UTF-8 accepts surrogates and overlong forms; these are checked here, before json-c sees the message.
 * What json-c still accepts is harmless: a key given twice (the last one holds), "1." and lone surrogates as \u escapes
 * (they become U+FFFD). json-c counts the depth and does not recurse while it reads; its destructor does, and the limit
 * of the depth keeps that shallow.
 */
#include "wire/varlink.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

int varlink_feed(struct varlink_reader *r, const void *p, size_t n)
{
	if (r->begin > 0) {
		buf_consume(&r->in, r->begin);
		r->scanned -= r->begin;
		r->begin = 0;
	}
	return buf_append(&r->in, p, n);
}

static void varlink_tokener_freep(struct json_tokener **t)
{
	if (*t)
		json_tokener_free(*t);
}

static void varlink_putp(struct json_object **o)
{
	(void)json_object_put(*o);
}

/* Whether each byte is one that JSON allows in its place, in a string or outside. The tokener checks the rest. */
static bool varlink_is_plain(const char *text, size_t len)
{
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"') {
			in_string = !in_string;
		} else if (!in_string) {
			if (c == 0 || !strchr("{}[]:, \t\r\n0123456789+-.eEtrufalsn", c))
				return false;
		} else if (c < 0x20) {
			return false;
		} else if (c == '\\') {
			i++; /* the tokener refuses a control character here, as no escape has one */
		}
	}
	return true;
}

static struct json_object *varlink_parse(const char *text, size_t len)
{
	_cleanup_(varlink_tokener_freep) struct json_tokener *t = NULL;
	_cleanup_(varlink_putp) struct json_object *o = NULL;

	if (!str_is_utf8(text, len) || !varlink_is_plain(text, len))
		return NULL;
	t = json_tokener_new_ex(VARLINK_DEPTH_MAX);
	if (!t)
		return NULL;
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(t, text, (int)len);
	/* "continue" is an error, too: the message is whole, so its object does not end. */
	if (json_tokener_get_error(t) != json_tokener_success)
		return NULL;
	if (!json_object_is_type(o, json_type_object))
		return NULL;
	return STEAL_PTR(o);
}

enum varlink_result varlink_next(struct varlink_reader *r, size_t max, struct json_object **ret)
{
	size_t len, limit = r->in.len - r->begin;
	struct json_object *o;
	const char *end;

	/* Do not look behind the last byte where the NUL can be. */
	limit = r->begin + (max < limit ? max + 1 : limit);
	end = limit > r->scanned ? memchr(r->in.data + r->scanned, 0, limit - r->scanned) : NULL;
	if (!end) {
		r->scanned = MAX(r->scanned, limit);
		return limit - r->begin > max ? VARLINK_TOO_LONG : VARLINK_NONE;
	}
	len = (size_t)(end - r->in.data) - r->begin;
	o = varlink_parse(r->in.data + r->begin, len);
	if (!o)
		return VARLINK_BAD;
	r->begin += len + 1;
	r->scanned = r->begin;
	*ret = o;
	return VARLINK_MESSAGE;
}

size_t varlink_kept(const struct varlink_reader *r)
{
	return r->in.len - r->begin;
}

void varlink_reader_done(struct varlink_reader *r)
{
	buf_done(&r->in);
	r->begin = r->scanned = 0;
}

/* A string without a NUL inside, since it is compared and printed as a C string. */
static int varlink_get_string(struct json_object *o, const char **ret)
{
	const char *s;

	if (!json_object_is_type(o, json_type_string))
		return -EBADMSG;
	s = json_object_get_string(o);
	if (strlen(s) != (size_t)json_object_get_string_len(o))
		return -EBADMSG;
	*ret = s;
	return 0;
}

/* A flag that is absent or null is false. */
static int varlink_get_flag(struct json_object *message, const char *key, bool *ret)
{
	struct json_object *o = json_object_object_get(message, key);

	if (o && !json_object_is_type(o, json_type_boolean))
		return -EBADMSG;
	*ret = json_object_get_boolean(o);
	return 0;
}

static int varlink_get_parameters(struct json_object *message, struct json_object **ret)
{
	struct json_object *o = json_object_object_get(message, "parameters");

	if (o && !json_object_is_type(o, json_type_object))
		return -EBADMSG;
	*ret = o;
	return 0;
}

int varlink_parse_call(struct json_object *message, struct varlink_call *ret)
{
	struct varlink_call c = { 0 };
	int r;

	r = varlink_get_string(json_object_object_get(message, "method"), &c.method);
	if (r == 0)
		r = varlink_get_parameters(message, &c.parameters);
	if (r == 0)
		r = varlink_get_flag(message, "oneway", &c.oneway);
	if (r == 0)
		r = varlink_get_flag(message, "more", &c.more);
	if (r == 0)
		r = varlink_get_flag(message, "upgrade", &c.upgrade);
	if (r < 0)
		return r;
	if (c.oneway + c.more + c.upgrade > 1)
		return -EBADMSG;
	*ret = c;
	return 0;
}

int varlink_parse_reply(struct json_object *message, struct varlink_reply *ret)
{
	struct varlink_reply v = { 0 };
	struct json_object *error = json_object_object_get(message, "error");
	int r = 0;

	if (error)
		r = varlink_get_string(error, &v.error);
	if (r == 0)
		r = varlink_get_parameters(message, &v.parameters);
	if (r == 0)
		r = varlink_get_flag(message, "continues", &v.continues);
	if (r < 0)
		return r;
	*ret = v;
	return 0;
}

/* Consumes @value, on failure, too. */
static int varlink_add(struct json_object *message, const char *key, struct json_object *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_object_add(message, key, value) < 0) {
		(void)json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

static int varlink_put(struct buf *out, struct json_object *message)
{
	const char *text;
	size_t len;

	text = json_object_to_json_string_length(message, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
						 &len);
	if (!text)
		return -ENOMEM;
	/* The NUL behind json-c's text is the end of the message. */
	return buf_append(out, text, len + 1);
}

/* @key: name of a member that is a string, or NULL. @flag: name of a member that is true, or NULL. */
static int varlink_put_message(struct buf *out, const char *key, const char *value, struct json_object *parameters,
			       const char *flag)
{
	_cleanup_(varlink_putp) struct json_object *message = json_object_new_object();
	int r = 0;

	if (!message)
		return -ENOMEM;
	if (key)
		r = varlink_add(message, key, json_object_new_string(value));
	if (r == 0 && parameters)
		r = varlink_add(message, "parameters", json_object_get(parameters));
	if (r == 0 && flag)
		r = varlink_add(message, flag, json_object_new_boolean(true));
	return r < 0 ? r : varlink_put(out, message);
}

int varlink_put_call(struct buf *out, const char *method, struct json_object *parameters, bool more)
{
	return varlink_put_message(out, "method", method, parameters, more ? "more" : NULL);
}

int varlink_put_reply(struct buf *out, struct json_object *parameters, bool continues)
{
	return varlink_put_message(out, NULL, NULL, parameters, continues ? "continues" : NULL);
}

int varlink_put_error(struct buf *out, const char *error, struct json_object *parameters)
{
	return varlink_put_message(out, "error", error, parameters, NULL);
}
