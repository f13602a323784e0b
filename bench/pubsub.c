/* SPDX-License-Identifier: MIT */
#include "pubsub.h"

#include "base/macro.h"
#include "conn.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define BYTES(s)                 \
	{                        \
		s, sizeof(s) - 1 \
	}

/* MQTT 3.1.1: CONNECT with a clean session and the name m####, SUBSCRIBE to "bench" with QoS 0, PINGREQ. */
#define PUBSUB_MQTT_CONNECT "\x10\x11\x00\x04MQTT\x04\x02\x00\x00\x00\x05m{m}"
#define PUBSUB_MQTT_SUBSCRIBE      \
	"\x82\x0a\x00\x01\x00\x05" \
	"bench\x00"
#define PUBSUB_MQTT_PING "\xc0\x00"
#define PUBSUB_MQTT_PONG "\xd0\x00"
#define PUBSUB_MQTT_PUBLISH \
	"\x30\x47\x00\x05"  \
	"bench" /* 71 bytes: two, five and the text's */

static const struct pubsub pubsub_rows[] = {
	{
		.name = "ioe",
		.enter = BYTES("HELLO,ioe/1\nNICK,m{m}\nJOIN,bench\nPING\n"),
		.ready = BYTES("PONG\n"),
		.before = BYTES("SAY,bench,"),
		.behind = BYTES("\n"),
		.said = BYTES("SAID,bench," FRAME_NUMBER "," FRAME_ANY ",m" FRAME_WHO "," FRAME_TEXT "\n"),
		.reply = BYTES("OK," FRAME_NUMBER "\n"),
		.ignored = BYTES("JOINED,bench,m" FRAME_WHO "\n"),
		.numbered = 1,
	},
	{
		.name = "bare-fan",
		.enter = BYTES("PING\n"),
		.ready = BYTES("PONG\n"),
		.behind = BYTES("\n"),
		.said = BYTES(FRAME_TEXT "\n"),
	},
	{
		/* RESP3, in which who has subscribed may publish too */
		.name = "redis",
		.enter = BYTES("HELLO 3\r\nSUBSCRIBE bench\r\nPING\r\n"),
		.ready = BYTES("+PONG\r\n"),
		.before = BYTES("*3\r\n$7\r\nPUBLISH\r\n$5\r\nbench\r\n$64\r\n"),
		.behind = BYTES("\r\n"),
		.said = BYTES(">3\r\n$7\r\nmessage\r\n$5\r\nbench\r\n$64\r\n" FRAME_TEXT "\r\n"),
		.reply = BYTES(":" FRAME_NUMBER "\r\n"),
	},
	{
		.name = "nats",
		.enter = BYTES("CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB bench 1\r\nPING\r\n"),
		.ready = BYTES("PONG\r\n"),
		.before = BYTES("PUB bench 64\r\n"),
		.behind = BYTES("\r\n"),
		.said = BYTES("MSG bench 1 64\r\n" FRAME_TEXT "\r\n"),
		.ignored = BYTES("PING\r\n"), /* it would close who leaves two of them unanswered, after hours */
	},
	{
		.name = "mosquitto",
		.enter = BYTES(PUBSUB_MQTT_CONNECT PUBSUB_MQTT_SUBSCRIBE PUBSUB_MQTT_PING),
		.ready = BYTES(PUBSUB_MQTT_PONG),
		.before = BYTES(PUBSUB_MQTT_PUBLISH),
		.said = BYTES(PUBSUB_MQTT_PUBLISH FRAME_TEXT),
	},
};

const struct pubsub *pubsub_find(const char *name)
{
	size_t i;

	for (i = 0; i < ELEMENTSOF(pubsub_rows); i++)
		if (strcmp(pubsub_rows[i].name, name) == 0)
			return &pubsub_rows[i];

	return NULL;
}

static char *pubsub_put(char *at, const char *p, size_t n)
{
	if (n > 0)
		memcpy(at, p, n);
	return at + n;
}

size_t pubsub_enter(const struct pubsub *p, unsigned who, char buf[PUBSUB_MAX])
{
	const char *holder = memmem(p->enter.p, p->enter.n, "{m}", 3);
	char text[FRAME_TEXT_BYTES], *at;
	size_t head;

	if (!holder)
		return (size_t)(pubsub_put(buf, p->enter.p, p->enter.n) - buf);

	/* a text begins with who says it */
	frame_make_text(text, who, 0);
	head = (size_t)(holder - p->enter.p);
	at = pubsub_put(buf, p->enter.p, head);
	at = pubsub_put(at, text, 4);
	at = pubsub_put(at, holder + 3, p->enter.n - head - 3);
	return (size_t)(at - buf);
}

size_t pubsub_say(const struct pubsub *p, const char text[FRAME_TEXT_BYTES], char *buf)
{
	char *at = buf;

	at = pubsub_put(at, p->before.p, p->before.n);
	at = pubsub_put(at, text, FRAME_TEXT_BYTES);
	at = pubsub_put(at, p->behind.p, p->behind.n);
	return (size_t)(at - buf);
}

/* A byte at a time, so as not to read into what members hear. An error that is said in words is seen at once; whoever
 * says none closes. */
static int pubsub_wait_ready(const struct pubsub *p, int fd)
{
	char answer[4096];
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(answer)) {
		got = recv(fd, answer + n, 1, 0);
		if (got < 0)
			return -errno;
		if (got == 0)
			return -ECONNRESET;
		n++;
		if (memmem(answer, n, "ERR", 3))
			return -EBADMSG;
		if (n >= p->ready.n && memcmp(answer + n - p->ready.n, p->ready.p, p->ready.n) == 0)
			return 0;
	}

	return -EBADMSG;
}

int pubsub_come_in(const struct pubsub *p, int fd, unsigned who)
{
	char buf[PUBSUB_MAX];
	int r;

	r = conn_send(fd, buf, pubsub_enter(p, who, buf), false);
	return r < 0 ? r : pubsub_wait_ready(p, fd);
}

int pubsub_receive(const struct pubsub *p, const char *bytes, size_t n, enum pubsub_kind *ret_kind, struct frame *ret,
		size_t *ret_len)
{
	const struct pubsub_bytes *t = &p->said;
	enum pubsub_kind kind = PUBSUB_SAID;

	if (n == 0)
		return -EAGAIN;
	if (p->reply.n > 0 && *bytes == *p->reply.p) {
		t = &p->reply;
		kind = PUBSUB_REPLY;
	} else if (p->ignored.n > 0 && *bytes == *p->ignored.p) {
		t = &p->ignored;
		kind = PUBSUB_IGNORED;
	}

	*ret_kind = kind;
	return frame_match(t->p, t->n, bytes, n, ret, ret_len);
}
