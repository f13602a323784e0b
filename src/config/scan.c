/* SPDX-License-Identifier: MIT */
#include "config/scan.h"
#include "base/str.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* The kind of the last token. It decides whether a value can follow. */
enum scan_last {
	SCAN_LAST_OTHER,
	SCAN_LAST_EQUALS,
	SCAN_LAST_COMMA,
	SCAN_LAST_LIST, /* opened */
	SCAN_LAST_STRING,
};

struct scan {
	const char *text;
	size_t len;
	size_t at;
	unsigned line;
	enum scan_last last;
	unsigned depth;
	char open[SCAN_DEPTH_MAX]; /* the brackets that are open, outermost first */
	unsigned open_line[SCAN_DEPTH_MAX];
	unsigned n_settings[SCAN_DEPTH_MAX + 1]; /* in the group of each depth */
	const char *name;
	struct buf *out;
	struct faults *faults;
};

#define SCAN_FAULT(s, at_line, ...) (fault_add((s)->faults, (s)->name, at_line, __VA_ARGS__), -EINVAL)

static char scan_peek(const struct scan *s, size_t ahead)
{
	return s->len - s->at > ahead ? s->text[s->at + ahead] : '\0';
}

static bool scan_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool scan_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
}

static bool scan_is_name(char c)
{
	return scan_is_letter(c) || scan_is_digit(c) || c == '-' || c == '_';
}

static bool scan_is_number(char c)
{
	return scan_is_name(c) || c == '+' || c == '.';
}

static bool scan_may_be_value(const struct scan *s)
{
	if (s->last == SCAN_LAST_COMMA)
		return s->depth > 0 && s->open[s->depth - 1] != '{';
	return s->last == SCAN_LAST_EQUALS || s->last == SCAN_LAST_LIST;
}

/* Skips a comment that begins with # or //, up to the end of its line. */
static int scan_line_comment(struct scan *s)
{
	while (s->at < s->len && s->text[s->at] != '\n')
		s->at++;
	return 0;
}

static int scan_block_comment(struct scan *s)
{
	unsigned begin = s->line;

	for (s->at += 2; s->at < s->len; s->at++) {
		if (scan_peek(s, 0) == '*' && scan_peek(s, 1) == '/') {
			s->at += 2;
			return buf_append_str(s->out, " ");
		}
		if (s->text[s->at] == '\n') {
			int r = buf_append_str(s->out, "\n");

			if (r < 0)
				return r;
			s->line++;
		}
	}
	return SCAN_FAULT(s, begin, "the comment that begins here with /* has no end");
}

static int scan_string(struct scan *s)
{
	unsigned begin = s->line;
	size_t from = s->at;

	/* A string directly behind a string continues it. */
	if (!scan_may_be_value(s) && s->last != SCAN_LAST_STRING)
		return SCAN_FAULT(s, begin, "a string stands where none can be: a setting is NAME = VALUE;");
	for (s->at++; s->at < s->len; s->at++) {
		char c = s->text[s->at];

		if (c == '"') {
			s->last = SCAN_LAST_STRING;
			s->at++;
			return buf_append(s->out, s->text + from, s->at - from);
		}
		if (c == '\n')
			s->line++;
		if (c != '\\')
			continue;
		if ((scan_peek(s, 1) | 0x20) == 'x' && scan_peek(s, 2) == '0' && scan_peek(s, 3) == '0')
			return SCAN_FAULT(s, s->line, "a string cannot hold the character NUL (\\x00)");
		if (scan_peek(s, 1) == '\\' || scan_peek(s, 1) == '"')
			s->at++;
	}
	return SCAN_FAULT(s, begin, "the string that begins here has no closing \"");
}

/* Whether libconfig reads the number correctly: it is decimal, and fits an int. */
static bool scan_is_int(const char *s, size_t n)
{
	bool negative = n > 0 && s[0] == '-';
	uint64_t v;

	if (n > 0 && (s[0] == '-' || s[0] == '+')) {
		s++;
		n--;
	}
	return str_to_u64(s, n, 0, negative ? 1ULL << 31 : (1ULL << 31) - 1, &v) == 0;
}

static int scan_number(struct scan *s)
{
	size_t from = s->at;
	bool odd;
	int r;

	if (!scan_may_be_value(s))
		return SCAN_FAULT(s, s->line, "a number stands where none can be: a setting is NAME = VALUE;");
	s->last = SCAN_LAST_OTHER;
	while (s->at < s->len && scan_is_number(s->text[s->at]))
		s->at++;
	odd = !scan_is_int(s->text + from, s->at - from);

	r = buf_append_str(s->out, odd ? "\"\001" : "");
	if (r == 0)
		r = buf_append(s->out, s->text + from, s->at - from);
	if (r == 0)
		r = buf_append_str(s->out, odd ? "\"" : "");
	return r;
}

