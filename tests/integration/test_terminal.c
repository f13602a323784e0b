/* SPDX-License-Identifier: MIT */
/* ioe-client at a terminal: its prompt and its chat, from outside. */

#include "client.h"
#include "talk.h"
#include "terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define PASTE(text) "\033[200~" text "\033[201~"

/* Chat. */

static void terminal_chat(void)
{
	static const struct talk_turn turns[] = {
		TALK_HELLO,
		{ "JOIN,lobby", "OK,lobby,0,2,0\n" },
		{ "WHO,lobby", "SAID,lobby,1,1700000000000,eve,interrupting\n10\nbobby\nann\n" },
		{ "SAY,lobby,bobby: half typed", "SAID,lobby,2,1700000000000,ann,bobby: half typed\nOK,2\n" },
		{ "PART,lobby", "OK\n" },
	};
	struct terminal m;
	struct talk t;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	terminal_start(&m, 80, "vt100", "C.UTF-8", "-s", t.server, "chat", "lobby", NULL);
	terminal_see(&m, "lobby> ");
	terminal_type(&m, "bo\t");
	/* The line leaves the screen for what comes, and is there again below it. */
	terminal_see(&m, "\r\033[J");
	terminal_see(&m, "eve: interrupting\r\n");
	terminal_see(&m, "lobby> bo");
	terminal_see(&m, "bby: ");
	terminal_type(&m, "half typed\r");
	terminal_see(&m, "\033[1A\r\033[J");
	terminal_see(&m, "ann: bobby: half typed\r\n");
	terminal_see(&m, "lobby> ");
	terminal_type(&m, "never said");
	terminal_see(&m, "never said");
	terminal_type(&m, "\003");
	terminal_see(&m, "\r\n");
	terminal_see(&m, "lobby> ");
	terminal_type(&m, "/qu\t\r");
	terminal_see(&m, "lobby left");
	g_assert_cmpint(terminal_finish(&m), ==, 0);
	talk_finish(&t);
}

static void terminal_kicked(void)
{
	static const struct talk_turn turns[] = {
		TALK_HELLO,
		{ "JOIN,lobby", "OK,lobby,0,1,1\nGOAWAY,kicked: too loud%2C\x1b[2J\n" },
	};
	struct terminal m;
	struct talk t;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	terminal_start(&m, 80, "vt100", "C.UTF-8", "-s", t.server, "chat", "lobby", NULL);
	terminal_see(&m, "(kicked: too loud,?[2J): ask its administrator");
	g_assert_cmpint(terminal_finish(&m), ==, 4);
	talk_finish(&t);
}

/* While the server is away the prompt shows it, what is being typed stays, and a line that is ended is said later. */
static void terminal_away(void)
{
	static const struct talk_turn turns[] = {
		TALK_HELLO,
		{ "JOIN,lobby", "OK,lobby,7,1,1\n" },
		{ "SAY,lobby,doubtful", NULL },
		TALK_CLOSE,
		TALK_CLOSE,
		TALK_CLOSE,
		TALK_HELLO,
		{ "JOIN,lobby,7", "OK,lobby,8,1,1\nSAID,lobby,8,1700000000000,bob,missed\n" },
		{ "SAY,lobby,for later", "SAID,lobby,9,1700000000000,ann,for later\nOK,9\n" },
		{ "SAY,lobby,half a line", "SAID,lobby,10,1700000000000,ann,half a line\nOK,10\n" },
		{ "PART,lobby", "OK\n" },
	};
	struct terminal m;
	struct talk t;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	terminal_start(&m, 120, "vt100", "C.UTF-8", "-s", t.server, "chat", "--history=0", "lobby", NULL);
	terminal_see(&m, "lobby> ");
	terminal_type(&m, "doubtful\r");
	terminal_see(&m, "the server closed the connection; connecting again\r\n");
	terminal_see(&m, "it is not known whether this was sent: doubtful\r\n");
	terminal_see(&m, "lobby (connecting again)> ");
	terminal_type(&m, "for later\r");
	terminal_see(&m, "* the server is away; this is sent when it is back: for later\r\n");
	terminal_type(&m, "/who\r");
	terminal_see(&m, "the connection is not back yet\r\n");
	terminal_type(&m, "half");
	terminal_see(&m, "half");
	terminal_see(&m, "connected again to 127.0.0.1:");
	terminal_see(&m, "bob: missed\r\n");
	terminal_see(&m, "ann: for later\r\n");
	terminal_see(&m, "lobby> half");
	terminal_type(&m, " a line\r");
	terminal_see(&m, "ann: half a line\r\n");
	terminal_type(&m, "/quit\r");
	terminal_see(&m, "lobby left");
	g_assert_cmpint(terminal_finish(&m), ==, 0);
	talk_finish(&t);
}

/* Names are somebody else's, and nothing of them turns a terminal's line round. */
static void terminal_ls(void)
{
	static const struct talk_turn turns[] = {
		{ "HELLO,ioe/1", TALK_HI_AS("file", "", "store") },
		{ "LIST", "34\nx\342\200\256gpj.exe\n\033]0;y\007\n\303\234z\n%0Aa%1B[2J\n" },
	};
	struct terminal m;
	struct talk t;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	terminal_start(&m, 80, "vt100", "C.UTF-8", "-s", t.server, "ls", NULL);
	terminal_see(&m, "x?gpj.exe\r\n?]0;y?\r\n\303\234z\r\n?a?[2J\r\n");
	g_assert_cmpint(terminal_finish(&m), ==, 0);
	talk_finish(&t);
}

