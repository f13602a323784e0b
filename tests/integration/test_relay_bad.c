/* SPDX-License-Identifier: MIT */
/*
 * Mail that is refused, cut off, too much, too old, or written to do harm: each gets the word that the protocol has for
 * it, the bounds hold, and nobody else notices.
 */

#include "mail.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define BAD_LISTENER(relay) DAEMON_LISTENER "relay = { " relay " };\n"

static void bad_names(struct daemon *d)
{
	static const char *const names[] = {
		"", " ", "a b", "b%0Ab", "b%00b", "b%2Cb", "127.1", "127.0.0.01", "0x7f.1", "::1%25lo", "..%2F..", "b\xc3\xbc",
		"123456789012345678901234567890123",
		"1234567890123456789012345678901234567890123456789012345678901234567890",
	};
	struct client *alice = mail_client(d, "alice"), *person = client_new(d, 0);

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *send = g_strdup_printf("SEND,%s,text", names[i]);

		client_refused(alice, send, "bad-argument");
	}
	client_refused(alice, "SEND", "bad-argument");
	client_refused(alice, "SEND,bob", "bad-argument");
	client_refused(person, "SEND,bob", "bad-argument");
	client_refused(person, "SEND, bob,text", "bad-argument");
	/* A nickname that looks like a verb cannot be taken, and its mailbox is nobody's. */
	(void)mail_send(alice, "fetch", "to nobody");
	client_refused(alice, "NICK,fetch", "denied");
	mail_expect_box(alice, 0);
	client_free(person);
	client_free(alice);
}

/* Whoever sees it: what could be taken for a terminal's command, a line's end or another field is none. */
static void bad_text(struct daemon *d)
{
	static const struct {
		const char *sent, *ioe1, *line;
	} texts[] = {
		{ "", "", "" },
		{ "%1B]0;title%07", "%1B]0;title%07", "?]0;title?" },
		{ "\x9b" "2J", "%9B2J", "?2J" },
		{ "\xc2\x9b" "2J", "%C2%9B2J", "?2J" },
		{ "one%0AMAIL,1", NULL, NULL }, /* the comma makes it a key */
		{ "one%0AMAIL%2C1%2Cbob%2C1%2Cforged", "one%0AMAIL%2C1%2Cbob%2C1%2Cforged", "one?MAIL,1,bob,1,forged" },
		{ "nul%00nul", "nul%00nul", "nul?nul" },
		{ "\xff\xfe\xc0\xaf", "%FF%FE%C0%AF", "????" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	};
	struct client *alice = mail_client(d, "alice"), *bob = mail_client(d, "bob"), *person = client_new(d, 0);

	client_ask(person, "NICK,carol", "OK,carol");
	client_ask(bob, "WAIT,on", "OK");
	client_ask(person, "WAIT,on", "OK");
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *line = NULL;

		if (!texts[i].ioe1)
			continue;
		line = g_strconcat("alice: ", texts[i].line, NULL);
		(void)mail_send(alice, "bob", texts[i].sent);
		(void)mail_expect(bob, "alice", texts[i].ioe1);
		(void)mail_send(alice, "carol", texts[i].sent);
		client_expect(person, line);
	}
	client_refused(alice, "SEND,bob,%", "bad-argument");
	client_refused(alice, "SEND,bob,%4", "bad-argument");
	client_refused(alice, "SEND,bob,%zz", "bad-argument");
	client_write(person, "SEND,bob,nul\0nul\n", 17);
	client_expect_error(person, "bad-command");
	client_free(person);
	client_free(alice);
	client_free(bob);
}

/* A line of exactly the limit, and of one byte more. */
static void bad_long_text(struct client *alice, struct client *bob)
{
	g_autofree char *text = g_strnfill(2000 - strlen("SEND,bob,"), 'x');
	uint64_t id;

	client_printf(alice, "SEND,bob,%sy\n", text);
	client_expect_error(alice, "too-long");
	mail_expect_box(bob, 0);
	id = mail_send(alice, "bob", text);
	client_puts(bob, "FETCH\n");
	g_assert_cmpuint(mail_expect(bob, "alice", text), ==, id);
	client_expect(bob, "OK,1,0");
}

