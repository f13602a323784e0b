/* SPDX-License-Identifier: MIT */
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGET_HTTP_TIME "?????????????????????????????"
#define TARGET_HTTP_OK   "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: " TARGET_HTTP_TIME "\r\n"

static const struct target_files target_line = {
	.get = "READ,{name}\n",
	.got = "{size}\n",
	.put = "WRITE,{name},{size}\n",
	.stored = "OK,received,{size}\n",
};

static const struct target_files target_http = {
	.get = "GET /{name} HTTP/1.1\r\nHost: a\r\n\r\n",
	.got = TARGET_HTTP_OK "Content-Type: text/plain\r\nContent-Length: {size}\r\n"
	       "Last-Modified: " TARGET_HTTP_TIME "\r\nConnection: keep-alive\r\nETag: \"????????" "-{hex}\"\r\n"
	       "Accept-Ranges: bytes\r\n\r\n",
	.put = "PUT /{name} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n",
	.stored = "HTTP/1.1 201 Created\r\nServer: nginx\r\nDate: " TARGET_HTTP_TIME "\r\n"
		  "Content-Length: 0\r\nLocation: http://a/{name}\r\nConnection: keep-alive\r\n\r\n",
};

/*
 * Everyone gets the cheapest question that it answers in one short reply. memcached's would be "mn", but that one
 * flushes what is queued, so that a batch of 16 costs 16 writes; a meta get that misses does not, and is as short.
 */
static const struct target target_rows[] = {
	{ "ioe", false, false, "PING\n", "PONG\n", &target_line },
	{ "bare", false, false, "PING\n", "PONG\n", NULL },
	{ "bare-read", false, false, NULL, NULL, &target_line },
	{ "bare-memory", false, false, NULL, NULL, &target_line },
	{ "bare-write", false, false, NULL, NULL, &target_line },
	{ "bare-splice", false, false, NULL, NULL, &target_line },
	{ "memcached", false, false, "mg a\r\n", "EN\r\n", NULL },
	{ "redis", false, false, "PING\r\n", "+PONG\r\n", NULL },
	{ "nginx", false, false, "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	  TARGET_HTTP_OK "Content-Type: text/plain\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nPONG\n",
	  &target_http },
	{ "nginx-cache", false, false, NULL, NULL, &target_http },
	{ "nginx-nopush", false, false, NULL, NULL, &target_http },
	{ "nats", true, false, "PING\r\n", "PONG\r\n", NULL },
	{ "pure-ftpd", true, true, NULL, NULL, NULL },
	{ "bare-fan", false, false, NULL, NULL, NULL },
	{ "bare-append", false, false, NULL, NULL, NULL },
	{ "bare-sqlite", false, false, NULL, NULL, NULL },
	{ "mosquitto", false, false, NULL, NULL, NULL },
	{ "postgresql", false, false, NULL, NULL, NULL },
};

const struct target *target_at(size_t i)
{
	return i < ELEMENTSOF(target_rows) ? &target_rows[i] : NULL;
}

const struct target *target_find(const char *name)
{
	size_t i;

	for (i = 0; i < ELEMENTSOF(target_rows); i++)
		if (strcmp(target_rows[i].name, name) == 0)
			return &target_rows[i];

	return NULL;
}

/* How long what stands at @p is where a place holder does, and what belongs there. 0: none does. */
static size_t target_holder(const char *p, const char *name, uint64_t size, char number[32], const char **ret)
{
	if (strncmp(p, "{name}", 6) == 0) {
		*ret = name;
		return 6;
	}
	if (strncmp(p, "{size}", 6) == 0) {
		(void)snprintf(number, 32, "%llu", (unsigned long long)size);
		*ret = number;
		return 6;
	}
	if (strncmp(p, "{hex}", 5) == 0) {
		(void)snprintf(number, 32, "%llx", (unsigned long long)size);
		*ret = number;
		return 5;
	}

	return 0;
}

char *target_expand(const char *text, const char *name, uint64_t size)
{
	char number[32], *expanded = NULL;
	size_t len, skip;
	const char *value;
	FILE *f;

	f = open_memstream(&expanded, &len);
	if (!f)
		return NULL;

	while (*text) {
		skip = target_holder(text, name, size, number, &value);
		if (skip > 0)
			(void)fputs(value, f);
		else
			(void)fputc(*text, f);
		text += skip > 0 ? skip : 1;
	}

	if (fclose(f) != 0) {
		free(expanded);
		return NULL;
	}
	return expanded;
}

char *target_repeat(const char *s, size_t times, size_t *ret_len)
{
	size_t n = strlen(s), i;
	char *p;

	p = malloc(n * times);
	if (!p)
		return NULL;

	for (i = 0; i < times; i++)
		memcpy(p + i * n, s, n);

	*ret_len = n * times;
	return p;
}

int expect_init(struct expect *e, const char *answer, size_t times)
{
	size_t i;

	*e = (struct expect){};
	e->text = target_repeat(answer, times, &e->len);
	if (!e->text)
		return -ENOMEM;
	if (!strchr(answer, TARGET_ANY))
		return 0;

	e->mask = malloc(e->len);
	if (!e->mask) {
		expect_done(e);
		return -ENOMEM;
	}

	for (i = 0; i < e->len; i++)
		e->mask[i] = e->text[i] == TARGET_ANY ? 0 : -1;

	return 0;
}

void expect_done(struct expect *e)
{
	free(e->text);
	free(e->mask);
	*e = (struct expect){};
}

bool expect_matches(const struct expect *e, size_t pos, const char *p, size_t n)
{
	unsigned differ = 0;
	size_t i;

	if (n > e->len - pos)
		return false;
	if (!e->mask)
		return memcmp(e->text + pos, p, n) == 0;

	for (i = 0; i < n; i++)
		differ |= (unsigned char)((e->text[pos + i] ^ p[i]) & e->mask[pos + i]);

	return differ == 0;
}
