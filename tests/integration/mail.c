/* SPDX-License-Identifier: MIT */
#include "mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client *mail_client(struct daemon *d, const char *nick)
{
	return nick ? client_new_named(d, 0, nick) : client_new_ioe1(d, 0);
}

struct client *mail_client_from(struct daemon *d, const char *address)
{
	struct client *c = client_new_from(d, 0, address, "127.0.0.1");

	client_hello(c);
	return c;
}

struct mail_case {
	const char *config;
	mail_fn fn;
};

static void mail_case_run(unsigned reactors, const void *data)
{
	const struct mail_case *x = data;
	struct daemon *d = daemon_start(reactors, x->config);
	struct client *alice = mail_client(d, "alice"), *bob = mail_client(d, "bob");

	x->fn(alice, bob);
	client_free(alice);
	client_free(bob);
	daemon_finish(d);
}

void mail_add_pair(const char *path, const char *config, mail_fn fn)
{
	const struct mail_case x = { .config = config, .fn = fn };

	harness_add_data(path, mail_case_run, &x, sizeof(x));
}

uint64_t mail_take_id(struct client *c)
{
	g_autofree char *line = client_line(c);
	guint64 id;

	if (!g_str_has_prefix(line, "OK,") || !g_ascii_string_to_unsigned(line + 3, 10, 1, G_MAXINT64, &id, NULL))
		harness_fail("No OK,ID, but: \"%.200s\"", line);
	return id;
}

uint64_t mail_send(struct client *c, const char *to, const char *text)
{
	client_printf(c, "SEND,%s,%s\n", to, text);
	return mail_take_id(c);
}

uint64_t mail_send_key(struct client *c, const char *to, const char *text, const char *key)
{
	client_printf(c, "SEND,%s,%s,%s\n", to, text, key);
	return mail_take_id(c);
}

uint64_t mail_expect(struct client *c, const char *from, const char *text)
{
	g_autofree char *line = client_line(c);
	g_auto(GStrv) f = g_strsplit(line, ",", 0);

	if (g_strv_length(f) != 5 || strcmp(f[0], "MAIL") != 0 || strcmp(f[2], from) != 0 || strcmp(f[4], text) != 0)
		harness_fail("Expected: MAIL,ID,%s,TIME,%.200s\nCame: %.300s", from, text, line);
	g_assert_cmpint(llabs((long long)g_ascii_strtoull(f[3], NULL, 10) - g_get_real_time() / 1000), <, 300000);
	return g_ascii_strtoull(f[1], NULL, 10);
}

void mail_ack(struct client *c, uint64_t id, unsigned count)
{
	g_autofree char *ok = g_strdup_printf("OK,%u", count);

	client_printf(c, "ACK,%" G_GUINT64_FORMAT "\n", id);
	client_expect(c, ok);
}

static unsigned mail_ask_box(struct client *c)
{
	g_autofree char *line = NULL;
	unsigned count;

	client_puts(c, "MAILBOX\n");
	line = client_line(c);
	g_assert_cmpint(sscanf(line, "OK,%u,", &count), ==, 1);
	return count;
}

void mail_expect_box(struct client *c, unsigned count)
{
	g_assert_cmpuint(mail_ask_box(c), ==, count);
}

void mail_wait_box(struct client *c, unsigned count)
{
	gint64 deadline = harness_deadline();
	unsigned seen;

	while ((seen = mail_ask_box(c)) != count)
		if (g_get_monotonic_time() > deadline)
			harness_fail("The mailbox has %u messages, not %u.", seen, count);
}

/* The word between OK and the time; the caller's. */
static char *mail_ask_status(struct client *c, uint64_t id)
{
	g_autofree char *line = NULL;
	g_auto(GStrv) f = NULL;

	client_printf(c, "STATUS,%" G_GUINT64_FORMAT "\n", id);
	line = client_line(c);
	f = g_strsplit(line, ",", 0);
	if (g_strv_length(f) != 3 || strcmp(f[0], "OK") != 0)
		harness_fail("No OK,STATUS,TIME but: \"%.200s\"", line);
	g_assert_cmpint(llabs((long long)g_ascii_strtoull(f[2], NULL, 10) - g_get_real_time() / 1000), <, 300000);
	return g_strdup(f[1]);
}

void mail_expect_status(struct client *c, uint64_t id, const char *status)
{
	g_autofree char *seen = mail_ask_status(c, id);

	g_assert_cmpstr(seen, ==, status);
}

void mail_wait_status(struct client *c, uint64_t id, const char *status)
{
	gint64 deadline = harness_deadline();

	for (;;) {
		g_autofree char *seen = mail_ask_status(c, id);

		if (strcmp(seen, status) == 0)
			return;
		if (g_get_monotonic_time() > deadline)
			harness_fail("The message is %s, not %s.", seen, status);
	}
}