/* The tabulator sends no name of a file to a port that would say it in a room. */
static void terminal_completes_not(void)
{
	static const struct talk_turn turns[] = {
		{ "HELLO,ioe/1", TALK_HI_AS("chat", "", "store") },
		{ "PING", "PONG\n" },
		{ "BYE", "BYE\n" },
	};
	struct terminal m;
	struct talk t;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	terminal_start(&m, 80, "vt100", "C.UTF-8", "-s", t.server, NULL);
	terminal_see(&m, "> ");
	terminal_type(&m, "get private/\t");
	terminal_see(&m, "private/");
	terminal_type(&m, "\003ping\r");
	terminal_see(&m, "instance 1\r\n");
	terminal_type(&m, "bye\rexit\r");
	g_assert_cmpint(terminal_finish(&m), ==, 0);
	talk_finish(&t);
}

/* A daemon, a client of it that hears what is said, and a terminal in the same room. */
struct chat_at {
	struct terminal m;
	struct client *bob;
	char *server;
};

/* Passes over everything before a line. */
static void chat_at_receive(struct client *bob, const char *wanted)
{
	for (;;) {
		g_autofree char *line = client_line(bob);

		if (strcmp(line, wanted) == 0)
			return;
	}
}

static void chat_at_start(struct chat_at *c, struct daemon *d, unsigned columns, const char *term, const char *lc_all)
{
	c->server = g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]);
	c->bob = client_new_ioe1(d, 0);
	client_ask(c->bob, "NICK,bob", "OK,bob");
	client_puts(c->bob, "JOIN,room\n");
	chat_at_receive(c->bob, "JOINED,room,bob");
	terminal_start(&c->m, columns, term, lc_all, "-s", c->server, "chat", "--nick=anna", "room", NULL);
	chat_at_receive(c->bob, "JOINED,room,anna");
	terminal_see(&c->m, "room> ");
}

static void chat_at_finish(struct chat_at *c)
{
	terminal_type(&c->m, "\004");
	g_assert_cmpint(terminal_finish(&c->m), ==, 0);
	client_free(c->bob);
	g_free(c->server);
}

/* The next line that bob is told. */
static char *chat_at_line(struct chat_at *c)
{
	gint64 deadline = harness_deadline();
	char *line;

	while (!client_try_line(c->bob, g_get_monotonic_time() + 10 * 1000, &line)) {
		if (g_get_monotonic_time() > deadline)
			harness_fail("nothing more is said; the terminal was told: %s", c->m.all->str);
		terminal_drain(&c->m);
	}
	return line;
}

/* The next thing that anna says. */
static void chat_at_expect(struct chat_at *c, const char *text)
{
	for (;;) {
		g_autofree char *line = chat_at_line(c);
		g_auto(GStrv) fields = g_strsplit(line, ",", 6);
		g_autofree char *said = NULL;

		if (strcmp(fields[0], "SAID") != 0)
			continue;
		if (strcmp(fields[4], "anna") != 0)
			continue;
		said = g_uri_unescape_string(fields[5], NULL);
		g_assert_cmpstr(said, ==, text);
		return;
	}
}

/* Any locale: what is UTF-8 is said as it was typed, and a letter is one for whoever goes back or deletes. */
static void chat_in_locale(struct daemon *d, const char *lc_all)
{
	struct chat_at c;

	chat_at_start(&c, d, 80, "xterm", lc_all);
	terminal_type(&c.m, "gr\xc3\xbc\xc3\x9f" "e \xe6\x97\xa5x\x7f\r");
	chat_at_expect(&c, "gr\xc3\xbc\xc3\x9f" "e \xe6\x97\xa5");
	/* The one of two bytes goes, and the others stay; back over one of three, and something between. */
	terminal_type(&c.m, "a\xc3\xbc\x7f\xe6\x97\xa5\002b\r");
	chat_at_expect(&c, "ab\xe6\x97\xa5");
	/* No UTF-8, and one begun and not ended: what is whole stays, and it is told. */
	terminal_type(&c.m, "a\xfc" "b\xc3" "c\r");
	chat_at_expect(&c, "abc");
	terminal_see(&c.m, "is no UTF-8, and is left out");
	chat_at_finish(&c);
}

static void chat_locales(struct daemon *d)
{
	static const char *const locales[] = { "C", "POSIX", "C.UTF-8", "en_US.ISO-8859-1", "no such locale" };

	for (size_t i = 0; i < G_N_ELEMENTS(locales); i++)
		chat_in_locale(d, locales[i]);
}

/* A letter that was begun holds up nothing. */
static void chat_half_character(struct daemon *d)
{
	struct chat_at c;

	chat_at_start(&c, d, 80, "xterm", "C.UTF-8");
	terminal_type(&c.m, "x\xe6\x97");
	client_puts(c.bob, "SAY,room,meanwhile\n");
	terminal_show(&c.m, "bob: meanwhile\nroom> x");
	terminal_type(&c.m, "\xa5\r");
	chat_at_expect(&c, "x\xe6\x97\xa5");
	chat_at_finish(&c);
}