static int scan_name(struct scan *s)
{
	size_t from = s->at;

	s->last = SCAN_LAST_OTHER;
	while (s->at < s->len && scan_is_name(s->text[s->at]))
		s->at++;
	return buf_append(s->out, s->text + from, s->at - from);
}

static int scan_open(struct scan *s, char c)
{
	if (s->depth == SCAN_DEPTH_MAX)
		return SCAN_FAULT(s, s->line, "more than %d brackets are open inside one another", SCAN_DEPTH_MAX);
	s->open[s->depth] = c;
	s->open_line[s->depth++] = s->line;
	s->n_settings[s->depth] = 0;
	s->last = c == '{' ? SCAN_LAST_OTHER : SCAN_LAST_LIST;
	s->at++;
	return buf_append(s->out, c == '[' ? "(" : &c, 1);
}

static int scan_close(struct scan *s, char c)
{
	char open = c == ')' ? '(' : c == ']' ? '[' : '{';

	if (s->depth == 0)
		return SCAN_FAULT(s, s->line, "\"%c\" closes a bracket that nothing opened", c);
	s->depth--;
	if (s->open[s->depth] != open)
		return SCAN_FAULT(s, s->line, "\"%c\" does not close the \"%c\" of line %u", c, s->open[s->depth],
				  s->open_line[s->depth]);
	s->last = SCAN_LAST_OTHER;
	s->at++;
	return buf_append(s->out, c == ']' ? ")" : &c, 1);
}

static int scan_other(struct scan *s, char c)
{
	char shown[8];

	if (c == '@')
		return SCAN_FAULT(s, s->line, "@include is not supported: put the file into the folder of drop-ins "
				  "(ioe.conf.d, see ioe.conf(5))");
	if (!strchr("\n\r\t\f =:,;", c))
		return SCAN_FAULT(s, s->line, "\"%s\" has no meaning outside a string",
				  str_escape(shown, sizeof(shown), &c, 1));
	if (c == '=' || c == ':') {
		s->last = SCAN_LAST_EQUALS;
		if (++s->n_settings[s->depth] > SCAN_SETTINGS_MAX)
			return SCAN_FAULT(s, s->line, "more than %d settings are in one group", SCAN_SETTINGS_MAX);
	} else if (c == ',') {
		s->last = SCAN_LAST_COMMA;
	} else if (c == ';') {
		s->last = SCAN_LAST_OTHER;
	} else if (c == '\n') {
		s->line++;
	}
	s->at++;
	return buf_append(s->out, &c, 1);
}

static int scan_token(struct scan *s)
{
	char c = s->text[s->at], next = scan_peek(s, 1);

	if (c == '#' || (c == '/' && next == '/'))
		return scan_line_comment(s);
	if (c == '/' && next == '*')
		return scan_block_comment(s);
	if (c == '"')
		return scan_string(s);
	if (scan_is_digit(c) || c == '-' || c == '+' || c == '.')
		return scan_number(s);
	if (scan_is_letter(c))
		return scan_name(s);
	if (c == '(' || c == '[' || c == '{')
		return scan_open(s, c);
	if (c == ')' || c == ']' || c == '}')
		return scan_close(s, c);
	return scan_other(s, c);
}

static unsigned scan_line_of(const char *text, const char *at)
{
	unsigned line = 1;

	while ((text = memchr(text, '\n', (size_t)(at - text)))) {
		text++;
		line++;
	}
	return line;
}

int scan_text(const char *text, size_t len, const char *name, struct buf *ret, struct faults *faults)
{
	struct scan s = { .text = text, .len = len, .line = 1, .name = name, .out = ret, .faults = faults };
	const char *nul = len > 0 ? memchr(text, '\0', len) : NULL;
	int r;

	if (nul)
		return SCAN_FAULT(&s, scan_line_of(text, nul), "the file has a NUL byte, so it is not text");
	while (s.at < s.len) {
		r = scan_token(&s);
		if (r < 0)
			return r;
	}
	if (s.depth > 0)
		return SCAN_FAULT(&s, s.open_line[s.depth - 1], "the \"%c\" that is opened here is never closed",
				  s.open[s.depth - 1]);
	return buf_append_str(ret, "\n");
}
