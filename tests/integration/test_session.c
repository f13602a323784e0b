/* SPDX-License-Identifier: MIT */
/* The dialects `line` and `ioe/1`, and the verbs of every listener. */

#include "client.h"

#include <string.h>

/* 0: every role; 1: compute alone; 2: no compute. */
static const char session_config[] =
	"listeners = (\n"
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"file\", \"chat\", \"relay\", \"compute\" ]; },\n"
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"compute\" ]; },\n"
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"file\" ]; }\n"
	");\n";

static char **session_fields(struct client *c)
{
	g_autofree char *line = client_line(c);

	return g_strsplit(line, ",", 0);
}

static void session_hello(struct client *c)
{
	client_ask(c, "HELLO", "HI");
	client_ask(c, "Hello", "HI");
	client_ask(c, "hello\r", "HI");
	client_ask(c, "PING\r", "PONG");
	client_ask(c, "pInG", "PONG");
	client_ask(c, "ping,Some Text", "PONG,Some Text");
}

/* HI,ioe/1,SERVER/VERSION,INSTANCE,ROLES,NAME,CAPS,STORE */
static void session_hello_ioe1(struct client *c)
{
	struct daemon *d = c->daemon;
	struct client *other = client_new(d, 1);
	g_auto(GStrv) hi = NULL, roles = NULL, hi_other = NULL;

	client_puts(c, "HELLO,ioe/1\n");
	hi = session_fields(c);
	g_assert_cmpuint(g_strv_length(hi), ==, 8);
	g_assert_cmpstr(hi[0], ==, "HI");
	g_assert_cmpstr(hi[1], ==, "ioe/1");
	g_assert_nonnull(strchr(hi[2], '/'));
	g_assert_cmpstr(hi[3], ==, "1");
	roles = g_strsplit(hi[4], "+", 0);
	g_assert_cmpuint(g_strv_length(roles), ==, 4);
	g_assert_true(g_strv_contains((const char *const *)roles, "file"));
	g_assert_true(g_strv_contains((const char *const *)roles, "chat"));
	g_assert_true(g_strv_contains((const char *const *)roles, "relay"));
	g_assert_true(g_strv_contains((const char *const *)roles, "compute"));
	g_assert_cmpstr(hi[5], ==, "127.0.0.1");
	g_assert_cmpstr(hi[7], !=, "");

	client_puts(other, "HELLO,ioe/1,ioe-test/1\n");
	hi_other = session_fields(other);
	g_assert_cmpuint(g_strv_length(hi_other), ==, 8);
	g_assert_cmpstr(hi_other[4], ==, "compute");
	g_assert_cmpstr(hi_other[7], ==, hi[7]);
	client_free(other);
}

static char *session_store(struct daemon *d)
{
	struct client *c = client_new(d, 0);
	g_auto(GStrv) hi = NULL;

	client_puts(c, "HELLO,ioe/1\n");
	hi = session_fields(c);
	g_assert_cmpuint(g_strv_length(hi), ==, 8);
	client_free(c);
	return g_strdup(hi[7]);
}

/* STORE names the data: the same after a restart, another one for another daemon. */
static void session_store_name(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, session_config), *other = daemon_start(reactors, session_config);
	g_autofree char *first = session_store(d), *again = NULL, *others = session_store(other);

	daemon_stop(d);
	daemon_spawn(d);
	daemon_wait_ready(d);
	again = session_store(d);
	g_assert_cmpstr(first, ==, again);
	g_assert_cmpstr(first, !=, others);
	daemon_finish(d);
	daemon_finish(other);
}

static void session_ioe1_encoding(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, session_config);
	struct client *c = client_new(d, 0);
	g_autofree char *hi = NULL, *all = NULL;

	/* What is behind HELLO in one piece is ioe/1 already. */
	client_puts(c, "PING,a%2Cb\nHELLO,ioe/1\nPING,a%2Cb\n");
	client_expect(c, "PONG,a%2Cb");
	hi = client_line(c);
	g_assert_true(g_str_has_prefix(hi, "HI,ioe/1,"));
	client_expect(c, "PONG,a%2Cb");

	client_ask(c, "PING,%41%42 c", "PONG,AB c");
	client_ask(c, "PING,\xc3\xa9", "PONG,\xc3\xa9");
	client_puts(c, "PING,%00%01%09%0a%0D%1f%25%2c%7f\n");
	all = client_line(c);
	g_assert_cmpint(g_ascii_strcasecmp(all, "PONG,%00%01%09%0A%0D%1F%25%2C%7F"), ==, 0);

	client_refused(c, "PING,%", "bad-argument|bad-command");
	client_refused(c, "PING,%4", "bad-argument|bad-command");
	client_refused(c, "PING,%zz", "bad-argument|bad-command");
	client_refused(c, "PING,a,b", "bad-argument|bad-command");
	client_ask(c, "PING,still here", "PONG,still here");
	client_ask(c, "PING,", "PONG,");
	client_free(c);

	/* In line nothing is decoded, and the last field takes the rest. */
	c = client_new(d, 0);
	client_ask(c, "PING,%41,b,,c%", "PONG,%41,b,,c%");
	client_free(c);
	daemon_finish(d);
}

