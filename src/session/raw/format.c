/* SPDX-License-Identifier: MIT */
/* How replies are fitted to the one recv that an old client makes for each: no line end, and no more than it takes. */
#include "session/raw/raw-private.h"

#include "base/str.h"

#include <string.h>

/* Sizes of an old client's recv: for the size or the error of a READ, and for any other answer. */
#define RAW_READ_RECV   64
#define RAW_ANSWER_RECV 1028

_Static_assert(RAW_READ_RECV <= DIALECT_SIZE_MAX, "a padded size has room");

/* The size: digits and blanks, which Python's int() accepts. */
static size_t raw_format_size(char dst[DIALECT_SIZE_MAX], uint64_t size)
{
	memset(dst, ' ', RAW_READ_RECV);
	(void)str_put_u64(dst, size);
	return RAW_READ_RECV;
}

/* The old client prints the bytes of one recv. So a list has no size and no last line's end, and is cut behind a whole
 * line. */
static void raw_format_text(struct request *q, const char *text, size_t len)
{
	size_t n = len;

	if (len == 0)
		request_put(q, "\n", 1);
	else if (text[len - 1] == '\n')
		n--;
	if (n > RAW_ANSWER_RECV) {
		n = RAW_ANSWER_RECV - 3;
		while (n > 0 && text[n - 1] != '\n')
			n--;
		request_put(q, text, n);
		request_put(q, "...", 3);
	} else if (n > 0) {
		request_put(q, text, n);
	}
	request_done(q);
}

static size_t raw_format_error(const struct request *q, char dst[DIALECT_ERROR_MAX], const char *text, size_t len)
{
	size_t recv = request_is_padded(q) ? RAW_READ_RECV : RAW_ANSWER_RECV;
	size_t n = dialect_line_error(q, dst, text, len);

	return MIN(n, recv - MIN(recv, q->out.bytes));
}

/* Cut in the middle, a reply would say something else. */
static void raw_format_frame(struct request *q)
{
	uint64_t len = q->out.bytes;

	if (len <= RAW_ANSWER_RECV) {
		request_done(q);
		return;
	}
	outq_clear(&q->out, &q->reactor->pool);
	request_error(q, ERROR_TOO_LONG, "the answer has %llu bytes, and an old client takes %d",
		      (unsigned long long)len, RAW_ANSWER_RECV);
}

const struct dialect_ops dialect_raw = {
	.separator = "\n",
	.is_final = true,
	.size = raw_format_size,
	.text = raw_format_text,
	.error = raw_format_error,
	.frame = raw_format_frame,
	.reply = pacing_reply,
	.event = pacing_event,
};
