/* SPDX-License-Identifier: MIT */
/* Rooms: who hears what, in which words, who may do what to whom, and what is still known after a restart. */

#include "room.h"

#include <signal.h>
#include <string.h>

static const char chat_config[] = ROOM_LISTENERS ROOM_FAST;

static void chat_talk(struct daemon *d)
{
	struct client *a = room_client(d, "Anna"), *b = room_client(d, "Bert");

	room_join(a, "lobby", "Anna", "OK,lobby,0,1,1");
	room_join(b, "lobby", "Bert", "OK,lobby,0,2,1");
	client_expect(a, "JOINED,lobby,Bert");
	client_puts(a, "SAY,lobby,hello%2C all\n");
	room_received(a, "lobby", 1, "Anna", "hello%2C all");
	client_expect(a, "OK,1");
	room_received(b, "lobby", 1, "Anna", "hello%2C all");
	client_puts(b, "SAY,lobby,50%25\n");
	room_received(b, "lobby", 2, "Bert", "50%25");
	client_expect(b, "OK,2");
	room_received(a, "lobby", 2, "Bert", "50%25");
	room_part(b, "lobby", "Bert");
	client_expect(a, "LEFT,lobby,Bert,parted");
	client_refused(b, "SAY,lobby,x", "denied");
	client_refused(b, "PART,lobby", "denied");
	client_refused(b, "HISTORY,lobby,0,10", "denied");
	room_join(b, "lobby", "Bert", "OK,lobby,2,2,1");
	client_expect(a, "JOINED,lobby,Bert");
	client_free(b);
	g_free(room_until(a, "LEFT,lobby,Bert,"));
	client_free(a);
}

/* Which rooms there are, and who is there; rooms that only their history keeps among them. */
static void chat_lists(struct daemon *d)
{
	struct client *a = room_client(d, "Anna"), *b = room_client(d, "bert");
	g_autofree char *topic = NULL;

	client_ask(a, "ROOMS", "0");
	client_ask(a, "WHO", "0");
	client_refused(a, "WHO,lobby", "not-found");
	room_join(a, "b", "Anna", "OK,b,0,1,1");
	room_join(a, "c", "Anna", "OK,c,0,1,1");
	room_join(b, "b", "bert", "OK,b,0,2,1");
	room_join(b, "a.old", "bert", "OK,a.old,0,1,1");
	client_expect(a, "JOINED,b,bert");
	client_puts(b, "SAY,a.old,x\n");
	g_free(room_until(b, "OK,1"));
	client_puts(a, "TOPIC,c,this%2C that\n");
	topic = room_until(a, "TOPIC,");
	g_assert_cmpstr(topic, ==, "TOPIC,c,Anna,this%2C that");
	client_expect(a, "OK");
	room_part(b, "a.old", "bert");
	client_puts(a, "ROOMS\n");
	client_expect_sized(a, "a.old,0,1,\nb,2,0,\nc,1,0,this%2C that\n", 37);
	client_puts(a, "WHO\nWHO,b\nWHO,a.old\n");
	client_expect_sized(a, "Anna\nbert\n", 10);
	client_expect_sized(a, "Anna\nbert\n", 10);
	client_expect_sized(a, "", 0);
	/* Who comes in is told of the topic. */
	room_join(b, "c", "bert", "OK,c,0,2,1");
	client_expect(b, "TOPIC,c,Anna,this%2C that");
	client_free(a);
	client_free(b);
}