static void bad_full_mailbox(struct client *alice, struct client *bob)
{
	g_autofree char *much = g_strnfill(2000, 'x');
	uint64_t id[3];

	for (unsigned i = 0; i < 3; i++)
		id[i] = mail_send_key(alice, "bob", "text", (char[2]){ (char)('a' + i), '\0' });
	client_refused(alice, "SEND,bob,one more", "limit");
	/* What is in it already is no more. */
	g_assert_cmpuint(mail_send_key(alice, "bob", "text", "c"), ==, id[2]);
	(void)mail_send(alice, "carol", "another mailbox");
	mail_ack(bob, id[1], 1);
	(void)mail_send(alice, "bob", "one more");
	client_refused(alice, "SEND,bob,one more", "limit");

	client_ask(bob, "MAILBOX,clear", "OK,0,0,0");
	(void)mail_send(alice, "bob", much);
	client_printf(alice, "SEND,bob,%s\n", much);
	client_expect_error(alice, "limit");
	(void)mail_send(alice, "bob", "a little");
	mail_expect_box(bob, 2);
}

/* What nobody takes is dropped in the end, and its sender can learn that. */
static void bad_retention(struct client *alice, struct client *bob)
{
	uint64_t id = mail_send_key(alice, "bob", "text", "key");
	gint64 deadline = harness_deadline();

	mail_wait_box(bob, 0);
	client_ask(bob, "FETCH", "OK,0,0");
	mail_wait_status(alice, id, "expired");
	/* The receipt and the key are kept as long again, then they are gone as well. */
	for (bool gone = false; !gone;) {
		g_autofree char *line = NULL;

		client_printf(alice, "STATUS,%" G_GUINT64_FORMAT "\n", id);
		line = client_line(alice);
		gone = g_str_has_prefix(line, "ERROR: not-found: ");
		if (!gone && g_get_monotonic_time() > deadline)
			harness_fail("The receipt stays: %s", line);
	}
	g_assert_cmpuint(mail_send_key(alice, "bob", "text", "key"), !=, id);
	mail_expect_box(bob, 1);
}

/* With nick_mail = false mail is from and to addresses, also that of a session with a nick. */
static void bad_nick_mail(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *c = mail_client_from(d, "127.0.0.9");
	uint64_t id;

	client_refused(alice, "SEND,bob,text", "denied");
	client_ask(c, "NICK,bob", "OK,bob");
	id = mail_send(alice, "127.0.0.9", "text");
	client_ask(c, "WAIT,on", "OK");
	g_assert_cmpuint(mail_expect(c, "127.0.0.1", "text"), ==, id);
	mail_ack(c, id, 1);
	mail_expect_status(alice, id, "delivered");
	client_free(c);
	client_free(alice);
}

/* So many may wait for one name, and no more; the rest fetch. */
static void bad_too_many_wait(struct daemon *d)
{
	struct client *c[3], *other = mail_client(d, "other");

	for (unsigned i = 0; i < 3; i++)
		c[i] = mail_client(d, NULL);
	client_ask(c[0], "WAIT,on", "OK");
	client_ask(c[1], "WAIT,on", "OK");
	client_refused(c[2], "WAIT,on", "limit");
	client_ask(other, "WAIT,on", "OK");
	(void)mail_send(other, "127.0.0.1", "text");
	(void)mail_expect(c[0], "other", "text");
	(void)mail_expect(c[1], "other", "text");
	client_puts(c[2], "FETCH\n");
	(void)mail_expect(c[2], "other", "text");
	client_expect(c[2], "OK,1,0");
	client_ask(c[1], "WAIT,off", "OK");
	client_ask(c[2], "WAIT,on", "OK");
	for (unsigned i = 0; i < 3; i++)
		client_free(c[i]);
	client_free(other);
}

