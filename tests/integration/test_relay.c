/* SPDX-License-Identifier: MIT */
/*
 * Mail: it waits, comes in order, stays until it is acknowledged, and its sender can learn what became of it. With one
 * reactor and with four, where sender, receiver and mailbox each may live in another one.
 */

#include "attack.h"
#include "mail.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void relay_waits_for_the_absent(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *bob;
	uint64_t id, other;

	id = mail_send(alice, "bob", "are you there?");
	other = mail_send(alice, "BOB", "bob%2C with a%2C comma");
	g_assert_cmpuint(other, !=, id);
	mail_expect_status(alice, id, "held");

	bob = mail_client(d, "Bob");
	mail_expect_box(bob, 2);
	client_puts(bob, "FETCH\n");
	g_assert_cmpuint(mail_expect(bob, "alice", "are you there?"), ==, id);
	g_assert_cmpuint(mail_expect(bob, "alice", "bob%2C with a%2C comma"), ==, other);
	client_expect(bob, "OK,2,0");
	mail_expect_box(bob, 2);
	mail_ack(bob, id, 1);
	mail_ack(bob, id, 0);
	mail_expect_box(bob, 1);
	mail_expect_status(alice, id, "delivered");
	mail_expect_status(alice, other, "held");
	client_free(alice);
	client_free(bob);
}

