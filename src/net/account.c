/* SPDX-License-Identifier: MIT */
#include "net/account.h"

#include "base/macro.h"
#include "session/limits.h"

#include <errno.h>
#include <string.h>

struct account_entry {
	struct map_node node;
	struct in6_addr key;
	uint64_t sessions;
};

int account_init(struct account *a)
{
	*a = (struct account){};
	return map_init(&a->map);
}

void account_done(struct account *a)
{
	struct map_node *n;

	while ((n = map_next(&a->map, NULL))) {
		map_remove(&a->map, n);
		free(container_of(n, struct account_entry, node));
	}
	map_done(&a->map);
}

static struct account_entry *account_find(struct account *a, const struct in6_addr *key)
{
	struct map_node *n = map_find(&a->map, key, sizeof(*key));

	return n ? container_of(n, struct account_entry, node) : NULL;
}

static enum account_verdict account_enter_address(struct account *a, const struct address *from, uint64_t max)
{
	struct in6_addr key = address_network(from);
	struct account_entry *e = account_find(a, &key);

	if (e && e->sessions >= max)
		return ACCOUNT_ADDRESS_FULL;
	if (!e) {
		e = calloc(1, sizeof(*e));
		if (!e)
			return ACCOUNT_NO_MEMORY;
		e->key = key;
		if (map_add(&a->map, &e->node, &e->key, sizeof(e->key)) < 0) {
			free(e);
			return ACCOUNT_NO_MEMORY;
		}
	}
	e->sessions++;
	return ACCOUNT_OK;
}

enum account_verdict account_enter(struct account *a, const struct address *from, const struct limits_options *limits)
{
	enum account_verdict v = ACCOUNT_OK;

	if (a->sessions >= limits->connections)
		return ACCOUNT_FULL;
	if (!address_is_loopback(from))
		v = account_enter_address(a, from, limits->per_address);
	if (v == ACCOUNT_OK)
		a->sessions++;
	return v;
}

void account_leave(struct account *a, const struct address *from)
{
	struct in6_addr key = address_network(from);
	struct account_entry *e;

	a->sessions--;
	if (address_is_loopback(from))
		return;
	e = account_find(a, &key);
	if (!e || --e->sessions > 0)
		return;
	map_remove(&a->map, &e->node);
	free(e);
}