/* It waits and reads nothing: told so, put out, and nothing of its mail is lost. The others do not wait for it. */
static void bad_reads_nothing(struct daemon *d)
{
	const unsigned n = 300;
	struct client *alice = mail_client(d, "alice"), *bob = mail_client(d, "bob"), *again;
	g_autofree char *text = g_strnfill(50000, 'x'), *rest = NULL;

	client_ask(bob, "WAIT,on", "OK");
	for (unsigned i = 0; i < n; i++)
		(void)mail_send(alice, "bob", text);
	rest = client_until_closed(bob);
	g_assert_nonnull(strstr(rest, "ERROR: slow: "));
	client_free(bob);
	again = mail_client(d, "bob");
	client_ask(again, "WAIT,on", "OK");
	for (unsigned i = 0; i < n; i++)
		(void)mail_expect(again, "alice", text);
	client_ask(again, "PING", "PONG");
	client_free(again);
	client_free(alice);
}

/* Until this is the end of what came. */
static char *bad_receive_until(struct client *c, const char *end)
{
	g_autoptr(GString) received = g_string_new(NULL);
	gint64 deadline = harness_deadline();
	char buf[4096];
	ssize_t n;

	while (!g_str_has_suffix(received->str, end)) {
		if (!harness_poll(c->fd, POLLIN, deadline))
			harness_fail("'%s' did not come, but %zu bytes", end, received->len);
		n = recv(c->fd, buf, sizeof(buf), 0);
		if (n <= 0)
			harness_fail("It ended before '%s' came: %.300s", end, received->str);
		(void)g_string_append_len(received, buf, n);
	}
	return g_string_free(g_steal_pointer(&received), FALSE);
}

/* What waits is more than may wait for a session, and a message alone is, too. Whoever takes it as it comes gets it
 * all, in each dialect. */
static void bad_small_output(struct daemon *d)
{
	static const size_t sizes[] = { 1500, 1500, 3000, 1500, 20000, 1500, 1500, 1500, 4096, 1500, 1500 };
	struct client *alice = mail_client(d, "alice"), *ioe1 = mail_client(d, "bob"), *raw;

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree char *text = g_strnfill(sizes[i] - 1, ';');

		(void)mail_send(alice, "127.0.0.9", text);
		(void)mail_send(alice, "bob", text);
	}
	for (unsigned round = 0; round < 2; round++) {
		g_autofree char *received = NULL;
		size_t n = 0, want = 0;

		raw = client_new_from(d, 0, "127.0.0.9", "127.0.0.1");
		client_puts(raw, "Hello");
		g_free(bad_receive_until(raw, "HI"));
		client_puts(raw, "FETCH");
		received = bad_receive_until(raw, round == 0 ? "OK,11,0" : "OK,0,0");
		for (const char *p = received; *p; p++)
			n += *p == ';';
		for (size_t i = 0; i < G_N_ELEMENTS(sizes) && round == 0; i++)
			want += sizes[i] - 1;
		g_assert_cmpuint(n, ==, want);
		client_puts(raw, "BYE");
		g_free(client_until_closed(raw));
		client_free(raw);
	}
	client_ask(ioe1, "WAIT,on", "OK");
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree char *text = g_strnfill(sizes[i] - 1, ';');

		(void)mail_expect(ioe1, "alice", text);
	}
	client_free(ioe1);
	client_free(alice);
}

/* One that goes while it is given mail, in every way there is to go. */
static void bad_goes_meanwhile(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *last;
	uint64_t id[100];

	for (unsigned i = 0; i < 100; i++)
		(void)mail_send(alice, "127.0.0.9", "text");
	for (unsigned i = 0; i < 60; i++) {
		struct client *c = mail_client_from(d, "127.0.0.9");

		client_puts(c, i % 3 == 0 ? "FETCH\n" : i % 3 == 1 ? "WAIT,on\n" : "FETCH,3\nWAIT,on\nNICK,x\nWAIT,off\nFETCH\n");
		if (i % 2)
			client_reset(c);
		else
			client_free(c);
	}
	daemon_wait_sessions(d, 1);
	last = mail_client_from(d, "127.0.0.9");
	client_ask(last, "WAIT,on", "OK");
	for (unsigned i = 0; i < 100; i++)
		id[i] = mail_expect(last, "alice", "text");
	for (unsigned i = 0; i < 100; i++)
		mail_ack(last, id[i], 1);
	client_free(last);
	client_free(alice);
}