/* Until it is acknowledged, each new session is given it again, and only it. */
static void relay_comes_again(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *bob;
	uint64_t first, second;

	first = mail_send(alice, "127.0.0.9", "one");
	second = mail_send(alice, "127.0.0.9", "two");
	for (unsigned i = 0; i < 3; i++) {
		bob = mail_client_from(d, "127.0.0.9");
		client_puts(bob, "FETCH\n");
		g_assert_cmpuint(mail_expect(bob, "alice", "one"), ==, first);
		g_assert_cmpuint(mail_expect(bob, "alice", "two"), ==, second);
		client_expect(bob, "OK,2,0");
		client_ask(bob, "FETCH", "OK,0,0");
		client_free(bob);
	}
	bob = mail_client_from(d, "127.0.0.9");
	client_printf(bob, "ACK,%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "\n", second, second);
	client_expect(bob, "OK,1");
	client_puts(bob, "FETCH\n");
	g_assert_cmpuint(mail_expect(bob, "alice", "one"), ==, first);
	client_expect(bob, "OK,1,0");
	client_free(bob);
	client_free(alice);
}

/* More than a page, in parts, and from where the session was. */
static void relay_fetches_in_parts(struct daemon *d)
{
	const unsigned n = 300;
	struct client *alice = mail_client(d, "alice"), *bob = mail_client(d, "bob");
	unsigned at = 0;

	for (unsigned i = 0; i < n; i++)
		client_printf(alice, "SEND,bob,message %u\n", i);
	for (unsigned i = 0; i < n; i++)
		(void)mail_take_id(alice);
	for (unsigned part = 1; at < n; part = 3 * part + 1) {
		unsigned take = MIN(part, n - at);
		g_autofree char *ok = g_strdup_printf("OK,%u,%u", take, n - at - take);

		client_printf(bob, "FETCH,%u\n", part);
		for (unsigned i = 0; i < take; i++) {
			g_autofree char *text = g_strdup_printf("message %u", at++);

			(void)mail_expect(bob, "alice", text);
		}
		client_expect(bob, ok);
	}
	client_ask(bob, "FETCH", "OK,0,0");
	(void)mail_send(alice, "bob", "late");
	client_puts(bob, "FETCH\n");
	(void)mail_expect(bob, "alice", "late");
	client_expect(bob, "OK,1,0");
	mail_expect_box(bob, n + 1);
	client_refused(bob, "FETCH,0", "bad-argument");
	client_refused(bob, "FETCH,-1", "bad-argument");
	client_refused(bob, "FETCH,all", "bad-argument");
	client_refused(bob, "FETCH,99999999999999999999999", "bad-argument");
	client_free(alice);
	client_free(bob);
}

/* Long messages, many of them, to somebody who takes them slowly: all come, and the daemon holds little of it. */
static void relay_fetches_much(struct daemon *d)
{
	const unsigned n = 200;
	struct client *alice = mail_client(d, "alice"), *bob = mail_client(d, "bob");
	g_autofree char *text = g_strnfill(60000, 'x');

	for (unsigned i = 0; i < n; i++)
		(void)mail_send(alice, "bob", text);
	client_puts(bob, "FETCH\n");
	for (unsigned i = 0; i < n; i++)
		(void)mail_expect(bob, "alice", text);
	client_expect(bob, "OK,200,0");
	client_free(alice);
	client_free(bob);
}

static void relay_wait_on_and_off(struct client *alice, struct client *bob)
{
	client_ask(bob, "WAIT,off", "OK");
	(void)mail_send(alice, "bob", "before");
	client_ask(bob, "wait,ON", "OK");
	(void)mail_expect(bob, "alice", "before");
	(void)mail_send(alice, "bob", "now");
	(void)mail_expect(bob, "alice", "now");
	client_ask(bob, "WAIT,on", "OK");
	client_ask(bob, "FETCH", "OK,0,0");
	client_ask(bob, "WAIT,off", "OK");
	(void)mail_send(alice, "bob", "later");
	client_ask(bob, "PING,nothing came", "PONG,nothing came");
	client_puts(bob, "FETCH\n");
	(void)mail_expect(bob, "alice", "later");
	client_expect(bob, "OK,1,0");
	(void)mail_send(alice, "bob", "again");
	client_ask(bob, "WAIT,on", "OK");
	(void)mail_expect(bob, "alice", "again");
	client_refused(bob, "WAIT,maybe", "bad-argument");
	client_refused(bob, "WAIT,", "bad-argument");
	client_refused(bob, "WAIT", "bad-argument");
	mail_expect_box(bob, 4);
	/* The end of the requests is the end of the waiting. */
	client_half_close(bob);
	client_expect_eof(bob);
}

static void relay_expect_delivered(struct client *c, uint64_t id, const char *name)
{
	g_autofree char *event = client_line(c), *start = g_strdup_printf("DELIVERED,%" G_GUINT64_FORMAT ",%s,", id, name);

	if (!g_str_has_prefix(event, start))
		harness_fail("Not %sTIME but: %.200s", start, event);
}

/* The sender who waits is told; one who does not asks. */
static void relay_receipts(struct daemon *d)
{
	struct client *alice = mail_client(d, "Alice"), *bob = mail_client(d, "Bob"), *eve = mail_client(d, "eve");
	uint64_t id, quiet;

	quiet = mail_send(alice, "bob", "first");
	client_ask(bob, "WAIT,on", "OK");
	g_assert_cmpuint(mail_expect(bob, "Alice", "first"), ==, quiet);
	mail_ack(bob, quiet, 1);
	mail_expect_status(alice, quiet, "delivered");

	client_ask(alice, "WAIT,on", "OK");
	id = mail_send(alice, "bob", "second");
	g_assert_cmpuint(mail_expect(bob, "Alice", "second"), ==, id);
	mail_ack(bob, id, 1);
	relay_expect_delivered(alice, id, "bob");
	mail_expect_status(alice, id, "delivered");

	client_printf(eve, "STATUS,%" G_GUINT64_FORMAT "\n", id);
	client_expect_error(eve, "not-found");
	client_printf(bob, "STATUS,%" G_GUINT64_FORMAT "\n", id);
	client_expect_error(bob, "not-found");
	client_refused(alice, "STATUS,1", "not-found");
	client_refused(alice, "STATUS,9223372036854775807", "not-found");
	client_refused(alice, "STATUS,0", "bad-argument");
	client_refused(alice, "STATUS,x", "bad-argument");
	client_free(alice);
	client_free(bob);
	client_free(eve);
}

/* A sender that still has much to read when his message is acknowledged is told so all the same. */
static void relay_receipt_for_one_behind(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *bob = mail_client(d, "bob"), *eve = mail_client(d, "eve");
	g_autofree char *text = g_strnfill(50000, 'x');
	const unsigned n = 300;
	unsigned mails = 0;
	uint64_t id = mail_send(alice, "bob", "text");
	bool delivered = false;

	for (unsigned i = 0; i < n; i++)
		(void)mail_send(eve, "alice", text);
	client_ask(alice, "WAIT,on", "OK");
	mail_ack(bob, id, 1);
	while (mails < n || !delivered) {
		g_autofree char *line = client_line(alice), *want = NULL;

		want = g_strdup_printf("DELIVERED,%" G_GUINT64_FORMAT ",bob,", id);
		delivered |= g_str_has_prefix(line, want);
		mails += g_str_has_prefix(line, "MAIL,");
	}
	client_free(alice);
	client_free(bob);
	client_free(eve);
}

/* Those of one address share its mailbox: each sees it, the first to acknowledge takes it. */
static void relay_several_sessions(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *c[5], *late;
	uint64_t id[2];

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		c[i] = mail_client_from(d, "127.0.0.9");
		client_ask(c[i], "WAIT,on", "OK");
	}
	id[0] = mail_send(alice, "127.0.0.9", "to you all");
	id[1] = mail_send(alice, "::ffff:127.0.0.9", "once more");
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		g_assert_cmpuint(mail_expect(c[i], "alice", "to you all"), ==, id[0]);
		g_assert_cmpuint(mail_expect(c[i], "alice", "once more"), ==, id[1]);
	}
	mail_ack(c[3], id[0], 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		mail_ack(c[i], id[0], 0);
	late = mail_client_from(d, "127.0.0.9");
	client_ask(late, "WAIT,on", "OK");
	g_assert_cmpuint(mail_expect(late, "alice", "once more"), ==, id[1]);
	mail_ack(late, id[1], 1);
	client_free(late);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_free(c[i]);
	client_free(alice);
}

