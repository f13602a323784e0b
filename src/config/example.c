/* SPDX-License-Identifier: MIT */
/*
 * The example is a valid file that sets nothing. Every option is in its group, commented out, at its default; to set
 * one, an administrator removes its "# ".
 */
#include "config/config.h"
#include "config/value.h"

#include <errno.h>
#include <string.h>

#define EXAMPLE_COLUMNS 96

static const char example_head[] =
	"# /etc/ioe.conf - the configuration of ioed(8). The manual is ioe.conf(5).\n"
	"#\n"
	"# Every option stands here at its default, commented out. After a change:\n"
	"#\n"
	"#\tioed -t                    checks this file, the drop-ins and all instances\n"
	"#\tsystemctl reload ioe@1     applies what can be applied to a running instance\n"
	"#\n"
	"# The drop-ins, files /etc/ioe.conf.d/*.conf, have the same form. The daemon reads them after this\n"
	"# file, in the order of their names. A later value overrides an earlier one, and a later list a\n"
	"# whole earlier list. Settings of one instance alone belong in its group of \"instances\", below.\n"
	"#\n"
	"# Sizes are strings with K, M, G or T (1024 bytes and so on) or small whole numbers. Times are\n"
	"# strings with ms, s, m, h or d. %i in a string is the instance number. Lists are in ( ) or [ ],\n"
	"# and have no comma after the last element.\n";

static const char example_instances[] =
	"\n"
	"# Settings of one instance alone: its id (1 to 9999) and any of the options above. ioe@2 is\n"
	"# instance 2.\n"
	"# instances = (\n"
	"# \t{ id = 2; limits = { connections = 100; }; }\n"
	"# );\n";

static const char *const example_apply[] = {
	[OPTION_APPLY_NOW] = "a reload applies it",
	[OPTION_APPLY_SESSIONS] = "a reload applies it to new sessions",
	[OPTION_APPLY_RESTART] = "a restart applies it",
};

/* Wraps at blanks; @indent is "" or a tab. */
static int example_prose(const char *indent, const char *text, struct buf *ret)
{
	size_t space = EXAMPLE_COLUMNS - 8 * strlen(indent) - strlen("# ");
	int r = 0;

	while (*text != '\0' && r == 0) {
		size_t n = strlen(text);

		if (n > space)
			for (n = space; n > 0 && text[n] != ' '; n--)
				;
		if (n == 0)
			n = strcspn(text, " ");
		r = buf_printf(ret, "%s# %.*s\n", indent, (int)n, text);
		text += n;
		text += strspn(text, " ");
	}
	return r;
}

/* "[name: ]What the option is. (1 to 64; [not set; ]a restart applies it)" */
static int example_doc(const struct option_schema *schema, const char *indent, const char *name,
		       const struct option *row, struct buf *ret)
{
	struct buf text = {};
	const char *str;
	int r;

	r = buf_printf(&text, "%s%s%s (", name, name[0] != '\0' ? ": " : "", row->doc);
	if (r == 0)
		r = value_print_range(schema, row, &text);
	if (r == 0)
		r = buf_printf(&text, "%s; %s)", row->value || row->type != OPTION_STRING ? "" : "; not set",
			       example_apply[row->apply]);
	if (r == 0) {
		str = buf_str(&text);
		r = str ? example_prose(indent, str, ret) : -ENOMEM;
	}
	buf_done(&text);
	return r;
}

static int example_option(const char *indent, const struct option *row, struct buf *ret)
{
	bool is_bare = row->type == OPTION_BOOL || row->type == OPTION_INT;
	const char *quote = is_bare ? "" : "\"";

	/* A string without a default is shown with an example. */
	if (!row->value && row->type == OPTION_STRING)
		return buf_printf(ret, "%s# %s = \"%s\";\n", indent, row->path, row->min > 0 ? "/srv/ioe" : "");
	if (!row->value)
		return -EINVAL;
	return buf_printf(ret, "%s# %s = %s%s%s;\n", indent, row->path, quote, row->value, quote);
}

static int example_section(const struct option_schema *schema, const struct option_section *section, struct buf *ret)
{
	const char *indent = section->name[0] != '\0' ? "\t" : "";
	int r = 0;

	for (size_t i = 0; i < section->n_rows && r == 0; i++) {
		if (i > 0 || indent[0] == '\0')
			r = buf_append_str(ret, "\n");
		if (r == 0)
			r = example_doc(schema, indent, "", &section->rows[i], ret);
		if (r == 0)
			r = example_option(indent, &section->rows[i], ret);
	}
	return r;
}

/* All sections that share a name are one group of the file. */
static int example_group(const struct option_schema *schema, size_t first, struct buf *ret)
{
	const char *name = schema->sections[first]->name;
	int r = 0;

	if (name[0] != '\0')
		r = buf_printf(ret, "\n%s = {\n", name);
	for (size_t i = first; schema->sections[i] && r == 0; i++)
		if (strcmp(schema->sections[i]->name, name) == 0)
			r = example_section(schema, schema->sections[i], ret);
	if (r == 0 && name[0] != '\0')
		r = buf_append_str(ret, "};\n");
	return r;
}

static int example_listeners(const struct option_schema *schema, struct buf *ret)
{
	const char *line = schema->listeners_default;
	int r;

	r = buf_append_str(ret, "\n# The listeners, to which clients connect: a list of groups. Each group has either port or\n"
			   "# port_base.\n#\n");
	for (size_t i = 0; i < schema->listener->n_rows && r == 0; i++)
		r = example_doc(schema, "", schema->listener->rows[i].path, &schema->listener->rows[i], ret);
	if (r == 0)
		r = buf_append_str(ret, "# listeners = ");
	while (r == 0 && *line != '\0') {
		size_t n = strcspn(line, "\n");

		r = buf_printf(ret, "%s%.*s%s\n", line == schema->listeners_default ? "" : "# ", (int)n, line,
			       line[n] == '\0' ? ";" : "");
		line += n + (line[n] == '\n');
	}
	return r;
}

static int example_groups(const struct option_schema *schema, bool named, struct buf *ret)
{
	const struct option_section *const *all = schema->sections;
	int r = 0;

	for (size_t i = 0; all[i] && r == 0; i++) {
		size_t first = 0;

		while (strcmp(all[first]->name, all[i]->name) != 0)
			first++;
		if (first == i && (all[i]->name[0] != '\0') == named)
			r = example_group(schema, i, ret);
	}
	return r;
}

int config_write_example(const struct option_schema *schema, struct buf *ret)
{
	int r;

	r = buf_append_str(ret, example_head);
	if (r == 0)
		r = example_groups(schema, false, ret);
	if (r == 0)
		r = example_listeners(schema, ret);
	if (r == 0)
		r = example_groups(schema, true, ret);
	return r < 0 ? r : buf_append_str(ret, example_instances);
}
