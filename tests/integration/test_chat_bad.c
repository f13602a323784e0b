/* SPDX-License-Identifier: MIT */
/* Rooms and the worst that can be said to them: each is the error that the manual names, and others are undisturbed. */

#include "room.h"

#include <string.h>

static const char bad_config[] = ROOM_LISTENERS "chat = { rate = 0; text = \"100\"; };\n";

#define BAD_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *ask, *code;
} bad_requests[] = {
	{ "JOIN", "bad-argument" },
	{ "JOIN,", "bad-argument" },
	{ "JOIN,Lobby", "bad-argument" },
	{ "JOIN,a b", "bad-argument" },
	{ "JOIN,a%00b", "bad-argument" },
	{ "JOIN,%1B[2J", "bad-argument" },
	{ "JOIN,\303\244", "bad-argument" },
	{ "JOIN,#lobby", "bad-argument" },
	{ "JOIN," BAD_64 "x", "bad-argument" },
	{ "JOIN,r", "exists" },
	{ "JOIN,new,1", "bad-argument" },
	{ "JOIN,new,-1", "bad-argument" },
	{ "JOIN,new,", "bad-argument" },
	{ "JOIN,new,1099511627776", "bad-argument" },
	{ "JOIN,new,0,0", "bad-argument" },
	{ "PART,", "bad-argument" },
	{ "PART,new", "not-found|denied" },
	{ "SAY,new,x", "not-found|denied" },
	{ "SAY,r", "bad-argument" },
	{ "SAY,r,", "bad-argument" },
	{ "SAY,r,%zz", "bad-argument" },
	{ "SAY,R,x", "bad-argument" },
	{ "WHO,", "bad-argument" },
	{ "WHO,new", "not-found" },
	{ "ROOMS,x", "bad-argument" },
	{ "HISTORY,new,0,1", "denied" },
	{ "HISTORY,,0,1", "denied" },
	{ "HISTORY,r,0,0", "bad-argument" },
	{ "HISTORY,r,0,10001", "bad-argument" },
	{ "HISTORY,r,x,1", "bad-argument" },
	{ "HISTORY,r,0", "bad-argument" },
	{ "TOPIC,r", "bad-argument" },
	{ "TOPIC,new,x", "not-found|denied" },
	{ "KICK,r", "bad-argument" },
	{ "KICK,r,", "bad-argument" },
	{ "KICK,r,Anna", "not-found" }, /* oneself: PART does that */
	{ "KICK,r,%1B", "bad-argument" },
	{ "KICK,r,nobody", "not-found" },
	{ "MUTE,r,Bert", "bad-argument" },
	{ "MUTE,r,Bert,", "bad-argument" },
	{ "MUTE,r,Bert,99999999999999999999", "bad-argument" },
	{ "MUTE,r," BAD_64 ",5", "bad-argument" },
	{ "BAN,r,a b,5", "bad-argument" },
	{ "ROLE,r,Bert,", "bad-argument" },
	{ "ROLE,r,127.0.0.1,operator", "not-found" },
	{ "NICK,join", "denied" },
	{ "NICK,say", "denied" },
	{ "NICK,Bert", "taken" },
};

static void bad_asks(struct daemon *d)
{
	struct client *a, *b;

	room_meet(d, "r", &a, &b);
	for (size_t i = 0; i < G_N_ELEMENTS(bad_requests); i++)
		client_refused(a, bad_requests[i].ask, bad_requests[i].code);
	client_puts(a, "SAY,r,still here\n");
	room_received(a, "r", 1, "Anna", "still here");
	client_expect(a, "OK,1");
	room_received(b, "r", 1, "Anna", "still here"); /* and nothing before it */
	client_ask(b, "JOIN," BAD_64, "OK," BAD_64 ",0,1,1");
	client_expect(b, "JOINED," BAD_64 ",Bert");
	client_free(a);
	client_free(b);
}

