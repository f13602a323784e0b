#pragma once
/* SPDX-License-Identifier: MIT */
/* Text in columns that are as wide as they must be. */

#include "base/buf.h"

#include <stdbool.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 16

/* Inert but for n_columns. */
struct table {
	size_t n_columns;
	size_t n_cells;
	struct buf cells; /* one after the other, each with its NUL */
	size_t widths[TABLE_COLUMNS_MAX];
};

/* Row by row, the head first. 0 or -ENOMEM. */
int table_add(struct table *t, const char *cell);
void table_print(FILE *f, const struct table *t, bool no_headers); /* aligned the same without the head */
void table_done(struct table *t);