/* What is not yours cannot be acknowledged, and nobody learns from that whether it is there. */
static void relay_ack_of_others(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *bob = mail_client(d, "bob"), *eve = mail_client(d, "eve");
	uint64_t id = mail_send(alice, "bob", "private"), own = mail_send(alice, "eve", "yours");

	mail_ack(eve, id, 0);
	mail_ack(alice, id, 0);
	mail_ack(eve, id + 1, 0);
	mail_ack(eve, 1, 0);
	mail_ack(eve, G_MAXINT64, 0);
	client_printf(eve, "ACK,%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "\n", id, own);
	client_expect(eve, "OK,1");
	client_refused(eve, "ACK,0", "bad-argument");
	client_refused(eve, "ACK,", "bad-argument");
	client_refused(eve, "ACK", "bad-argument");
	client_refused(eve, "ACK,-1", "bad-argument");
	client_refused(eve, "ACK,9223372036854775808", "bad-argument");
	client_printf(eve, "ACK,%" G_GUINT64_FORMAT ",x\n", id);
	client_expect_error(eve, "bad-argument");
	mail_expect_status(alice, id, "held");
	client_puts(bob, "FETCH\n");
	g_assert_cmpuint(mail_expect(bob, "alice", "private"), ==, id);
	client_expect(bob, "OK,1,0");
	client_free(alice);
	client_free(bob);
	client_free(eve);
}

/* The same key is the same message, from whichever session of the sender, at once or after it was taken. */
static void relay_key(struct daemon *d)
{
	struct client *bob = mail_client(d, "bob"), *eve = mail_client(d, "eve"), *c[6];
	uint64_t id = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		c[i] = mail_client_from(d, "127.0.0.9");
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_puts(c[i], "SEND,bob,once,the key\nSEND,bob,once,the key\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		for (unsigned k = 0; k < 2; k++) {
			uint64_t seen = mail_take_id(c[i]);

			g_assert_true(id == 0 || seen == id);
			id = seen;
		}
	mail_expect_box(bob, 1);
	mail_ack(bob, id, 1);
	g_assert_cmpuint(mail_send_key(c[0], "bob", "once", "the key"), ==, id);
	mail_expect_box(bob, 0);
	g_assert_cmpuint(mail_send_key(c[0], "bob", "once", "another key"), !=, id);
	g_assert_cmpuint(mail_send_key(eve, "bob", "once", "the key"), !=, id);
	mail_expect_box(bob, 2);
	client_refused(eve, "SEND,bob,text,", "bad-argument");
	client_refused(eve, "SEND,bob,text,12345678901234567890123456789012345678901234567890123456789012345",
		       "bad-argument");
	(void)mail_send_key(eve, "bob", "text", "1234567890123456789012345678901234567890123456789012345678901234");
	client_refused(eve, "SEND,bob,a text, with, commas", "bad-argument");
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_free(c[i]);
	client_free(bob);
	client_free(eve);
}

/* Two senders as fast as they can, three receivers in other reactors: each pair's order is kept. */
static void relay_order(struct daemon *d)
{
	const unsigned n = 1000;
	struct client *from[2] = { mail_client(d, "s0"), mail_client(d, "s1") };
	struct client *to[3] = { mail_client(d, "r0"), mail_client(d, "r1"), mail_client(d, "r2") };
	unsigned next[3][2] = { { 0 } };

	client_ask(to[0], "WAIT,on", "OK");
	for (unsigned i = 0; i < n; i++)
		for (unsigned s = 0; s < 2; s++)
			client_printf(from[s], "SEND,r%u,%u\n", i % 3, i / 3);
	client_ask(to[1], "WAIT,on", "OK"); /* in the middle of it */
	for (unsigned i = 0; i < n; i++)
		for (unsigned s = 0; s < 2; s++)
			(void)mail_take_id(from[s]);
	client_ask(to[2], "WAIT,on", "OK");
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < 2; k++) {
			g_autofree char *line = client_line(to[i % 3]);
			g_auto(GStrv) f = g_strsplit(line, ",", 0);
			unsigned s;

			g_assert_cmpstr(f[0], ==, "MAIL");
			s = (unsigned)(f[2][1] - '0');
			g_assert_cmpuint(s, <, 2);
			g_assert_cmpuint((unsigned)atoi(f[4]), ==, next[i % 3][s]++);
		}
	for (unsigned i = 0; i < 3; i++) {
		client_ask(to[i], "PING,and no more", "PONG,and no more");
		client_free(to[i]);
	}
	client_free(from[0]);
	client_free(from[1]);
}