static void session_too_many_fields(struct daemon *d)
{
	struct client *c = client_new_ioe1(d, 0);
	g_autofree char *commas = g_strnfill(5000, ',');

	client_printf(c, "PING%s\n", commas);
	client_expect_error(c, "bad-argument|bad-command");
	client_printf(c, "READ,a%s\n", commas);
	client_expect_error(c, "bad-argument|bad-command");
	client_printf(c, "NICK%s\n", commas);
	client_expect_error(c, "bad-argument|bad-command");
	client_refused(c, "READ", "bad-argument|bad-command");
	client_refused(c, "BYE,now", "bad-argument|bad-command");
	client_ask(c, "PING,in step", "PONG,in step");
	client_free(c);
}

static void session_line_length(struct client *c)
{
	g_autofree char *fits = g_strnfill(65536 - 5, 'x'), *more = g_strnfill(65536 - 4, 'x');
	g_autofree char *much = g_strnfill(3 << 20, 'y'), *pong = g_strconcat("PONG,", fits, NULL);

	for (const char *end = "\n"; end; end = strcmp(end, "\n") == 0 ? "\r\n" : NULL) {
		client_printf(c, "PING,%s%s", fits, end);
		client_expect(c, pong);
		client_printf(c, "PING,%s%sPING,next%s", more, end, end);
		client_expect_error(c, "too-long");
		client_expect(c, "PONG,next");
	}
	client_printf(c, "%s\nPING,1\n%s\nPING,2\n", much, much);
	client_expect_error(c, "too-long");
	client_expect(c, "PONG,1");
	client_expect_error(c, "too-long");
	client_expect(c, "PONG,2");

	/* The same in pieces. */
	client_printf(c, "PING,");
	client_write_pieces(c, fits, strlen(fits), 3000);
	client_puts(c, "\nPING,");
	client_expect(c, pong);
	client_write_pieces(c, more, strlen(more), 3000);
	client_puts(c, "\nPING,3\n");
	client_expect_error(c, "too-long");
	client_expect(c, "PONG,3");
}

static void session_bad_bytes(struct daemon *d)
{
	for (int ioe1 = 0; ioe1 < 2; ioe1++) {
		struct client *c = ioe1 ? client_new_ioe1(d, 0) : client_new(d, 0);

		client_ask(c, "PING,0", "PONG,0"); /* in the first line it would be another protocol's */
		client_write(c, "\0\n", 2);
		client_expect_error(c, "bad-command");
		client_write(c, "PI\0NG\n", 6);
		client_expect_error(c, "bad-command");
		client_write(c, "PING,a\0b\n", 9);
		client_expect_error(c, "bad-command");
		client_refused(c, "NOSUCHVERB", "bad-command");
		client_refused(c, "NOSUCHVERB,with,fields", "bad-command");
		client_refused(c, "PINGPONGPINGPONGPINGPONGPINGPONG", "bad-command");
		client_refused(c, "PIN", "bad-command");
		client_refused(c, "\x1b[2J", "bad-command");
		client_refused(c, "\xc3\x28", "bad-command");
		client_refused(c, "READ,\xc3", "denied");
		client_refused(c, "READ,a\xe2\x82", "denied");
		client_refused(c, "READ,\xed\xa0\x80", "denied"); /* a surrogate is no UTF-8 */
		client_refused(c, "READ,\xc0\xaf", "denied");     /* nor is an overlong '/' */
		client_ask(c, "PING,1", "PONG,1");
		client_free(c);
	}
}

