/* SPDX-License-Identifier: MIT */
#include "faults/writers.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WRITERS_HEADER_MAX 64

static char *writers_name(unsigned thread, unsigned k)
{
	return g_strdup_printf("w%u-%02u", thread, k);
}

/* Most are small, some go in one piece, a few in several. */
static size_t writers_size(const struct writers *w, unsigned seed)
{
	unsigned x = seed * 2654435761U;

	switch (x >> 29) {
	case 0:
		return MIN(w->size_max, 200000 + (x >> 8) % 500000);
	case 1:
	case 2:
		return MIN(w->size_max, 2000 + (x >> 8) % 100000);
	default:
		return WRITERS_HEADER_MAX + (x >> 8) % 2000;
	}
}

static char *writers_content(const struct writers *w, const char *name, unsigned version, size_t *ret_n)
{
	unsigned seed = g_str_hash(name) + version;
	size_t n = writers_size(w, seed);
	char *data = harness_noise(n, seed);
	int head = snprintf(data, WRITERS_HEADER_MAX, "%s version %u, %zu bytes", name, version, n);

	data[head] = '\n';
	*ret_n = n;
	return data;
}

void writers_init(struct writers *w, unsigned seed, size_t size_max)
{
	*w = (struct writers){ .size_max = size_max };
	for (unsigned i = 0; i < WRITERS_THREADS; i++) {
		w->threads[i].writers = w;
		w->threads[i].index = i;
		w->threads[i].random = g_rand_new_with_seed(seed + i);
	}
}

void writers_done(struct writers *w)
{
	for (unsigned i = 0; i < WRITERS_THREADS; i++)
		g_rand_free(w->threads[i].random);
}

static gpointer writers_run(gpointer data)
{
	struct writers_thread *t = data;
	bool go_on = true;

	while (go_on) {
		unsigned k = (unsigned)g_rand_int_range(t->random, 0, WRITERS_NAMES);
		struct writers_file *f = &t->files[k];
		g_autofree char *name = writers_name(t->index, k), *content = NULL, *ok = NULL, *line = NULL;
		size_t n;

		content = writers_content(t->writers, name, ++f->tried, &n);
		ok = g_strdup_printf("OK,received,%zu", n);
		client_printf(t->client, "WRITE,%s,%zu\n", name, n);
		client_write(t->client, content, n);
		go_on = client_try_line(t->client, harness_deadline(), &line) && strcmp(line, ok) == 0;
		if (go_on) {
			atomic_store(&f->acked, f->tried);
			atomic_fetch_add(&t->writers->acked, 1);
		}
	}
	client_free(t->client);
	return NULL;
}

void writers_start(struct writers *w, struct daemon *d)
{
	atomic_store(&w->acked, 0);
	for (unsigned i = 0; i < WRITERS_THREADS; i++) {
		struct writers_thread *t = &w->threads[i];

		t->client = client_new_ioe1(d, 0);
		t->thread = g_thread_new("writer", writers_run, t);
	}
}

bool writers_wait_acked(struct writers *w, unsigned n, gint64 deadline)
{
	while (atomic_load(&w->acked) < n) {
		if (g_get_monotonic_time() > deadline)
			return false;
		g_usleep(50);
	}
	return true;
}

void writers_note(struct writers *w)
{
	for (unsigned i = 0; i < WRITERS_THREADS; i++)
		for (unsigned k = 0; k < WRITERS_NAMES; k++)
			w->threads[i].files[k].acked_then = atomic_load(&w->threads[i].files[k].acked);
}

void writers_join(struct writers *w)
{
	for (unsigned i = 0; i < WRITERS_THREADS; i++)
		(void)g_thread_join(w->threads[i].thread);
	w->acked_in_all += atomic_load(&w->acked);
}

/* Which version it is; 0: none that was ever sent. */
static unsigned writers_version(const struct writers *w, const char *name, const char *seen, size_t seen_n)
{
	char head[WRITERS_HEADER_MAX + 1] = "", of[WRITERS_HEADER_MAX + 1];
	g_autofree char *content = NULL;
	unsigned version;
	size_t n;

	memcpy(head, seen, MIN(seen_n, sizeof(head) - 1));
	if (sscanf(head, "%64s version %u,", of, &version) != 2 || strcmp(of, name) != 0)
		return 0;
	content = writers_content(w, name, version, &n);
	return n == seen_n && memcmp(content, seen, n) == 0 ? version : 0;
}

static void writers_check_file(struct writers *w, unsigned thread, unsigned k, const char *seen, size_t n,
			       struct writers_damage *damage)
{
	struct writers_file *f = &w->threads[thread].files[k];
	g_autofree char *name = writers_name(thread, k);
	unsigned version = seen ? writers_version(w, name, seen, n) : 0;

	if (seen && (version == 0 || version > f->tried)) {
		g_printerr("# %s holds %zu bytes that are no version that was sent: \"%.40s\"\n", name, n, seen);
		damage->torn++;
	} else if (version < f->acked_then) {
		damage->lost++;
	}
	atomic_store(&f->acked, version);
	f->acked_then = version;
}

void writers_check(struct writers *w, struct daemon *d, struct writers_damage *ret)
{
	struct client *c = client_new_ioe1(d, 0);
	g_autofree char *listing = NULL, *spool = g_build_filename(d->files, ".ioe", NULL), *left = NULL;
	g_auto(GStrv) names = NULL;
	unsigned known = 0;
	size_t n;

	*ret = (struct writers_damage){};
	client_puts(c, "LIST\n");
	listing = client_sized(c, &n);
	names = g_strsplit(listing, "\n", 0);
	for (unsigned i = 0; i < WRITERS_THREADS; i++)
		for (unsigned k = 0; k < WRITERS_NAMES; k++) {
			g_autofree char *name = writers_name(i, k), *seen = NULL;
			bool there = g_strv_contains((const char *const *)names, name);

			n = 0;
			if (there) {
				client_printf(c, "READ,%s\n", name);
				seen = client_sized(c, &n);
			}
			known += there;
			writers_check_file(w, i, k, seen, n, ret);
		}
	client_free(c);
	left = harness_tree(spool);
	/* The listing ends in an LF, so there is an empty string behind the last name. */
	ret->stray = (*listing ? g_strv_length(names) - 1 : 0) - known + (*left != '\0');
	if (ret->stray > 0)
		g_printerr("# What nobody should see: %s\nand in .ioe/: %s\n", listing, left);
}

void writers_thin_out(struct writers *w, struct daemon *d)
{
	for (unsigned i = 0; i < WRITERS_THREADS; i++)
		for (unsigned k = 0; k < WRITERS_NAMES; k++) {
			g_autofree char *name = writers_name(i, k), *path = g_build_filename(d->files, name, NULL);

			if (g_rand_boolean(w->threads[i].random))
				continue;
			(void)unlink(path);
			atomic_store(&w->threads[i].files[k].acked, 0);
		}
}
