/* SPDX-License-Identifier: MIT */
#include "roles/chat/name.h"

#include "base/macro.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool chat_name_has_only(const char *s, size_t n, bool upper, const char *more)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (upper && c >= 'A' && c <= 'Z') ||
		      (c && strchr(more, c))))
			return false;
	}
	return n > 0;
}

bool chat_name_is_room(const char *s, size_t n)
{
	return n <= CHAT_ROOM_MAX && chat_name_has_only(s, n, false, "._-");
}

bool chat_name_is_member(const char *s, size_t n)
{
	return n < IDENTITY_NAME_MAX && chat_name_has_only(s, n, true, "._-:");
}

bool chat_name_is_address(const char *s, size_t n, struct address *ret)
{
	struct address a = { .ip.s6_addr = { [10] = 0xff, [11] = 0xff } };
	char text[ADDRESS_TEXT_MAX];

	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (inet_pton(AF_INET, text, &a.ip.s6_addr[12]) != 1 && inet_pton(AF_INET6, text, &a.ip) != 1)
		return false;
	if (ret)
		*ret = a;
	return true;
}

size_t chat_name_key(char dst[CHAT_KEY_MAX], const char *kind, const char *name, size_t n)
{
	size_t head = (size_t)snprintf(dst, CHAT_KEY_MAX, "%s:", kind);

	n = MIN(n, (size_t)CHAT_KEY_MAX - head);
	for (size_t i = 0; i < n; i++)
		dst[head + i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + ('a' - 'A')) : name[i];
	return head + n;
}

size_t chat_name_address_key(char dst[CHAT_KEY_MAX], const char *kind, const struct address *a)
{
	struct address net = *a;
	char text[ADDRESS_TEXT_MAX];

	if (address_is_loopback(a))
		return 0;
	if (!IN6_IS_ADDR_V4MAPPED(&a->ip))
		memset(&net.ip.s6_addr[8], 0, 8);
	return (size_t)snprintf(dst, CHAT_KEY_MAX, "%s@%s", kind, address_text(&net, text));
}
