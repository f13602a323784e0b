/* SPDX-License-Identifier: MIT */
#include "client/match.h"

#include "base/macro.h"
#include "base/str.h"

#include <string.h>

#define MATCH_NAME_MAX 4000 /* bytes */

void match_done(struct match *m)
{
	buf_done(&m->rest);
	buf_done(&m->all);
}

/* Up to where two texts are the same, not in the middle of a character. */
static size_t match_common(const char *a, size_t an, const char *b, size_t bn)
{
	size_t k;

	for (k = 0; k < an && k < bn && a[k] == b[k]; k++)
		;
	while (k > 0 && k < an && ((unsigned char)a[k] & 0xc0) == 0x80)
		k--;
	return k;
}

void match_add(struct match *m, const char *s, size_t len)
{
	const char *rest = s + m->len;

	if (len < m->len || len == 0 || len > MATCH_NAME_MAX || !str_is_harmless(s, len))
		return;
	if (m->fold ? str_casecmp(s, m->len, m->word, m->len) != 0 : memcmp(s, m->word, m->len) != 0)
		return;
	if (m->n < MATCH_SHOWN) {
		(void)buf_append_str(&m->all, m->n > 0 ? "  " : "");
		(void)buf_append(&m->all, s, len);
	}
	if (m->n++ == 0)
		(void)buf_append(&m->rest, rest, len - m->len);
	else
		m->rest.len = match_common(m->rest.data, m->rest.len, rest, len - m->len);
}
