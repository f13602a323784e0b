/* SPDX-License-Identifier: MIT */
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

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
