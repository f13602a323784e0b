/* SPDX-License-Identifier: MIT */
#include "net/slice.h"

#include "net/outq.h"

#include <errno.h>
#include <string.h>

/* A pass's worth of what is said in a busy room. */
#define SEGMENT_SIZE (16384 - sizeof(struct segment))

void segment_unref(struct pool *p, struct segment *s)
{
	if (--s->refs > 0)
		return;
	if (*s->current == s)
		*s->current = NULL;
	pool_uncharge(p, s->cap);
	if (!p->spare && s->cap == SEGMENT_SIZE)
		p->spare = s;
	else
		free(s);
}

static struct segment *segment_new(struct pool *p, unsigned lane, size_t n)
{
	size_t cap = MAX(n, SEGMENT_SIZE);
	struct segment *s;

	if (cap > UINT32_MAX)
		return NULL;
	s = cap == SEGMENT_SIZE ? STEAL_PTR(p->spare) : NULL;
	if (!s)
		s = malloc(sizeof(*s) + cap);
	if (!s)
		return NULL;
	*s = (struct segment){ .current = &p->lanes[lane], .cap = (uint32_t)cap };
	pool_charge(p, cap);
	return s;
}

int frame_new(struct pool *p, unsigned lane, const void *data, size_t len, struct frame *ret)
{
	struct segment *s = p->lanes[lane];

	if (!s || s->cap - s->len < len) {
		s = segment_new(p, lane, len);
		if (!s)
			return -ENOMEM;
		p->lanes[lane] = s;
	}
	memcpy(s->data + s->len, data, len);
	*ret = (struct frame){ .segment = s, .start = s->len, .len = (uint32_t)len };
	s->len += (uint32_t)len;
	s->refs++;
	return 0;
}

void frame_done(struct pool *p, struct frame *f)
{
	segment_unref(p, f->segment);
	f->segment = NULL;
}
