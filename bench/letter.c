/* SPDX-License-Identifier: MIT */
#include "letter.h"

#include "base/macro.h"
#include "frame.h"
#include "pattern.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BYTES(s)                 \
	{                        \
		s, sizeof(s) - 1 \
	}

/* PostgreSQL's messages: a letter, and the length of what follows with itself. The first has no letter. */
#define LETTER_PG_STARTUP "\0\0\0\x26\0\3\0\0user\0bench\0database\0postgres\0\0"
#define LETTER_PG_CREATE \
	"Q\0\0\0\x59"    \
	"CREATE TABLE IF NOT EXISTS mail(who text,id bigserial,body text,PRIMARY KEY(who,id))\0"
#define LETTER_PG_PARSE  "P\0\0\0\x31s\0INSERT INTO mail(who,body) VALUES($1,$2)\0\0\0"
#define LETTER_PG_SYNC   "S\0\0\0\4"
#define LETTER_PG_PARSED "1\0\0\0\4"
#define LETTER_PG_BIND   "B\0\0\0\x7e\0s\0\0\0\0\2\0\0\0\5m{t}\0\0\0\x64{x}\0\0"
#define LETTER_PG_RUN    "E\0\0\0\x9\0\0\0\0\0"
#define LETTER_PG_BOUND  "2\0\0\0\4"
#define LETTER_PG_RAN    "C\0\0\0\xfINSERT 0 1\0"
#define LETTER_PG_READY  "Z\0\0\0\5I"
#define LETTER_PG_COUNT  "Q\0\0\0\x43SELECT lpad(count(*)::text,12,'0') FROM mail WHERE who='m{m}'\0"
#define LETTER_PG_COUNTED                                                         \
	"T\0\0\0\x1d\0\1lpad\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0" \
	"D\0\0\0\x16\0\1\0\0\0\xc" FRAME_NUMBER "C\0\0\0\xdSELECT 1\0"

static const struct letter letter_rows[] = {
	{
		.name = "ioe",
		.hello = BYTES("HELLO,ioe/1\nNICK,m{m}\nPING\n"),
		.ready = BYTES("PONG\n"),
		.send = BYTES("SEND,m{t},{x}\n"),
		.sent = BYTES("OK," FRAME_NUMBER "\n"),
		.count = BYTES("MAILBOX\n"),
		.counted = BYTES("OK," FRAME_NUMBER "," FRAME_ANY "," FRAME_ANY "\n"),
		.rises = 1,
	},
	{
		.name = "bare-append",
		.hello = BYTES("HELLO\n"),
		.ready = BYTES("OK\n"),
		.send = BYTES("m{t},{x}\n"),
		.sent = BYTES("OK\n"),
	},
	{
		.name = "bare-sqlite",
		.hello = BYTES("HELLO\n"),
		.ready = BYTES("OK\n"),
		.send = BYTES("m{t},{x}\n"),
		.sent = BYTES("OK\n"),
	},
	{
		.name = "redis",
		.hello = BYTES("PING\r\n"),
		.ready = BYTES("+PONG\r\n"),
		.send = BYTES("*3\r\n$5\r\nRPUSH\r\n$5\r\nm{t}\r\n$100\r\n{x}\r\n"),
		.sent = BYTES(":" FRAME_NUMBER "\r\n"),
		.count = BYTES("LLEN m{m}\r\n"),
		.counted = BYTES(":" FRAME_NUMBER "\r\n"),
		.rises = 1,
	},
	{
		.name = "postgresql",
		.hello = BYTES(LETTER_PG_STARTUP LETTER_PG_CREATE LETTER_PG_PARSE LETTER_PG_SYNC),
		.ready = BYTES(LETTER_PG_PARSED LETTER_PG_READY),
		.send = BYTES(LETTER_PG_BIND LETTER_PG_RUN LETTER_PG_SYNC),
		.sent = BYTES(LETTER_PG_BOUND LETTER_PG_RAN LETTER_PG_READY),
		.count = BYTES(LETTER_PG_COUNT),
		.counted = BYTES(LETTER_PG_COUNTED LETTER_PG_READY),
	},
};

const struct letter *letter_find(const char *name)
{
	size_t i;

	for (i = 0; i < ELEMENTSOF(letter_rows); i++)
		if (strcmp(letter_rows[i].name, name) == 0)
			return &letter_rows[i];

	return NULL;
}

void letter_make_text(char text[LETTER_TEXT_BYTES], unsigned who, uint64_t number)
{
	frame_make_text(text, who, number);
	memcpy(text + FRAME_TEXT_BYTES, pattern_at(number), LETTER_TEXT_BYTES - FRAME_TEXT_BYTES);
}

/* What stands for the place holder at @p, which has three characters. NULL: there is none. */
static const char *letter_value(const char *p, size_t n, const char who[5], const char to[5], const char *text,
				size_t *ret_len)
{
	if (n < 3 || p[0] != '{' || p[2] != '}')
		return NULL;

	*ret_len = p[1] == 'x' ? LETTER_TEXT_BYTES : 4;
	return p[1] == 'x' ? text : p[1] == 't' ? to : p[1] == 'm' ? who : NULL;
}

int letter_write(const struct letter_bytes *b, unsigned who, unsigned to, const char text[LETTER_TEXT_BYTES],
		 char buf[LETTER_MAX])
{
	char who_text[5], to_text[5];
	const char *value;
	size_t i, n = 0, len;

	(void)snprintf(who_text, sizeof(who_text), "%04x", who & 0xffff);
	(void)snprintf(to_text, sizeof(to_text), "%04x", to & 0xffff);

	for (i = 0; i < b->n; i += value ? 3 : 1) {
		len = 1;
		value = letter_value(b->p + i, b->n - i, who_text, to_text, text, &len);
		if (!value)
			len = 1;
		if (n + len > LETTER_MAX)
			return -ENOBUFS;
		memcpy(buf + n, value ? value : b->p + i, len);
		n += len;
	}

	return (int)n;
}
