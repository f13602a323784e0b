/* SPDX-License-Identifier: MIT */
/*
 * ioe-client where people talk: chat, send, inbox and watch, against a server that is played here, so that it can lose
 * connections and say things at moments that a real one seldom hits.
 */

#include "tool.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define TALK_HI "HI,ioe/1,ioed/0,1,chat+relay,127.0.0.1,,store\n"

/* What is heard, as a glob, and what is said then. @hear NULL: the connection is closed, and the next one is served. */
struct talk_turn {
	const char *hear, *say;
};

#define TALK_HELLO { "HELLO,ioe/1", TALK_HI }
#define TALK_CLOSE { NULL, NULL }

struct talk {
	int listener, fd;
	char *server;
	const struct talk_turn *turns;
	size_t n_turns;
	GThread *thread;
	GString *heard; /* all lines */
};

/* One line, or NULL at the end. */
static char *talk_hear(struct talk *t)
{
	g_autoptr(GString) line = g_string_new(NULL);
	char c;

	while (harness_poll(t->fd, POLLIN, harness_deadline()) && recv(t->fd, &c, 1, 0) == 1) {
		if (c == '\n')
			return g_strdup(line->str);
		(void)g_string_append_c(line, c);
	}
	return NULL;
}

static void talk_play_one(struct talk *t, const struct talk_turn *turn)
{
	g_autofree char *line = talk_hear(t);

	if (line)
		(void)g_string_append_printf(t->heard, "%s\n", line);
	if (!line || !g_pattern_match_simple(turn->hear, line))
		harness_fail("heard '%s', not '%s'; before it:\n%s", line ? line : "(the end)", turn->hear,
			     t->heard->str);
	if (turn->say)
		(void)send(t->fd, turn->say, strlen(turn->say), MSG_NOSIGNAL);
}

static gpointer talk_play(gpointer data)
{
	struct talk *t = data;
	g_autofree char *more = NULL;

	t->fd = accept(t->listener, NULL, NULL);
	for (size_t i = 0; i < t->n_turns; i++) {
		if (!t->turns[i].hear) {
			(void)close(t->fd);
			t->fd = accept(t->listener, NULL, NULL);
		} else {
			talk_play_one(t, &t->turns[i]);
		}
	}
	more = talk_hear(t);
	if (more)
		harness_fail("heard '%s' behind the last", more);
	(void)close(t->fd);
	return NULL;
}

static void talk_start(struct talk *t, const struct talk_turn *turns, size_t n_turns)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);

	*t = (struct talk){ .turns = turns, .n_turns = n_turns, .heard = g_string_new(NULL) };
	t->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(t->listener, (const struct sockaddr *)&sa, sizeof(sa)), ==, 0);
	g_assert_cmpint(listen(t->listener, 8), ==, 0);
	g_assert_cmpint(getsockname(t->listener, (struct sockaddr *)&sa, &len), ==, 0);
	t->server = g_strdup_printf("127.0.0.1:%u", (unsigned)ntohs(sa.sin_port));
	t->thread = g_thread_new("server", talk_play, t);
}

static void talk_finish(struct talk *t)
{
	(void)g_thread_join(t->thread);
	(void)close(t->listener);
	(void)g_string_free(t->heard, TRUE);
	g_free(t->server);
}

