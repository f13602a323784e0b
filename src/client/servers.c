/* SPDX-License-Identifier: MIT */
#include "client/servers.h"

#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void servers_done(struct servers *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->at[i].name);
		free(s->at[i].host);
		free(s->at[i].port);
	}
	free(s->at);
	*s = (struct servers){ 0 };
}

static int servers_refuse(const char *item, size_t len, const char *what, char *why, size_t why_size)
{
	char shown[128];

	(void)snprintf(why, why_size, "'%s' %s: write HOST:PORT, as in 127.0.0.1:9001 or [::1]:9001",
		       str_escape(shown, sizeof(shown), item, len), what);
	return -EINVAL;
}

static int servers_add(struct servers *s, const char *item, size_t len, const char *host, size_t host_len,
		       const char *port)
{
	struct server *at = reallocarray(s->at, s->n + 1, sizeof(*at)), *added;

	if (!at)
		return -ENOMEM;
	s->at = at;
	added = &at[s->n++];
	added->name = strndup(item, len);
	added->host = strndup(host, host_len);
	added->port = strndup(port, (size_t)(item + len - port));
	return added->name && added->host && added->port ? 0 : -ENOMEM;
}

static int servers_parse_one(struct servers *s, const char *item, size_t len, char *why, size_t why_size)
{
	const char *colon = len > 0 ? memrchr(item, ':', len) : NULL, *host = item;
	size_t host_len;
	uint64_t port;

	if (!colon)
		return servers_refuse(item, len, len > 0 ? "has no port" : "is no server", why, why_size);
	host_len = (size_t)(colon - item);
	if (str_to_u64(colon + 1, len - host_len - 1, 1, 65535, &port) < 0)
		return servers_refuse(item, len, "has no port from 1 to 65535", why, why_size);
	if (host_len >= 2 && item[0] == '[' && item[host_len - 1] == ']') {
		host++;
		host_len -= 2;
	} else if (memchr(item, ':', host_len)) {
		return servers_refuse(item, len, "is an IPv6 address without brackets", why, why_size);
	}
	if (host_len == 0)
		return servers_refuse(item, len, "has no host", why, why_size);
	return servers_add(s, item, len, host, host_len, colon + 1);
}

int servers_parse(const char *list, struct servers *ret, char *why, size_t why_size)
{
	_cleanup_(servers_done) struct servers s = { 0 };
	size_t len;
	int r;

	for (const char *p = list;; p += len + 1) {
		len = strcspn(p, ",");
		r = servers_parse_one(&s, p, len, why, why_size);
		if (r < 0)
			return r;
		if (p[len] == '\0')
			break;
	}
	*ret = s;
	s = (struct servers){ 0 };
	return 0;
}