/* What an error quotes cannot act on a terminal. */
static void session_errors_are_harmless(struct client *c)
{
	for (int byte = 1; byte < 256; byte++) {
		g_autofree char *line = NULL;

		if (byte == '\n' || byte == 255)
			continue;
		client_printf(c, "READ,x%cy%cz\n", byte, byte);
		line = client_line(c);
		g_assert_true(g_str_has_prefix(line, "ERROR: "));
		for (const char *p = line; *p; p++)
			g_assert_true(g_ascii_isprint(*p) || (unsigned char)*p >= 0xa0);
	}
	client_ask(c, "PING,1", "PONG,1");
}

/* The protocol does not say what an empty line gets; it says that a session stays in step. */
static void session_empty_line(struct client *c)
{
	g_autofree char *line = NULL;

	client_puts(c, "\nPING,1\n");
	line = client_line(c);
	if (g_str_has_prefix(line, "ERROR: bad-command: "))
		client_expect(c, "PONG,1");
	else
		g_assert_cmpstr(line, ==, "PONG,1");
	client_ask(c, "PING,2", "PONG,2");
}

static void session_connect(struct client *c)
{
	struct daemon *d = c->daemon;
	g_autofree char *expected = g_strdup_printf("OK,connected,127.0.0.1,%u", (unsigned)d->ports[0]);
	g_autofree char *request = g_strdup_printf("CONNECT,127.0.0.1,%u", (unsigned)d->ports[0]);

	client_ask(c, request, expected);
	client_ask(c, "connect,192.0.2.7,1", expected); /* this server's end, whatever was asked */
	client_refused(c, "AUTH,alice,secret", "unavailable");
	client_ask(c, "PING", "PONG");
}

static void session_nick(struct client *c)
{
	static const char *const denied[] = {
		"127.0.0.1", "10.0.0.1", "255.255.255.255", "PING", "read", "Write", "JOIN", "NICK", "BYE",
		"OK", "ok", "ERROR", "Error", "HI", "hi", "Hii", "HII",
	};
	static const char *const unfit[] = { "", "a b", "a,b", "a/b", "caf\xc3\xa9", "a\tb", "a%b", "a!" };
	g_autofree char *fits = g_strnfill(32, 'n'), *more = g_strnfill(33, 'n'), *ok = g_strconcat("OK,", fits, NULL);
	g_auto(GStrv) hi = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(denied); i++) {
		client_printf(c, "NICK,%s\n", denied[i]);
		client_expect_error(c, "denied");
	}
	for (size_t i = 0; i < G_N_ELEMENTS(unfit); i++) {
		client_printf(c, "NICK,%s\n", unfit[i]);
		client_expect_error(c, "bad-argument|denied");
	}
	client_printf(c, "NICK,%s\n", more);
	client_expect_error(c, "bad-argument|denied");
	client_printf(c, "NICK,%s\n", fits);
	client_expect(c, ok);
	client_ask(c, "NICK,Az09._-", "OK,Az09._-");
	client_ask(c, "NICK,alice", "OK,alice");
	client_ask(c, "NICK,alice", "OK,alice"); /* it is one's own */
	client_puts(c, "HELLO,ioe/1\n");
	hi = session_fields(c);
	g_assert_cmpstr(hi[5], ==, "alice");
}

/* Eight sessions are on every reactor there is, so each pair of them is tried. */
static void session_nick_taken(struct daemon *d)
{
	struct client *c[8];

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		g_autofree char *ok = g_strdup_printf("OK,Nick%u", i);

		c[i] = client_new(d, 0);
		client_printf(c[i], "NICK,Nick%u\n", i);
		client_expect(c[i], ok);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		for (unsigned j = 0; j < G_N_ELEMENTS(c); j++)
			if (i != j) {
				client_printf(c[i], j % 2 ? "NICK,nick%u\n" : "NICK,NICK%u\n", j);
				client_expect_error(c[i], "taken");
			}
	/* A refusal has changed nothing. */
	client_refused(c[1], "NICK,nick0", "taken");
	client_ask(c[0], "NICK,nick0", "OK,nick0");
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_free(c[i]);
}

static void session_nick_until(struct client *c, const char *name)
{
	g_autofree char *ok = g_strconcat("OK,", name, NULL);
	gint64 deadline = harness_deadline();

	for (;;) {
		g_autofree char *line = NULL;

		client_printf(c, "NICK,%s\n", name);
		line = client_line(c);
		if (strcmp(line, ok) == 0)
			return;
		g_assert_true(g_str_has_prefix(line, "ERROR: taken: "));
		if (g_get_monotonic_time() > deadline)
			harness_fail("The name %s does not become free.", name);
	}
}

