/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct client *client_new_fd(int fd)
{
	struct client *c = g_new0(struct client, 1);

	c->fd = fd;
	c->in = g_string_new(NULL);
	return c;
}

struct client *client_new_from(struct daemon *d, unsigned listener, const char *source, const char *destination)
{
	struct sockaddr_in from = { .sin_family = AF_INET }, to = { .sin_family = AF_INET };
	int one = 1, fd;
	struct client *c;

	g_assert_cmpuint(listener, <, d->n_ports);
	to.sin_port = htons(d->ports[listener]);
	g_assert_cmpint(inet_pton(AF_INET, source, &from.sin_addr), ==, 1);
	g_assert_cmpint(inet_pton(AF_INET, destination, &to.sin_addr), ==, 1);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), ==, 0);
	g_assert_cmpint(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)), ==, 0);
	g_assert_cmpint(bind(fd, (const struct sockaddr *)&from, sizeof(from)), ==, 0);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		harness_fail("%s:%u: %s", destination, (unsigned)d->ports[listener], g_strerror(errno));
	c = client_new_fd(fd);
	c->daemon = d;
	return c;
}

struct client *client_new(struct daemon *d, unsigned listener)
{
	return client_new_from(d, listener, "127.0.0.1", "127.0.0.1");
}

void client_hello(struct client *c)
{
	g_autofree char *hi = NULL;

	client_puts(c, "HELLO,ioe/1\n");
	hi = client_line(c);
	g_assert_true(g_str_has_prefix(hi, "HI,ioe/1,"));
}

struct client *client_new_ioe1(struct daemon *d, unsigned listener)
{
	struct client *c = client_new(d, listener);

	client_hello(c);
	return c;
}

struct client *client_new_named(struct daemon *d, unsigned listener, const char *nick)
{
	struct client *c = client_new_ioe1(d, listener);
	g_autofree char *want = g_strdup_printf("OK,%s", nick);
	gint64 deadline = harness_deadline();

	for (;;) {
		g_autofree char *line = NULL;

		client_printf(c, "NICK,%s\n", nick);
		line = client_line(c);
		if (strcmp(line, want) == 0)
			return c;
		/* Whoever had it has just left. */
		if (!g_str_has_prefix(line, "ERROR: taken: ") || g_get_monotonic_time() > deadline)
			harness_fail("NICK,%s: %s", nick, line);
	}
}

void client_free(struct client *c)
{
	(void)close(c->fd);
	(void)g_string_free(c->in, TRUE);
	g_free(c);
}

void client_reset(struct client *c)
{
	struct linger hard = { .l_onoff = 1 };

	g_assert_cmpint(setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), ==, 0);
	client_free(c);
}

/* Takes what is there. Bytes, 0 at EOF, -1 with errno. */
static ssize_t client_receive(struct client *c)
{
	char buf[65536];
	ssize_t n;

	n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n <= 0)
		return n;
	if (c->at == c->in->len) {
		(void)g_string_truncate(c->in, 0);
		c->at = 0;
	}
	(void)g_string_append_len(c->in, buf, n);
	return n;
}

