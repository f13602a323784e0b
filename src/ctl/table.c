/* SPDX-License-Identifier: MIT */
#include "ctl/table.h"

#include <string.h>

/* The number of characters: all bytes except the continuation bytes of UTF-8. */
static size_t table_width(const char *s, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		width += ((unsigned char)s[i] & 0xc0) != 0x80;
	return width;
}

int table_add(struct table *t, const char *cell)
{
	size_t n = strlen(cell), width = table_width(cell, n), column = t->n_cells % t->n_columns;
	int r;

	r = buf_append(&t->cells, cell, n + 1);
	if (r < 0)
		return r;
	if (width > t->widths[column])
		t->widths[column] = width;
	t->n_cells++;
	return 0;
}

void table_print(FILE *f, const struct table *t, bool no_headers)
{
	const char *cell = t->cells.data;

	for (size_t i = 0; i < t->n_cells; i++) {
		size_t n = strlen(cell), column = i % t->n_columns;

		if (no_headers && i < t->n_columns) {
			cell += n + 1;
			continue;
		}
		(void)fwrite(cell, 1, n, f);
		if (column + 1 == t->n_columns)
			(void)fputc('\n', f);
		else
			for (size_t pad = t->widths[column] + 2 - table_width(cell, n); pad > 0; pad--)
				(void)putc_unlocked(' ', f);
		cell += n + 1;
	}
}

void table_done(struct table *t)
{
	buf_done(&t->cells);
	t->n_cells = 0;
}
