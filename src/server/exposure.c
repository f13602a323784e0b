/* SPDX-License-Identifier: MIT */
#include "server/exposure.h"

#include "base/macro.h"
#include "net/listener.h"
#include "server/server.h"
#include "session/role.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Joins what the roles let everybody do: "a, b and c". */
static void exposure_may(char *dst, size_t size, const struct role *const *roles, uint64_t bits)
{
	size_t len = 0;
	bool first = true;

	dst[0] = '\0';
	for (unsigned i = 0; roles[i] && len < size; i++) {
		bool last = (bits >> i) >> 1 == 0;

		if (!(bits & 1ULL << i))
			continue;
		len += (size_t)snprintf(dst + len, size - len, "%s%s", first ? "" : last ? " and " : ", ", roles[i]->exposed);
		first = false;
	}
}

static bool exposure_write(char dst[EXPOSURE_MAX], const char *where, const struct address *a, const struct role *const *roles,
			 uint64_t bits)
{
	char may[EXPOSURE_MAX / 2];

	if (address_is_loopback(a))
		return false;
	exposure_may(may, sizeof(may), roles, bits);
	(void)snprintf(dst, EXPOSURE_MAX,
		       "everybody who reaches %s may %s: this version asks for no password; use address = \"%s\", or a "
		       "firewall",
		       where, may, IN6_IS_ADDR_V4MAPPED(&a->ip) ? "127.0.0.1" : "::1");
	return true;
}

bool exposure_of_listener(const struct listener *l, const struct role *const *roles, char dst[EXPOSURE_MAX])
{
	return exposure_write(dst, l->address, &l->bound, roles, l->role_bits);
}

bool exposure_of_options(const struct listener_options *o, const struct role *const *roles, unsigned instance,
			 char dst[EXPOSURE_MAX])
{
	uint64_t port = o->port_base ? o->port_base + instance : o->port;
	bool is_ipv6 = strchr(o->address, ':') != NULL;
	struct sockaddr_storage sa = { .ss_family = is_ipv6 ? AF_INET6 : AF_INET };
	char where[128], number[32] = "a port that the kernel chooses";
	struct address a;
	void *ip = is_ipv6 ? (void *)&((struct sockaddr_in6 *)&sa)->sin6_addr : &((struct sockaddr_in *)&sa)->sin_addr;

	if (inet_pton(sa.ss_family, o->address, ip) != 1)
		return false;
	address_from_sockaddr(&a, &sa);
	if (port > 0)
		(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)port);
	(void)snprintf(where, sizeof(where), is_ipv6 ? "[%s]%s%s" : "%s%s%s", o->address, port > 0 ? ":" : ", ", number);
	return exposure_write(dst, where, &a, roles, o->roles);
}