/* Pasted: a part of a line, up to four lines, and with the last one unfinished. */
static void chat_paste(struct daemon *d)
{
	struct chat_at c;

	chat_at_start(&c, d, 80, "xterm", "C.UTF-8");
	terminal_type(&c.m, "say  this\002\002\002\002\002" PASTE("\twell") "\r");
	chat_at_expect(&c, "say \twell this");
	terminal_type(&c.m, "<>\002" PASTE("one\rtwo\r\nthree\nfour"));
	chat_at_expect(&c, "<one");
	chat_at_expect(&c, "two");
	chat_at_expect(&c, "three");
	terminal_show(&c.m, "room> four>");
	terminal_type(&c.m, "\002!\r");
	chat_at_expect(&c, "four!>");
	terminal_see(&c.m, "anna: four!>\r\nroom> ");
	/* Nothing in it is a key, and others see what all see. */
	terminal_type(&c.m, PASTE("a\x03" "b\x1a" "c\x1c" "d\x13" "e\x04" "f\033[Ag\x7f" "h\033[200~i\xff\xc2\x9bj\x15\tk") "l\r");
	chat_at_expect(&c, "a?b?c?d?e?f?[Ag?h?[200~i??j?\tkl");
	terminal_see(&c.m, "kl\r\nroom> ");
	/* Likewise where it has lines, and a line that is a command is one. */
	terminal_type(&c.m, PASTE("a\x03\x1a\r/rooms\r//b\r"));
	chat_at_expect(&c, "a??");
	chat_at_expect(&c, "/b");
	terminal_type_bytes(&c.m, PASTE("n\0l\r"), strlen("\033[200~n") + 1 + strlen("l\r\033[201~"));
	chat_at_expect(&c, "n?l");
	/* None at all, and keys that begin like one. */
	terminal_type(&c.m, PASTE("") "x\033[2~\033[D\033[20y\r");
	terminal_see(&c.m, "room> ");
	chat_at_finish(&c);
}

/* Five lines are asked about: yes, no, and a second paste while it is asked. */
static void chat_paste_asks(struct daemon *d)
{
	struct chat_at c;

	chat_at_start(&c, d, 80, "xterm", "C.UTF-8");
	terminal_type(&c.m, "typed" PASTE("1\r2\r3\r4\r5"));
	terminal_show(&c.m, "Say 5 lines? (y/N)");
	client_puts(c.bob, "SAY,room,meanwhile\n");
	terminal_show(&c.m, "bob: meanwhile\nSay 5 lines? (y/N)");
	terminal_type(&c.m, "n");
	terminal_show(&c.m, "room> typed");
	terminal_type(&c.m, "\002" PASTE("1\r2\r3\r4\r5\r"));
	terminal_see(&c.m, "Say 5 lines? (y/N) ");
	terminal_type(&c.m, "\033[A");
	terminal_show(&c.m, "room> typed");
	terminal_type(&c.m, "!\r");
	chat_at_expect(&c, "type!d");
	terminal_type(&c.m, PASTE("1\r2\r3\r4\r5"));
	terminal_see(&c.m, "Say 5 lines? (y/N) ");
	terminal_type(&c.m, PASTE("+\r6"));
	terminal_see(&c.m, "Say 6 lines? (y/N) ");
	terminal_type(&c.m, "y");
	chat_at_expect(&c, "1");
	chat_at_expect(&c, "2");
	chat_at_expect(&c, "3");
	chat_at_expect(&c, "4");
	chat_at_expect(&c, "5+");
	chat_at_expect(&c, "6");
	chat_at_finish(&c);
}

static char *chat_many_lines(unsigned n)
{
	GString *s = g_string_new("\033[200~");

	for (unsigned i = 0; i < n; i++)
		g_string_append_printf(s, "line %u\r", i);
	(void)g_string_append(s, "\033[201~");
	return g_string_free(s, FALSE);
}

/* More than the server takes at once: all, in order. Without brackets, too. */
static void chat_paste_paced(struct daemon *d)
{
	g_autofree char *paste = chat_many_lines(14), *bare = g_strndup(paste + 6, strlen(paste) - 12);
	struct chat_at c;

	chat_at_start(&c, d, 80, "xterm", "C");
	terminal_type(&c.m, paste);
	terminal_see(&c.m, "Say 14 lines? (y/N) ");
	terminal_type(&c.m, "y");
	terminal_type(&c.m, bare);
	for (unsigned i = 0; i < 28; i++) {
		g_autofree char *line = g_strdup_printf("line %u", i % 14);

		chat_at_expect(&c, line);
	}
	g_assert_null(strstr(c.m.all->str, "limit"));
	chat_at_finish(&c);
}

/* Thousands; and what is over the most that one may be is left out, which is said, with nothing of it said. */
static void chat_paste_much(struct daemon *d)
{
	static const size_t too_large = (4 << 20) + 1;
	g_autofree char *paste = chat_many_lines(3000), *large = g_malloc(too_large + 6);
	struct chat_at c;

	chat_at_start(&c, d, 80, "xterm", "C.UTF-8");
	terminal_type(&c.m, paste);
	terminal_see(&c.m, "Say 3000 lines? (y/N) ");
	terminal_type(&c.m, "Y");
	for (unsigned i = 0; i < 3000; i++) {
		g_autofree char *line = g_strdup_printf("line %u", i);

		chat_at_expect(&c, line);
	}
	memset(large, 'x', too_large + 6);
	memcpy(large, "\033[200~", 6);
	terminal_see(&c.m, "anna: line 2999");
	terminal_type_bytes(&c.m, large, too_large + 6);
	terminal_type(&c.m, "\033[201~");
	terminal_see(&c.m, "is over 4 MiB");
	terminal_type(&c.m, "after\r");
	chat_at_expect(&c, "after");
	chat_at_finish(&c);
}

