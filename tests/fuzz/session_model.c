/* SPDX-License-Identifier: MIT */
#include "fuzz/session_model.h"

#include "base/str.h"
#include "fuzz/fuzz.h"

#include <string.h>

static void model_say(struct model *m, const char *s, size_t n)
{
	FUZZ_CHECK(buf_append(&m->answers, s, n) == 0);
}

static void model_say_str(struct model *m, const char *s)
{
	model_say(m, s, strlen(s));
}

static void model_say_sized(struct model *m, const char *data, size_t n)
{
	FUZZ_CHECK(buf_printf(&m->answers, "%zu\n", n) == 0);
	model_say(m, data, n);
}

static void model_say_error(struct model *m, const char *code)
{
	FUZZ_CHECK(buf_printf(&m->answers, "ERROR: %s: %c\n", code, MODEL_SENTENCE) == 0);
}

static bool model_is_folder(const char *name, size_t n)
{
	return n == 0 || (n == 3 && memcmp(name, "sub", 3) == 0);
}

static struct model_file *model_find(const struct model *m, const char *name, size_t n)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (strlen(m->files[i].name) == n && memcmp(m->files[i].name, name, n) == 0)
			return &m->files[i];
	return NULL;
}

/* Where the last element begins. */
static size_t model_base(const char *name, size_t n)
{
	while (n > 0 && name[n - 1] != '/')
		n--;
	return n;
}

static bool model_has_parent(const char *name, size_t n)
{
	size_t base = model_base(name, n);

	return model_is_folder(name, base > 0 ? base - 1 : 0);
}

/* NULL, or the code of what is wrong with a name by itself. */
static const char *model_refuse_name(const char *name, size_t n)
{
	size_t begin = 0, end;

	if (n > 4000)
		return "bad-argument";
	do {
		for (end = begin; end < n && name[end] != '/'; end++)
			;
		if (end - begin > 255)
			return "bad-argument";
		if (end == begin || name[begin] == '.' || !str_is_utf8(name + begin, end - begin) ||
		    str_has_control(name + begin, end - begin))
			return "denied";
		begin = end + 1;
	} while (end < n);
	return NULL;
}

static int model_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void model_list_folder(struct model *m, const char *folder, size_t n)
{
	char **names = calloc(m->n_files + 1, sizeof(*names));
	struct buf body = { 0 };
	size_t n_names = 0;

	FUZZ_CHECK(names);
	for (size_t i = 0; i < m->n_files; i++) {
		char *name = m->files[i].name;
		size_t base = model_base(name, strlen(name));

		if (base > 0 ? base - 1 == n && memcmp(name, folder, n) == 0 : n == 0)
			names[n_names++] = name + base;
	}
	if (n == 0)
		names[n_names++] = (char *)(uintptr_t)"sub/";
	qsort(names, n_names, sizeof(*names), model_compare);
	for (size_t i = 0; i < n_names; i++)
		FUZZ_CHECK(buf_printf(&body, "%s\n", names[i]) == 0);
	model_say_sized(m, body.data, body.len);
	buf_done(&body);
	free(names);
}

static void model_list(struct model *m, const char *name, size_t n)
{
	const char *code = name ? model_refuse_name(name, n) : NULL;

	if (code)
		model_say_error(m, code);
	else if (!model_is_folder(name, n))
		model_say_error(m, "not-found");
	else
		model_list_folder(m, name, n);
}

static void model_read_file(struct model *m, const char *name, size_t n)
{
	const char *code = model_refuse_name(name, n);
	struct model_file *f = model_find(m, name, n);

	if (!code && !f)
		code = model_is_folder(name, n) ? "denied" : "not-found";
	if (code)
		model_say_error(m, code);
	else
		model_say_sized(m, f->data, f->size);
}

struct model_file *model_add_file(struct model *m, const char *name, size_t name_len, const char *data, size_t size)
{
	struct model_file *f = model_find(m, name, name_len);

	if (!f) {
		m->files = reallocarray(m->files, m->n_files + 1, sizeof(*m->files));
		FUZZ_CHECK(m->files);
		f = &m->files[m->n_files++];
		*f = (struct model_file){ .name = strndup(name, name_len) };
		FUZZ_CHECK(f->name);
	}
	f->data = data;
	f->size = size;
	return f;
}

/* What follows the last comma of a WRITE's name and size, where it is a size. */
static bool model_size(const char *args, size_t n, uint64_t *ret)
{
	const char *comma = memrchr(args, ',', n);
	size_t digits = comma ? n - (size_t)(comma + 1 - args) : 0;

	return comma && digits <= 18 && str_to_u64(comma + 1, digits, 0, UINT64_MAX, ret) >= 0;
}

