/* SPDX-License-Identifier: MIT */
/*
 * A value of a file and the default of a row are first brought into one of a few simple forms. Then the value is read
 * by the type of its row. One function writes the fault of a value, from the row.
 */
#include "config/value.h"
#include "base/str.h"
#include "config/scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum value_form {
	VALUE_FORM_NUMBER,
	VALUE_FORM_ODD_NUMBER, /* not decimal, or more than an int */
	VALUE_FORM_STRING,
	VALUE_FORM_BOOL,
	VALUE_FORM_GROUP,
	VALUE_FORM_LIST,
};

struct value {
	enum value_form form;
	int64_t number; /* of a bool: 0, 1 */
	const char *text;
	size_t len;
};

/* The words of a fault behind "VALUE is"; the range or the valid words follow them. */
static const char *const value_is_no[OPTION_TYPE_MAX] = {
	[OPTION_BOOL] = "not",
	[OPTION_INT] = "no whole decimal number from",
	[OPTION_SIZE] = "no size, which is a string such as \"64K\" or a small whole number, from",
	[OPTION_TIME] = "no time, which is a string such as \"50ms\" or \"2h\", from",
	[OPTION_STRING] = "no string in double quotes of",
	[OPTION_MODE] = "no mode, which is a string of octal digits such as \"0640\", from",
	[OPTION_WORD] = "none of",
	[OPTION_ROLES] = "no list of one or more of",
};

static struct value value_of(const config_setting_t *setting)
{
	struct value v = { .form = VALUE_FORM_LIST };
	int type = config_setting_type(setting);

	if (type == CONFIG_TYPE_INT) {
		v.form = VALUE_FORM_NUMBER;
		v.number = config_setting_get_int(setting);
	} else if (type == CONFIG_TYPE_BOOL) {
		v.form = VALUE_FORM_BOOL;
		v.number = config_setting_get_bool(setting);
	} else if (type == CONFIG_TYPE_GROUP) {
		v.form = VALUE_FORM_GROUP;
	} else if (type == CONFIG_TYPE_STRING) {
		v.form = VALUE_FORM_STRING;
		v.text = config_setting_get_string(setting);
		if (v.text[0] == SCAN_ODD_NUMBER) {
			v.form = VALUE_FORM_ODD_NUMBER;
			v.text++;
		}
		v.len = strlen(v.text);
	}
	return v;
}

static void value_show(const struct value *v, char dst[VALUE_SHOWN_MAX])
{
	char text[VALUE_SHOWN_MAX - 3];

	switch (v->form) {
	case VALUE_FORM_NUMBER:
		(void)snprintf(dst, VALUE_SHOWN_MAX, "%" PRId64, v->number);
		return;
	case VALUE_FORM_ODD_NUMBER:
		(void)str_escape(dst, VALUE_SHOWN_MAX, v->text, v->len);
		return;
	case VALUE_FORM_STRING:
		(void)snprintf(dst, VALUE_SHOWN_MAX, "\"%s\"", str_escape(text, sizeof(text), v->text, v->len));
		return;
	case VALUE_FORM_BOOL:
		(void)snprintf(dst, VALUE_SHOWN_MAX, "%s", v->number ? "true" : "false");
		return;
	case VALUE_FORM_GROUP:
		(void)snprintf(dst, VALUE_SHOWN_MAX, "{ ... }");
		return;
	case VALUE_FORM_LIST:
		(void)snprintf(dst, VALUE_SHOWN_MAX, "( ... )");
		return;
	}
}

const char *value_shown(const config_setting_t *setting, char dst[VALUE_SHOWN_MAX])
{
	struct value v = value_of(setting);

	value_show(&v, dst);
	return dst;
}

const char *value_name(const struct option_section *section, const struct option *row, char dst[VALUE_NAME_MAX])
{
	(void)snprintf(dst, VALUE_NAME_MAX, "%s%s%s", section->name, section->name[0] != '\0' ? "." : "", row->path);
	return dst;
}

