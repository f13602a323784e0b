#pragma once
/* SPDX-License-Identifier: MIT */
/* How many sessions there are, in all and from each address. Reactor 0's, which accepts. */

#include "base/map.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct limits_options;

/* IPv4 as ::ffff:a.b.c.d, so that there is one form. */
struct address {
	struct in6_addr ip;
	uint16_t port; /* host order */
};

struct account {
	struct map map;
	uint64_t sessions;
};

enum account_verdict {
	ACCOUNT_OK,
	ACCOUNT_FULL,        /* limits.connections */
	ACCOUNT_ADDRESS_FULL,/* limits.per_address */
	ACCOUNT_NO_MEMORY,
};

int account_init(struct account *a);
void account_done(struct account *a);

/* Counts one in where the limits let it, to be taken back by account_leave(). */
enum account_verdict account_enter(struct account *a, const struct address *from, const struct limits_options *limits);
void account_leave(struct account *a, const struct address *from);

struct sockaddr_storage;
void address_from_sockaddr(struct address *ret, const struct sockaddr_storage *sa);
bool address_is_loopback(const struct address *a);

/* Who counts as one: an address of IPv4, or the /64 that a host of IPv6 has to choose from. */
struct in6_addr address_network(const struct address *a);
bool address_is_network(const struct address *a); /* it is such a /64 */

/* The IP in its usual form, without port: "127.0.0.1", "2001:db8::1". */
#define ADDRESS_TEXT_MAX INET6_ADDRSTRLEN
const char *address_text(const struct address *a, char dst[ADDRESS_TEXT_MAX]);
