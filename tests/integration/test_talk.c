/* SPDX-License-Identifier: MIT */
/*
 * ioe-client where people talk: chat, send, inbox and watch, against a server that is played here, so that it can lose
 * connections and say things at moments that a real one seldom hits.
 */

#include "talk.h"

#include <string.h>
#include <sys/wait.h>

/* A line to say, commands, and what others say in the middle of it. */
static void talk_chat(void)
{
	static const struct talk_turn turns[] = {
		TALK_HELLO,
		{ "NICK,ann", "OK,ann\n" },
		{ "JOIN,lobby", "JOINED,lobby,ann\nOK,lobby,41,2,1\nSAID,lobby,42,1700000000000,bob,a%2Cb%1B[2J%C2%9B\xff.\n" },
		{ "SAY,lobby,hello%2C all", "SAID,lobby,43,1700000000000,ann,hello%2C all\nOK,43\n" },
		{ "TOPIC,lobby,new%2C  topic", "TOPIC,lobby,ann,new%2C  topic\nOK\n" },
		{ "SAY,lobby,/slash", "LEFT,lobby,bob,slow\nSAID,lobby,44,1700000000000,ann,/slash\nOK,44\n" },
		{ "SAY,lobby,much", "ERROR: limit: not so fast\n" },
		{ "SAY,lobby,much", "SAID,lobby,45,1700000000000,ann,much\nOK,45\n" },
		{ "KICK,lobby,bob,go now", "ERROR: denied: you are no operator of lobby\n" },
		{ "MUTE,lobby,bob,600", "OK\n" },
		{ "WHO,lobby", "12\nann\nb%41%2C\n" },
		{ "ROOMS", "31\nlobby,2,44,new%2C topic\nx,1,0,\n" },
		{ "JOIN,other", "OK,other,0,1,0\nSAID,lobby,46,1700000000000,bob,hi\n" },
		{ "SAY,other,last", "SAID,other,1,1700000000000,ann,last\nOK,1\n" },
		{ "PART,other", "OK\n" },
		{ "PART,lobby", "OK\n" },
	};
	static const char input[] = "hello, all\n/topic  new,  topic \n//slash\nmuch\n/kick bob go now\n/mute bob\n/who\n/rooms\n"
				    "/nosuch\n/kick\n/rooms x\n\n/join other\nlast";
	struct talk t;
	struct tool tool;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	tool_run(&tool, "IOE_CLIENT", input, "-s", t.server, "chat", "--nick=ann", "lobby", NULL);
	talk_expect(&tool, 8,
		    "* ann joined\n"
		    "* lobby: 2 are here, the last message is number 41\n"
		    "bob: a,b?[2J??.\n"
		    "ann: hello, all\n"
		    "* ann set the topic: new,  topic\n"
		    "* bob left: slow\n"
		    "ann: /slash\n"
		    "ann: much\n"
		    "  ann\n  bA,\n"
		    "  lobby (2 here): new, topic\n  x (1 here)\n"
		    "* other: 1 is here, the last message is number 0\n"
		    "[lobby] bob: hi\n"
		    "[other] ann: last\n"
		    "* other left; --since=1 goes on from here\n"
		    "* lobby left; --since=46 goes on from here\n");
	g_assert_nonnull(strstr(tool.err->str, "you are no operator of lobby"));
	g_assert_nonnull(strstr(tool.err->str, "'/nosuch' is no command"));
	g_assert_nonnull(strstr(tool.err->str, "too few words: write /kick NAME [WHY]"));
	tool_done(&tool);
	talk_finish(&t);
}

/* What was said before stands before what is said meanwhile, and nothing twice. */
static void talk_history(void)
{
	static const struct talk_turn turns[] = {
		TALK_HELLO,
		{ "JOIN,lobby", "OK,lobby,41,1,1\nSAID,lobby,42,1700000000000,bob,now\n" },
		{ "HISTORY,lobby,39,2",
		  "94\n40,1700000000000,bob,before%2C 40\n41,1700000000000,bob,41%0Aann: lie\n42,1700000000000,bob,now\n" },
		{ "PART,lobby", "OK\n" },
	};
	struct talk t;
	struct tool tool;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "chat", "--history", "2", "lobby", NULL);
	talk_expect(&tool, 0,
		    "* lobby: 1 is here, the last message is number 41\n"
		    "2023-11-14 22:13:20 bob: before, 40\n"
		    "2023-11-14 22:13:20 bob: 41?ann: lie\n"
		    "bob: now\n"
		    "* lobby left; --since=42 goes on from here\n");
	tool_done(&tool);
	talk_finish(&t);
}

