/* SPDX-License-Identifier: MIT */
#include "peer/peer-private.h"

#include "base/macro.h"
#include "base/str.h"
#include "peer/dial.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PEER_HELLO_MAX  4096U
#define PEER_HELLO_LINE "HELLO,ioe/1"

/* The fields of HI, in the order the protocol has them. */
enum peer_hello {
	PEER_HELLO_WORD,
	PEER_HELLO_DIALECT,
	PEER_HELLO_SERVER,
	PEER_HELLO_INSTANCE,
	PEER_HELLO_ROLES,
	PEER_HELLO_NAME,
	PEER_HELLO_CAPS,
	PEER_HELLO_STORE,
	PEER_HELLO_FIELDS,
};

int peer_break(struct peer *p, int error)
{
	if (p->error == 0)
		p->error = error;
	return p->error;
}

struct peer *peer_free(struct peer *p)
{
	if (!p)
		return NULL;
	if (p->fd >= 0)
		(void)close(p->fd);
	line_reader_done(&p->reader);
	buf_done(&p->line);
	buf_done(&p->decoded);
	free(p->server);
	free(p->store);
	free(p->address);
	free(p->roles);
	free(p->caps);
	free(p->goaway);
	free(p);
	return NULL;
}

static int peer_refused(enum error_code code)
{
	if (code == ERROR_BUSY || code == ERROR_LIMIT)
		return -EBUSY;
	if (code == ERROR_SHUTTING_DOWN || code == ERROR_UNAVAILABLE)
		return -ESHUTDOWN;
	if (code == ERROR_DENIED || code == ERROR_AUTH_REQUIRED)
		return -EACCES;
	return -EPROTO;
}

/* A chat listener can have sent "Hii" to a client that seemed an old one; no line end follows it. */
static void peer_skip_hii(struct peer *p)
{
	size_t n = 0;

	while (p->line.len - n >= 3 && memcmp(p->line.data + n, "Hii", 3) == 0)
		n += 3;
	buf_consume(&p->line, n);
	buf_consume(&p->decoded, n);
	(void)buf_str(&p->line);
	(void)buf_str(&p->decoded);
}

static char *peer_dup_field(const struct field *f)
{
	return strndup(f->data, f->len);
}

static int peer_keep_hello(struct peer *p, const struct peer_reply *reply)
{
	const struct field *f = reply->fields;
	uint64_t instance;

	if (reply->n_fields < PEER_HELLO_FIELDS || !reply_has_word(p->line.data, p->line.len, "HI,ioe/1") ||
	    str_to_u64(f[PEER_HELLO_INSTANCE].data, f[PEER_HELLO_INSTANCE].len, 0, 9999, &instance) < 0)
		return -EPROTO;
	p->instance = (unsigned)instance;
	p->server = peer_dup_field(&f[PEER_HELLO_SERVER]);
	p->roles = peer_dup_field(&f[PEER_HELLO_ROLES]);
	p->caps = peer_dup_field(&f[PEER_HELLO_CAPS]);
	p->store = peer_dup_field(&f[PEER_HELLO_STORE]);
	return p->server && p->roles && p->caps && p->store ? 0 : -ENOMEM;
}

static int peer_hello(struct peer *p)
{
	struct peer_reply reply;
	int r;

	r = peer_request_raw(p, PEER_HELLO_LINE, strlen(PEER_HELLO_LINE));
	if (r < 0)
		return r;
	r = reply_wait_line(p, PEER_HELLO_MAX);
	if (r < 0)
		return r == -EMSGSIZE ? -EPROTO : r;
	peer_skip_hii(p);
	r = peer_reply(p, &reply);
	if (r < 0)
		return r;
	if (reply.kind == PEER_REPLY_ERROR)
		return peer_refused(reply.code);
	return peer_keep_hello(p, &reply);
}

/* HOST:PORT in digits, of the address that answered. */
static int peer_keep_address(struct peer *p)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char host[NI_MAXHOST], port[NI_MAXSERV];
	bool v6;

	if (getpeername(p->fd, (struct sockaddr *)&sa, &len) < 0)
		return -errno;
	if (getnameinfo((struct sockaddr *)&sa, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return -EAFNOSUPPORT;
	v6 = strchr(host, ':');
	if (asprintf(&p->address, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port) < 0) {
		p->address = NULL;
		return -ENOMEM;
	}
	return 0;
}

int peer_connect(struct peer **ret, const char *host, const char *port, uint64_t dial_usec, uint64_t timeout_usec)
{
	_cleanup_(peer_freep) struct peer *p = NULL;
	struct countdown c;
	int r;

	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->fd = -1;
	p->unwanted = ERROR_MAX;
	p->timeout_usec = timeout_usec;
	p->line.max = p->decoded.max = PEER_LINE_MAX + 1;
	countdown_start(&c, dial_usec);
	r = dial_tcp(host, port, &c, &p->fd);
	if (r == 0)
		r = peer_keep_address(p);
	if (r == 0)
		r = peer_hello(p);
	if (r < 0)
		return r;
	*ret = STEAL_PTR(p);
	return 0;
}

void peer_set_timeout(struct peer *p, uint64_t timeout_usec)
{
	p->timeout_usec = timeout_usec;
}

void peer_set_news(struct peer *p, peer_news_fn fn, void *userdata)
{
	p->news = fn;
	p->news_data = userdata;
}

int peer_fd(const struct peer *p)
{
	return p->fd;
}

const char *peer_server(const struct peer *p)
{
	return p->server;
}

unsigned peer_instance(const struct peer *p)
{
	return p->instance;
}

const char *peer_store(const struct peer *p)
{
	return p->store;
}

const char *peer_address(const struct peer *p)
{
	return p->address;
}

const char *peer_roles(const struct peer *p)
{
	return p->roles;
}

/* Words joined by +. */
static bool peer_has_word(const char *list, const char *word)
{
	size_t n = strlen(word), len;

	for (;; list += len + 1) {
		len = strcspn(list, "+");
		if (len == n && memcmp(list, word, n) == 0)
			return true;
		if (list[len] == '\0')
			return false;
	}
}

bool peer_offers(const struct peer *p, const char *role)
{
	return peer_has_word(p->roles, role);
}

bool peer_can(const struct peer *p, const char *cap)
{
	return peer_has_word(p->caps, cap);
}

uint64_t peer_received_msec(const struct peer *p)
{
	return p->received_msec;
}

const char *peer_goaway(const struct peer *p)
{
	return p->goaway;
}

enum error_code peer_unwanted(const struct peer *p)
{
	return p->unwanted;
}
