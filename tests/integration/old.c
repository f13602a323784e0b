/* SPDX-License-Identifier: MIT */
#include "old.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static atomic_uint old_connected, old_answered;

void old_get_counts(unsigned *ret_clients, unsigned *ret_answers)
{
	*ret_clients = atomic_load(&old_connected);
	*ret_answers = atomic_load(&old_answered);
}

int old_connect(struct daemon *d, unsigned listener)
{
	struct client *c = client_new(d, listener);
	int fd = dup(c->fd);

	g_assert_cmpint(fd, >=, 0);
	client_free(c);
	atomic_fetch_add(&old_connected, 1);
	return fd;
}

void old_send(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

		if (k < 0 && errno == EAGAIN) {
			g_assert_true(harness_poll(fd, POLLOUT, harness_deadline()));
			continue;
		}
		g_assert_cmpint(k, >, 0);
		p += k;
		n -= (size_t)k;
	}
}

size_t old_recv(int fd, void *buf, size_t n)
{
	ssize_t k;

	g_assert_true(harness_poll(fd, POLLIN, harness_deadline()));
	k = recv(fd, buf, n, 0);
	g_assert_cmpint(k, >=, 0);
	return (size_t)k;
}

void old_expect(int fd, size_t recv_size, const char *want)
{
	char buf[4096];
	size_t n = old_recv(fd, buf, recv_size);

	buf[n] = '\0';
	g_assert_cmpstr(buf, ==, want);
	atomic_fetch_add(&old_answered, 1);
}

void old_play_a(struct daemon *d, unsigned listener)
{
	int fd = old_connect(d, listener);
	char text[64], want[64];

	(void)g_snprintf(text, sizeof(text), "CONNECT,127.0.0.1,%u", d->ports[listener]);
	(void)g_snprintf(want, sizeof(want), "OK,connected,127.0.0.1,%u", d->ports[listener]);
	old_send(fd, text, strlen(text));
	old_expect(fd, 1028, want);
	(void)close(fd);
}

void old_play_c(struct daemon *d, unsigned listener)
{
	int fd[20];

	for (size_t i = 0; i < G_N_ELEMENTS(fd); i++) {
		fd[i] = old_connect(d, listener);
		old_send(fd[i], "Hello", 5);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(fd); i++)
		old_expect(fd[i], 1024, "HI");
	old_send(fd[0], "Hello", 5);
	old_expect(fd[0], 1024, "HI");
	for (size_t i = 0; i < G_N_ELEMENTS(fd); i++)
		(void)close(fd[i]);
}

static const struct {
	const char *sent, *want;
} old_numbers[] = {
	{ "21", "42" },
	{ "-7", "-14" },
	{ " +1_000 ", "2000" },
	{ "0", "0" },
	{ "99999999999999999999999999999999999999", "199999999999999999999999999999999999998" },
	{ "twenty", "Received data is not a valid integer" },
	{ "1.5", "Received data is not a valid integer" },
	{ "LIS", "Received data is not a valid integer" },
};

void old_play_e(struct daemon *d, unsigned listener)
{
	int fd[G_N_ELEMENTS(old_numbers)];

	for (size_t i = 0; i < G_N_ELEMENTS(old_numbers); i++) {
		fd[i] = old_connect(d, listener);
		old_send(fd[i], old_numbers[i].sent, strlen(old_numbers[i].sent));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(old_numbers); i++) {
		old_expect(fd[i], 1024, old_numbers[i].want);
		(void)close(fd[i]);
	}
}

void old_play_e_long(struct daemon *d, unsigned listener)
{
	g_autofree char *digits = g_strnfill(1000, '4'), *want = g_strnfill(1000, '8');
	int fd = old_connect(d, listener);

	old_send(fd, digits, 1000);
	old_expect(fd, 1024, want);
	(void)close(fd);
}

