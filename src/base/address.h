#pragma once
/* SPDX-License-Identifier: MIT */
/* An IP address and port: its text, and the network that counts as one host. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* An IPv4 address is kept as ::ffff:a.b.c.d, so that all addresses have one form. */
struct address {
	struct in6_addr ip;
	uint16_t port; /* host order */
};

struct sockaddr_storage;
void address_from_sockaddr(struct address *ret, const struct sockaddr_storage *sa);
bool address_is_loopback(const struct address *a);

/*
 * The network that limits count as one host. For IPv4 it is the address itself. For IPv6 it is its /64, since one host
 * can take any address in it.
 */
struct in6_addr address_network(const struct address *a);
bool address_is_network(const struct address *a); /* @a is the first address of such a /64 */

/* Writes the IP into @dst and returns @dst; its usual form, without port: "127.0.0.1", "2001:db8::1". */
#define ADDRESS_TEXT_MAX INET6_ADDRSTRLEN
const char *address_text(const struct address *a, char dst[ADDRESS_TEXT_MAX]);