/* Interrupted, and refused: the rest is not said, and it is told how much that is. */
static void chat_paste_stopped(struct daemon *d)
{
	g_autofree char *paste = chat_many_lines(200);
	struct chat_at c;

	chat_at_start(&c, d, 80, "xterm", "C.UTF-8");
	terminal_type(&c.m, paste);
	terminal_see(&c.m, "Say 200 lines? (y/N) ");
	terminal_type(&c.m, "y");
	terminal_see(&c.m, "anna: line 2");
	terminal_type(&c.m, "\003");
	terminal_see(&c.m, " of the lines that were pasted are left out");
	terminal_see(&c.m, "room> ");
	chat_at_finish(&c);
}

static void chat_paste_refused(struct daemon *d)
{
	struct chat_at c;

	chat_at_start(&c, d, 80, "xterm", "C.UTF-8");
	client_ask(c.bob, "MUTE,room,anna,600", "OK");
	terminal_type(&c.m, PASTE("1\r2\r3\r4\r"));
	terminal_see(&c.m, "not permitted");
	terminal_see(&c.m, "3 of the lines that were pasted are left out");
	g_assert_null(strstr(c.m.seen->str, "not permitted"));
	chat_at_finish(&c);
}

/* Every new width, with a line of one and of several rows: what others said stays. */
static void chat_resize_one(struct daemon *d, bool wraps)
{
	static const char typed[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const unsigned columns[] = { 40, 100, 200, 37, 80 };
	struct chat_at c;

	chat_at_start(&c, d, 80, "xterm", "C.UTF-8");
	c.m.wraps = wraps;
	terminal_type(&c.m, typed);
	terminal_see(&c.m, "xyz0");
	terminal_see(&c.m, "xyz");
	for (unsigned i = 0; i < G_N_ELEMENTS(columns); i++) {
		g_autofree char *said = g_strdup_printf("SAY,room,%s %u\n", wraps ? "wraps" : "stays", i);
		g_autofree char *shown = g_strdup_printf("bob: %s %u", wraps ? "wraps" : "stays", i), *screen = NULL;

		terminal_resize(&c.m, columns[i]);
		client_puts(c.bob, said);
		terminal_show(&c.m, shown);
		/* All of it: what is on its way while the size changes lies where nobody knows. */
		terminal_see(&c.m, "room> abc");
		terminal_see(&c.m, "xyz0");
		terminal_see(&c.m, "xyz");
		for (unsigned j = 0; j <= i; j++) {
			g_free(shown);
			shown = g_strdup_printf("bob: %s %u\n", wraps ? "wraps" : "stays", j);
			g_free(screen);
			screen = terminal_screen(&c.m);
			if (!strstr(screen, shown))
				harness_fail("line %u is gone after %u columns:\n%s", j, columns[i], screen);
		}
	}
	/* And what is on the screen is what is said. */
	terminal_type(&c.m, "\001>>");
	terminal_show(&c.m, "room> >>abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij\nklmnopqrstuvwxyz");
	terminal_type(&c.m, "\r");
	client_free(c.bob);
	terminal_show(&c.m, "room>");
	c.bob = client_new_ioe1(d, 0);
	chat_at_finish(&c);
}

static void chat_resize(struct daemon *d)
{
	chat_resize_one(d, false);
	chat_resize_one(d, true);
}

/* Rows that are just full, or end in half of a letter of two cells: what is erased is the line, all of it and no
 * more. */
static void chat_full_rows(struct daemon *d)
{
	struct chat_at c;

	chat_at_start(&c, d, 20, "xterm", "C.UTF-8");
	for (unsigned n = 12; n <= 36; n++) {
		g_autofree char *text = g_strnfill(n, 'x'), *said = g_strdup_printf("SAY,room,%u\n", n);
		g_autofree char *before = g_strdup_printf("bob: %u\nroom> x", n), *screen = NULL;

		/* Every second one with a letter that needs the two last cells of the row. */
		terminal_type(&c.m, n % 2 ? "" : "y\xe6\x97\xa5");
		terminal_type(&c.m, text);
		terminal_see(&c.m, "x");
		client_puts(c.bob, said);
		before[strlen(before) - 1] = n % 2 ? 'x' : 'y';
		g_free(said);
		said = g_strdup_printf("bob: %u\r\n", n);
		terminal_see(&c.m, said);
		terminal_see(&c.m, "room> ");
		terminal_type(&c.m, "\003");
		terminal_see(&c.m, "room> ");
		screen = terminal_screen(&c.m);
		if (!strstr(screen, before))
			harness_fail("%u: no '%s' on\n%s", n, before, screen);
	}
	chat_at_finish(&c);
}

/* Terminals that can do nothing, or that nobody knows: not one escape. */
static void chat_dumb(struct daemon *d)
{
	static const char *const terms[] = { "dumb", NULL, "no-such-terminal", "" };
	struct chat_at c;

	for (size_t i = 0; i < G_N_ELEMENTS(terms); i++) {
		chat_at_start(&c, d, 40, terms[i], "C");
		terminal_type(&c.m, "half");
		terminal_see(&c.m, "half");
		client_puts(c.bob, "SAY,room,anna: look\n");
		terminal_see(&c.m, "bob: anna: look");
		terminal_see(&c.m, "room> half");
		terminal_type(&c.m, " a line of more than one row of this terminal\t\r");
		chat_at_expect(&c, "half a line of more than one row of this terminal");
		terminal_resize(&c.m, 60);
		terminal_see(&c.m, "room> ");
		terminal_type(&c.m, "/quit\r");
		terminal_see(&c.m, "room left");
		g_assert_null(strchr(c.m.all->str, '\033'));
		g_assert_cmpint(terminal_finish(&c.m), ==, 0);
		client_free(c.bob);
		g_free(c.server);
	}
}

/* A time before each line; my name in what others say is bold and rings, in what I say it does not; what was said
 * before. */
static void chat_named(struct daemon *d)
{
	struct client *eve = client_new_ioe1(d, 0);
	g_autofree char *screen = NULL;
	struct chat_at c;

	client_ask(eve, "NICK,eve", "OK,eve");
	client_puts(eve, "JOIN,room\n");
	for (unsigned i = 1; i <= 25; i++) {
		g_autofree char *say = g_strdup_printf("SAY,room,before %u: anna\n", i);

		client_puts(eve, say);
	}
	chat_at_receive(eve, "OK,25");
	chat_at_start(&c, d, 80, "xterm", "C.UTF-8");
	g_assert_null(strstr(c.m.all->str, "before 5:"));
	g_assert_nonnull(strstr(c.m.all->str, " eve: before 6: \033[1manna\033[m\r\n"));
	g_assert_nonnull(strstr(c.m.all->str, " eve: before 25: \033[1manna\033[m\r\n"));
	client_puts(eve, "SAY,room,Anna%2C annas anna-x ann \xc3\xa4nna (ANNA)%1B[2J\n");
	terminal_see(&c.m, " eve: \033[1mAnna\033[m, annas anna-x ann \xc3\xa4nna (\033[1mANNA\033[m)?[2J\a\r\n");
	screen = terminal_screen(&c.m);
	g_assert_true(g_regex_match_simple("\n[0-2][0-9]:[0-5][0-9] eve: Anna, annas anna-x ann \xc3\xa4nna \\(ANNA\\)\\?\\[2J\n",
					   screen, 0, 0));
	client_puts(eve, "SAY,room,nobody%20named\n");
	terminal_see(&c.m, " eve: nobody named\r\n");
	terminal_type(&c.m, "I, anna\r");
	terminal_see(&c.m, " anna: I, anna\r\n");
	chat_at_finish(&c);

	/* Dumb ones ring and no more; and nothing from before where nothing is wanted. */
	c = (struct chat_at){ .server = g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]) };
	terminal_start(&c.m, 80, "dumb", "C", "-s", c.server, "chat", "--nick=anna", "--history=0", "room", NULL);
	terminal_see(&c.m, "room> ");
	client_puts(eve, "SAY,room,anna!\n");
	terminal_see(&c.m, " eve: anna!\a\r\n");
	g_assert_null(strchr(c.m.all->str, '\033'));
	g_assert_null(strstr(c.m.all->str, "before"));
	terminal_type(&c.m, "\004");
	g_assert_cmpint(terminal_finish(&c.m), ==, 0);
	g_free(c.server);
	client_free(eve);
}