/* WRITE with all or some of its bytes; returns how many of them there are. */
static size_t model_write(struct model *m, const char *args, size_t n, const char *body, size_t n_body)
{
	const char *code, *comma = args ? memrchr(args, ',', n) : NULL;
	size_t name_len = comma ? (size_t)(comma - args) : n;
	uint64_t size = 0;

	if (!args || !model_size(args, n, &size)) {
		model_say_error(m, "bad-argument");
		return 0;
	}
	code = model_refuse_name(args, name_len);
	if (!code && size > m->max_size)
		code = "too-large";
	if (!code) {
		if (!model_has_parent(args, name_len))
			code = "not-found";
		else if (model_is_folder(args, name_len))
			code = "denied";
		/* Two faults, of which either may be found first. */
		m->is_unknown |= code && size > n_body;
	}
	if (!code && size > n_body)
		code = "bad-argument";
	if (code) {
		model_say_error(m, code);
	} else {
		model_add_file(m, args, name_len, body, size)->is_written = true;
		FUZZ_CHECK(buf_printf(&m->answers, "OK,received,%llu\n", (unsigned long long)size) == 0);
	}
	return size < n_body ? size : n_body;
}

static bool model_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Says the double, where it is a number at all. */
static bool model_double(struct model *m, const char *s, size_t n)
{
	size_t cap = n + 1, at = cap;
	char *sum = malloc(cap);
	bool negative = false, ok;
	unsigned twice = 0;

	FUZZ_CHECK(sum);
	for (; n > 0 && model_is_blank(s[0]); n--)
		s++;
	while (n > 0 && model_is_blank(s[n - 1]))
		n--;
	if (n > 0 && (*s == '-' || *s == '+')) {
		negative = *s++ == '-';
		n--;
	}
	ok = n > 0 && s[0] != '_' && s[n - 1] != '_';
	for (size_t i = n; ok && i > 0; i--) {
		if (s[i - 1] == '_') {
			ok = s[i] != '_';
			continue;
		}
		ok = s[i - 1] >= '0' && s[i - 1] <= '9';
		twice = 2 * (unsigned)(s[i - 1] - '0') + twice / 10;
		sum[--at] = (char)('0' + twice % 10);
	}
	if (ok) {
		sum[--at] = (char)('0' + twice / 10);
		while (at + 1 < cap && sum[at] == '0')
			at++;
		if (negative && sum[at] != '0')
			model_say(m, "-", 1);
		model_say(m, sum + at, cap - at);
		model_say(m, "\n", 1);
	}
	free(sum);
	return ok;
}

static void model_bare_line(struct model *m, const char *line, size_t n)
{
	if (m->has_compute && model_double(m, line, n))
		return;
	if (m->has_compute && m->is_alone)
		model_say_str(m, "Received data is not a valid integer\n");
	else
		model_say_error(m, "bad-command");
}

static bool model_is_word(const char *s, size_t n, const char *word)
{
	return str_casecmp(s, n, word, strlen(word)) == 0;
}

/* Verbs of which this model knows no more than their names. */
static bool model_is_unknown(const char *s, size_t n)
{
	static const char *const words[] = {
		"HELLO",  "CONNECT", "AUTH",  "NICK", "HELP", "DIR",   "STAT", "RANGE", "SUM",     "UPLOAD",
		"DELETE", "RENAME",  "MKDIR", "JOIN", "PART", "ROOMS", "WHO",  "SAY",   "HISTORY", "TOPIC",
		"KICK",   "MUTE",    "BAN",   "ROLE", "SEND", "FETCH", "WAIT", "ACK",   "MAILBOX", "STATUS",
	};

	for (size_t i = 0; i < ELEMENTSOF(words); i++)
		if (model_is_word(s, n, words[i]))
			return true;
	return false;
}

/* A verb that this listener does not have, with its right number of fields: said elsewhere. */
static bool model_is_elsewhere(const struct model *m, const char *line, size_t n_verb, const char *rest, size_t n_rest)
{
	if (m->has_file)
		return !m->has_compute && rest && model_is_word(line, n_verb, "DOUBLE");
	return model_is_word(line, n_verb, "LIST") || (rest && model_is_word(line, n_verb, "READ")) ||
	       (rest && memchr(rest, ',', n_rest) && model_is_word(line, n_verb, "WRITE"));
}

/* Its bytes are thrown away; and what may be an old client's, all else. */
static size_t model_elsewhere(struct model *m, const char *line, size_t n_verb, const char *rest, size_t n_rest, size_t n_body)
{
	const char *comma = rest ? memrchr(rest, ',', n_rest) : NULL;
	uint64_t size;

	model_say_error(m, "unavailable");
	if (!model_is_word(line, n_verb, "WRITE"))
		return 0;
	if (model_size(rest, n_rest, &size))
		return MIN(size, n_body);
	m->is_over = comma && comma + 1 < rest + n_rest && comma[1] >= '0' && comma[1] <= '9';
	return 0;
}

