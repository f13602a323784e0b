/* SPDX-License-Identifier: MIT */
#include "client/listing.h"

#include "base/macro.h"
#include "wire/line.h"

#include <errno.h>

int listing_read(struct peer *p, listing_fn fn, void *userdata)
{
	_cleanup_(line_reader_done) struct line_reader reader = { 0 };
	char chunk[16384], *at, *line;
	enum line_result result;
	size_t left, len;
	ssize_t k;
	int r;

	while ((k = peer_read_body(p, chunk, sizeof(chunk))) > 0) {
		at = chunk;
		left = (size_t)k;
		while ((result = line_next(&reader, &at, &left, PEER_LINE_MAX, &line, &len)) != LINE_NONE) {
			if (result != LINE_WHOLE)
				return result == LINE_NO_MEMORY ? -ENOMEM : -EMSGSIZE;
			r = fn(userdata, line, len);
			if (r < 0)
				return r;
		}
	}
	return (int)k;
}