/* Whatever ends the daemon, what it acknowledged is there, and so is what it remembers of it. */
static void relay_restart(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *bob = mail_client(d, "bob");
	uint64_t id[3], gone = mail_send_key(alice, "bob", "zero", "k0");

	id[0] = mail_send(alice, "bob", "one");
	id[1] = mail_send_key(alice, "bob", "two", "k2");
	mail_ack(bob, gone, 1);
	for (unsigned round = 0; round < 2; round++) {
		client_free(alice);
		client_free(bob);
		if (round == 0)
			daemon_stop(d);
		else
			daemon_kill(d);
		daemon_spawn(d);
		daemon_wait_ready(d);
		alice = mail_client(d, "alice");
		bob = mail_client(d, "bob");
		mail_expect_status(alice, gone, "delivered");
		mail_expect_status(alice, id[0], "held");
		g_assert_cmpuint(mail_send_key(alice, "bob", "zero", "k0"), ==, gone);
		g_assert_cmpuint(mail_send_key(alice, "bob", "two", "k2"), ==, id[1]);
		mail_expect_box(bob, 2 + round);
		client_ask(bob, "WAIT,on", "OK");
		g_assert_cmpuint(mail_expect(bob, "alice", "one"), ==, id[0]);
		g_assert_cmpuint(mail_expect(bob, "alice", "two"), ==, id[1]);
		if (round == 1)
			g_assert_cmpuint(mail_expect(bob, "alice", "three"), ==, id[2]);
		else
			id[2] = mail_send(alice, "bob", "three");
		g_assert_cmpuint(id[2], >, id[1]);
	}
	client_free(alice);
	client_free(bob);
}