static void session_nick_freed(struct daemon *d)
{
	struct client *heirs[4], *c;

	for (unsigned i = 0; i < G_N_ELEMENTS(heirs); i++)
		heirs[i] = client_new(d, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(heirs); i++) {
		c = client_new(d, 0);
		session_nick_until(c, "Heirloom");
		client_refused(heirs[i], "NICK,heirloom", "taken");
		if (i == 0)
			client_ask(c, "NICK,another", "OK,another");
		else if (i == 1)
			client_ask(c, "BYE", "BYE");
		if (i == 2)
			client_reset(c);
		else
			client_free(c);
		session_nick_until(heirs[i], "heirloom");
		session_nick_until(heirs[i], "rest");
		session_nick_until(heirs[i], "gone-on");
		client_free(heirs[i]);
	}
}

static void session_help(struct client *c)
{
	struct daemon *d = c->daemon;
	struct client *compute = client_new(d, 1);
	g_autofree char *all = NULL, *one = NULL, *other = NULL;
	size_t n;

	client_puts(c, "HELP\n");
	all = client_sized(c, &n);
	g_assert_nonnull(strstr(all, "PING"));
	g_assert_nonnull(strstr(all, "WRITE"));
	g_assert_nonnull(strstr(all, "DOUBLE"));
	for (const char *line = all; *line; line += strcspn(line, "\n") + 1)
		g_assert_cmpuint(strcspn(line, "\n"), <=, 80);
	client_puts(c, "help,write\n");
	one = client_sized(c, &n);
	g_assert_nonnull(strstr(one, "WRITE"));
	g_assert_null(strstr(one, "PING"));
	client_refused(c, "HELP,NOSUCH", "bad-argument|not-found|bad-command");
	client_ask(c, "PING", "PONG");

	/* What this listener's roles offer, and no more. */
	client_puts(compute, "HELP\n");
	other = client_sized(compute, &n);
	g_assert_nonnull(strstr(other, "DOUBLE"));
	g_assert_null(strstr(other, "WRITE"));
	client_free(compute);
}

static void session_bye(struct daemon *d)
{
	static const char *const words[] = { "BYE", "QUIT", "EXIT", "bye" };
	g_autofree char *tree = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		struct client *c = client_new(d, 0);

		client_ask(c, words[i], "BYE");
		client_expect_eof(c);
		client_free(c);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		struct client *c = client_new(d, 0);
		g_autofree char *all = NULL;

		client_printf(c, "PING,1\n%s\nPING,2\nWRITE,late,3\nabc", words[i]);
		all = client_until_closed(c);
		g_assert_cmpstr(all, ==, "PONG,1\nBYE\n");
		client_free(c);
	}
	daemon_wait_sessions(d, 0);
	tree = harness_tree(d->files);
	g_assert_null(strstr(tree, "late"));
}

/* What a browser, a TLS client and others are told, whole. */
static void session_expect_foreign(struct client *c, char protocol)
{
	g_autofree char *all = client_until_closed(c);

	if (protocol == 'H') {
		g_assert_true(g_str_has_prefix(all, "HTTP/1.1 421 "));
		g_assert_nonnull(strstr(all, "\r\nContent-Type: text/plain\r\n"));
		g_assert_nonnull(strstr(all, "\r\nConnection: close\r\n"));
		g_assert_cmpuint((gsize)g_ascii_strtoull(strstr(all, "Content-Length: ") + 16, NULL, 10), ==,
				 strlen(strstr(all, "\r\n\r\n") + 4));
	} else if (protocol == 'T') {
		g_assert_cmpint(c->in->len < 7 ? -1 : memcmp(c->in->str, "\025\003\001\000\002\002", 6), ==, 0);
		g_assert_cmpuint(c->in->len, ==, 7);
	} else {
		g_assert_true(g_str_has_prefix(all, "ERROR: bad-command: "));
		g_assert_true(strchr(all, '\n') == all + strlen(all) - 1);
	}
	client_free(c);
}

