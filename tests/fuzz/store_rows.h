#pragma once
/* SPDX-License-Identifier: MIT */
/* Rows of store_model.c, in the order of their ids: an array. */

#include "store/store.h"

/* A message, a receipt, or a sender's key: what two texts say, and of what. */
struct model_row {
	uint64_t id, time_msec;
	enum store_disposition disposition;
	size_t from_len, text_len;
	char *bytes;
};

struct model_rows {
	struct model_row *at;
	size_t n;
};

/* At place @i; row.from_len bytes of @from and row.text_len of @text are copied. */
void rows_insert(struct model_rows *rows, size_t i, struct model_row row, const char *from, const char *text);
void rows_delete(struct model_rows *rows, size_t i);
void rows_free(struct model_rows *rows);
size_t rows_find(const struct model_rows *rows, uint64_t id); /* the first that is not below, or rows->n */

/* Texts. */
bool rows_same(const char *a, size_t n, const char *b, size_t m);
int rows_compare(const char *a, size_t n, const char *b, size_t m);