/* Exactly the limit, and one more. */
static void bad_lengths(struct daemon *d)
{
	struct client *a = room_client(d, "Anna");
	g_autofree char *most = g_strnfill(100, 'x');

	room_join(a, "r", "Anna", "OK,r,0,1,1");
	client_printf(a, "SAY,r,%s\n", most);
	room_received(a, "r", 1, "Anna", most);
	client_expect(a, "OK,1");
	client_printf(a, "SAY,r,%sx\n", most);
	client_expect_error(a, "too-long");
	client_printf(a, "TOPIC,r,%s\n", most);
	g_free(room_until(a, "TOPIC,r,Anna,"));
	client_expect(a, "OK");
	client_printf(a, "TOPIC,r,%sx\n", most);
	client_expect_error(a, "too-long");
	client_printf(a, "KICK,r,Bert,%s\n", most);
	client_expect_error(a, "too-long|not-found");
	client_free(a);
}

/* What was said is said again to nobody who asks for what is not there yet; and is to who asks for the last. */
static void bad_numbers(struct daemon *d)
{
	struct client *a = room_client(d, "Anna"), *b = room_client(d, "Bert");

	room_join(a, "r", "Anna", "OK,r,0,1,1");
	client_puts(a, "SAY,r,one\nSAY,r,two\n");
	g_free(room_until(a, "OK,2"));
	client_refused(b, "JOIN,r,3", "bad-argument");
	client_refused(b, "JOIN,r,1099511627775", "bad-argument");
	client_ask(b, "JOIN,r,2", "OK,r,2,2,1");
	client_expect(b, "JOINED,r,Bert");
	room_part(b, "r", "Bert");
	client_ask(b, "JOIN,r,1", "OK,r,2,2,1");
	client_expect(b, "JOINED,r,Bert");
	room_received(b, "r", 2, "Anna", "two");
	client_free(a);
	client_free(b);
}

/* Too fast: what is over the burst is refused, and somebody else is not. */
static void bad_flood(struct daemon *d)
{
	struct client *a = room_client(d, "Anna"), *b = room_client(d, "Bert");
	unsigned said = 0;

	room_join(b, "r", "Bert", "OK,r,0,1,1");
	room_join(a, "r", "Anna", "OK,r,0,2,1"); /* one of the burst */
	for (unsigned i = 0; i < 1000; i++)
		client_puts(a, "SAY,r,x\n");
	for (unsigned i = 0; i < 1000; i++) {
		g_autofree char *line = client_line(a);

		if (g_str_has_prefix(line, "SAID,")) {
			i--;
			continue;
		}
		if (g_str_has_prefix(line, "OK,"))
			said++;
		else
			g_assert_true(g_str_has_prefix(line, "ERROR: limit: "));
	}
	g_assert_cmpuint(said, >=, 9);
	g_assert_cmpuint(said, <, 60); /* one more a second */
	client_puts(b, "SAY,r,calm\n");
	g_free(room_until(b, "OK,"));
	client_puts(a, "JOIN,other\n");
	g_free(room_until(a, "ERROR: limit: "));
	client_free(a);
	client_free(b);
}

static void bad_limits(struct daemon *d)
{
	struct client *c[4];

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		g_autofree char *name = g_strdup_printf("m%u", i);

		c[i] = room_client(d, name);
	}
	/* Members of a room. */
	client_puts(c[0], "JOIN,r\n");
	g_free(room_until(c[0], "OK,r,0,1,"));
	client_puts(c[1], "JOIN,r\n");
	g_free(room_until(c[1], "OK,r,0,2,"));
	client_refused(c[2], "JOIN,r", "limit");
	/* Rooms of a session. */
	client_puts(c[2], "JOIN,a\nJOIN,b\nJOIN,c\nPART,a\nJOIN,d\n");
	g_free(room_until(c[2], "OK,a,"));
	g_free(room_until(c[2], "OK,b,"));
	g_free(room_until(c[2], "ERROR: limit: "));
	g_free(room_until(c[2], "LEFT,a,"));
	g_free(room_until(c[2], "OK,d,"));
	/* A place that is given up is there for others. */
	client_puts(c[1], "PART,r\n");
	g_free(room_until(c[1], "OK"));
	client_puts(c[3], "JOIN,r\n");
	g_free(room_until(c[3], "OK,r,0,2,"));
	/* What a room remembers. */
	client_puts(c[0], "BAN,r,x1,1000\n");
	g_free(room_until(c[0], "OK"));
	client_ask(c[0], "BAN,r,x2,1000", "OK");
	client_refused(c[0], "BAN,r,x3,1000", "limit");
	client_ask(c[0], "ROLE,r,x4,operator", "OK");
	client_refused(c[0], "ROLE,r,x5,operator", "limit");
	client_ask(c[0], "ROLE,r,x4,member", "OK");
	client_ask(c[0], "BAN,r,x1,0", "OK");
	client_ask(c[0], "BAN,r,x3,1000", "OK");
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_free(c[i]);
}