/* Whatever ends it, the terminal is as it was; and a Control-Z where nobody could continue it changes nothing. */
static void chat_ended(struct daemon *d)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
	struct termios before, after;
	struct chat_at c;

	for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
		chat_at_start(&c, d, 80, "xterm", "C");
		terminal_type(&c.m, "x\x1ay\r");
		chat_at_expect(&c, "xy");
		terminal_see(&c.m, "xy\r\nroom> ");
		g_assert_cmpint(tcgetattr(c.m.master, &before), ==, 0);
		g_assert_cmpuint(before.c_lflag & (ICANON | ECHO), ==, 0);
		if (signals[i] == SIGQUIT)
			terminal_type(&c.m, "\x1c");
		else
			g_assert_cmpint(kill(c.m.pid, signals[i]), ==, 0);
		terminal_see(&c.m, signals[i] == SIGINT ? "room left" : "\033[?2004l");
		if (signals[i] == SIGINT)
			terminal_see(&c.m, "\033[?2004l");
		g_assert_cmpint(waitid(P_PID, (id_t)c.m.pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), ==, 0);
		g_assert_cmpint(tcgetattr(c.m.master, &after), ==, 0);
		g_assert_cmpuint(after.c_lflag & (ICANON | ECHO | ISIG), ==, ICANON | ECHO | ISIG);
		g_assert_cmpuint(after.c_iflag & ICRNL, ==, ICRNL);
		(void)terminal_finish(&c.m);
		client_free(c.bob);
		g_free(c.server);
	}
}