/* Mailboxes without end: the limit holds, and the others' go on. */
static void bad_many_names(struct daemon *d)
{
	const unsigned n = 500;
	struct client *alice = mail_client(d, "alice"), *bob = mail_client(d, "bob");

	client_ask(bob, "WAIT,on", "OK");
	for (unsigned i = 0; i < n; i++)
		(void)mail_send(alice, (const char[4]){ (char)('a' + i / 26 % 26), (char)('a' + i % 26), 'x', '\0' }, "text");
	(void)mail_send(alice, "bob", "text");
	(void)mail_expect(bob, "alice", "text");
	client_free(alice);
	client_free(bob);
}

/* Mailboxes that are waited for make no room, and each reactor has its share; those that nobody waits for do. */
static void bad_no_room(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *c[40];
	unsigned waiting = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		g_autofree char *nick = g_strdup_printf("n%u", i), *line = NULL;

		c[i] = mail_client(d, nick);
		client_puts(c[i], "WAIT,on\n");
		line = client_line(c[i]);
		waiting += strcmp(line, "OK") == 0;
		if (strcmp(line, "OK") != 0 && !g_str_has_prefix(line, "ERROR: limit: "))
			harness_fail("Neither OK nor limit: %s", line);
	}
	g_assert_cmpuint(waiting, >=, 2);
	g_assert_cmpuint(waiting, <=, 8);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_ask(c[i], "WAIT,off", "OK");
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		g_autofree char *nick = g_strdup_printf("n%u", i);

		(void)mail_send(alice, nick, "text");
		client_puts(c[i], "FETCH\n");
		(void)mail_expect(c[i], "alice", "text");
		client_expect(c[i], "OK,1,0");
		client_free(c[i]);
	}
	client_free(alice);
}

/* What lies there is no database: mail is refused and says why, all else is served. */
static void bad_store(unsigned reactors)
{
	struct daemon *d = daemon_new(reactors, DAEMON_LISTENER);
	g_autofree char *path = g_build_filename(d->state, "store.db", NULL), *noise = harness_noise(100000, 1);
	struct client *c;

	harness_write_file(path, noise, 100000);
	daemon_spawn(d);
	daemon_wait_ready(d);
	c = mail_client(d, "alice");
	client_refused(c, "SEND,bob,text", "unavailable");
	client_refused(c, "FETCH", "unavailable");
	client_refused(c, "MAILBOX", "unavailable");
	client_refused(c, "STATUS,1", "unavailable");
	client_refused(c, "ACK,1", "unavailable");
	client_refused(c, "WAIT,on", "unavailable");
	client_ask(c, "21", "42");
	client_puts(c, "LIST\n");
	client_expect_sized(c, "", 0);
	client_free(c);
	daemon_finish(d);
}

static void bad_add(void)
{
	daemon_add("relay-bad/names", DAEMON_LISTENER, bad_names);
	daemon_add("relay-bad/text", DAEMON_LISTENER, bad_text);
	mail_add_pair("relay-bad/long-text", DAEMON_LISTENER "limits = { line = 2000; };\n", bad_long_text);
	mail_add_pair("relay-bad/full-mailbox", BAD_LISTENER("max_messages = 3; max_bytes = 2048;"), bad_full_mailbox);
	mail_add_pair("relay-bad/retention", BAD_LISTENER("retention = \"2s\";"), bad_retention);
	daemon_add("relay-bad/nick-mail", BAD_LISTENER("nick_mail = false;"), bad_nick_mail);
	daemon_add("relay-bad/too-many-wait", BAD_LISTENER("sessions = 2;"), bad_too_many_wait);
	daemon_add("relay-bad/reads-nothing", DAEMON_LISTENER, bad_reads_nothing);
	daemon_add("relay-bad/small-output", DAEMON_LISTENER "limits = { output = 4096; };\n", bad_small_output);
	daemon_add("relay-bad/goes-meanwhile", DAEMON_LISTENER, bad_goes_meanwhile);
	daemon_add("relay-bad/many-names", BAD_LISTENER("open = 20;"), bad_many_names);
	daemon_add("relay-bad/no-room", BAD_LISTENER("open = 8;"), bad_no_room);
	harness_add("relay-bad/store", bad_store);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, bad_add);
}