static void talk_expect(const struct tool *t, int status, const char *out)
{
	if (t->status != status || (out && strcmp(t->out->str, out) != 0))
		harness_fail("ended with %d, not %d; stdout: %s\nnot: %s\nstderr: %s", t->status, status, t->out->str,
			     out ? out : "", t->err->str);
}

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
static void talk_expect_same_key(const char *heard)
{
	const char *first = strstr(heard, "SEND,"), *second = first ? strstr(first + 1, "SEND,") : NULL;

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
	talk_expect_same_key(t.heard->str);
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

/* At a terminal. */
struct talk_terminal {
	int master;
	GPid pid;
	GString *seen;
};

static void talk_terminal_setup(void *data)
{
	(void)data;
	/* Its own terminal: a Control-C is for it. */
	(void)setsid();
	(void)ioctl(STDIN_FILENO, TIOCSCTTY, 0);
}

static void talk_terminal_start(struct talk_terminal *m, const char *server)
{
	const char *argv[] = { harness_program("IOE_CLIENT"), "-s", server, "chat", "lobby", NULL };
	g_autoptr(GError) error = NULL;
	int slave;

	*m = (struct talk_terminal){ .master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), .seen = g_string_new(NULL) };
	g_assert_cmpint(grantpt(m->master), ==, 0);
	g_assert_cmpint(unlockpt(m->master), ==, 0);
	slave = open(ptsname(m->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	g_assert_cmpint(slave, >=, 0);
	(void)g_spawn_async_with_pipes_and_fds(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, talk_terminal_setup, NULL,
					       slave, slave, slave, NULL, NULL, 0, &m->pid, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	(void)close(slave);
}

/* Reads on until the screen has been told this, behind what was looked for before. */
static void talk_terminal_see(struct talk_terminal *m, const char *what)
{
	gint64 deadline = harness_deadline();
	char buf[1024], *at;
	ssize_t n;

	while (!(at = strstr(m->seen->str, what))) {
		if (!harness_poll(m->master, POLLIN, deadline))
			harness_fail("'%s' is not on the screen: %s", what, m->seen->str);
		n = read(m->master, buf, sizeof(buf));
		if (n <= 0)
			harness_fail("it ended before '%s' was on the screen: %s", what, m->seen->str);
		(void)g_string_append_len(m->seen, buf, n);
	}
	(void)g_string_erase(m->seen, 0, at - m->seen->str + (gssize)strlen(what));
}

static void talk_terminal_type(struct talk_terminal *m, const char *keys)
{
	g_assert_cmpint(write(m->master, keys, strlen(keys)), ==, (gssize)strlen(keys));
}

static void talk_terminal(void)
{
	static const struct talk_turn turns[] = {
		TALK_HELLO,
		{ "JOIN,lobby", "OK,lobby,0,2,0\n" },
		{ "WHO,lobby", "SAID,lobby,1,1700000000000,eve,interrupting\n10\nbobby\nann\n" },
		{ "SAY,lobby,bobby: half typed", "SAID,lobby,2,1700000000000,ann,bobby: half typed\nOK,2\n" },
		{ "PART,lobby", "OK\n" },
	};
	struct talk_terminal m;
	struct talk t;
	int status;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	talk_terminal_start(&m, t.server);
	talk_terminal_see(&m, "lobby> ");
	talk_terminal_type(&m, "bo\t");
	/* The line leaves the screen for what comes, and is there again below it. */
	talk_terminal_see(&m, "\r\033[J");
	talk_terminal_see(&m, "eve: interrupting\r\n");
	talk_terminal_see(&m, "lobby> bo");
	talk_terminal_see(&m, "bby: ");
	talk_terminal_type(&m, "half typed\r");
	talk_terminal_see(&m, "\033[1A\r\033[J");
	talk_terminal_see(&m, "ann: bobby: half typed\r\n");
	talk_terminal_see(&m, "lobby> ");
	talk_terminal_type(&m, "never said");
	talk_terminal_see(&m, "never said");
	talk_terminal_type(&m, "\003");
	talk_terminal_see(&m, "\r\n");
	talk_terminal_see(&m, "lobby> ");
	talk_terminal_type(&m, "/qu\t\r");
	talk_terminal_see(&m, "lobby left");
	g_assert_cmpint(waitpid(m.pid, &status, 0), ==, m.pid);
	g_assert_cmpint(WEXITSTATUS(status), ==, 0);
	(void)close(m.master);
	(void)g_string_free(m.seen, TRUE);
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

	talk_turned_away_one(kicked, G_N_ELEMENTS(kicked), "watch", 4, "(kicked: too loud,?[2J): ask whoever runs it");
	talk_turned_away_one(unread, G_N_ELEMENTS(unread), "watch", 1, "what is kept for 'ann' cannot be read");
	talk_turned_away_one(waits, G_N_ELEMENTS(waits), "send", 4, "(kicked: too loud");
}

static void talk_terminal_kicked(void)
{
	static const struct talk_turn turns[] = { TALK_HELLO, { "JOIN,lobby", "OK,lobby,0,1,1\n" TALK_KICKED } };
	struct talk_terminal m;
	struct talk t;
	int status;

	talk_start(&t, turns, G_N_ELEMENTS(turns));
	talk_terminal_start(&m, t.server);
	talk_terminal_see(&m, "the server has ended the connection (kicked: too loud,?[2J): ask whoever runs it");
	g_assert_cmpint(waitpid(m.pid, &status, 0), ==, m.pid);
	g_assert_cmpint(WEXITSTATUS(status), ==, 4);
	(void)close(m.master);
	(void)g_string_free(m.seen, TRUE);
	talk_finish(&t);
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
	g_test_add_func("/talk/turned-away", talk_turned_away);
	g_test_add_func("/talk/terminal", talk_terminal);
	g_test_add_func("/talk/terminal-kicked", talk_terminal_kicked);
}

int main(int argc, char **argv)
{
	(void)g_setenv("TZ", "UTC", TRUE);
	(void)g_setenv("TERM", "vt100", TRUE);
	return harness_main(argc, argv, talk_add);
}