/* The prompt: commands, what is typed and dropped, the end, and where it began. */
static void prompt_commands(struct daemon *d)
{
	g_autofree char *server = g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]);
	g_autofree char *prompt = g_strdup_printf("%s> ", server), *connect = g_strdup_printf("connect %s\r", server);
	struct terminal m;

	terminal_start(&m, 80, "xterm", "C.UTF-8", "-s", server, NULL);
	terminal_see(&m, "`help` lists the commands.");
	terminal_see(&m, prompt);
	terminal_type(&m, "he\t\r");
	terminal_see(&m, "Sends lines to a room");
	terminal_see(&m, prompt);
	terminal_type(&m, "pnig\r");
	terminal_see(&m, "did you mean `ping`?");
	terminal_see(&m, prompt);
	terminal_type(&m, "say room \x03");
	terminal_see(&m, prompt);
	terminal_type(&m, "ping\r");
	terminal_see(&m, "ioed/");
	terminal_see(&m, prompt);
	/* A paste is asked about here, too. */
	terminal_type(&m, PASTE("double 1\rdouble 2\rdouble 3\rdouble 4\rdouble 5"));
	terminal_see(&m, "Run 5 lines? (y/N) ");
	terminal_type(&m, "y");
	terminal_show(&m, "double 1\n2");
	terminal_show(&m, "double 5\n10");
	terminal_type(&m, "bye\r");
	terminal_see(&m, "not connected> ");
	terminal_type(&m, "ls\r");
	terminal_see(&m, "Connect to a server first");
	terminal_see(&m, "not connected> ");
	terminal_type(&m, connect);
	terminal_see(&m, prompt);
	terminal_type(&m, "chat --nick=ann room\r");
	terminal_see(&m, "room> ");
	terminal_type(&m, "in the room\r");
	terminal_see(&m, "ann: in the room");
	terminal_type(&m, "/jion x\r");
	terminal_see(&m, "did you mean /join?");
	terminal_see(&m, "room> ");
	terminal_type(&m, "/quit\r");
	terminal_see(&m, "room left");
	terminal_see(&m, prompt);
	terminal_type(&m, "\004");
	g_assert_cmpint(terminal_finish(&m), ==, 0);
}

/* It goes away between two commands and is there again; and it stays away. */
static void prompt_server_goes(void)
{
	static const struct talk_turn turns[] = {
		{ "HELLO,ioe/1", "HI,ioe/1,ioed/0,1,file+chat,127.0.0.1,,store\n" },
		{ "LIST", "2\na\n" },
		TALK_CLOSE,
		{ "HELLO,ioe/1", "HI,ioe/1,ioed/0,1,file+chat,127.0.0.1,,store\n" },
		{ "LIST", "2\nb\n" },
	};
	struct terminal m;
	struct talk t;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	terminal_start(&m, 80, "xterm", "C", "-s", t.server, NULL);
	terminal_see(&m, "> ");
	terminal_type(&m, "ls\r");
	terminal_see(&m, "a\r\n");
	terminal_see(&m, "> ");
	terminal_type(&m, "ls\r");
	terminal_see(&m, "b\r\n");
	terminal_see(&m, "> ");
	terminal_type(&m, "exit\r");
	g_assert_cmpint(terminal_finish(&m), ==, 0);
	talk_finish(&t);

	/* Nobody is there any more. */
	terminal_start(&m, 80, "xterm", "C", "-s", "127.0.0.1:1", NULL);
	terminal_see(&m, "no server answers");
	terminal_see(&m, "not connected> ");
	/* A Control-C overtakes what was typed before it: each is sent when the one before was seen. */
	for (unsigned i = 0; i < 2; i++) {
		terminal_type(&m, "\t");
		terminal_see(&m, "quit");
		terminal_see(&m, "not connected> ");
	}
	terminal_type(&m, "\003");
	terminal_see(&m, "not connected> ");
	terminal_type(&m, "ls x\t\t");
	terminal_see(&m, "ls x");
	terminal_type(&m, "\003");
	terminal_see(&m, "not connected> ");
	terminal_type(&m, "\004");
	g_assert_cmpint(terminal_finish(&m), ==, 0);
}