static const char *value_print_number(enum option_type type, uint64_t n, char dst[STR_NUMBER_MAX])
{
	if (type == OPTION_SIZE)
		return str_from_size(dst, n);
	if (type == OPTION_TIME)
		return str_from_usec(dst, n);
	(void)snprintf(dst, STR_NUMBER_MAX, type == OPTION_MODE ? "%04" PRIo64 : "%" PRIu64, n);
	return dst;
}

static int value_print_words(const char *const *words, struct buf *ret)
{
	int r = 0;

	for (size_t i = 0; words[i] && r == 0; i++)
		r = buf_printf(ret, "%s\"%s\"", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
	return r;
}

int value_print_range(const struct option_schema *schema, const struct option *row, struct buf *ret)
{
	const char *unit = row->type == OPTION_STRING ? " bytes" : "";
	char min[STR_NUMBER_MAX], max[STR_NUMBER_MAX];

	if (row->type == OPTION_BOOL)
		return buf_append_str(ret, "true or false");
	if (row->type == OPTION_WORD)
		return value_print_words(row->words, ret);
	if (row->type == OPTION_ROLES)
		return value_print_words(schema->roles, ret);
	(void)value_print_number(row->type, row->min, min);
	if (row->max == UINT64_MAX)
		return buf_printf(ret, "%s%s or more", min, unit);
	return buf_printf(ret, "%s to %s%s", min, value_print_number(row->type, row->max, max), unit);
}

/* Checks a number against the range of its row. 0 or -ERANGE. */
static int value_in_range(const struct option *row, uint64_t n, uint64_t *ret)
{
	if (n < row->min || n > row->max)
		return -ERANGE;
	*ret = n;
	return 0;
}

static int value_read_int(const struct option *row, const struct value *v, uint64_t *ret)
{
	size_t sign;

	if (v->form == VALUE_FORM_NUMBER)
		return v->number < 0 ? -ERANGE : value_in_range(row, (uint64_t)v->number, ret);
	if (v->form != VALUE_FORM_ODD_NUMBER)
		return -EINVAL;
	sign = v->text[0] == '-' || v->text[0] == '+';
	return strspn(v->text + sign, "0123456789") == v->len - sign && v->len > sign ? -ERANGE : -EINVAL;
}

static int value_read_mode(const struct option *row, const struct value *v, uint64_t *ret)
{
	uint64_t n = 0;

	if (v->len == 0 || v->len > 8)
		return -EINVAL;
	for (size_t i = 0; i < v->len; i++) {
		if (v->text[i] < '0' || v->text[i] > '7')
			return -EINVAL;
		n = n * 8 + (uint64_t)(v->text[i] - '0');
	}
	return value_in_range(row, n, ret);
}

static int value_read_word(const char *const *words, const struct value *v, uint64_t *ret)
{
	if (v->form != VALUE_FORM_STRING)
		return -EINVAL;
	for (uint64_t i = 0; words[i]; i++) {
		if (strcmp(words[i], v->text) == 0) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Reads a value of any type that is stored as a number. 0, -EINVAL: not of the row's type, -ERANGE: out of its
 * range. */
static int value_read(const struct option *row, const struct value *v, uint64_t *ret)
{
	uint64_t n = 0;
	int r;

	if (row->type == OPTION_INT || (row->type == OPTION_SIZE && v->form == VALUE_FORM_NUMBER))
		return value_read_int(row, v, ret);
	if (row->type == OPTION_BOOL) {
		if (v->form != VALUE_FORM_BOOL)
			return -EINVAL;
		*ret = v->number != 0;
		return 0;
	}
	if (v->form != VALUE_FORM_STRING)
		return -EINVAL;
	if (row->type == OPTION_WORD)
		return value_read_word(row->words, v, ret);
	if (row->type == OPTION_MODE)
		return value_read_mode(row, v, ret);
	r = row->type == OPTION_SIZE ? str_to_size(v->text, v->len, &n) : str_to_usec(v->text, v->len, &n);
	return r < 0 ? r : value_in_range(row, n, ret);
}

/* Reads a string, and puts the number of the instance for each "%i". */
static int value_read_string(const struct option *row, const struct value *v, unsigned instance, char **ret)
{
	struct buf b = {};
	int r = 0;

	if (v->form != VALUE_FORM_STRING || str_has_control(v->text, v->len) || !str_is_utf8(v->text, v->len))
		return -EINVAL;
	for (size_t i = 0; i < v->len && r == 0; i++) {
		if (v->text[i] == '%' && v->text[i + 1] == 'i') {
			r = buf_printf(&b, "%u", instance);
			i++;
		} else {
			r = buf_append(&b, v->text + i, 1);
		}
	}
	if (r == 0 && (b.len < row->min || b.len > row->max))
		r = -ERANGE;
	if (r == 0 && !buf_str(&b))
		r = -ENOMEM;
	if (r < 0) {
		buf_done(&b);
		return r;
	}
	*ret = b.data;
	return 0;
}

static void *value_field(const struct option *row, const void *values)
{
	return (char *)values + row->offset;
}

static int value_store(const struct option *row, const struct value *v, unsigned instance, void *values)
{
	char *s = NULL;
	uint64_t n = 0;
	int r;

	if (row->type == OPTION_STRING) {
		char **field = value_field(row, values);

		r = value_read_string(row, v, instance, &s);
		if (r < 0)
			return r;
		free(*field);
		*field = s;
		return 0;
	}
	r = value_read(row, v, &n);
	if (r < 0)
		return r;
	if (row->type == OPTION_BOOL)
		*(bool *)value_field(row, values) = n != 0;
	else
		*(uint64_t *)value_field(row, values) = n;
	return 0;
}

/* For -EINVAL and -ERANGE: adds a fault and returns -EINVAL. Another @error is returned unchanged. */
static int value_fault(const struct value_context *c, unsigned line, const char *name, const struct option *row,
		       const struct value *v, int error)
{
	char shown[VALUE_SHOWN_MAX];
	struct buf range = {};
	const char *text;

	if (error != -EINVAL && error != -ERANGE)
		return error;
	value_show(v, shown);
	text = value_print_range(c->schema, row, &range) < 0 ? NULL : buf_str(&range);
	if (!text) {
		buf_done(&range);
		return -ENOMEM;
	}
	if (error == -ERANGE)
		fault_add(c->faults, c->file, line, "%s = %s is outside %s", name, shown, text);
	else if (row->type == OPTION_STRING && v->form == VALUE_FORM_STRING)
		fault_add(c->faults, c->file, line, "%s = %s has control characters or is not UTF-8", name, shown);
	else
		fault_add(c->faults, c->file, line, "%s = %s is %s %s", name, shown, value_is_no[row->type], text);
	buf_done(&range);
	return -EINVAL;
}

static int value_add_role(const struct value_context *c, const char *name, const config_setting_t *setting,
			  uint64_t *roles)
{
	struct value v = value_of(setting);
	unsigned line = config_setting_source_line(setting);
	char shown[VALUE_SHOWN_MAX];
	uint64_t i = 0;

	if (value_read_word(c->schema->roles, &v, &i) < 0) {
		struct buf range = {};

		if (value_print_words(c->schema->roles, &range) == 0 && buf_str(&range))
			fault_add(c->faults, c->file, line, "%s: %s is no role; there are %s", name,
				  value_shown(setting, shown), range.data);
		buf_done(&range);
		return -EINVAL;
	}
	if (*roles & 1ULL << i) {
		fault_add(c->faults, c->file, line, "%s: the role \"%s\" is given twice", name, v.text);
		return -EINVAL;
	}
	*roles |= 1ULL << i;
	return 0;
}

static int value_set_roles(const struct value_context *c, const char *name, const struct option *row,
			   const config_setting_t *setting, void *values)
{
	struct value v = value_of(setting);
	int n = config_setting_length(setting);
	uint64_t roles = 0;
	int r = 0;

	if (v.form != VALUE_FORM_LIST || n == 0)
		return value_fault(c, config_setting_source_line(setting), name, row, &v, -EINVAL);
	for (int i = 0; i < n; i++)
		if (value_add_role(c, name, config_setting_get_elem(setting, (unsigned)i), &roles) < 0)
			r = -EINVAL;
	if (r == 0)
		*(uint64_t *)value_field(row, values) = roles;
	return r;
}

int value_set(const struct value_context *c, const struct option_section *section, const struct option *row,
	      const config_setting_t *setting, void *values)
{
	struct value v = value_of(setting);
	char name[VALUE_NAME_MAX];
	int r;

	(void)value_name(section, row, name);
	if (row->type == OPTION_ROLES)
		return value_set_roles(c, name, row, setting, values);
	r = value_store(row, &v, c->instance, values);
	return r < 0 ? value_fault(c, config_setting_source_line(setting), name, row, &v, r) : 0;
}

static int value_set_default(const struct value_context *c, const struct option_section *section,
			     const struct option *row, void *values)
{
	struct value v = { .form = VALUE_FORM_STRING, .text = row->value };
	char name[VALUE_NAME_MAX];
	uint64_t n;
	int r;

	if (!row->value)
		return 0;
	v.len = strlen(v.text);
	if (row->type == OPTION_BOOL) {
		v.form = VALUE_FORM_BOOL;
		v.number = strcmp(v.text, "true") == 0;
	} else if (row->type == OPTION_INT && str_to_u64(v.text, v.len, 0, INT32_MAX, &n) == 0) {
		v.form = VALUE_FORM_NUMBER;
		v.number = (int64_t)n;
	}
	r = value_store(row, &v, c->instance, values);
	return r < 0 ? value_fault(c, 0, value_name(section, row, name), row, &v, r) : 0;
}

int value_new_section(const struct value_context *c, const struct option_section *section, void **ret)
{
	void *values = calloc(1, section->size);
	int r;

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < section->n_rows; i++) {
		r = value_set_default(c, section, &section->rows[i], values);
		if (r < 0) {
			(void)option_values_free(section, values);
			return r;
		}
	}
	*ret = values;
	return 0;
}

static int value_print_roles(const struct option_schema *schema, uint64_t roles, struct buf *ret)
{
	const char *separator = "";
	int r;

	r = buf_append_str(ret, "( ");
	for (size_t i = 0; schema->roles[i] && r == 0; i++) {
		if (!(roles & 1ULL << i))
			continue;
		r = buf_printf(ret, "%s\"%s\"", separator, schema->roles[i]);
		separator = ", ";
	}
	return r < 0 ? r : buf_append_str(ret, " )");
}

int value_print(const struct option_schema *schema, const struct option *row, const void *values, struct buf *ret)
{
	const void *field = value_field(row, values);
	uint64_t n = row->type == OPTION_BOOL || row->type == OPTION_STRING ? 0 : *(const uint64_t *)field;
	char text[STR_NUMBER_MAX];

	switch (row->type) {
	case OPTION_BOOL:
		return buf_append_str(ret, *(const bool *)field ? "true" : "false");
	case OPTION_STRING:
		if (!*(char *const *)field)
			return buf_append_str(ret, "(not set)");
		return buf_printf(ret, "\"%s\"", *(char *const *)field);
	case OPTION_WORD:
		return buf_printf(ret, "\"%s\"", row->words[n]);
	case OPTION_ROLES:
		return value_print_roles(schema, n, ret);
	case OPTION_INT:
		return buf_printf(ret, "%s", value_print_number(row->type, n, text));
	case OPTION_SIZE:
	case OPTION_TIME:
	case OPTION_MODE:
		return buf_printf(ret, "\"%s\"", value_print_number(row->type, n, text));
	case OPTION_TYPE_MAX:
		break;
	}
	return -EINVAL;
}

bool value_is_equal(const struct option *row, const void *a, const void *b)
{
	const void *x = value_field(row, a), *y = value_field(row, b);
	const char *s, *t;

	if (row->type == OPTION_BOOL)
		return *(const bool *)x == *(const bool *)y;
	if (row->type != OPTION_STRING)
		return *(const uint64_t *)x == *(const uint64_t *)y;
	s = *(char *const *)x;
	t = *(char *const *)y;
	return s == t || (s && t && strcmp(s, t) == 0);
}
