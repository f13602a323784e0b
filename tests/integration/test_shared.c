/* SPDX-License-Identifier: MIT */
/* One name for several sessions, which all have asked for it so and come from one address. */

#include "mail.h"
#include "room.h"

#include <string.h>

/* A client that shares the name, which those who had it may just be giving up. */
static struct client *shared_client(struct daemon *d, const char *address, const char *name)
{
	struct client *c = mail_client_from(d, address);
	g_autofree char *ok = g_strdup_printf("OK,%s", name);
	gint64 deadline = harness_deadline();

	for (;;) {
		g_autofree char *line = NULL;

		client_printf(c, "NICK,%s,shared\n", name);
		line = client_line(c);
		if (strcmp(line, ok) == 0)
			return c;
		if (!g_str_has_prefix(line, "ERROR: taken: ") || g_get_monotonic_time() > deadline)
			harness_fail("No name '%s', but: %s", name, line);
	}
}

static void shared_nick(struct daemon *d)
{
	struct client *anna = shared_client(d, "127.0.0.1", "Anna"), *phone = shared_client(d, "127.0.0.1", "anna");
	struct client *other = mail_client_from(d, "127.0.0.2"), *line = client_new(d, ROOM_ALL);

	client_refused(other, "NICK,anna,shared", "taken");
	client_refused(other, "NICK,anna", "taken");
	client_refused(line, "NICK,anna", "taken");
	client_ask(phone, "NICK,ANNA,Shared", "OK,ANNA");

	/* Not alone, while the other one has it. */
	client_refused(phone, "NICK,anna", "taken");
	client_ask(anna, "NICK,bert", "OK,bert");
	client_ask(phone, "NICK,anna", "OK,anna");
	client_refused(anna, "NICK,anna,shared", "taken");
	client_ask(phone, "NICK,anna,shared", "OK,anna");
	client_ask(anna, "NICK,anna,shared", "OK,anna");

	client_refused(anna, "NICK,anna,", "bad-argument");
	client_refused(anna, "NICK,anna,share", "bad-argument");
	client_refused(anna, "NICK,anna,shared,x", "bad-argument|bad-command");
	client_refused(anna, "NICK,127.0.0.1,shared", "denied");

	/* In line there are no more fields than ever. */
	client_puts(line, "NICK,carl,shared\n");
	client_expect(line, "ERROR: bad-argument: a name is 1 to 32 of A-Z a-z 0-9 . _ -; this one has 11 bytes: "
			    "'carl,shared'");
	client_free(line);
	client_free(other);
	client_free(phone);
	client_free(anna);
	/* It is free when the last one has gone. */
	other = shared_client(d, "127.0.0.2", "Anna");
	client_free(other);
}

/* A hundred from one address and a hundred from another ask at once: those of one have it, and all of them. */
static void shared_race(struct daemon *d)
{
	struct client *c[200];

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		c[i] = mail_client_from(d, i % 2 ? "127.0.0.1" : "127.0.0.2");
	for (unsigned round = 0; round < 5; round++) {
		unsigned has[2] = { 0 };

		for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
			client_printf(c[i], "NICK,race%u,shared\n", round);
		for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
			g_autofree char *line = client_line(c[i]);

			if (g_str_has_prefix(line, "OK,"))
				has[i % 2]++;
			else
				g_assert_true(g_str_has_prefix(line, "ERROR: taken: "));
		}
		g_assert_cmpuint(has[0] + has[1], ==, G_N_ELEMENTS(c) / 2);
		g_assert_true(has[0] == 0 || has[1] == 0);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_free(c[i]);
	client_free(client_new_named(d, ROOM_ALL, "race4"));
}

/* Each has its mail, and it is gone when one of them has acknowledged it. */
static void shared_mail(struct daemon *d)
{
	struct client *anna = shared_client(d, "127.0.0.1", "anna"), *phone = shared_client(d, "127.0.0.1", "anna");
	struct client *third = shared_client(d, "127.0.0.1", "anna"), *bob = mail_client(d, "bob");
	uint64_t id;

	client_ask(anna, "WAIT,on", "OK");
	client_ask(phone, "WAIT,on", "OK");
	client_refused(third, "WAIT,on", "limit"); /* relay.sessions */

	id = mail_send(bob, "anna", "one");
	g_assert_cmpuint(mail_expect(anna, "bob", "one"), ==, id);
	g_assert_cmpuint(mail_expect(phone, "bob", "one"), ==, id);
	mail_expect_box(third, 1);
	mail_ack(phone, id, 1);
	mail_ack(anna, id, 0);
	mail_expect_box(third, 0);
	client_ask(third, "FETCH", "OK,0,0");

	/* The one that has gone takes nothing of the other's with it. */
	client_free(anna);
	id = mail_send(bob, "ANNA", "two");
	g_assert_cmpuint(mail_expect(phone, "bob", "two"), ==, id);
	mail_ack(third, id, 1);
	mail_expect_box(phone, 0);
	client_free(phone);
	client_free(third);
	client_free(bob);
}