/* The connection breaks before the answer; the nick is still held by what is left of it; nothing said is missed. */
static void talk_chat_resumes(void)
{
	static const struct talk_turn turns[] = {
		TALK_HELLO,
		{ "NICK,ann", "OK,ann\n" },
		{ "JOIN,lobby,7", "OK,lobby,9,1,1\nSAID,lobby,8,1700000000000,bob,eight\nSAID,lobby,9,1700000000000,bob,nine\n" },
		{ "SAY,lobby,one", "SAID,lobby,10,1700000000000,ann,one\n" },
		TALK_CLOSE,
		TALK_HELLO,
		{ "NICK,ann", "ERROR: taken: another session has it\n" },
		TALK_CLOSE,
		TALK_HELLO,
		{ "NICK,ann", "OK,ann\n" },
		{ "JOIN,lobby,10", "OK,lobby,11,1,1\nSAID,lobby,11,1700000000000,bob,missed\n" },
		{ "SAY,lobby,two", "SAID,lobby,12,1700000000000,ann,two\nOK,12\nGOAWAY,stopping\n" },
		TALK_CLOSE,
		TALK_HELLO,
		{ "NICK,ann", "OK,ann\n" },
		{ "JOIN,lobby,12", "OK,lobby,12,1,1\n" },
		{ "SAY,lobby,three", "SAID,lobby,13,1700000000000,ann,three\nOK,13\n" },
		{ "PART,lobby", "OK\n" },
	};
	struct talk t;
	struct tool tool;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	tool_run(&tool, "IOE_CLIENT", "one\ntwo\nthree\n", "-s", t.server, "chat", "--nick=ann", "--since=7", "lobby",
		 NULL);
	talk_expect(&tool, 8,
		    "* lobby: 1 is here, the last message is number 9\n"
		    "bob: eight\nbob: nine\nann: one\nbob: missed\nann: two\nann: three\n"
		    "* lobby left; --since=13 goes on from here\n");
	g_assert_nonnull(strstr(tool.err->str, "connected again"));
	g_assert_nonnull(strstr(tool.err->str, "the server is being stopped; connecting again"));
	tool_done(&tool);
	talk_finish(&t);
}

/* Both of two requests with a key of the client's own have the same one. */
static void talk_expect_same_key(const char *received)
{
	const char *first = strstr(received, "SEND,"), *second = first ? strstr(first + 1, "SEND,") : NULL;

	g_assert_nonnull(second);
	g_assert_cmpuint(strcspn(first, "\n"), ==, strlen("SEND,bob,hi there%2C you,") + 32);
	g_assert_cmpmem(first, strcspn(first, "\n"), second, strcspn(second, "\n"));
}

static void talk_send(void)
{
	static const struct talk_turn turns[] = {
		TALK_HELLO,
		{ "SEND,bob,hi there%2C you,*", NULL },
		TALK_CLOSE,
		TALK_HELLO,
		{ "SEND,bob,hi there%2C you,*", "OK,1099511627777\n" },
		{ "STATUS,1099511627777", "OK,held,1700000000000\n" },
		{ "STATUS,1099511627777", NULL },
		TALK_CLOSE,
		TALK_HELLO,
		{ "STATUS,1099511627777", "OK,delivered,1700000000000\n" },
	};
	struct talk t;
	struct tool tool;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "send", "--wait", "bob", "hi", "there, you", NULL);
	talk_expect_same_key(t.received->str);
	talk_expect(&tool, 0, "1099511627777\n");
	tool_done(&tool);
	talk_finish(&t);
}

static void talk_send_refused(void)
{
	static const struct talk_turn full[] = {
		TALK_HELLO,
		{ "SEND,bob,hi,mine", "ERROR: limit: the mailbox of bob is full\n" },
	};
	static const struct talk_turn held[] = {
		TALK_HELLO,
		{ "SEND,bob,hi,*", "OK,5\n" },
		{ "STATUS,5", "OK,held,1700000000000\n" },
		{ "STATUS,5", "OK,expired,1700000000000\n" },
	};
	struct talk t;
	struct tool tool;

	talk_start(&t, full, G_N_ELEMENTS(full));
	tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "send", "--key=mine", "bob", "hi", NULL);
	talk_expect(&tool, 11, "");
	g_assert_nonnull(strstr(tool.err->str, "the mailbox of bob is full"));
	tool_done(&tool);
	talk_finish(&t);

	talk_start(&t, held, G_N_ELEMENTS(held));
	tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "send", "--for=30", "bob", "hi", NULL);
	talk_expect(&tool, 7, "5\n");
	tool_done(&tool);
	talk_finish(&t);
}