size_t old_b_read(int fd, const char *name, char **ret)
{
	g_autofree char *request = g_strconcat("READ,", name, NULL);
	size_t n, size, have = 0;
	char head[65], *end;

	old_send(fd, request, strlen(request));
	n = old_recv(fd, head, 64);
	head[n] = '\0';
	*ret = NULL;
	atomic_fetch_add(&old_answered, 1);
	if (g_str_has_prefix(head, "ERROR:"))
		return 0;
	/* int() of exactly those bytes: digits, and blanks around. */
	size = (size_t)g_ascii_strtoull(g_strstrip(head), &end, 10);
	g_assert_cmpstr(end, ==, "");
	*ret = g_malloc(size + 1);
	while (have < size) {
		n = old_recv(fd, *ret + have, MIN(size - have, size > 100000 ? 65536U : 64U));
		g_assert_cmpuint(n, >, 0);
		have += n;
	}
	return size;
}

void old_b_write(int fd, const char *name, const char *data, size_t n)
{
	g_autofree char *header = g_strdup_printf("WRITE,%s,%" G_GSIZE_FORMAT, name, n);
	g_autofree char *want = g_strdup_printf("OK,received,%" G_GSIZE_FORMAT, n);
	const char *p = data, *end = data + n;

	old_send(fd, header, strlen(header));
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t k = lf ? (size_t)(lf + 1 - p) : (size_t)(end - p);

		old_send(fd, p, k);
		p += k;
	}
	old_expect(fd, 1028, want);
}

struct old_file {
	const char *name;
	const char *data; /* NULL: noise of that size */
	size_t size;
};

#define OLD_TEXT(s) s, sizeof(s) - 1

static const struct old_file old_files[] = {
	{ "binary", NULL, 3000 },
	{ "crlf", OLD_TEXT("\r\nfoo\r\nbar\r\n") },
	{ "digits", OLD_TEXT("12345\nabc\n") },
	{ "digits-and-lf-inside", OLD_TEXT("7\n7\n7\n") },
	{ "empty", OLD_TEXT("") },
	{ "empty-line", OLD_TEXT("\nfoo\n") },
	{ "large", NULL, 9000000 },
	{ "no-end", OLD_TEXT("no line's end") },
	{ "one", OLD_TEXT("x") },
	{ "only-digits", OLD_TEXT("01234567890123456789") },
	{ "text", OLD_TEXT("Hello,\nworld, 1,2\n") },
};

static void old_play_file(struct daemon *d, unsigned listener, int *fd, const struct old_file *f, bool fresh)
{
	g_autofree char *noise = f->data ? NULL : harness_noise(f->size, (unsigned)f->size);
	const char *data = f->data ? f->data : noise;
	g_autofree char *back = NULL;
	size_t n;

	if (fresh) {
		old_send(*fd, "BYE", 3);
		(void)close(*fd);
		*fd = old_connect(d, listener);
	}
	old_b_write(*fd, f->name, data, f->size);
	n = old_b_read(*fd, f->name, &back);
	g_assert_cmpmem(back, n, data, f->size);
}

void old_play_b(struct daemon *d, unsigned listener)
{
	g_autofree char *missing = NULL;
	int fd = old_connect(d, listener);
	GString *names = g_string_new(NULL);

	old_send(fd, "LIST", 4);
	old_expect(fd, 1028, "\n");
	for (size_t i = 0; i < G_N_ELEMENTS(old_files); i++) {
		old_play_file(d, listener, &fd, &old_files[i], false);
		g_string_append_printf(names, "%s%s", i ? "\n" : "", old_files[i].name);
	}
	old_send(fd, "LIST", 4);
	old_expect(fd, 1028, names->str);
	g_assert_cmpuint(old_b_read(fd, "missing", &missing), ==, 0);
	g_assert_null(missing);
	for (size_t i = 0; i < G_N_ELEMENTS(old_files); i++)
		old_play_file(d, listener, &fd, &old_files[i], true);
	old_send(fd, "LIST", 4);
	old_expect(fd, 1028, names->str);
	old_send(fd, "BYE", 3);
	(void)close(fd);
	(void)g_string_free(names, TRUE);
}