static void shared_expect_who(struct client *c, const char *names)
{
	client_puts(c, "WHO,den\n");
	client_expect_sized(c, names, strlen(names));
}

/* Each is a member of its own; who acts on the name acts on all of them. */
static void shared_room(struct daemon *d)
{
	struct client *owner = room_client(d, "Owner");
	struct client *anna = shared_client(d, "127.0.0.1", "anna"), *phone = shared_client(d, "127.0.0.1", "anna");

	room_join(owner, "den", "Owner", "OK,den,0,1,1");
	room_join(anna, "den", "anna", "OK,den,0,2,1");
	client_expect(owner, "JOINED,den,anna");
	room_join(phone, "den", "anna", "OK,den,0,3,1");
	client_expect(owner, "JOINED,den,anna");
	client_expect(anna, "JOINED,den,anna");
	shared_expect_who(owner, "anna\nanna\nOwner\n");

	client_puts(anna, "SAY,den,hello\n");
	room_received(anna, "den", 1, "anna", "hello");
	client_expect(anna, "OK,1");
	room_received(phone, "den", 1, "anna", "hello");
	room_received(owner, "den", 1, "anna", "hello");

	client_ask(owner, "MUTE,den,ANNA,1000", "OK");
	client_refused(anna, "SAY,den,x", "denied");
	client_refused(phone, "SAY,den,x", "denied");
	client_ask(owner, "ROLE,den,anna,operator", "OK");
	client_puts(phone, "TOPIC,den,anna was here\n");
	room_expect_all(phone, "OK", "TOPIC,den,anna,anna was here", NULL);
	client_puts(anna, "TOPIC,den,again\n");
	room_expect_all(anna, "TOPIC,den,anna,anna was here", "OK", "TOPIC,den,anna,again", NULL);
	client_expect(phone, "TOPIC,den,anna,again");
	room_expect_all(owner, "TOPIC,den,anna,anna was here", "TOPIC,den,anna,again", NULL);
	client_ask(owner, "ROLE,den,anna,member", "OK");

	/* One leaves, and the other is there still. */
	room_part(phone, "den", "anna");
	client_expect(anna, "LEFT,den,anna,parted");
	client_expect(owner, "LEFT,den,anna,parted");
	shared_expect_who(owner, "anna\nOwner\n");
	client_puts(phone, "JOIN,den\n");
	client_expect(phone, "OK,den,1,3,1");
	client_expect(phone, "JOINED,den,anna");
	client_expect(phone, "TOPIC,den,anna,again");
	client_expect(anna, "JOINED,den,anna");
	client_expect(owner, "JOINED,den,anna");

	client_puts(owner, "BAN,den,anna,1000\n");
	room_expect_all(owner, "LEFT,den,anna,banned", "LEFT,den,anna,banned", "OK", NULL);
	client_expect(anna, "LEFT,den,anna,banned");
	client_expect(phone, "LEFT,den,anna,banned"); /* the other one */
	client_expect(phone, "LEFT,den,anna,banned");
	client_refused(phone, "JOIN,den", "denied");
	shared_expect_who(owner, "Owner\n");
	client_free(phone);
	client_free(anna);
	client_free(owner);
}

/* Who founds a room under a name founds it for all who share that. */
static void shared_founder(struct daemon *d)
{
	struct client *anna = shared_client(d, "127.0.0.1", "anna"), *phone = shared_client(d, "127.0.0.1", "anna");

	room_join(anna, "nest", "anna", "OK,nest,0,1,1");
	room_join(phone, "nest", "anna", "OK,nest,0,2,1");
	client_expect(anna, "JOINED,nest,anna");
	client_free(anna);
	client_expect(phone, "LEFT,nest,anna,closed");
	client_puts(phone, "TOPIC,nest,mine\n");
	room_expect_all(phone, "OK", "TOPIC,nest,anna,mine", NULL);
	client_free(phone);
}

static void add_tests(void)
{
	daemon_add("shared/nick", ROOM_LISTENERS ROOM_FAST, shared_nick);
	daemon_add("shared/race", ROOM_LISTENERS ROOM_FAST, shared_race);
	daemon_add("shared/mail", ROOM_LISTENERS "relay = { sessions = 2; };\n", shared_mail);
	daemon_add("shared/room", ROOM_LISTENERS ROOM_FAST, shared_room);
	daemon_add("shared/founder", ROOM_LISTENERS ROOM_FAST, shared_founder);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, add_tests);
}
