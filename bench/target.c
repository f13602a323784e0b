/* SPDX-License-Identifier: MIT */
#include "target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Everyone gets the cheapest question that it answers in one short reply. memcached's would be "mn", but that one
 * flushes what is queued, so that a batch of 16 costs 16 writes; a meta get that misses does not, and is as short.
 */
static const struct target target_rows[] = {
	{ "ioe", false, "PING\n", "PONG\n" },
	{ "bare", false, "PING\n", "PONG\n" },
	{ "memcached", false, "mg a\r\n", "EN\r\n" },
	{ "redis", false, "PING\r\n", "+PONG\r\n" },
	{ "nginx", false, "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: ?????????????????????????????\r\n"
	  "Content-Type: text/plain\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nPONG\n" },
	{ "nats", true, "PING\r\n", "PONG\r\n" },
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
