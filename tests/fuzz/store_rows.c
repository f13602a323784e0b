/* SPDX-License-Identifier: MIT */
#include "fuzz/store_rows.h"

#include "base/macro.h"
#include "fuzz/fuzz.h"

#include <string.h>

void rows_insert(struct model_rows *rows, size_t i, struct model_row row, const char *from, const char *text)
{
	rows->at = reallocarray(rows->at, rows->n + 1, sizeof(*rows->at));
	FUZZ_CHECK(rows->at);
	memmove(rows->at + i + 1, rows->at + i, (rows->n - i) * sizeof(*rows->at));
	row.bytes = malloc(row.from_len + row.text_len + 1);
	FUZZ_CHECK(row.bytes);
	memcpy(row.bytes, from, row.from_len);
	if (row.text_len > 0)
		memcpy(row.bytes + row.from_len, text, row.text_len);
	rows->at[i] = row;
	rows->n++;
}

void rows_delete(struct model_rows *rows, size_t i)
{
	free(rows->at[i].bytes);
	rows->n--;
	memmove(&rows->at[i], &rows->at[i + 1], (rows->n - i) * sizeof(*rows->at));
}

void rows_free(struct model_rows *rows)
{
	while (rows->n > 0)
		rows_delete(rows, rows->n - 1);
	free(rows->at);
	rows->at = NULL;
}

bool rows_same(const char *a, size_t n, const char *b, size_t m)
{
	return n == m && (n == 0 || memcmp(a, b, n) == 0);
}

int rows_compare(const char *a, size_t n, const char *b, size_t m)
{
	int r = memcmp(a, b, MIN(n, m));

	return r ? r : (n > m) - (n < m);
}

/* The first row whose id is not below. */
size_t rows_find(const struct model_rows *rows, uint64_t id)
{
	size_t i = 0;

	while (i < rows->n && rows->at[i].id < id)
		i++;
	return i;
}