static void talk_inbox(void)
{
	static const struct talk_turn turns[] = {
		TALK_HELLO,
		{ "NICK,bob", "OK,bob\n" },
		{ "FETCH,100", "MAIL,7,ann,1700000000000,one%0Aann: two%07\nMAIL,8,127.0.0.1,1700000000000,\nOK,2,1\n" },
		{ "ACK,7,8", "OK,2\n" },
		{ "FETCH,100", "MAIL,9,ann,1700000000000,last\nOK,1,0\n" },
		{ "ACK,9", "OK,1\n" },
	};
	static const struct talk_turn keep[] = {
		TALK_HELLO,
		{ "FETCH,100", "MAIL,7,ann,1700000000000,one\nOK,1,1\n" },
		{ "FETCH,100", "MAIL,8,ann,1700000000000,two\nOK,1,0\n" },
	};
	struct talk t;
	struct tool tool;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "inbox", "--nick", "bob", NULL);
	talk_expect(&tool, 0,
		    "2023-11-14 22:13:20 ann: one?ann: two?\n"
		    "2023-11-14 22:13:20 127.0.0.1: \n"
		    "2023-11-14 22:13:20 ann: last\n");
	tool_done(&tool);
	talk_finish(&t);

	talk_start(&t, keep, G_N_ELEMENTS(keep));
	tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "inbox", "--keep", NULL);
	talk_expect(&tool, 0, "2023-11-14 22:13:20 ann: one\n2023-11-14 22:13:20 ann: two\n");
	tool_done(&tool);
	talk_finish(&t);
}

/* What cannot be printed is not acknowledged. */
static void talk_inbox_full_disk(void)
{
	static const struct talk_turn turns[] = {
		TALK_HELLO,
		{ "FETCH,100", "MAIL,7,ann,1700000000000,one\nOK,1,0\n" },
	};
	g_autoptr(GError) error = NULL;
	g_autofree char *command = NULL;
	struct talk t;
	int status;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	command = g_strdup_printf("sh -c '\"%s\" -s %s inbox >/dev/full 2>/dev/null'", harness_program("IOE_CLIENT"),
				  t.server);
	(void)g_spawn_command_line_sync(command, NULL, NULL, &status, &error);
	g_assert_no_error(error);
	g_assert_cmpint(WEXITSTATUS(status), ==, 1);
	talk_finish(&t);
}

/* The acknowledgement is lost with the connection: the message comes again, and is printed once. */
static void talk_watch(void)
{
	static const struct talk_turn turns[] = {
		TALK_HELLO,
		{ "WAIT,on", "OK\nMAIL,7,ann,1700000000000,one\n" },
		{ "ACK,7", NULL },
		TALK_CLOSE,
		TALK_HELLO,
		{ "WAIT,on", "MAIL,7,ann,1700000000000,one\nOK\nMAIL,8,ann,1700000000000,two\n" },
		{ "ACK,7", "OK,1\n" },
		{ "ACK,8", "MAIL,9,ann,1700000000000,three\nDELIVERED,5,eve,1700000000000\nOK,1\n" },
		{ "ACK,9", "ERROR: unavailable: the store is closed\n" },
	};
	struct talk t;
	struct tool tool;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "watch", NULL);
	talk_expect(&tool, 1,
		    "2023-11-14 22:13:20 ann: one\n"
		    "2023-11-14 22:13:20 ann: two\n"
		    "2023-11-14 22:13:20 ann: three\n"
		    "2023-11-14 22:13:20 * delivered to eve: 5\n");
	g_assert_nonnull(strstr(tool.err->str, "the store is closed"));
	tool_done(&tool);
	talk_finish(&t);
}

/* What a real server of this version says where a role does not serve, or what answers says nonsense. */
static void talk_refused(void)
{
	static const struct talk_turn unavailable[] = {
		TALK_HELLO,
		{ "JOIN,lobby", "ERROR: unavailable: JOIN is not here\n" },
	};
	static const struct talk_turn nonsense[] = {
		TALK_HELLO,
		{ "FETCH,100", "MAIL,seven,ann,1700000000000,one\n" },
	};
	struct talk t;
	struct tool tool;

	talk_start(&t, unavailable, G_N_ELEMENTS(unavailable));
	tool_run(&tool, "IOE_CLIENT", "said\n", "-s", t.server, "chat", "lobby", NULL);
	talk_expect(&tool, 1, "");
	g_assert_nonnull(strstr(tool.err->str, "chat lobby: not available"));
	tool_done(&tool);
	talk_finish(&t);

	talk_start(&t, nonsense, G_N_ELEMENTS(nonsense));
	tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "inbox", NULL);
	talk_expect(&tool, 1, "");
	tool_done(&tool);
	talk_finish(&t);
}