/* In line: bare lines are said, events are for people, and what could harm a terminal is a question mark. */
static void chat_people(struct daemon *d)
{
	struct client *a = client_new(d, ROOM_ALL), *b = room_client(d, "Bert");
	g_autofree char *all = NULL;
	size_t n;

	client_ask(a, "NICK,Anna", "OK,Anna");
	client_ask(a, "21", "42");
	client_refused(a, "good day", "bad-command");
	client_puts(a, "JOIN,lobby\n");
	client_expect(a, "OK,lobby,0,1,1");
	client_expect(a, "Anna joined!");
	room_join(b, "lobby", "Bert", "OK,lobby,0,2,1");
	client_expect(a, "Bert joined!");
	client_puts(a, "good day, all\n\n21\n");
	client_expect(a, "Anna: good day, all");
	client_expect(a, "Anna: 21");
	room_received(b, "lobby", 1, "Anna", "good day%2C all");
	room_received(b, "lobby", 2, "Anna", "21");
	client_puts(b, "SAY,lobby,%1B[2J%0AAnna: x%C2%9B%FF%09\303\244\n");
	client_expect(a, "Bert: ?[2J?Anna: x??\t\303\244");
	room_received(b, "lobby", 3, "Bert", "%1B[2J%0AAnna: x%C2%9B%FF%09\303\244");
	client_expect(b, "OK,3");
	client_puts(a, "\033[2J\376\n");
	client_expect(a, "Anna: ?[2J?");
	room_received(b, "lobby", 4, "Anna", "%1B[2J%FE");
	client_puts(a, "ac\342\200\256dc\342\200\250eb\330\234\n");
	client_expect(a, "Anna: ac?dc?eb?");
	room_received(b, "lobby", 5, "Anna", "ac%E2%80%AEdc%E2%80%A8eb%D8%9C");
	client_puts(a, "HISTORY,lobby,2,1\n");
	all = client_sized(a, &n);
	g_assert_true(g_str_has_prefix(all, "3,"));
	g_assert_true(g_str_has_suffix(all, ",Bert,?[2J?Anna: x??\t\303\244\n"));
	client_puts(b, "TOPIC,lobby,x\nPART,lobby\n");
	client_expect_error(b, "denied");
	client_expect(b, "LEFT,lobby,Bert,parted");
	client_expect(b, "OK");
	client_expect(a, "Bert left!");
	client_puts(a, "PART,lobby\n");
	client_expect(a, "Anna left!");
	client_expect(a, "OK");
	client_refused(a, "anybody?", "denied");
	client_free(a);
	client_free(b);
}

/* Bare lines go to the last room joined that one still is in. */
static void chat_last_room(struct daemon *d)
{
	struct client *a = client_new(d, ROOM_ALL);
	struct client *b = room_client(d, "Bert");

	room_join(b, "one", "Bert", "OK,one,0,1,1");
	room_join(b, "two", "Bert", "OK,two,0,1,1");
	client_ask(a, "NICK,Anna", "OK,Anna");
	client_puts(a, "JOIN,one\nJOIN,two\nfirst\nPART,two\nsecond\n");
	client_expect(a, "OK,one,0,2,1");
	client_expect(a, "Anna joined!");
	client_expect(a, "OK,two,0,2,1");
	client_expect(a, "Anna joined!");
	client_expect(b, "JOINED,one,Anna");
	client_expect(b, "JOINED,two,Anna");
	room_received(b, "two", 1, "Anna", "first");
	client_expect(b, "LEFT,two,Anna,parted");
	room_received(b, "one", 1, "Anna", "second");
	client_free(a);
	client_free(b);
}

/* Where there is nothing but chat, who says something is in the lobby by that; but not in ioe/1. */
static void chat_alone(struct daemon *d)
{
	struct client *b = room_client(d, "Bert"), *a = client_new(d, ROOM_ALONE);

	room_join(b, "lobby", "Bert", "OK,lobby,0,1,1");
	client_puts(a, "NICK,Anna\n21\nand more\n");
	client_expect(a, "OK,Anna");
	client_expect(a, "Anna joined!");
	client_expect(a, "Anna: 21");
	client_expect(a, "Anna: and more");
	client_expect(b, "JOINED,lobby,Anna");
	room_received(b, "lobby", 1, "Anna", "21");
	room_received(b, "lobby", 2, "Anna", "and more");
	client_free(a);
	client_expect(b, "LEFT,lobby,Anna,closed");
	a = client_new_ioe1(d, ROOM_ALONE);
	client_puts(a, "NICK,Cleo\nso%2C so\n%xx\n");
	client_expect(a, "OK,Cleo");
	client_expect_error(a, "bad-command");
	client_expect_error(a, "bad-command");
	room_join(a, "lobby", "Cleo", "OK,lobby,2,2,1");
	client_expect(b, "JOINED,lobby,Cleo");
	client_refused(a, "so%2C so", "bad-command");
	client_puts(a, "SAY,lobby,so\n");
	room_received(b, "lobby", 3, "Cleo", "so");
	client_free(a);
	client_free(b);
}

/* Another name is as if one left and another came; what he is, he stays. */
static void chat_rename(struct daemon *d)
{
	struct client *a = client_new_ioe1(d, ROOM_ALL), *b = room_client(d, "Bert");

	room_join(a, "lobby", "127.0.0.1", "OK,lobby,0,1,1");
	room_join(b, "lobby", "Bert", "OK,lobby,0,2,1");
	client_expect(a, "JOINED,lobby,Bert");
	client_puts(a, "NICK,Anna\n");
	room_expect_all(a, "LEFT,lobby,127.0.0.1,renamed", "JOINED,lobby,Anna", "OK,Anna", NULL);
	client_expect(b, "LEFT,lobby,127.0.0.1,renamed");
	client_expect(b, "JOINED,lobby,Anna");
	client_ask(a, "NICK,ANNA", "OK,ANNA");
	client_puts(a, "WHO,lobby\nKICK,lobby,bert\n");
	client_expect_sized(a, "ANNA\nBert\n", 10);
	client_expect(a, "LEFT,lobby,Bert,kicked");
	client_expect(a, "OK");
	client_expect(b, "LEFT,lobby,Bert,kicked");
	client_free(a);
	client_free(b);
}