/* A name after the other, each of them new: what is in use is bounded, and what is given up is forgotten. */
static void bad_many_rooms(struct daemon *d)
{
	struct client *a = room_client(d, "Anna"), *b = room_client(d, "Bert");
	unsigned refused = 0, rounds = harness_is_long() ? 100000 : 3000;

	client_puts(b, "JOIN,stays\n");
	g_free(room_until(b, "JOINED,stays,"));
	for (unsigned i = 0; i < rounds; i += 100) {
		for (unsigned k = i; k < i + 100; k++)
			client_printf(a, "JOIN,x%u\nPART,x%u\n", k, k);
		for (unsigned k = 0; k < 200; k++) {
			g_autofree char *line = client_line(a);

			if (g_str_has_prefix(line, "JOINED,") || g_str_has_prefix(line, "LEFT,"))
				k--;
			else
				refused += !g_str_has_prefix(line, "OK");
		}
	}
	g_assert_cmpuint(refused, ==, 0);
	/* All in use at once. */
	for (unsigned i = 0; i < 30; i++)
		client_printf(a, "JOIN,y%u\n", i);
	for (unsigned i = 0; i < 30; i++) {
		g_autofree char *line = client_line(a);

		if (g_str_has_prefix(line, "JOINED,"))
			i--;
		else if (!g_str_has_prefix(line, "OK,"))
			refused++;
		g_assert_true(!g_str_has_prefix(line, "ERROR: ") || g_str_has_prefix(line, "ERROR: limit: "));
	}
	g_assert_cmpuint(refused, >, 0);
	client_puts(b, "SAY,stays,undisturbed\n");
	room_received(b, "stays", 1, "Bert", "undisturbed");
	client_expect(b, "OK,1");
	client_free(a);
	client_free(b);
}

/* Many come and go at once; who stays hears of it all and can speak meanwhile. */
static void bad_joins(struct daemon *d)
{
	struct client *c[50], *a = room_client(d, "Anna");
	unsigned seen = 0;

	room_join(a, "r", "Anna", "OK,r,0,1,1");
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		c[i] = client_new_ioe1(d, ROOM_ALL);
	for (unsigned round = 0; round < 20; round++)
		for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
			client_puts(c[i], "JOIN,r\nPART,r\n");
	while (seen < 20 * G_N_ELEMENTS(c)) {
		g_autofree char *line = client_line(a);

		seen += g_str_has_prefix(line, "LEFT,r,");
	}
	client_puts(a, "SAY,r,still here\n");
	room_received(a, "r", 1, "Anna", "still here");
	client_expect(a, "OK,1");
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_free(c[i]);
	client_free(a);
}

static void add(void)
{
	daemon_add("/chat/bad/asks", bad_config, bad_asks);
	daemon_add("/chat/bad/lengths", bad_config, bad_lengths);
	daemon_add("/chat/bad/numbers", bad_config, bad_numbers);
	daemon_add("/chat/bad/flood", ROOM_LISTENERS "chat = { rate = 1; burst = 10; };\n", bad_flood);
	daemon_add("/chat/bad/limits",
		   ROOM_LISTENERS "chat = { rate = 0; members = 2; joined = 2; records = 4; };\n", bad_limits);
	daemon_add("/chat/bad/many-rooms", ROOM_LISTENERS "chat = { rate = 0; rooms = 20; joined = 100; };\n", bad_many_rooms);
	daemon_add("/chat/bad/joins", bad_config, bad_joins);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, add);
}
