/* SPDX-License-Identifier: MIT */
#include "ctl/view.h"

#include "base/clock.h"
#include "base/macro.h"
#include "base/str.h"
#include "cli/show.h"

#include <inttypes.h>
#include <string.h>

static char *view_unknown(char dst[VIEW_MAX])
{
	(void)snprintf(dst, VIEW_MAX, "?");
	return dst;
}

static bool view_get(struct json_object *o, const char *key, enum json_type type, struct json_object **ret)
{
	return json_object_object_get_ex(o, key, ret) && json_object_is_type(*ret, type);
}

static bool view_get_u64(struct json_object *o, const char *key, uint64_t *ret)
{
	struct json_object *v;

	if (!view_get(o, key, json_type_int, &v) || json_object_get_int64(v) < 0)
		return false;
	*ret = (uint64_t)json_object_get_int64(v);
	return true;
}

/* Appends the string to the @len bytes of @dst. Returns the new length. */
static size_t view_append(char dst[VIEW_MAX], size_t len, struct json_object *string)
{
	size_t n = MIN((size_t)json_object_get_string_len(string), VIEW_MAX - 1 - len);
	char copy[VIEW_MAX];

	memcpy(copy, json_object_get_string(string), n);
	for (size_t i = 0; i < n; i++)
		if (copy[i] == '\n')
			copy[i] = ' '; /* several sentences are allowed */
	len += str_harmless(dst + len, copy, n);
	dst[len] = 0;
	return len;
}

char *view_string(char dst[VIEW_MAX], struct json_object *v)
{
	if (!json_object_is_type(v, json_type_string))
		return view_unknown(dst);
	(void)view_append(dst, 0, v);
	return dst;
}

char *view_text(char dst[VIEW_MAX], struct json_object *o, const char *key)
{
	return view_string(dst, json_object_object_get(o, key));
}

char *view_text_if_any(char dst[VIEW_MAX], struct json_object *o, const char *key)
{
	if (json_object_object_get_ex(o, key, NULL))
		return view_text(dst, o, key);
	(void)snprintf(dst, VIEW_MAX, "-");
	return dst;
}

char *view_number(char dst[VIEW_MAX], struct json_object *o, const char *key)
{
	uint64_t n;

	if (!view_get_u64(o, key, &n))
		return view_unknown(dst);
	(void)snprintf(dst, VIEW_MAX, "%" PRIu64, n);
	return dst;
}

char *view_any(char dst[VIEW_MAX], struct json_object *o, const char *key)
{
	return json_object_is_type(json_object_object_get(o, key), json_type_string) ? view_text(dst, o, key) :
										       view_number(dst, o, key);
}

char *view_size(char dst[VIEW_MAX], struct json_object *o, const char *key)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t unit = 0;
	uint64_t n;
	double v;

	if (!view_get_u64(o, key, &n))
		return view_unknown(dst);
	if (n < 1024) {
		(void)snprintf(dst, VIEW_MAX, "%" PRIu64 " B", n);
		return dst;
	}
	/* 1023.95 and more would be rounded to 1024.0 of its unit. */
	for (v = (double)n / 1024; v >= 1023.95 && unit + 1 < ELEMENTSOF(units); unit++)
		v /= 1024;
	(void)snprintf(dst, VIEW_MAX, "%.1f %s", v, units[unit]);
	return dst;
}

char *view_duration(char dst[VIEW_MAX], struct json_object *o, const char *key)
{
	static const struct {
		uint64_t sec;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	uint64_t n, sec;
	size_t i = 0;

	if (!view_get_u64(o, key, &n))
		return view_unknown(dst);
	sec = n / USEC_PER_SEC;
	while (i + 1 < ELEMENTSOF(units) && sec < units[i].sec)
		i++;
	if (i + 1 == ELEMENTSOF(units))
		(void)snprintf(dst, VIEW_MAX, "%" PRIu64 " s", sec);
	else
		(void)snprintf(dst, VIEW_MAX, "%" PRIu64 " %s %" PRIu64 " %s", sec / units[i].sec, units[i].name,
			       sec % units[i].sec / units[i + 1].sec, units[i + 1].name);
	return dst;
}

char *view_time(char dst[VIEW_MAX], struct json_object *o, const char *key)
{
	uint64_t n;

	if (!view_get_u64(o, key, &n))
		return view_unknown(dst);
	return show_date(dst, n / USEC_PER_MSEC);
}

char *view_joined(char dst[VIEW_MAX], struct json_object *o, const char *key)
{
	struct json_object *array = view_array(o, key);
	size_t len = 0;

	if (!array)
		return view_unknown(dst);
	dst[0] = 0;
	for (size_t i = 0; i < view_count(array); i++) {
		struct json_object *v = json_object_array_get_idx(array, i);

		if (!json_object_is_type(v, json_type_string))
			return view_unknown(dst);
		if (i > 0 && len < VIEW_MAX - 1)
			dst[len++] = '+';
		len = view_append(dst, len, v);
	}
	return dst;
}

bool view_flag(struct json_object *o, const char *key)
{
	struct json_object *v;

	return view_get(o, key, json_type_boolean, &v) && json_object_get_boolean(v);
}

uint64_t view_u64(struct json_object *o, const char *key)
{
	uint64_t n;

	return view_get_u64(o, key, &n) ? n : 0;
}

struct json_object *view_array(struct json_object *o, const char *key)
{
	struct json_object *v;

	return view_get(o, key, json_type_array, &v) ? v : NULL;
}

size_t view_count(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

/* Writes the character by its number, or that there is none; how many bytes it has. */
static size_t view_json_escape(FILE *f, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t k = p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 1;
	unsigned c = p[0];

	if (k > n || !str_is_utf8(s, k)) {
		k = 1;
		c = 0xfffd;
	} else if (k > 1) {
		c = k == 2 ? (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU) :
			     (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
	}
	(void)fprintf(f, "\\u%04x", c);
	return k;
}

void view_json(FILE *f, struct json_object *o)
{
	const char *s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t left = strlen(s), k;

	/* json-c writes C0 as \u00XX. The other characters that steer a terminal stand in strings only, and have two
	 * or three bytes, or are DEL. */
	for (; left > 0; s += k, left -= k) {
		k = *s == '\n' ? 1 : str_harmless_char(s, left);
		if (k > 0)
			(void)fwrite(s, 1, k, f);
		else
			k = view_json_escape(f, s, left);
	}
	(void)fputc('\n', f);
}

void view_answers(FILE *f, struct json_object *array, bool all)
{
	if (view_count(array) == 0)
		return;
	view_json(f, all ? array : json_object_array_get_idx(array, 0));
}
