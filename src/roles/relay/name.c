/* SPDX-License-Identifier: MIT */
#include "roles/relay/name.h"

#include "session/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

void relay_name_set_address(const struct address *a, struct relay_name *ret)
{
	char text[ADDRESS_TEXT_MAX];

	(void)address_text(a, text);
	*ret = (struct relay_name){ .is_address = true, .len = (uint8_t)strlen(text) };
	memcpy(ret->text, text, ret->len);
}

/* IPv4 becomes IPv4 mapped into IPv6, the form that sessions have. */
static bool relay_name_read_address(const char *z, struct address *ret)
{
	struct in_addr v4;

	*ret = (struct address){};
	if (inet_pton(AF_INET, z, &v4) == 1) {
		ret->ip.s6_addr[10] = ret->ip.s6_addr[11] = 0xff;
		memcpy(&ret->ip.s6_addr[12], &v4, sizeof(v4));
		return true;
	}
	return inet_pton(AF_INET6, z, &ret->ip) == 1;
}

int relay_name_parse(const char *s, size_t n, struct relay_name *ret)
{
	char z[IDENTITY_NAME_MAX + 1];
	struct name_claim claim;
	struct address a;
	struct in_addr v4;

	if (n > IDENTITY_NAME_MAX || memchr(s, '\0', n))
		return -EINVAL;
	memcpy(z, s, n);
	z[n] = '\0';
	if (relay_name_read_address(z, &a)) {
		relay_name_set_address(&a, ret);
		return 0;
	}
	/* "127.1" is another spelling of an address, so it is no nick; and no session has it as its name. */
	if (!name_is_valid(s, n) || (memchr(s, '.', n) && inet_aton(z, &v4)))
		return -EINVAL;
	name_claim_set(&claim, s, n);
	*ret = (struct relay_name){ .len = (uint8_t)n };
	memcpy(ret->text, claim.folded, n);
	return 0;
}

bool relay_name_is(const struct relay_name *a, const char *s, size_t n)
{
	return a->len == n && memcmp(a->text, s, n) == 0;
}
