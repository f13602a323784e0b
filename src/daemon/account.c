/* SPDX-License-Identifier: MIT */
#include "daemon/account.h"

#include "base/macro.h"
#include "daemon/limits.h"

#include <arpa/inet.h>
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

bool address_is_loopback(const struct address *a)
{
	if (IN6_IS_ADDR_V4MAPPED(&a->ip))
		return a->ip.s6_addr[12] == 127;
	return IN6_IS_ADDR_LOOPBACK(&a->ip);
}

void address_from_sockaddr(struct address *ret, const struct sockaddr_storage *sa)
{
	*ret = (struct address){};
	if (sa->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		ret->ip.s6_addr[10] = ret->ip.s6_addr[11] = 0xff;
		memcpy(&ret->ip.s6_addr[12], &in->sin_addr, 4);
		ret->port = ntohs(in->sin_port);
	} else if (sa->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

		ret->ip = in6->sin6_addr;
		ret->port = ntohs(in6->sin6_port);
	}
}

bool address_is_network(const struct address *a)
{
	static const uint8_t none[8];

	return !IN6_IS_ADDR_V4MAPPED(&a->ip) && !IN6_IS_ADDR_LOOPBACK(&a->ip) && memcmp(&a->ip.s6_addr[8], none, 8) == 0;
}

struct in6_addr address_network(const struct address *a)
{
	struct in6_addr net = a->ip;

	if (!IN6_IS_ADDR_V4MAPPED(&net) && !IN6_IS_ADDR_LOOPBACK(&net))
		memset(&net.s6_addr[8], 0, 8);
	return net;
}

const char *address_text(const struct address *a, char dst[ADDRESS_TEXT_MAX])
{
	const char *s;

	if (IN6_IS_ADDR_V4MAPPED(&a->ip))
		s = inet_ntop(AF_INET, &a->ip.s6_addr[12], dst, ADDRESS_TEXT_MAX);
	else
		s = inet_ntop(AF_INET6, &a->ip, dst, ADDRESS_TEXT_MAX);
	return s ? s : "?";
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