/* TAB: each name is the one that is meant, and what no terminal should be told is no name. */
static void prompt_completes(struct daemon *d)
{
	static const struct {
		const char *typed, *line;
	} lines[] = {
		{ "get my\t", "get my\\ photo,\\ 2.jpg " },
		{ "get \xc3\x9c\t", "get \xc3\x9c" "bung.pdf " },
		{ "get it\t", "get it\\'s\\ \\\"a\\\".txt " },
		{ "get \"it\t", "get \"it's \\\"a\\\".txt\" " },
		{ "get 'it\t", "get 'it'\\''s \"a\".txt' " },
		{ "get two\t", "get two" },
		{ "get two\tA\t", "get twoA " },
		{ "get sub\\ f\tin\t", "get sub\\ folder/inside " },
		{ "get x\t", "get x" },
		{ "get \\#\t", "get \\#hash " },
		{ "get my\tf\ton\t", "get my\\ photo,\\ 2.jpg for\\ all/one " },
		{ "put ioe.c\t", "put ioe.conf " },
		{ "put f\ton\tsub\t", "put for\\ all/one sub" },
		{ "ls s\t", "ls sub\\ folder/" },
		{ "ls m\t", "ls m" },
		{ "help do\t", "help double " },
		{ "chat ga\t", "chat garden " },
		{ "say --nick=me ga\t", "say --nick=me garden " },
		{ "send bo\t", "send bob " },
		{ "nonsense x\t", "nonsense x" },
		{ "get 'a' # my\t", "get 'a' # my" },
	};
	static const char *const files[] = {
		"my photo, 2.jpg", "\xc3\x9c" "bung.pdf", "it's \"a\".txt", "twoA", "twoB", "sub folder/inside", "#hash",
		"x\xe2\x80\xae" "gpj.exe",
	};
	g_autofree char *server = g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]);
	g_autofree char *prompt = g_strdup_printf("%s> ", server), *before = g_get_current_dir();
	g_autofree char *local = g_build_filename(d->dir, "for all", NULL), *one = g_build_filename(local, "one", NULL);
	g_autofree char *folder = g_build_filename(d->files, "sub folder", NULL);
	struct client *bob = client_new_ioe1(d, 0);
	struct terminal m;

	g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
	g_assert_cmpint(g_mkdir_with_parents(local, 0700), ==, 0);
	harness_write_file(one, "x", 1);
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(d->files, files[i], NULL);

		harness_write_file(path, "x", 1);
	}
	client_ask(bob, "NICK,bob", "OK,bob");
	client_puts(bob, "JOIN,garden\n");
	chat_at_receive(bob, "JOINED,garden,bob");
	g_assert_cmpint(chdir(d->dir), ==, 0);
	terminal_start(&m, 120, "xterm", "C", "-s", server, NULL);
	g_assert_cmpint(chdir(before), ==, 0);
	terminal_see(&m, prompt);
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *row = g_strconcat(prompt, lines[i].line, "|", NULL);

		terminal_type(&m, lines[i].typed);
		terminal_type(&m, "|");
		terminal_show(&m, row);
		(void)g_string_truncate(m.seen, 0); /* a list of names has the prompt behind it, too */
		terminal_type(&m, "\003");
		terminal_see(&m, prompt);
	}
	/* A Control-C in the middle of it drops the line, and nothing behind it. */
	terminal_type(&m, "get two\t\003double 21\r");
	terminal_see(&m, "42\r\n");
	terminal_see(&m, prompt);
	terminal_type(&m, "\004");
	g_assert_cmpint(terminal_finish(&m), ==, 0);
	client_free(bob);
}

/* A server that means harm: nothing of its names is done, and nothing steers the terminal. */
static void prompt_hostile_names(void)
{
	static const char names[] = "a\nb%1B]0;x%07\nb\x1b[2J\nb%0Aexit\nb%0D\nb%C2%9B2J\nb%FF\nb%00\nb%09\nb%E2%80%AEx\n";
	g_autofree char *long_name = g_strnfill(60000, 'b'), *many = NULL, *listing = NULL, *list = NULL;
	g_autoptr(GString) crowd = g_string_new(NULL);
	struct talk_turn turns[] = {
		{ "HELLO,ioe/1", "HI,ioe/1,ioed/0,1,file+chat,127.0.0.1,,store\n" },
		{ "LIST", NULL },
		{ "LIST", NULL },
		{ "PING*", "PONG\n" },
	};
	struct terminal m;
	struct talk t;

	list = g_strconcat(names, long_name, "\n", NULL);
	listing = g_strdup_printf("%zu\n%s", strlen(list), list);
	for (unsigned i = 0; i < 3000; i++)
		g_string_append_printf(crowd, "c%u\n", i);
	many = g_strdup_printf("%zu\n%s", crowd->len, crowd->str);
	turns[1].say = listing;
	turns[2].say = many;
	talk_start(&t, turns, G_N_ELEMENTS(turns));
	terminal_start(&m, 80, "xterm", "C.UTF-8", "-s", t.server, NULL);
	terminal_see(&m, "> ");
	terminal_type(&m, "get b\t!");
	terminal_see(&m, "!");
	terminal_type(&m, "\003");
	terminal_see(&m, "> ");
	terminal_type(&m, "get c\t");
	terminal_see(&m, "and 2900 more");
	terminal_see(&m, "> ");
	terminal_type(&m, "\003");
	terminal_see(&m, "> ");
	terminal_type(&m, "ping\r");
	terminal_see(&m, "> ");
	g_assert_null(strstr(m.all->str, "\033]"));
	g_assert_null(strstr(m.all->str, "[2J"));
	g_assert_null(strstr(m.all->str, "bb"));
	terminal_type(&m, "\004");
	g_assert_cmpint(terminal_finish(&m), ==, 0);
	talk_finish(&t);
}

/* Standard output that is a pipe is told no escape and no prompt, whatever standard input is. */
static void prompt_into_pipe(struct daemon *d)
{
	g_autofree char *server = g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]);
	const char *argv[] = { "/bin/sh", "-c", "\"$0\" -s \"$1\" | od -c; echo en\"\"ded", harness_program("IOE_CLIENT"),
			       server, NULL };
	struct terminal m;

	terminal_start_program(&m, 80, "xterm", "C", argv);
	terminal_type(&m, "double 21\r\004");
	terminal_see(&m, "0000000   4   2  \\n\r\n0000003\r\nended");
	g_assert_cmpint(terminal_finish(&m), ==, 0);
}

