#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The arguments of a request as bytes. A row says where an argument lies in a struct, and what it is. To pack is to
 * write all rows in their order, to unpack is to read them, so that the two cannot differ. Numbers are little-endian.
 * No state; any thread.
 *
 * Bytes to unpack can come from another machine: each length and each value is checked against its row.
 */

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pack_type {
	PACK_BOOL,    /* bool */
	PACK_ENUM,    /* an enum of the size of unsigned, up to @max */
	PACK_U64,     /* uint64_t, up to @max */
	PACK_ADDRESS, /* struct address */
	PACK_NAME,    /* char[@max], its length is the size_t at @len_offset */
	PACK_TEXT,    /* const char *, likewise; unpacked, it points into the packed bytes */
	PACK_NUMBERS, /* uint64_t[@max], their number is the size_t at @len_offset */
	PACK_TYPE_MAX,
};

struct pack_row {
	enum pack_type type;
	size_t offset, len_offset;
	uint64_t max; /* bytes of a text, and so on */
};

/* offsetof(), with the type checked. */
#define PACK_OFFSET(struct_type, member, c_type) \
	(offsetof(struct_type, member) + 0 * sizeof(&((struct_type *)0)->member == (c_type *)0))

#define PACK_ROW_BOOL(s, member)      { PACK_BOOL, PACK_OFFSET(s, member, bool), 0, 1 }
#define PACK_ROW_U64(s, member, most) { PACK_U64, PACK_OFFSET(s, member, uint64_t), 0, most }
#define PACK_ROW_ENUM(s, member, e, most) \
	{ PACK_ENUM, PACK_OFFSET(s, member, e) + 0 * sizeof(char[sizeof(e) == sizeof(unsigned) ? 1 : -1]), 0, most }
#define PACK_ROW_ADDRESS(s, member) { PACK_ADDRESS, PACK_OFFSET(s, member, struct address), 0, 0 }
#define PACK_ROW_NAME(s, member, len) \
	{ PACK_NAME, offsetof(s, member), PACK_OFFSET(s, len, size_t), sizeof(((s *)0)->member) }
#define PACK_ROW_TEXT(s, member, len, most) \
	{ PACK_TEXT, PACK_OFFSET(s, member, const char *), PACK_OFFSET(s, len, size_t), most }
#define PACK_ROW_NUMBERS(s, member, len)                                                                               \
	{ PACK_NUMBERS, offsetof(s, member) + 0 * sizeof(&((s *)0)->member[0] == (uint64_t *)0),                       \
	  PACK_OFFSET(s, len, size_t), sizeof(((s *)0)->member) / sizeof(uint64_t) }

/* Appends all rows of @from. 0, -ENOMEM or -ENOBUFS. */
int pack_rows(const struct pack_row *rows, size_t n_rows, const void *from, struct buf *to);

/* Bytes that are read: what is left of them. The reader does not own them. */
struct pack_reader {
	const char *at;
	size_t left;
};

/* Reads all rows into @to. 0, or -EBADMSG: the bytes are cut, or a value is out of the range of its row; @to is
 * undefined then. What is left in the reader is not looked at. */
int pack_read_rows(const struct pack_row *rows, size_t n_rows, struct pack_reader *from, void *to);

/* The parts of it. 0, -ENOMEM or -ENOBUFS; and 0 or -EBADMSG. */
int pack_number(struct buf *to, unsigned n_bytes, uint64_t v);
int pack_bytes(struct buf *to, const void *p, size_t n); /* with their length in front */
int pack_read_number(struct pack_reader *from, unsigned n_bytes, uint64_t max, uint64_t *ret);
int pack_read_bytes(struct pack_reader *from, size_t max, const char **ret, size_t *ret_n);