void client_write(struct client *c, const void *data, size_t n)
{
	gint64 deadline = harness_deadline();

	for (size_t done = 0; done < n;) {
		struct pollfd p = { .fd = c->fd, .events = POLLIN | POLLOUT };
		ssize_t r;

		if (g_get_monotonic_time() > deadline)
			harness_fail("The daemon has not taken %zu of %zu bytes.", n - done, n);
		(void)poll(&p, 1, 1000);
		/* The end of its answers, or a reset, is not the end of what it may be sent: the caller will see. */
		if ((p.revents & POLLIN) && client_receive(c) == 0)
			p.revents |= POLLOUT;
		r = send(c->fd, (const char *)data + done, n - done, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (r < 0 && (errno == EPIPE || errno == ECONNRESET))
			return;
		g_assert_true(r >= 0 || errno == EAGAIN);
		if (r > 0) {
			done += (size_t)r;
			deadline = harness_deadline();
		}
	}
}

void client_puts(struct client *c, const char *text)
{
	client_write(c, text, strlen(text));
}

void client_printf(struct client *c, const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	client_puts(c, text);
}

void client_write_pieces(struct client *c, const void *data, size_t n, unsigned max_piece)
{
	for (size_t done = 0; done < n;) {
		size_t piece = (size_t)g_test_rand_int_range(1, (gint32)max_piece + 1);

		piece = MIN(piece, n - done);
		client_write(c, (const char *)data + done, piece);
		done += piece;
	}
}

void client_half_close(struct client *c)
{
	/* Where the daemon has refused the connection meanwhile there is nothing left to close. */
	g_assert_true(shutdown(c->fd, SHUT_WR) == 0 || errno == ENOTCONN);
}

bool client_try_line(struct client *c, gint64 deadline, char **ret)
{
	size_t seen = 0;

	for (;;) {
		const char *from = c->in->str + c->at;
		const char *end = memchr(from + seen, '\n', c->in->len - c->at - seen);

		if (end) {
			*ret = g_strndup(from, (gsize)(end - from));
			c->at += (size_t)(end - from) + 1;
			return true;
		}
		seen = c->in->len - c->at;
		if (!harness_poll(c->fd, POLLIN, deadline) || client_receive(c) <= 0)
			return false;
	}
}

char *client_line(struct client *c)
{
	char *line;

	if (!client_try_line(c, harness_deadline(), &line))
		harness_fail("No line came, but: \"%.200s\"", c->in->str + c->at);
	return line;
}

char *client_bytes(struct client *c, size_t n)
{
	char *data;

	while (c->in->len - c->at < n)
		if (!harness_poll(c->fd, POLLIN, harness_deadline()) || client_receive(c) <= 0)
			harness_fail("%zu bytes came, not %zu.", c->in->len - c->at, n);
	data = g_malloc(n + 1);
	memcpy(data, c->in->str + c->at, n);
	data[n] = '\0';
	c->at += n;
	return data;
}

char *client_message(struct client *c)
{
	g_autoptr(GString) message = g_string_new(NULL);

	for (;;) {
		g_autofree char *byte = client_bytes(c, 1);

		if (!*byte)
			return g_strdup(message->str);
		g_string_append_c(message, *byte);
	}
}

char *client_sized(struct client *c, size_t *ret_n)
{
	g_autofree char *line = client_line(c);
	guint64 n;

	if (!g_ascii_string_to_unsigned(line, 10, 0, SIZE_MAX / 2, &n, NULL))
		harness_fail("Not a size: \"%.200s\"", line);
	*ret_n = n;
	return client_bytes(c, n);
}

void client_expect(struct client *c, const char *line)
{
	g_autofree char *seen = client_line(c);

	if (strcmp(seen, line) != 0)
		harness_fail("Expected: %.200s (%zu bytes)\nCame: %.200s (%zu bytes)", line, strlen(line), seen,
			     strlen(seen));
}

void client_expect_error(struct client *c, const char *codes)
{
	g_autofree char *seen = client_line(c);
	g_auto(GStrv) each = g_strsplit(codes, "|", 0);

	for (size_t i = 0; each[i]; i++) {
		g_autofree char *start = g_strdup_printf("ERROR: %s: ", each[i]);

		if (g_str_has_prefix(seen, start) && seen[strlen(start)] != '\0')
			return;
	}
	harness_fail("Not ERROR: %s: but \"%.200s\"", codes, seen);
}

void client_expect_sized(struct client *c, const void *data, size_t n)
{
	size_t seen_n;
	g_autofree char *seen = client_sized(c, &seen_n);

	if (seen_n != n || memcmp(seen, data, n) != 0)
		harness_fail("Expected %zu bytes: %.100s\nCame %zu: %.100s", n, (const char *)data, seen_n, seen);
}

void client_expect_eof(struct client *c)
{
	gint64 deadline = harness_deadline();

	if (c->in->len > c->at)
		harness_fail("More came before the end: \"%.200s\"", c->in->str + c->at);
	if (!harness_poll(c->fd, POLLIN, deadline))
		harness_fail("The daemon does not close.");
	if (client_receive(c) > 0)
		harness_fail("More came before the end: \"%.200s\"", c->in->str + c->at);
}

char *client_until_closed(struct client *c)
{
	char *text;

	do {
		if (!harness_poll(c->fd, POLLIN, harness_deadline()))
			harness_fail("The daemon does not close.");
	} while (client_receive(c) > 0);
	text = g_strdup(c->in->str + c->at);
	c->at = c->in->len;
	return text;
}

void client_ask(struct client *c, const char *request, const char *answer)
{
	client_printf(c, "%s\n", request);
	client_expect(c, answer);
}

void client_refused(struct client *c, const char *request, const char *codes)
{
	client_printf(c, "%s\n", request);
	client_expect_error(c, codes);
}

struct client_case {
	const char *config;
	client_fn fn;
};

static void client_case_run(unsigned reactors, const void *data)
{
	const struct client_case *x = data;
	struct daemon *d = daemon_start(reactors, x->config);
	struct client *c = client_new(d, 0);

	x->fn(c);
	client_free(c);
	daemon_finish(d);
}

void client_add(const char *path, const char *config, client_fn fn)
{
	const struct client_case x = { .config = config, .fn = fn };

	harness_add_data(path, client_case_run, &x, sizeof(x));
}
