/* SPDX-License-Identifier: MIT */
#include "client/servers.h"

#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <stdbool.h>
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

	(void)snprintf(why, why_size, "'%s' %s: write HOST or HOST:PORT, as in files.example or [::1]:9001",
		       str_escape(shown, sizeof(shown), item, len), what);
	return -EINVAL;
}

/* Consumes the strings. */
static int servers_add(struct servers *s, struct server added)
{
	struct server *at = reallocarray(s->at, s->n + 1, sizeof(*at));

	if (!at || !added.name || !added.host || !added.port) {
		free(added.name);
		free(added.host);
		free(added.port);
		s->at = at ? at : s->at;
		return -ENOMEM;
	}
	s->at = at;
	s->at[s->n++] = added;
	return 0;
}

int servers_append(struct servers *s, const struct server *server)
{
	return servers_add(s, (struct server){ strdup(server->name), strdup(server->host), strdup(server->port) });
}

/* @port NULL: the usual one. */
static int servers_add_item(struct servers *s, const char *item, size_t len, const char *host, size_t host_len,
			    const char *port)
{
	struct server added = { .host = strndup(host, host_len) };

	added.port = port ? strndup(port, (size_t)(item + len - port)) : strdup(SERVERS_PORT);
	if (asprintf(&added.name, "%.*s%s", (int)len, item, port ? "" : ":" SERVERS_PORT) < 0)
		added.name = NULL;
	return servers_add(s, added);
}

static bool servers_has_blank(const char *item, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)item[i] <= ' ' || item[i] == 0x7f)
			return true;
	return false;
}

/* The colon before the port; NULL: it is left out. */
static const char *servers_colon(const char *item, size_t len)
{
	const char *colon = memrchr(item, ':', len), *bracket = memrchr(item, ']', len);

	return colon && bracket > colon ? NULL : colon;
}

static int servers_parse_one(struct servers *s, const char *item, size_t len, char *why, size_t why_size)
{
	const char *colon = len > 0 ? servers_colon(item, len) : NULL, *host = item;
	size_t host_len = colon ? (size_t)(colon - item) : len;
	uint64_t port;

	if (len == 0)
		return servers_refuse(item, len, "is no server", why, why_size);
	if (servers_has_blank(item, len))
		return servers_refuse(item, len, "holds a blank or a control character", why, why_size);
	if (colon && memchr(item, ':', host_len) && item[0] != '[')
		return servers_refuse(item, len, "is an IPv6 address without brackets", why, why_size);
	if (colon && str_to_u64(colon + 1, len - host_len - 1, 1, 65535, &port) < 0)
		return servers_refuse(item, len, "has no port from 1 to 65535", why, why_size);
	if (host_len >= 2 && item[0] == '[' && item[host_len - 1] == ']') {
		host++;
		host_len -= 2;
	} else if (memchr(host, '[', host_len) || memchr(host, ']', host_len)) {
		return servers_refuse(item, len, "has a bracket too many or too few", why, why_size);
	}
	if (host_len == 0)
		return servers_refuse(item, len, "has no host", why, why_size);
	return servers_add_item(s, item, len, host, host_len, colon ? colon + 1 : NULL);
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
