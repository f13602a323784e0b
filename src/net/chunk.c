/* SPDX-License-Identifier: MIT */
#include "net/chunk.h"

#include "base/macro.h"

#include <errno.h>

/* Holds the answers of one pass for nearly every session; more bytes get a chunk of their own size. */
#define CHUNK_SIZE            (2048 - 16)
#define CHUNK_FREE_MAX        64   /* as many as a pass of the loop may want */
#define CHUNK_SLICES_FREE_MAX 4096 /* a pass often sends a message to as many sessions */

#define CHUNK_HEAD offsetof(struct chunk, data)

void chunk_pool_init(struct chunk_pool *p, uint64_t limit)
{
	*p = (struct chunk_pool){};
	atomic_init(&p->limit, limit);
	atomic_init(&p->used, 0);
	atomic_init(&p->sent, 0);
}

void chunk_pool_set_limit(struct chunk_pool *p, uint64_t limit)
{
	atomic_store_explicit(&p->limit, limit, memory_order_relaxed);
}

void chunk_pool_done(struct chunk_pool *p)
{
	struct chunk *c;

	while ((c = p->free)) {
		p->free = c->next;
		free(c);
	}
	while ((c = p->free_slices)) {
		p->free_slices = c->next;
		free(c);
	}
	p->n_free = p->n_free_slices = 0;
	free(p->spare);
	p->spare = NULL;
}

void chunk_pool_account(struct chunk_pool *p, size_t n)
{
	chunk_pool_count(&p->used, n);
}

void chunk_pool_unaccount(struct chunk_pool *p, size_t n)
{
	chunk_pool_count(&p->used, -(uint64_t)n);
}

void chunk_pool_close_file(struct chunk_pool *p, int fd)
{
	if (p->close_file)
		p->close_file(p, fd);
	else
		(void)close(fd);
}

struct chunk *chunk_new(struct chunk_pool *p, size_t n)
{
	size_t cap = MAX(n, (size_t)CHUNK_SIZE - CHUNK_HEAD);
	struct chunk *c;

	if (cap > UINT32_MAX)
		return NULL;
	if (n <= CHUNK_SIZE - CHUNK_HEAD && p->free) {
		c = p->free;
		p->free = c->next;
		p->n_free--;
	} else {
		c = malloc(CHUNK_HEAD + cap);
		if (!c)
			return NULL;
	}
	c->next = NULL;
	c->kind = CHUNK_BYTES;
	c->event = false;
	c->cap = (uint32_t)cap;
	c->start = c->end = 0;
	chunk_pool_account(p, cap);
	return c;
}

struct chunk *chunk_new_slice(struct chunk_pool *p)
{
	struct chunk *c = p->free_slices;

	if (c) {
		p->free_slices = c->next;
		p->n_free_slices--;
	} else {
		c = malloc(sizeof(struct chunk));
		if (!c)
			return NULL;
	}
	chunk_pool_account(p, sizeof(struct chunk));
	return c;
}

struct chunk *chunk_new_file(const struct chunk_file *file)
{
	struct chunk *c = malloc(sizeof(*c) + sizeof(*c->file));

	if (!c)
		return NULL;
	*c = (struct chunk){ .kind = CHUNK_FILE, .file = (struct chunk_file *)(c + 1) };
	*c->file = *file;
	return c;
}

static void chunk_free_slice(struct chunk_pool *p, struct chunk *c)
{
	shared_buffer_unref(p, c->buffer);
	chunk_pool_unaccount(p, sizeof(struct chunk));
	if (p->n_free_slices >= CHUNK_SLICES_FREE_MAX) {
		free(c);
		return;
	}
	c->next = p->free_slices;
	p->free_slices = c;
	p->n_free_slices++;
}

void chunk_free(struct chunk_pool *p, struct chunk *c)
{
	if (c->kind == CHUNK_FILE) {
		chunk_pool_close_file(p, c->file->fd);
		free(c);
		return;
	}
	if (c->kind == CHUNK_SLICE) {
		chunk_free_slice(p, c);
		return;
	}
	chunk_pool_unaccount(p, c->cap);
	if (c->cap == CHUNK_SIZE - CHUNK_HEAD && p->n_free < CHUNK_FREE_MAX) {
		c->next = p->free;
		p->free = c;
		p->n_free++;
	} else {
		free(c);
	}
}