/* A person with netcat: no ids, and what has reached the other machine is acknowledged. */
static void relay_in_line(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *bob = client_new(d, 0), *last;
	g_autofree char *rest = NULL;
	uint64_t id;

	client_ask(alice, "WAIT,on", "OK");
	client_ask(bob, "NICK,bob", "OK,bob");
	client_puts(bob, "SEND,alice,hello, alice, how are you?\n");
	id = mail_take_id(bob);
	g_assert_cmpuint(mail_expect(alice, "bob", "hello%2C alice%2C how are you?"), ==, id);
	id = mail_send(alice, "bob", "well%2C\ttab%0D%0Aand %1B[2J\xff");
	client_puts(bob, "FETCH\n");
	client_expect(bob, "alice: well,\ttab??and ?[2J?");
	client_expect(bob, "OK,1,0");
	relay_expect_delivered(alice, id, "bob");
	mail_expect_status(alice, id, "delivered");
	mail_expect_box(bob, 0);

	client_ask(bob, "WAIT,on", "OK");
	id = mail_send(alice, "bob", "live");
	client_expect(bob, "alice: live");
	relay_expect_delivered(alice, id, "bob");
	client_free(bob);

	/* Look in, take it, go: it is not closed before it is taken. */
	id = mail_send(alice, "127.0.0.9", "you were not there");
	last = client_new_from(d, 0, "127.0.0.9", "127.0.0.1");
	client_puts(last, "FETCH\nBYE\n");
	rest = client_until_closed(last);
	g_assert_cmpstr(rest, ==, "alice: you were not there\nOK,1,0\nBYE\n");
	client_free(last);
	relay_expect_delivered(alice, id, "127.0.0.9");
	client_free(alice);
}

/* With the kernel is not with the peer: what its TCP has not taken is not acknowledged. */
static void relay_not_taken(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *c = client_new_fd(attack_connect(d, 0, 9, 4096));
	g_autofree char *text = g_strnfill(60000, 'x'), *mail = g_strconcat("alice: ", text, NULL);
	uint64_t id;

	client_ask(c, "NICK,bob", "OK,bob");
	id = mail_send(alice, "bob", text);
	client_puts(c, "FETCH\n");
	g_assert_true(harness_poll(c->fd, POLLIN, harness_deadline()));
	for (unsigned i = 0; i < 100; i++)
		mail_expect_status(alice, id, "held");
	client_expect(c, mail);
	client_expect(c, "OK,1,0");
	mail_wait_status(alice, id, "delivered");
	client_free(c);
	client_free(alice);
}

static void relay_raw_expect(int fd, const char *want)
{
	char buf[1025];
	ssize_t n;

	g_assert_true(harness_poll(fd, POLLIN, harness_deadline()));
	n = recv(fd, buf, 1024, 0);
	g_assert_cmpint(n, >=, 0);
	buf[n] = '\0';
	g_assert_cmpstr(buf, ==, want);
}

static uint64_t relay_raw_take_id(int fd)
{
	char buf[1025];
	ssize_t n;

	g_assert_true(harness_poll(fd, POLLIN, harness_deadline()));
	n = recv(fd, buf, 1024, 0);
	g_assert_cmpint(n, >, 3);
	buf[n] = '\0';
	g_assert_true(g_str_has_prefix(buf, "OK,"));
	return g_ascii_strtoull(buf + 3, NULL, 10);
}

static void relay_raw_say(int fd, const char *text)
{
	g_assert_cmpint(send(fd, text, strlen(text), MSG_NOSIGNAL), ==, (gssize)strlen(text));
}

