/* SPDX-License-Identifier: MIT */
#include "net/slice.h"

#include "base/macro.h"
#include "net/chunk.h"

#include <errno.h>
#include <string.h>

/* A pass's worth of what is said in a busy room. */
#define SHARED_BUFFER_SIZE (16384 - sizeof(struct shared_buffer))

void shared_buffer_unref(struct chunk_pool *p, struct shared_buffer *s)
{
	if (--s->refs > 0)
		return;
	if (*s->current == s)
		*s->current = NULL;
	chunk_pool_unaccount(p, s->cap);
	if (!p->spare && s->cap == SHARED_BUFFER_SIZE)
		p->spare = s;
	else
		free(s);
}

static struct shared_buffer *shared_buffer_new(struct chunk_pool *p, unsigned group, size_t n)
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
	*s = (struct shared_buffer){ .current = &p->current[group], .cap = (uint32_t)cap };
	chunk_pool_account(p, cap);
	return s;
}

int slice_new(struct chunk_pool *p, unsigned group, const void *data, size_t len, struct slice *ret)
{
	struct shared_buffer *s = p->current[group];

	if (!s || s->cap - s->len < len) {
		s = shared_buffer_new(p, group, len);
		if (!s)
			return -ENOMEM;
		p->current[group] = s;
	}
	memcpy(s->data + s->len, data, len);
	*ret = (struct slice){ .buffer = s, .start = s->len, .len = (uint32_t)len };
	s->len += (uint32_t)len;
	s->refs++;
	return 0;
}

void slice_done(struct chunk_pool *p, struct slice *f)
{
	shared_buffer_unref(p, f->buffer);
	f->buffer = NULL;
}
