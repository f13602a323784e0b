#pragma once
/* SPDX-License-Identifier: MIT */
/* OpenMetrics 1.0 text, as far as counters, gauges, statesets and infos go: strict, so that other readers need not
 * be. */

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct openmetrics {
	char family[128], kind[16], unit[32];
	bool type, has_unit, help, samples; /* of this family, in this order at most */
	char seen[64][128];                 /* families */
	unsigned n_seen;
	char series[64][256];               /* of this family: names with labels */
	unsigned n_series;
	char fault[512];
};

static bool openmetrics_fail(struct openmetrics *m, const char *what, const char *line)
{
	(void)snprintf(m->fault, sizeof(m->fault), "%s: %.*s", what, (int)strcspn(line, "\n"), line);
	return false;
}

static size_t openmetrics_name(const char *s)
{
	size_t n = 0;

	while (isalpha((unsigned char)s[n]) || s[n] == '_' || (n > 0 && isdigit((unsigned char)s[n])))
		n++;
	return n;
}

/* "# TYPE name word": a new family begins with its type. */
static bool openmetrics_meta(struct openmetrics *m, const char *line)
{
	char what[8], name[128], text[256];

	if (sscanf(line, "# %7[A-Z] %127[a-zA-Z0-9_] %255[^\n]", what, name, text) != 3)
		return openmetrics_fail(m, "no metadata", line);
	if (openmetrics_name(name) != strlen(name))
		return openmetrics_fail(m, "no name", line);
	if (strcmp(what, "TYPE") == 0) {
		for (unsigned i = 0; i < m->n_seen; i++)
			if (strcmp(m->seen[i], name) == 0)
				return openmetrics_fail(m, "a family twice", line);
		if (strcmp(text, "counter") != 0 && strcmp(text, "gauge") != 0 && strcmp(text, "stateset") != 0 &&
		    strcmp(text, "info") != 0)
			return openmetrics_fail(m, "no type", line);
		if (m->n_seen == 64)
			return openmetrics_fail(m, "too many families for this test", line);
		(void)snprintf(m->seen[m->n_seen++], sizeof(m->seen[0]), "%s", name);
		(void)snprintf(m->family, sizeof(m->family), "%s", name);
		(void)snprintf(m->kind, sizeof(m->kind), "%.15s", text);
		m->has_unit = m->help = m->samples = false;
		m->type = true;
		m->n_series = 0;
		return true;
	}
	if (!m->type || m->samples || strcmp(name, m->family) != 0)
		return openmetrics_fail(m, "metadata at the wrong place", line);
	if (strcmp(what, "UNIT") == 0) {
		size_t n = strlen(name), u = strlen(text);

		if (m->has_unit || n < u + 2 || name[n - u - 1] != '_' || strcmp(name + n - u, text) != 0)
			return openmetrics_fail(m, "the name does not end in its unit", line);
		m->has_unit = true;
		return true;
	}
	if (strcmp(what, "HELP") != 0 || m->help)
		return openmetrics_fail(m, "no metadata", line);
	m->help = true;
	return true;
}

/* {a="b",c="d"}: what is behind it, NULL: it is none. Whether there was the label @wanted. */
static const char *openmetrics_labels(const char *p, const char *wanted, bool *ret_found)
{
	do {
		size_t n = openmetrics_name(++p);

		if (n == 0 || p[n] != '=' || p[n + 1] != '"')
			return NULL;
		*ret_found |= strlen(wanted) == n && memcmp(wanted, p, n) == 0;
		for (p += n + 2; *p != '"'; p++) {
			if (*p == '\n' || *p == '\0')
				return NULL;
			if (*p == '\\' && *++p != '\\' && *p != '"' && *p != 'n')
				return NULL;
		}
	} while (*++p == ',');
	return *p == '}' ? p + 1 : NULL;
}

static bool openmetrics_sample(struct openmetrics *m, const char *line)
{
	const char *suffix = strcmp(m->kind, "counter") == 0 ? "_total" : strcmp(m->kind, "info") == 0 ? "_info" : "";
	size_t n = openmetrics_name(line), f = strlen(m->family);
	bool stateset = strcmp(m->kind, "stateset") == 0, labelled = false;
	const char *p = line + n;
	char *end;
	double v;

	if (!m->type || n != f + strlen(suffix) || memcmp(line, m->family, f) != 0 || memcmp(line + f, suffix, n - f) != 0)
		return openmetrics_fail(m, "a sample of no family, or of the wrong name", line);
	if (*p == '{')
		p = openmetrics_labels(p, m->family, &labelled);
	if (!p || *p != ' ')
		return openmetrics_fail(m, "bad labels", line);
	if (stateset != labelled)
		return openmetrics_fail(m, "a stateset has its name as a label, and nothing else has", line);
	for (unsigned i = 0; i < m->n_series; i++)
		if (strlen(m->series[i]) == (size_t)(p - line) && memcmp(m->series[i], line, (size_t)(p - line)) == 0)
			return openmetrics_fail(m, "a series twice", line);
	if (m->n_series < 64)
		(void)snprintf(m->series[m->n_series++], sizeof(m->series[0]), "%.*s", (int)(p - line), line);
	if (!isdigit((unsigned char)p[1]))
		return openmetrics_fail(m, "no value, or a negative one", line);
	v = strtod(p + 1, &end);
	if (*end != '\n' || ((stateset || *suffix == '_') && v < 0) || (stateset && v != 0 && v != 1) ||
	    (strcmp(suffix, "_info") == 0 && v != 1))
		return openmetrics_fail(m, "not its kind of value", line);
	m->samples = true;
	return true;
}

/* NULL: it is right; else what is wrong with it. */
static const char *openmetrics_fault(const char *text)
{
	static struct openmetrics m;

	memset(&m, 0, sizeof(m));
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		if (!strchr(line, '\n'))
			return "the last line does not end";
		if (strncmp(line, "# EOF\n", 6) == 0)
			return line[6] ? "there is more behind the end" : NULL;
		if (!(line[0] == '#' ? openmetrics_meta(&m, line) : openmetrics_sample(&m, line)))
			return m.fault;
	}
	return "it does not end in # EOF";
}

/* The value of a series, such as "ioe_sessions{instance=\"1\"}"; -1: there is none. */
__attribute__((unused)) static double openmetrics_value(const char *text, const char *series)
{
	size_t n = strlen(series);

	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (strncmp(line, series, n) == 0 && line[n] == ' ')
			return strtod(line + n + 1, NULL);
	return -1;
}