/* Old client C: one send is one command, one recv is one answer; known by its address, there or away. */
static void relay_in_raw(struct daemon *d)
{
	struct client *from = client_new_from(d, 0, "127.0.0.8", "127.0.0.1"), *to, *alice = mail_client(d, "alice");
	uint64_t id, live;

	relay_raw_say(from->fd, "Hello");
	relay_raw_expect(from->fd, "HI");
	relay_raw_say(from->fd, "SEND,127.0.0.9,one, two");
	id = relay_raw_take_id(from->fd);

	to = client_new_from(d, 0, "127.0.0.9", "127.0.0.1");
	relay_raw_say(to->fd, "Hello");
	relay_raw_expect(to->fd, "HI");
	relay_raw_say(to->fd, "FETCH");
	relay_raw_expect(to->fd, "127.0.0.8: one, two");
	relay_raw_expect(to->fd, "OK,1,0");
	relay_raw_say(to->fd, "WAIT,on");
	relay_raw_expect(to->fd, "OK");
	live = mail_send(alice, "127.0.0.9", "live");
	relay_raw_expect(to->fd, "alice: live");
	mail_wait_status(alice, live, "delivered");
	mail_expect_box(alice, 0);
	{
		g_autofree char *ask = g_strdup_printf("STATUS,%" G_GUINT64_FORMAT, id);
		char buf[100];

		relay_raw_say(from->fd, ask);
		g_assert_true(harness_poll(from->fd, POLLIN, harness_deadline()));
		buf[recv(from->fd, buf, sizeof(buf) - 1, 0)] = '\0';
		g_assert_true(g_str_has_prefix(buf, "OK,delivered,"));
	}
	client_free(from);
	client_free(to);
	client_free(alice);
}

/* A session's mailbox is that of its name, and follows it. */
static void relay_renamed(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *c = mail_client_from(d, "127.0.0.9"), *next;
	uint64_t id;

	(void)mail_send(alice, "127.0.0.9", "to the address");
	(void)mail_send(alice, "bob", "to bob");
	(void)mail_send(alice, "carol", "to carol");
	client_ask(c, "WAIT,on", "OK");
	(void)mail_expect(c, "alice", "to the address");
	client_ask(c, "NICK,bob", "OK,bob");
	(void)mail_expect(c, "alice", "to bob");
	client_ask(c, "NICK,carol", "OK,carol");
	(void)mail_expect(c, "alice", "to carol");
	/* Back and forth, faster than it can follow. */
	client_puts(c, "NICK,bob\nNICK,carol\nNICK,bob\nNICK,carol\nNICK,bob\nNICK,dave\n");
	(void)mail_send(alice, "dave", "to dave");
	for (bool done = false; !done;) {
		g_autofree char *line = client_line(c);

		done = g_str_has_suffix(line, ",to dave");
	}
	id = mail_send(alice, "bob", "not to dave");
	next = mail_client(d, "bob");
	client_ask(next, "WAIT,on", "OK");
	(void)mail_expect(next, "alice", "to bob");
	g_assert_cmpuint(mail_expect(next, "alice", "not to dave"), ==, id);
	client_ask(c, "WAIT,off", "OK");
	client_ask(c, "PING,nothing else", "PONG,nothing else");
	client_free(next);
	client_free(c);
	client_free(alice);
}