/* A real shell: each name becomes one word, whatever is in it, and nothing of it is run. */
static void bash_completes(struct daemon *d)
{
	static const struct {
		const char *typed, *words;
	} names[] = {
		{ "get my\t", "<get><my photo, 2.jpg>" },
		{ "get \xc3\x9c\t", "<get><\xc3\x9c" "bung \xe6\x97\xa5.pdf>" },
		{ "get it\t", "<get><it's \"a\" \\.txt>" },
		{ "get '$\t", "<get><$(touch pwned)>" },
		{ "get '`\t", "<get><`touch pwned`>" },
		{ "get \"se\t", "<get><se;touch pwned>" },
		{ "get s\t\te\t", "<get><se;touch pwned>" },
		{ "get 'a:\t", "<get><a:b>" },
		{ "get -\t", "<get><-n &>" },
		{ "get sub\\ f\tin\t", "<get><sub folder/in side>" },
		{ "get 'sub f\tin\t", "<get><sub folder/in side>" },
		{ "ls s\t", "<ls><sub folder/>" },
		{ "put ioe.c\t", "<put><ioe.conf>" },
		{ "put f\ton\t", "<put><for all/one two>" },
		{ "get my\tf\ton\t", "<get><my photo, 2.jpg><for all/one two>" },
	};
	static const char *const files[] = {
		"my photo, 2.jpg", "\303\234bung \346\227\245.pdf", "it's \"a\" \\.txt", "$(touch pwned)", "`touch pwned`",
		"se;touch pwned", "a:b", "-n &", "sub folder/in side",
	};
	g_autofree char *file = g_build_filename(g_getenv("top_srcdir"), "tools/completions/ioe-client.bash", NULL);
	g_autofree char *local = g_build_filename(d->dir, "for all", NULL), *one = g_build_filename(local, "one two", NULL);
	g_autofree char *folder = g_build_filename(d->files, "sub folder", NULL), *tree = NULL;
	g_autofree char *setup = g_strdup_printf("cd '%s'; . '%s'; PATH=${IOE_CLIENT%%/*}:$PATH\r"
						 "show() { shift 2; printf '<%%s>' \"$@\"; echo; }\r"
						 "complete -F _ioe_client show; echo be\"\"gin\r", d->dir, file);
	const char *argv[] = { "/bin/bash", "--norc", "--noprofile", "-i", NULL };
	struct terminal m;

	g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
	g_assert_cmpint(g_mkdir_with_parents(local, 0700), ==, 0);
	harness_write_file(one, "x", 1);
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_build_filename(d->files, files[i], NULL);

		harness_write_file(path, "x", 1);
	}
	terminal_start_program(&m, 200, "dumb", "C.UTF-8", argv);
	terminal_type(&m, setup);
	terminal_see(&m, "begin");
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *line = g_strdup_printf("show -s 127.0.0.1:%u %s\r", (unsigned)d->ports[0], names[i].typed);

		terminal_type(&m, line);
		terminal_see(&m, names[i].words);
	}
	terminal_type(&m, "exit\r");
	(void)terminal_finish(&m);
	tree = harness_tree(d->dir);
	g_assert_null(strstr(tree, "/pwned"));
	g_assert_null(strstr(tree, "\npwned"));
}

/* With one reactor: what is met here is the client. */
static const struct terminal_case {
	const char *path, *config;
	daemon_fn fn;
} terminal_cases[] = {
	{ "/terminal/locales", DAEMON_LISTENER, chat_locales },
	{ "/terminal/half-character", DAEMON_LISTENER, chat_half_character },
	{ "/terminal/paste", DAEMON_LISTENER, chat_paste },
	{ "/terminal/paste-asks", DAEMON_LISTENER, chat_paste_asks },
	{ "/terminal/paste-paced", DAEMON_LISTENER "chat = { rate = 20; burst = 5; };\n", chat_paste_paced },
	{ "/terminal/paste-much", DAEMON_LISTENER "chat = { rate = 10000; burst = 10000; };\n", chat_paste_much },
	{ "/terminal/paste-stopped", DAEMON_LISTENER, chat_paste_stopped },
	{ "/terminal/paste-refused", DAEMON_LISTENER, chat_paste_refused },
	{ "/terminal/resize", DAEMON_LISTENER, chat_resize },
	{ "/terminal/full-rows", DAEMON_LISTENER, chat_full_rows },
	{ "/terminal/dumb", DAEMON_LISTENER, chat_dumb },
	{ "/terminal/named", DAEMON_LISTENER, chat_named },
	{ "/terminal/ended", DAEMON_LISTENER, chat_ended },
	{ "/terminal/prompt", DAEMON_LISTENER, prompt_commands },
	{ "/terminal/prompt-completes", DAEMON_LISTENER, prompt_completes },
	{ "/terminal/prompt-into-pipe", DAEMON_LISTENER, prompt_into_pipe },
	{ "/terminal/bash-completion", DAEMON_LISTENER, bash_completes },
};

static void terminal_run(gconstpointer data)
{
	const struct terminal_case *c = data;
	struct daemon *d = daemon_start(1, c->config);

	c->fn(d);
	daemon_finish(d);
}

static void terminal_add(void)
{
	g_test_add_func("/terminal/chat", terminal_chat);
	g_test_add_func("/terminal/away", terminal_away);
	g_test_add_func("/terminal/completes-not", terminal_completes_not);
	g_test_add_func("/terminal/ls", terminal_ls);
	g_test_add_func("/terminal/kicked", terminal_kicked);
	g_test_add_func("/terminal/prompt-server-goes", prompt_server_goes);
	g_test_add_func("/terminal/prompt-hostile-names", prompt_hostile_names);
	for (size_t i = 0; i < G_N_ELEMENTS(terminal_cases); i++)
		g_test_add_data_func(terminal_cases[i].path, &terminal_cases[i], terminal_run);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, terminal_add);
}