/* Owner, operator, member: a is the first, and makes b an operator; c and e are members. */
static void chat_roles(struct daemon *d)
{
	static const char *const names[] = { "Anna", "Bert", "Cleo", "Emil" };
	struct client *c[4];

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		g_autofree char *ok = g_strdup_printf("OK,r,0,%u,1", i + 1);

		c[i] = room_client(d, names[i]);
		room_join(c[i], "r", names[i], ok);
		for (unsigned k = 0; k < i; k++)
			g_free(room_until(c[k], "JOINED,r,"));
	}
	/* A member may nothing. */
	client_refused(c[2], "TOPIC,r,x", "denied");
	client_refused(c[2], "KICK,r,Emil", "denied");
	client_refused(c[2], "MUTE,r,Emil,5", "denied");
	client_refused(c[2], "BAN,r,Emil,5", "denied");
	client_refused(c[2], "ROLE,r,Cleo,owner", "denied");
	client_ask(c[0], "ROLE,r,bert,operator", "OK");
	/* An operator keeps the order among members, and no more. */
	client_refused(c[1], "KICK,r,Anna", "denied");
	client_refused(c[1], "BAN,r,Anna,5", "denied");
	client_refused(c[1], "ROLE,r,Cleo,owner", "denied");
	client_refused(c[1], "ROLE,r,Anna,member", "denied");
	client_ask(c[1], "ROLE,r,Cleo,operator", "OK");
	client_refused(c[1], "KICK,r,Cleo", "denied");
	client_refused(c[1], "ROLE,r,Cleo,member", "denied");
	client_ask(c[2], "ROLE,r,cleo,member", "OK"); /* anybody may be less */
	client_refused(c[2], "TOPIC,r,x", "denied");
	client_refused(c[0], "ROLE,r,Anna,member", "denied"); /* nobody would be left */
	client_ask(c[0], "ROLE,r,Bert,owner", "OK");
	client_ask(c[1], "ROLE,r,Anna,member", "OK");
	client_refused(c[0], "KICK,r,Emil", "denied");
	client_refused(c[1], "ROLE,r,Bert,member", "denied");
	client_refused(c[1], "ROLE,r,Bert,king", "bad-argument");
	client_refused(c[1], "KICK,r,Nobody", "not-found");
	client_refused(c[1], "KICK,r,no body", "bad-argument");
	client_refused(c[1], "KICK,elsewhere,Emil", "not-found");
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_free(c[i]);
}

static void chat_kick_mute_ban(struct daemon *d)
{
	struct client *a, *b;

	room_meet(d, "r", &a, &b);
	client_puts(a, "KICK,r,Bert,too loud%2C sorry\n");
	client_expect(a, "LEFT,r,Bert,kicked: too loud%2C sorry");
	client_expect(a, "OK");
	client_expect(b, "LEFT,r,Bert,kicked: too loud%2C sorry");
	client_refused(b, "SAY,r,why", "denied");
	room_join(b, "r", "Bert", "OK,r,0,2,1");
	client_expect(a, "JOINED,r,Bert");

	client_ask(a, "MUTE,r,bert,1000", "OK");
	client_refused(b, "SAY,r,x", "denied");
	room_part(b, "r", "Bert");
	client_expect(a, "LEFT,r,Bert,parted");
	client_free(b);
	b = room_client(d, "BERT"); /* a reconnect does not help */
	room_join(b, "r", "BERT", "OK,r,0,2,1");
	client_expect(a, "JOINED,r,BERT");
	client_refused(b, "SAY,r,x", "denied");
	client_ask(a, "MUTE,r,Bert,0", "OK");
	client_puts(b, "SAY,r,free\n");
	room_received(b, "r", 1, "BERT", "free");
	client_expect(b, "OK,1");
	room_received(a, "r", 1, "BERT", "free");

	client_puts(a, "BAN,r,Bert,1000\n");
	client_expect(a, "LEFT,r,BERT,banned");
	client_expect(a, "OK");
	client_expect(b, "LEFT,r,BERT,banned");
	client_refused(b, "JOIN,r", "denied");
	client_free(b);
	b = room_client(d, "Bert");
	client_refused(b, "JOIN,r", "denied");
	client_refused(a, "BAN,r,Bert,1s", "bad-argument");
	client_refused(a, "BAN,r,Bert,315360001", "bad-argument");
	client_ask(a, "BAN,r,Bert,0", "OK");
	room_join(b, "r", "Bert", "OK,r,1,2,1");
	/* Another name does not let in who is banned by it, and is no way in under a banned one. */
	client_expect(a, "JOINED,r,Bert");
	client_ask(a, "BAN,r,Carl,1000", "OK");
	client_puts(b, "NICK,Carl\n");
	room_expect_all(b, "LEFT,r,Bert,banned", "OK,Carl", NULL);
	client_expect(a, "LEFT,r,Bert,banned");
	client_free(a);
	client_free(b);
}