/* What is on its way to a name comes to nobody who has given the name up, and been told so. */
static void relay_renamed_under_way(struct daemon *d)
{
	struct client *alice = mail_client(d, "alice"), *c = mail_client(d, "n0");

	client_ask(c, "WAIT,on", "OK");
	for (unsigned round = 0; round < 200; round++) {
		g_autofree char *ok = g_strdup_printf("OK,n%u", round + 1), *old = g_strdup_printf(",to n%u", round);
		bool renamed = false;

		for (unsigned i = 0; i < 20; i++)
			client_printf(alice, "SEND,n%u,to n%u\n", round, round);
		client_printf(c, "NICK,n%u\n", round + 1);
		for (unsigned i = 0; i < 20; i++)
			(void)mail_take_id(alice);
		/* Behind this all is heard that is under way. */
		client_printf(alice, "SEND,n%u,the last\n", round + 1);
		(void)mail_take_id(alice);
		for (bool done = false; !done;) {
			g_autofree char *line = client_line(c);

			renamed = renamed || strcmp(line, ok) == 0;
			if (renamed && g_str_has_suffix(line, old))
				harness_fail("n%u is given: %s", round + 1, line);
			done = g_str_has_suffix(line, ",the last");
		}
		g_assert_true(renamed);
	}
	client_free(alice);
	client_free(c);
}

static void relay_clear(struct client *alice, struct client *bob)
{
	g_autofree char *line = NULL;
	g_auto(GStrv) f = NULL;
	uint64_t id;

	client_ask(bob, "MAILBOX", "OK,0,0,0");
	client_ask(bob, "MAILBOX,clear", "OK,0,0,0");
	id = mail_send(alice, "bob", "1234567890");
	(void)mail_send(alice, "bob", "1234567890");
	client_puts(bob, "MAILBOX\n");
	line = client_line(bob);
	f = g_strsplit(line, ",", 0);
	g_assert_cmpuint(g_strv_length(f), ==, 4);
	g_assert_cmpstr(f[1], ==, "2");
	g_assert_cmpstr(f[2], ==, "30"); /* the sender's name is counted, too */
	g_assert_cmpint(ABS((gint64)g_ascii_strtoull(f[3], NULL, 10) - g_get_real_time() / 1000), <, 300000);
	client_refused(bob, "MAILBOX,empty", "bad-argument");
	client_ask(bob, "mailbox,CLEAR", "OK,0,0,0");
	client_ask(bob, "FETCH", "OK,0,0");
	mail_expect_status(alice, id, "expired");
	(void)mail_send(alice, "bob", "after");
	client_puts(bob, "FETCH\n");
	(void)mail_expect(bob, "alice", "after");
	client_expect(bob, "OK,1,0");
}

static void relay_add(void)
{
	daemon_add("relay/waits-for-the-absent", DAEMON_LISTENER, relay_waits_for_the_absent);
	daemon_add("relay/comes-again", DAEMON_LISTENER, relay_comes_again);
	daemon_add("relay/fetches-in-parts", DAEMON_LISTENER, relay_fetches_in_parts);
	daemon_add("relay/fetches-much", DAEMON_LISTENER, relay_fetches_much);
	mail_add_pair("relay/wait-on-and-off", DAEMON_LISTENER, relay_wait_on_and_off);
	daemon_add("relay/receipts", DAEMON_LISTENER, relay_receipts);
	daemon_add("relay/receipt-for-one-behind", DAEMON_LISTENER, relay_receipt_for_one_behind);
	daemon_add("relay/several-sessions", DAEMON_LISTENER, relay_several_sessions);
	daemon_add("relay/ack-of-others", DAEMON_LISTENER, relay_ack_of_others);
	daemon_add("relay/key", DAEMON_LISTENER, relay_key);
	daemon_add("relay/order", DAEMON_LISTENER, relay_order);
	daemon_add("relay/restart", DAEMON_LISTENER, relay_restart);
	daemon_add("relay/in-line", DAEMON_LISTENER, relay_in_line);
	daemon_add("relay/not-taken", DAEMON_LISTENER, relay_not_taken);
	/* Long enough that this program has its turn meanwhile. */
	daemon_add("relay/in-raw", DAEMON_LISTENER "legacy_wait = \"400ms\";\n", relay_in_raw);
	daemon_add("relay/renamed", DAEMON_LISTENER, relay_renamed);
	daemon_add("relay/renamed-under-way", DAEMON_LISTENER, relay_renamed_under_way);
	mail_add_pair("relay/clear", DAEMON_LISTENER, relay_clear);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, relay_add);
}