/* No web page speaks through a browser, and nobody through what begins as another protocol. */
static void session_foreign(struct daemon *d)
{
	static const char evil[] = "\nWRITE,evil,3\nabcNICK,evil\n";
	static const struct {
		const char *data;
		size_t n;
		char protocol;
	} firsts[] = {
#define FIRST(s, protocol) { s, sizeof(s) - 1, protocol }
		FIRST("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 'H'),
		FIRST("GET /a,b HTTP/1.0\nPING\n", 'H'),
		FIRST("POST / HTTP/1.1\r\nContent-Length: 20\r\n\r\nWRITE,evil,3\nabcPING\n", 'H'),
		FIRST("evil / HTTP/1.1\r\n\r\n", 'H'),
		FIRST("PING HTTP/1.1\r\n\r\n", 'H'),
		FIRST("WRITE,evil,3 HTTP/1.1\r\nabc", 'H'),
		FIRST("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 'H'),
		FIRST("\026\003\001\002\000\001\000\001\374\003\003\nWRITE,evil,3\nabc", 'T'),
		FIRST("\005\001\000", 'o'),
		FIRST("\000\000\000\205\377SMB\162", 'o'),
		FIRST("PING\000\nWRITE,evil,3\nabc", 'o'),
	};
	struct client *c;
	g_autofree char *tree = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(firsts); i++)
		for (unsigned piece = 0; piece < 3; piece++) {
			c = client_new(d, 0);
			if (piece > 0)
				client_write_pieces(c, firsts[i].data, firsts[i].n, piece);
			else
				client_write(c, firsts[i].data, firsts[i].n);
			client_puts(c, evil);
			session_expect_foreign(c, firsts[i].protocol);
		}
	/* Longer than is kept, so that its end is not seen; in pieces, too. */
	for (unsigned i = 0; i < 2; i++) {
		g_autofree char *path = g_strnfill(70000, 'a');
		g_autofree char *text = g_strconcat("POST /", path, " HTTP/1.1\r\nHost: x\r\n\r\nWRITE,evil,3\nabc", NULL);

		c = client_new(d, 0);
		client_write_pieces(c, text, strlen(text), i ? 1000 : 100000);
		session_expect_foreign(c, 'H');
	}
	/* It is the first line that tells. */
	c = client_new(d, 0);
	client_ask(c, "PING", "PONG");
	client_refused(c, "GET / HTTP/1.1", "bad-command");
	client_ask(c, "PING,GET / HTTP/1.1", "PONG,GET / HTTP/1.1");
	client_free(c);
	tree = harness_tree(d->files);
	g_assert_null(strstr(tree, "evil"));
}

static void session_telnet(struct client *c)
{
	client_puts(c, "\xff\xfd\x03\xff\xfb\x18PING,a\r\n");
	client_expect(c, "PONG,a");
	client_puts(c, "PI\xff\xfb\x01NG,b\xff\xfe\x22\r\n");
	client_expect(c, "PONG,b");
	client_puts(c, "\xff\xfa\x1fP@\xff\xf0PING,c\r\n");
	client_expect(c, "PONG,c");
	client_puts(c, "\xff\xf1PING,d\r\n");
	client_expect(c, "PONG,d");
}

static void session_not_yet(struct daemon *d)
{
	static const char *const requests[] = {
		"DIR", "DIR,folder", "STAT,name", "RANGE,name,0,1", "SUM,name", "DELETE,name", "RENAME,from,to", "MKDIR,name",
	};

	for (int ioe1 = 0; ioe1 < 2; ioe1++) {
		struct client *c = ioe1 ? client_new_ioe1(d, 0) : client_new(d, 0);

		for (size_t i = 0; i < G_N_ELEMENTS(requests); i++)
			client_refused(c, requests[i], "unavailable");
		client_ask(c, "PING,1", "PONG,1");
		client_free(c);
	}
}

static void session_add(void)
{
	client_add("session/hello", session_config, session_hello);
	client_add("session/hello-ioe1", session_config, session_hello_ioe1);
	harness_add("session/store-name", session_store_name);
	harness_add("session/ioe1-encoding", session_ioe1_encoding);
	daemon_add("session/too-many-fields", session_config, session_too_many_fields);
	client_add("session/line-length", session_config, session_line_length);
	daemon_add("session/bad-bytes", session_config, session_bad_bytes);
	client_add("session/errors-are-harmless", session_config, session_errors_are_harmless);
	client_add("session/empty-line", session_config, session_empty_line);
	client_add("session/connect", session_config, session_connect);
	client_add("session/nick", session_config, session_nick);
	daemon_add("session/nick-taken", session_config, session_nick_taken);
	daemon_add("session/nick-freed", session_config, session_nick_freed);
	client_add("session/help", session_config, session_help);
	daemon_add("session/bye", session_config, session_bye);
	daemon_add("session/foreign", session_config, session_foreign);
	client_add("session/telnet", session_config, session_telnet);
	daemon_add("session/not-yet", session_config, session_not_yet);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, session_add);
}