/* Its time is over without anybody's doing. */
static void chat_ban_ends(struct daemon *d)
{
	struct client *a = room_client(d, "Anna"), *b = room_client(d, "Bert");
	gint64 deadline = harness_deadline();

	room_join(a, "r", "Anna", "OK,r,0,1,1");
	client_ask(a, "BAN,r,Bert,1", "OK");
	client_refused(b, "JOIN,r", "denied");
	for (;;) {
		g_autofree char *line = NULL;

		client_puts(b, "JOIN,r\n");
		line = client_line(b);
		if (g_str_has_prefix(line, "OK,r,"))
			break;
		g_assert_true(g_str_has_prefix(line, "ERROR: denied: "));
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
	}
	client_free(a);
	client_free(b);
}

/* From somewhere else than loopback, where an address is somebody's. */
static void chat_addresses_there(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, "listeners = ( { address = \"0.0.0.0\"; port = 0; roles = [ \"chat\" ]; } );\n"
						  ROOM_FAST);
	struct client *a = client_new_from(d, 0, "192.0.2.1", "192.0.2.1");
	struct client *b = client_new_from(d, 0, "192.0.2.2", "192.0.2.1"), *c;

	client_puts(a, "HELLO,ioe/1\nNICK,Anna\nJOIN,r\n");
	g_free(room_until(a, "JOINED,r,Anna"));
	client_puts(b, "HELLO,ioe/1\nNICK,Bert\nJOIN,r\n");
	g_free(room_until(a, "JOINED,r,Bert"));
	g_free(room_until(b, "JOINED,r,Bert"));
	client_puts(a, "BAN,r,Bert,1000\n");
	g_free(room_until(a, "OK"));
	client_expect(b, "LEFT,r,Bert,banned");
	client_free(b);
	b = client_new_from(d, 0, "192.0.2.2", "192.0.2.1");
	client_puts(b, "HELLO,ioe/1\nNICK,Other\nJOIN,r\n");
	g_free(room_until(b, "ERROR: denied: "));
	/* Others are at other addresses; and the ban is lifted as a whole, though he is not there. */
	c = client_new_from(d, 0, "192.0.2.1", "192.0.2.1");
	client_puts(c, "HELLO,ioe/1\nNICK,Carl\nJOIN,r\n");
	g_free(room_until(c, "JOINED,r,Carl"));
	g_free(room_until(a, "JOINED,r,Carl"));
	client_ask(a, "BAN,r,Bert,0", "OK");
	client_puts(b, "JOIN,r\n");
	g_free(room_until(b, "JOINED,r,Other"));
	g_free(room_until(a, "JOINED,r,Other"));
	/* A mute holds the address as well, but not an operator who shares it. */
	client_ask(a, "MUTE,r,192.0.2.2,1000", "OK");
	client_refused(b, "SAY,r,x", "denied");
	client_ask(a, "MUTE,r,Carl,1000", "OK");
	client_puts(a, "SAY,r,mine\n");
	g_free(room_until(a, "OK,1"));
	client_free(a);
	client_free(b);
	client_free(c);
	daemon_finish(d);
}

static void chat_addresses(unsigned reactors)
{
	harness_run_in_network(chat_addresses_there, reactors);
}

