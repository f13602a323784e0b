/* SPDX-License-Identifier: MIT */
#include "session/name.h"

#include "base/macro.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct name_entry {
	struct map_node node;
	uint32_t n; /* granted claims that were not given back yet */
	bool shared;
	struct in6_addr address; /* of all sessions that share the name */
	char name[NICK_MAX + 1];
};

int name_table_init(struct name_table *t)
{
	*t = (struct name_table){};
	return map_init(&t->map);
}

void name_table_done(struct name_table *t)
{
	struct map_node *n;

	while ((n = map_next(&t->map, NULL))) {
		map_remove(&t->map, n);
		free(container_of(n, struct name_entry, node));
	}
	map_done(&t->map);
}

bool name_is_valid(const char *s, size_t n)
{
	if (n < 1 || n > NICK_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
		      c == '_' || c == '-'))
			return false;
	}
	return true;
}

void name_claim_set(struct name_claim *c, const char *s, size_t n)
{
	memcpy(c->shown, s, n);
	c->shown[n] = '\0';
	for (size_t i = 0; i <= n; i++) {
		char ch = c->shown[i];

		c->folded[i] = ch >= 'A' && ch <= 'Z' ? (char)(ch + ('a' - 'A')) : ch;
	}
}

static struct name_entry *name_find(struct name_table *t, const char *folded)
{
	struct map_node *n = map_find(&t->map, folded, strlen(folded));

	return n ? container_of(n, struct name_entry, node) : NULL;
}

static struct name_entry *name_add(struct name_table *t, const char *folded)
{
	struct name_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	(void)snprintf(e->name, sizeof(e->name), "%s", folded);
	if (map_add(&t->map, &e->node, e->name, strlen(e->name)) == 0)
		return e;
	free(e);
	return NULL;
}

static bool name_may_hold(const struct name_entry *e, const struct name_claim *c)
{
	/* Nobody does but the same session. */
	if (e->n == (c->before ? 1 : 0))
		return true;
	return e->shared && c->shared && IN6_ARE_ADDR_EQUAL(&e->address, &c->address);
}

int name_take(struct name_table *t, struct name_claim *c)
{
	struct name_entry *e = name_find(t, c->folded);

	if (e && !name_may_hold(e, c))
		return -EEXIST;
	if (!e)
		e = name_add(t, c->folded);
	if (!e)
		return -ENOMEM;
	e->n++;
	e->shared = c->shared;
	e->address = c->address;
	c->entry = e;
	return 0;
}

void name_release(struct name_table *t, struct name_claim *c)
{
	struct name_entry *e = STEAL_PTR(c->entry);

	if (!e || --e->n > 0)
		return;
	map_remove(&t->map, &e->node);
	free(e);
}
