#pragma once
/* SPDX-License-Identifier: MIT */
/* An IP address and port: its text, and the network that counts as one host. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* IPv4 as ::ffff:a.b.c.d, so that there is one form. */
struct address {
	struct in6_addr ip;
	uint16_t port; /* host order */
};

struct sockaddr_storage;
void address_from_sockaddr(struct address *ret, const struct sockaddr_storage *sa);
bool address_is_loopback(const struct address *a);

/* Who counts as one: an address of IPv4, or the /64 that a host of IPv6 has to choose from. */
struct in6_addr address_network(const struct address *a);
bool address_is_network(const struct address *a); /* it is such a /64 */

/* The IP in its usual form, without port: "127.0.0.1", "2001:db8::1". */
#define ADDRESS_TEXT_MAX INET6_ADDRSTRLEN
const char *address_text(const struct address *a, char dst[ADDRESS_TEXT_MAX]);