static void chat_restarted(struct daemon *d, bool hard)
{
	struct client *a = room_client(d, "Anna"), *b = room_client(d, "Bert");
	g_autofree char *history = NULL;

	room_join(a, "r", "Anna", "OK,r,0,1,1");
	room_join(b, "r", "Bert", "OK,r,0,2,1");
	client_puts(a, "SAY,r,one\nSAY,r,two\nTOPIC,r,the topic\nBAN,r,Emil,1000\nMUTE,r,Bert,1000\nROLE,r,Cleo,operator\n");
	g_free(room_until(a, "OK,2"));
	g_free(room_until(a, "TOPIC,"));
	for (unsigned i = 0; i < 4; i++)
		client_expect(a, "OK");
	if (hard)
		daemon_kill(d);
	else
		daemon_stop(d);
	client_free(a);
	client_free(b);
	daemon_spawn(d);
	daemon_wait_ready(d);
	b = room_client(d, "Bert");
	a = room_client(d, "Anna");
	client_puts(b, "ROOMS\n");
	client_expect_sized(b, "r,0,2,the topic\n", 16);
	room_join(b, "r", "Bert", "OK,r,2,1,1");
	client_expect(b, "TOPIC,r,Anna,the topic");
	history = room_history(b, "r", 0, 10);
	g_assert_cmpstr(history, ==, "1 one\n2 two\n");
	client_refused(b, "SAY,r,x", "denied"); /* muted still, and not the owner for being first now */
	client_refused(b, "KICK,r,Anna", "denied");
	/* Bert was not muted out of his ban's name. */
	client_puts(b, "NICK,Emil\n");
	room_expect_all(b, "LEFT,r,Bert,banned", "OK,Emil", NULL);
	client_refused(b, "JOIN,r", "denied");
	room_join(a, "r", "Anna", "OK,r,2,1,1");
	client_expect(a, "TOPIC,r,Anna,the topic");
	client_ask(a, "BAN,r,Emil,0", "OK");
	client_ask(a, "ROLE,r,Anna,owner", "OK");
	client_puts(a, "SAY,r,three\n");
	room_received(a, "r", 3, "Anna", "three");
	client_expect(a, "OK,3");
	client_free(a);
	client_free(b);
}

static void chat_restart(struct daemon *d)
{
	chat_restarted(d, false);
}

static void chat_crash(struct daemon *d)
{
	chat_restarted(d, true);
}

/* Kept nowhere: gone with the last member, but for numbers, which never go back. */
static void chat_volatile(struct daemon *d)
{
	struct client *a = room_client(d, "Anna"), *b = room_client(d, "Bert");
	g_autofree char *first = NULL, *second = NULL;
	guint64 last, next;

	client_puts(a, "JOIN,r\nTOPIC,r,t\nBAN,r,Bert,1000\nSAY,r,one\nSAY,r,two\n");
	g_free(room_until(a, "OK,r,"));
	g_free(room_until(a, "TOPIC,r,Anna,t"));
	first = room_until(a, "OK,");
	second = room_until(a, "OK,");
	last = g_ascii_strtoull(second + 3, NULL, 10);
	g_assert_cmpuint(last, ==, g_ascii_strtoull(first + 3, NULL, 10) + 1);
	client_refused(b, "JOIN,r", "denied");
	client_puts(a, "HISTORY,r,0,10\n");
	client_expect_sized(a, "", 0);
	room_part(a, "r", "Anna");
	client_ask(b, "ROOMS", "0");
	daemon_kill(d);
	client_free(a);
	client_free(b);
	daemon_spawn(d);
	daemon_wait_ready(d);
	b = room_client(d, "Bert");
	client_puts(b, "JOIN,r\nSAY,r,three\n");
	g_free(first);
	first = room_until(b, "OK,r,");
	g_free(second);
	second = room_until(b, "OK,");
	next = g_ascii_strtoull(second + 3, NULL, 10);
	g_assert_cmpuint(next, >, last);
	client_puts(b, "TOPIC,r,his own now\n");
	g_free(room_until(b, "TOPIC,r,Bert,"));
	client_free(b);
}

static void add(void)
{
	daemon_add("/chat/talk", chat_config, chat_talk);
	daemon_add("/chat/lists", chat_config, chat_lists);
	daemon_add("/chat/people", chat_config, chat_people);
	daemon_add("/chat/last-room", chat_config, chat_last_room);
	daemon_add("/chat/alone", chat_config, chat_alone);
	daemon_add("/chat/rename", chat_config, chat_rename);
	daemon_add("/chat/roles", chat_config, chat_roles);
	daemon_add("/chat/kick-mute-ban", chat_config, chat_kick_mute_ban);
	daemon_add("/chat/ban-ends", chat_config, chat_ban_ends);
	harness_add("/chat/addresses", chat_addresses);
	daemon_add("/chat/restart", chat_config, chat_restart);
	daemon_add("/chat/crash", chat_config, chat_crash);
	daemon_add("/chat/volatile", ROOM_LISTENERS "chat = { rate = 0; durable = false; };\n", chat_volatile);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, add);
}
