/* SPDX-License-Identifier: MIT */
#include "channel/pack.h"

#include "base/address.h"

#include <errno.h>
#include <string.h>

#define PACK_LENGTH_BYTES 4

int pack_number(struct buf *to, unsigned n_bytes, uint64_t v)
{
	char bytes[sizeof(v)];

	for (unsigned i = 0; i < n_bytes; i++)
		bytes[i] = (char)(v >> (8 * i) & 0xff);
	return buf_append(to, bytes, n_bytes);
}

int pack_bytes(struct buf *to, const void *p, size_t n)
{
	int r = pack_number(to, PACK_LENGTH_BYTES, n);

	return r < 0 || n == 0 ? r : buf_append(to, p, n);
}

int pack_read_number(struct pack_reader *from, unsigned n_bytes, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (from->left < n_bytes)
		return -EBADMSG;
	for (unsigned i = 0; i < n_bytes; i++)
		v |= (uint64_t)(uint8_t)from->at[i] << (8 * i);
	if (v > max)
		return -EBADMSG;
	from->at += n_bytes;
	from->left -= n_bytes;
	*ret = v;
	return 0;
}

int pack_read_bytes(struct pack_reader *from, size_t max, const char **ret, size_t *ret_n)
{
	uint64_t n;
	int r = pack_read_number(from, PACK_LENGTH_BYTES, max, &n);

	if (r < 0 || n > from->left)
		return -EBADMSG;
	*ret = from->at;
	*ret_n = (size_t)n;
	from->at += n;
	from->left -= (size_t)n;
	return 0;
}

static int pack_row_number(const struct pack_row *row, const void *at, size_t len, struct buf *to)
{
	const uint64_t *numbers = at;
	int r;

	if (row->type == PACK_BOOL)
		return pack_number(to, 1, *(const bool *)at);
	if (row->type == PACK_ENUM)
		return pack_number(to, sizeof(unsigned), *(const unsigned *)at);
	if (row->type == PACK_U64)
		return pack_number(to, sizeof(*numbers), *numbers);
	r = pack_number(to, PACK_LENGTH_BYTES, len);
	for (size_t i = 0; i < len && r >= 0; i++)
		r = pack_number(to, sizeof(*numbers), numbers[i]);
	return r;
}

static int pack_row(const struct pack_row *row, const char *from, struct buf *to)
{
	const void *at = from + row->offset;
	const size_t *len = (const void *)(from + row->len_offset);
	const struct address *a = at;
	int r;

	switch (row->type) {
	case PACK_BOOL:
	case PACK_ENUM:
	case PACK_U64:
		return pack_row_number(row, at, 0, to);
	case PACK_NUMBERS:
		return pack_row_number(row, at, *len, to);
	case PACK_ADDRESS:
		r = buf_append(to, &a->ip, sizeof(a->ip));
		return r < 0 ? r : pack_number(to, sizeof(a->port), a->port);
	case PACK_NAME:
		return pack_bytes(to, at, *len);
	case PACK_TEXT:
		return pack_bytes(to, *(const char *const *)at, *len);
	case PACK_TYPE_MAX:
		break;
	}
	return -EINVAL;
}

int pack_rows(const struct pack_row *rows, size_t n_rows, const void *from, struct buf *to)
{
	int r = 0;

	for (size_t i = 0; i < n_rows && r >= 0; i++)
		r = pack_row(&rows[i], from, to);
	return r;
}

static int pack_read_address(struct pack_reader *from, struct address *ret)
{
	uint64_t port;

	if (from->left < sizeof(ret->ip))
		return -EBADMSG;
	memcpy(&ret->ip, from->at, sizeof(ret->ip));
	from->at += sizeof(ret->ip);
	from->left -= sizeof(ret->ip);
	if (pack_read_number(from, sizeof(ret->port), UINT16_MAX, &port) < 0)
		return -EBADMSG;
	ret->port = (uint16_t)port;
	return 0;
}

static int pack_read_numbers(struct pack_reader *from, uint64_t max, uint64_t *ret, size_t *ret_n)
{
	uint64_t n;
	int r = pack_read_number(from, PACK_LENGTH_BYTES, max, &n);

	for (uint64_t i = 0; r >= 0 && i < n; i++)
		r = pack_read_number(from, sizeof(*ret), UINT64_MAX, &ret[i]);
	if (r >= 0)
		*ret_n = (size_t)n;
	return r;
}

static int pack_read_row(const struct pack_row *row, struct pack_reader *from, char *to)
{
	void *at = to + row->offset;
	size_t *len = (void *)(to + row->len_offset);
	const char *bytes;
	uint64_t n = 0;
	int r = -EBADMSG;

	switch (row->type) {
	case PACK_BOOL:
		r = pack_read_number(from, 1, 1, &n);
		*(bool *)at = n != 0;
		break;
	case PACK_ENUM:
		r = pack_read_number(from, sizeof(unsigned), row->max, &n);
		*(unsigned *)at = (unsigned)n;
		break;
	case PACK_U64:
		return pack_read_number(from, sizeof(uint64_t), row->max, at);
	case PACK_ADDRESS:
		return pack_read_address(from, at);
	case PACK_NAME:
		r = pack_read_bytes(from, (size_t)row->max, &bytes, len);
		if (r >= 0)
			memcpy(at, bytes, *len);
		break;
	case PACK_TEXT:
		return pack_read_bytes(from, (size_t)row->max, at, len);
	case PACK_NUMBERS:
		return pack_read_numbers(from, row->max, at, len);
	case PACK_TYPE_MAX:
		break;
	}
	return r;
}

int pack_read_rows(const struct pack_row *rows, size_t n_rows, struct pack_reader *from, void *to)
{
	int r = 0;

	for (size_t i = 0; i < n_rows && r >= 0; i++)
		r = pack_read_row(&rows[i], from, to);
	return r;
}