/* One line; @body is all that comes behind it. Returns how much of that belongs to it. */
static size_t model_line(struct model *m, const char *line, size_t n, const char *body, size_t n_body)
{
	const char *comma = memchr(line, ',', n), *rest = comma ? comma + 1 : NULL;
	size_t n_verb = comma ? (size_t)(comma - line) : n, n_rest = comma ? n - n_verb - 1 : 0;
	uint64_t size;

	if (memchr(line, '\0', n)) {
		model_say_error(m, "bad-command");
		if (model_is_word(line, n_verb, "WRITE") && rest && model_size(rest, n_rest, &size))
			return MIN(size, n_body);
	} else if (model_is_elsewhere(m, line, n_verb, rest, n_rest)) {
		return model_elsewhere(m, line, n_verb, rest, n_rest, n_body);
	} else if (model_is_word(line, n_verb, "PING")) {
		model_say_str(m, rest ? "PONG," : "PONG");
		model_say(m, rest, n_rest);
		model_say_str(m, "\n");
	} else if (model_is_word(line, n_verb, "BYE") || model_is_word(line, n_verb, "QUIT") ||
		   model_is_word(line, n_verb, "EXIT")) {
		m->is_over = !rest;
		if (rest)
			model_say_error(m, "bad-argument");
		else
			model_say_str(m, "BYE\n");
	} else if (m->has_compute && model_is_word(line, n_verb, "DOUBLE")) {
		if (!rest || !model_double(m, rest, n_rest))
			model_say_error(m, "bad-argument");
	} else if (m->has_file && model_is_word(line, n_verb, "LIST")) {
		model_list(m, rest, n_rest);
	} else if (m->has_file && model_is_word(line, n_verb, "READ")) {
		if (rest)
			model_read_file(m, rest, n_rest);
		else
			model_say_error(m, "bad-argument");
	} else if (m->has_file && model_is_word(line, n_verb, "WRITE")) {
		return model_write(m, rest, n_rest, body, n_body);
	} else if (model_is_unknown(line, n_verb)) {
		m->is_unknown = true;
	} else {
		model_bare_line(m, line, n);
	}
	return 0;
}

/* Another protocol's first line, or what may be one: a browser's, or bytes that no line begins with or holds. */
static bool model_is_foreign(const char *line, size_t n)
{
	return memmem(line, n, " /", 2) || memmem(line, n, " HTTP/", 6) || (n > 0 && memchr(line, '\0', n)) ||
	       (n > 0 && (unsigned char)line[0] < 0x20 && line[0] != '\t');
}

bool model_read(struct model *m, const char *p, size_t n)
{
	bool first = true;

	while (n > 0 && !m->is_over && !m->is_unknown) {
		const char *lf = memchr(p, '\n', n);
		size_t line = lf ? (size_t)(lf - p) : n, all = lf ? line + 1 : n;

		if (line > 0 && p[line - 1] == '\r')
			line--;
		m->is_unknown = first && model_is_foreign(p, line);
		if (line > m->line_max && first && memchr(p, ' ', MIN(line, (size_t)16)))
			m->is_unknown = true; /* a browser's, perhaps */
		else if (line > m->line_max)
			model_say_error(m, "too-long");
		else if (lf)
			all += model_line(m, p, line, lf + 1, n - all);
		first = false;
		p += all;
		n -= all;
	}
	return !m->is_unknown;
}

bool model_agrees(const struct model *m, const char *p, size_t n)
{
	const char *want = m->answers.data, *end, *stop;

	if (m->answers.len == 0 || n == 0)
		return m->answers.len == n;
	end = want + m->answers.len;
	stop = p + n;
	while (want < end) {
		const char *sentence = memchr(want, MODEL_SENTENCE, (size_t)(end - want));
		size_t same = (size_t)((sentence ? sentence : end) - want);

		if ((size_t)(stop - p) < same || memcmp(want, p, same) != 0)
			return false;
		want += same;
		p += same;
		if (!sentence)
			break;
		want++;
		if (p == stop || *p == '\n')
			return false;
		p = memchr(p, '\n', (size_t)(stop - p));
		if (!p)
			return false;
	}
	return want == end && p == stop;
}

void model_done(struct model *m)
{
	for (size_t i = 0; i < m->n_files; i++)
		free(m->files[i].name);
	free(m->files);
	buf_done(&m->answers);
}
