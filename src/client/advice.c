/* SPDX-License-Identifier: MIT */
#include "client/advice.h"

#include "base/buf.h"
#include "base/macro.h"

#include <stdbool.h>
#include <string.h>

static const struct {
	const char *verb, *command;
} advice_rows[] = {
	{ "FETCH", "inbox" },	{ "HELP", "raw HELP" }, { "HISTORY", "/history" }, { "JOIN", "/join" },
	{ "LIST", "ls" },	{ "MAILBOX", "inbox" }, { "NICK", "/nick" },	   { "PART", "/part" },
	{ "READ", "get" },	{ "ROOMS", "/rooms" },	{ "SEND", "send" },	   { "TOPIC", "/topic" },
	{ "WAIT,on", "watch" }, { "WHO", "/who" },	{ "WRITE", "put" },
};

static bool advice_is_word(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* The command for the verb at @p, and how long that is; NULL where there is none. */
static const char *advice_find(const char *p, size_t *ret_len)
{
	for (size_t i = 0; i < ELEMENTSOF(advice_rows); i++) {
		*ret_len = strlen(advice_rows[i].verb);
		if (strncmp(p, advice_rows[i].verb, *ret_len) == 0 && !advice_is_word(p[*ret_len]))
			return advice_rows[i].command;
	}
	return NULL;
}

/* The length of a verb's argument behind the comma: the name that the sentence is about, which can hold blanks, or a
 * word. */
static size_t advice_argument(const char *p, const char *name, size_t name_len)
{
	if (name_len > 0 && strncmp(p, name, name_len) == 0)
		return name_len;
	return strcspn(p, " ,;");
}

/* Translates the advice at @p, in which no word is a name. */
static int advice_rest(struct buf *to, const char *p, const char *name, size_t name_len)
{
	const char *command;
	size_t len, argument;
	int r = 0;

	for (bool in_word = false; r == 0 && *p; p += len) {
		command = in_word ? NULL : advice_find(p, &len);
		if (!command) {
			len = 1;
			in_word = advice_is_word(*p);
			r = buf_append(to, p, 1);
			continue;
		}
		argument = p[len] == ',' && p[len + 1] != ' ' ? advice_argument(p + len + 1, name, name_len) : 0;
		r = buf_printf(to, "`%s%s%.*s`", command, argument > 0 ? " " : "", (int)argument, p + len + 1);
		len += argument > 0 ? argument + 1 : 0;
	}
	return r;
}

char *advice_translate(const char *text)
{
	_cleanup_(buf_done) struct buf to = { 0 };
	const char *advice = NULL, *open, *end = NULL, *name = NULL;
	int r;

	/* The advice stands behind the last semicolon; the names before it can look like anything. */
	for (const char *p = text; (p = strchr(p, ';')); p++)
		if (p[1] == ' ')
			advice = p;
	if (!advice)
		return strdup(text);
	open = memchr(text, '\'', (size_t)(advice - text));
	if (open) {
		name = open + 1;
		end = memrchr(open, '\'', (size_t)(advice - open));
	}
	r = buf_append(&to, text, (size_t)(advice - text));
	if (r == 0)
		r = advice_rest(&to, advice, name, end > name ? (size_t)(end - name) : 0);
	return r == 0 && buf_str(&to) ? STEAL_PTR(to.data) : NULL;
}
