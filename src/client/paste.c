/* SPDX-License-Identifier: MIT */
#include "client/paste.h"

#include "base/str.h"

#include <string.h>

/* Both are of one length, and differ in the last byte but one. */
static const char paste_begin[] = "\033[200~", paste_end[] = "\033[201~";

void paste_done(struct paste *p)
{
	buf_done(&p->text);
	*p = (struct paste){ 0 };
}

bool paste_key(struct paste *p, char *ret)
{
	if (p->at == p->n_keys)
		return false;
	*ret = p->keys[p->at++];
	return true;
}

static void paste_put(struct paste *p, const char *bytes, size_t n)
{
	if (!p->inside) {
		memcpy(p->keys + p->n_keys, bytes, n);
		p->n_keys += n;
		return;
	}
	if (p->too_large)
		return;
	p->text.max = PASTE_MAX;
	if (buf_append(&p->text, bytes, n) < 0) {
		p->too_large = true;
		buf_done(&p->text);
	}
}

static enum paste_result paste_switch(struct paste *p)
{
	bool too_large = p->too_large;

	p->n_marker = 0;
	p->too_large = false;
	p->inside = !p->inside;
	if (p->inside) {
		p->text.len = 0;
		return PASTE_KEYS;
	}
	return too_large ? PASTE_TOO_LARGE : PASTE_TEXT;
}

enum paste_result paste_take(struct paste *p, char c)
{
	const char *marker = p->inside ? paste_end : paste_begin;

	p->n_keys = p->at = 0;
	if (c == marker[p->n_marker]) {
		p->n_marker++;
		return p->n_marker == strlen(marker) ? paste_switch(p) : PASTE_KEYS;
	}
	/* The bytes were no marker. A marker has one ESC, so the next one can only begin here. */
	paste_put(p, marker, p->n_marker);
	p->n_marker = c == marker[0];
	if (p->n_marker == 0)
		paste_put(p, &c, 1);
	return PASTE_KEYS;
}

size_t paste_clean(struct buf *text)
{
	size_t from = 0, to = 0, n = 0, k;

	while (from < text->len) {
		for (k = from; k < text->len && text->data[k] != '\r' && text->data[k] != '\n'; k++)
			;
		to += str_harmless(text->data + to, text->data + from, k - from);
		from = k;
		n++;
		if (from == text->len)
			break;
		from += from + 1 < text->len && text->data[from] == '\r' && text->data[from + 1] == '\n' ? 2 : 1;
		text->data[to++] = '\n';
	}
	text->len = to;
	return n;
}