/* A server that speaks on and on while the history is read: what is held back for it has a limit. */
static void talk_history_held(void)
{
	static const char event[] = "SAID,lobby,8,1700000000000,eve,";
	const size_t n = 18, text = 1000000; /* 18 MB: over 16 MiB */
	g_autoptr(GString) flood = g_string_new(NULL);
	struct talk_turn turns[] = {
		TALK_HELLO,
		{ "JOIN,lobby", "OK,lobby,7,1,1\n" },
		{ "HISTORY,lobby,6,1", NULL },
		{ "PART,lobby", "OK\n" },
	};
	const char *first, *history, *last;
	struct talk t;
	struct tool tool;

	for (size_t i = 0; i < n; i++) {
		g_autofree char *said = g_strnfill(text, (char)('a' + i));

		(void)g_string_append_printf(flood, "%s%s\n", event, said);
	}
	(void)g_string_append(flood, "24\n7,1700000000000,bob,old\n");
	turns[2].say = flood->str;
	talk_start(&t, turns, G_N_ELEMENTS(turns));
	tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "chat", "--history=1", "lobby", NULL);
	talk_expect(&tool, 0, NULL);
	first = strstr(tool.out->str, "eve: aaaa");
	history = strstr(tool.out->str, " bob: old\n");
	last = strstr(tool.out->str, "eve: rrrr");
	g_assert_true(first && history && last && first < history && last < history);
	tool_done(&tool);
	talk_finish(&t);
}

/* Whoever is turned away, by an administrator or for what cannot be read, does not come back by itself, and says so. */
static void talk_turned_away_one(const struct talk_turn *turns, size_t n_turns, const char *command, int status,
				 const char *why)
{
	struct talk t;
	struct tool tool;

	talk_start(&t, turns, n_turns);
	if (strcmp(command, "send") == 0)
		tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "send", "--key=k", "--wait", "bob", "hi", NULL);
	else
		tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, command, NULL);
	talk_expect(&tool, status, NULL);
	if (!strstr(tool.err->str, why))
		harness_fail("does not say '%s': %s", why, tool.err->str);
	g_assert_null(strstr(tool.err->str, "connected again"));
	tool_done(&tool);
	talk_finish(&t);
}

#define TALK_KICKED "GOAWAY,kicked: too loud%2C\x1b[2J\n"

static void talk_turned_away(void)
{
	static const struct talk_turn kicked[] = { TALK_HELLO, { "WAIT,on", "OK\n" TALK_KICKED } };
	static const struct talk_turn unread[] = {
		TALK_HELLO,
		{ "WAIT,on", "OK\nERROR: unavailable: what is kept for 'ann' cannot be read\n" },
	};
	static const struct talk_turn waits[] = {
		TALK_HELLO,
		{ "SEND,bob,hi,k", "OK,77\n" },
		{ "STATUS,77", "OK,held,1700000000000\n" TALK_KICKED },
	};

	talk_turned_away_one(kicked, G_N_ELEMENTS(kicked), "watch", 4, "(kicked: too loud,?[2J): ask its administrator");
	talk_turned_away_one(unread, G_N_ELEMENTS(unread), "watch", 1, "what is kept for 'ann' cannot be read");
	talk_turned_away_one(waits, G_N_ELEMENTS(waits), "send", 4, "(kicked: too loud");
}

static void talk_add(void)
{
	g_test_add_func("/talk/chat", talk_chat);
	g_test_add_func("/talk/history", talk_history);
	g_test_add_func("/talk/chat-resumes", talk_chat_resumes);
	g_test_add_func("/talk/send", talk_send);
	g_test_add_func("/talk/send-refused", talk_send_refused);
	g_test_add_func("/talk/inbox", talk_inbox);
	g_test_add_func("/talk/inbox-full-disk", talk_inbox_full_disk);
	g_test_add_func("/talk/watch", talk_watch);
	g_test_add_func("/talk/refused", talk_refused);
	g_test_add_func("/talk/history-held", talk_history_held);
	g_test_add_func("/talk/turned-away", talk_turned_away);
}

int main(int argc, char **argv)
{
	(void)g_setenv("TZ", "UTC", TRUE);
	return harness_main(argc, argv, talk_add);
}
