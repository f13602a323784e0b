/* SPDX-License-Identifier: MIT */
#include "net/slice.h"

#include "net/outq.h"

#include <errno.h>
#include <string.h>

/* A pass's worth of what is said in a busy room. */
#define SHARED_BUFFER_SIZE (16384 - sizeof(struct shared_buffer))

void shared_buffer_unref(struct pool *p, struct shared_buffer *s)
{
	if (--s->refs > 0)
		return;
	if (*s->current == s)
		*s->current = NULL;
	pool_uncharge(p, s->cap);
	if (!p->spare && s->cap == SHARED_BUFFER_SIZE)
		p->spare = s;
	else
		free(s);
}

static struct shared_buffer *shared_buffer_new(struct pool *p, unsigned lane, size_t n)
{
	size_t cap = MAX(n, SHARED_BUFFER_SIZE);
	struct shared_buffer *s;

	if (cap > UINT32_MAX)
		return NULL;
	s = cap == SHARED_BUFFER_SIZE ? STEAL_PTR(p->spare) : NULL;
	if (!s)
		s = malloc(sizeof(*s) + cap);
	if (!s)
		return NULL;
	*s = (struct shared_buffer){ .current = &p->lanes[lane], .cap = (uint32_t)cap };
	pool_charge(p, cap);
	return s;
}

int slice_new(struct pool *p, unsigned lane, const void *data, size_t len, struct slice *ret)
{
	struct shared_buffer *s = p->lanes[lane];

	if (!s || s->cap - s->len < len) {
		s = shared_buffer_new(p, lane, len);
		if (!s)
			return -ENOMEM;
		p->lanes[lane] = s;
	}
	memcpy(s->data + s->len, data, len);
	*ret = (struct slice){ .segment = s, .start = s->len, .len = (uint32_t)len };
	s->len += (uint32_t)len;
	s->refs++;
	return 0;
}

void slice_done(struct pool *p, struct slice *f)
{
	shared_buffer_unref(p, f->segment);
	f->segment = NULL;
}
