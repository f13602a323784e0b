/* SPDX-License-Identifier: MIT */
/*
 * ioe-client where the server goes and comes back, is full, is silent, holds the name for somebody else or other data
 * than before, and where several of one user are at work at once.
 */

#include "client.h"
#include "talk.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* An ioe-client that goes on: what it prints, on both ways, and what it is told. */
struct person {
	GPid pid;
	int in, out;
	GString *seen; /* and not looked for yet */
};

static void person_start(struct person *p, const char *const *words)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	int in[2], out[2];

	g_ptr_array_add(argv, (char *)harness_program("IOE_CLIENT"));
	for (size_t i = 0; words[i]; i++)
		g_ptr_array_add(argv, (char *)words[i]);
	g_ptr_array_add(argv, NULL);
	g_assert_true(g_unix_open_pipe(in, FD_CLOEXEC, NULL) && g_unix_open_pipe(out, FD_CLOEXEC, NULL));
	*p = (struct person){ .in = in[1], .out = out[0], .seen = g_string_new(NULL) };
	(void)g_spawn_async_with_pipes_and_fds(NULL, (const char *const *)argv->pdata, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
					       NULL, NULL, in[0], out[1], out[1], NULL, NULL, 0, &p->pid, NULL, NULL,
					       NULL, &error);
	g_assert_no_error(error);
	(void)close(in[0]);
	(void)close(out[1]);
}

#define PERSON_START(p, ...) person_start(p, (const char *const[]){ __VA_ARGS__, NULL })

/* Reads on; false at the end. */
static bool person_read(struct person *p, const char *what)
{
	char buf[4096];
	ssize_t n;

	if (!harness_poll(p->out, POLLIN, harness_deadline()))
		harness_fail("'%s' is not said: %s", what, p->seen->str);
	n = read(p->out, buf, sizeof(buf));
	if (n > 0)
		(void)g_string_append_len(p->seen, buf, n);
	return n > 0;
}

static void person_see(struct person *p, const char *what)
{
	char *at;

	while (!(at = strstr(p->seen->str, what)))
		if (!person_read(p, what))
			harness_fail("it ended before '%s' was said: %s", what, p->seen->str);
	(void)g_string_erase(p->seen, 0, at - p->seen->str + (gssize)strlen(what));
}

static void person_say(struct person *p, const char *line)
{
	g_assert_cmpint(write(p->in, line, strlen(line)), ==, (gssize)strlen(line));
}

/* Its input ends, or @sig comes; the exit status, or the signal that ended it, is this one. */
static void person_end(struct person *p, int sig, int status)
{
	int ended;

	(void)close(p->in);
	if (sig > 0)
		g_assert_cmpint(kill(p->pid, sig), ==, 0);
	while (person_read(p, "the end"))
		;
	g_assert_cmpint(waitpid(p->pid, &ended, 0), ==, p->pid);
	if ((WIFEXITED(ended) ? WEXITSTATUS(ended) : WTERMSIG(ended)) != status)
		harness_fail("ended with %x, not %d: %s", (unsigned)ended, status, p->seen->str);
	if (strstr(p->seen->str, "Sanitizer"))
		harness_fail("%s", p->seen->str);
	(void)close(p->out);
	(void)g_string_free(p->seen, TRUE);
}

/* An address of this process's own, so that a port stays free while nobody listens there; 0: any. */
static char *outage_config(unsigned port)
{
	return g_strdup_printf("listeners = ( { address = \"127.77.%u.%u\"; port = %u; "
			       "roles = [ \"file\", \"chat\", \"relay\", \"compute\" ]; } );\n",
			       (unsigned)getpid() / 254 % 254, (unsigned)getpid() % 254 + 1, port);
}

static struct daemon *outage_daemon(char **ret_server)
{
	g_autofree char *any = outage_config(0), *same = NULL;
	struct daemon *d = daemon_start(1, any);

	same = outage_config(d->ports[0]);
	daemon_write_config(d, same);
	*ret_server = g_strdup_printf("127.77.%u.%u:%u", (unsigned)getpid() / 254 % 254, (unsigned)getpid() % 254 + 1,
				      (unsigned)d->ports[0]);
	return d;
}

static void outage_send(const char *server, const char *to, const char *text)
{
	struct tool t;

	tool_run(&t, "IOE_CLIENT", "", "-s", server, "send", "--nick=eve", to, text, NULL);
	talk_expect(&t, 0, NULL);
	tool_done(&t);
}

static void outage_restart(void)
{
	g_autofree char *server = NULL;
	struct daemon *d = outage_daemon(&server);
	struct person anna, bert;

	PERSON_START(&anna, "-s", server, "chat", "--nick=anna", "garden");
	PERSON_START(&bert, "-s", server, "watch", "--nick=bert");
	person_see(&anna, "* anna joined\n");
	outage_send(server, "bert", "one");
	person_see(&bert, "eve: one\n");
	daemon_kill(d);
	person_see(&anna, "the server closed the connection; connecting again\n");
	person_see(&bert, "; connecting again\n");
	/* What is said while it is away is said when it is back. */
	person_say(&anna, "still here\n");
	daemon_spawn(d);
	daemon_wait_ready(d);
	person_see(&anna, "connected again to 127.77.");
	person_see(&anna, "anna: still here\n");
	person_see(&bert, "connected again to 127.77.");
	outage_send(server, "bert", "two");
	person_see(&bert, "eve: two\n");
	person_end(&bert, SIGINT, 9);
	person_end(&anna, 0, 0);
	daemon_finish(d);
}

/* Somebody has put back a copy, or begun anew: numbers begin again, and what is said then is not missed for it. */
static void outage_replaced(void)
{
	g_autofree char *server = NULL, *store = NULL;
	struct daemon *d = outage_daemon(&server);
	struct person anna, bert;

	PERSON_START(&anna, "-s", server, "chat", "--nick=anna", "garden");
	PERSON_START(&bert, "-s", server, "watch", "--nick=bert");
	person_see(&anna, "* anna joined\n");
	for (unsigned i = 0; i < 3; i++) {
		person_say(&anna, "before\n");
		person_see(&anna, "anna: before\n");
	}
	outage_send(server, "bert", "before");
	person_see(&bert, "eve: before\n");
	daemon_stop(d);
	store = g_strdup_printf("sh -c 'rm -rf \"%s\"/store* \"%s\"/db*'", d->state, d->state);
	g_assert_true(g_spawn_command_line_sync(store, NULL, NULL, NULL, NULL));
	daemon_spawn(d);
	daemon_wait_ready(d);
	person_see(&anna, "the server's data was replaced; messages since 20");
	person_see(&anna, " can be missing\n");
	person_see(&bert, "the server's data was replaced; messages since 20");
	outage_send(server, "bert", "after");
	person_see(&bert, "eve: after\n");
	person_say(&anna, "after\n");
	person_see(&anna, "anna: after\n");
	person_end(&bert, SIGINT, 9);
	person_end(&anna, 0, 0);
	daemon_finish(d);
}

/* From another address the name is held: whoever had it waits and says so; who begins waits for as long as -t says. */
static void outage_taken(void)
{
	g_autofree char *server = NULL;
	struct daemon *d = outage_daemon(&server);
	g_autofree char *host = g_strndup(server, strcspn(server, ":"));
	struct client *ghost;
	struct person anna;
	struct tool t;

	PERSON_START(&anna, "-s", server, "chat", "--nick=anna", "garden");
	person_see(&anna, "* anna joined\n");
	daemon_kill(d);
	person_see(&anna, "; connecting again\n");
	/* No try of hers can come before this one. */
	g_assert_cmpint(kill(anna.pid, SIGSTOP), ==, 0);
	daemon_spawn(d);
	daemon_wait_ready(d);
	ghost = client_new_from(d, 0, "127.0.0.2", host);
	client_hello(ghost);
	client_ask(ghost, "NICK,anna,shared", "OK,anna");
	g_assert_cmpint(kill(anna.pid, SIGCONT), ==, 0);
	person_see(&anna, "the name 'anna' is still held by another session");
	tool_run(&t, "IOE_CLIENT", "", "-t", "1", "-s", server, "send", "--nick=anna", "bert", "hi", NULL);
	talk_expect(&t, 12, "");
	g_assert_nonnull(strstr(t.err->str, "taken: another session is 'anna'; choose another name\n"));
	tool_done(&t);
	client_free(ghost);
	person_see(&anna, "connected again to");
	person_say(&anna, "me again\n");
	person_see(&anna, "anna: me again\n");
	person_end(&anna, 0, 0);
	daemon_finish(d);
}

/* One user's jobs: all of it arrives, while he watches; and what needs no name does not ask for it. */
static void outage_together(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER "chat = { rate = 0; };\n");
	g_autofree char *server = g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]), *count = NULL;
	struct person watch, jobs[30];
	struct client *bert;

	PERSON_START(&watch, "-s", server, "watch", "--nick=cron");
	outage_send(server, "cron", "go");
	person_see(&watch, "eve: go\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(jobs); i++) {
		if (i < 20)
			PERSON_START(&jobs[i], "-s", server, "send", "--nick=cron", "bert", "done");
		else
			PERSON_START(&jobs[i], "-s", server, "chat", "--nick=cron", "ops");
		if (i >= 20)
			person_say(&jobs[i], "said\n");
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(jobs); i++)
		person_end(&jobs[i], 0, 0);
	bert = client_new_ioe1(d, 0);
	client_ask(bert, "NICK,bert", "OK,bert");
	client_puts(bert, "MAILBOX\n");
	count = client_line(bert);
	g_assert_true(g_str_has_prefix(count, "OK,20,"));
	client_ask(bert, "JOIN,ops", "OK,ops,10,1,1");
	client_free(bert);
	person_end(&watch, SIGINT, 9);
	daemon_finish(d);
}

static void outage_nameless(void)
{
	static const char *const commands[][3] = {
		{ "ls", NULL, NULL }, { "ping", NULL, NULL }, { "double", "4", NULL }, { "raw", "LIST", NULL },
	};
	struct daemon *d = daemon_start(1, DAEMON_LISTENER);
	g_autofree char *server = g_strdup_printf("127.0.0.1:%u", (unsigned)d->ports[0]);
	struct client *other = client_new_from(d, 0, "127.0.0.2", "127.0.0.1");
	struct tool t;

	client_hello(other);
	client_ask(other, "NICK,anna", "OK,anna");
	(void)g_setenv("IOE_NICK", "anna", TRUE);
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		tool_run(&t, "IOE_CLIENT", "", "-t", "1", "-s", server, commands[i][0], commands[i][1], NULL);
		talk_expect(&t, 0, NULL);
		tool_done(&t);
	}
	g_unsetenv("IOE_NICK");
	client_free(other);
	daemon_finish(d);
}

/* A machine that swallows what is sent to it is passed over, and so is one that takes connections and says nothing. */
static void outage_silent(void)
{
	struct daemon *d = daemon_start(1, DAEMON_LISTENER);
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	g_autofree char *list = NULL;
	socklen_t len = sizeof(sa);
	int hole, fill[8];
	struct tool t;

	hole = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(hole, (const struct sockaddr *)&sa, sizeof(sa)), ==, 0);
	g_assert_cmpint(listen(hole, 0), ==, 0);
	g_assert_cmpint(getsockname(hole, (struct sockaddr *)&sa, &len), ==, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(fill); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(fill[i], (const struct sockaddr *)&sa, sizeof(sa));
	}
	list = g_strdup_printf("127.0.0.1:%u,127.0.0.1:%u", (unsigned)ntohs(sa.sin_port), (unsigned)d->ports[0]);
	tool_run(&t, "IOE_CLIENT", "", "-t", "2", "-s", list, "double", "4", NULL);
	talk_expect(&t, 0, "8\n");
	tool_done(&t);
	tool_run(&t, "IOE_CLIENT", "", "-t", "2", "-s", list, "raw", "DOUBLE,4", NULL);
	talk_expect(&t, 0, "8\n");
	tool_done(&t);
	for (size_t i = 0; i < G_N_ELEMENTS(fill); i++)
		(void)close(fill[i]);
	(void)close(hole);
	daemon_finish(d);
}

/* A port that would publish it is told no more than HELLO, an older one as well; what a person may say there is
 * said. */
static void outage_role(void)
{
	static const struct talk_turn old[] = { { "HELLO,ioe/1", TALK_HI_AS("chat", "", "store") } };
	static const struct {
		const char *words[4];
		const char *why;
	} rows[] = {
		{ { "send", "--nick=ann", "bob", "private" }, "this port offers chat only; mailboxes are at another port: -s HOST:PORT\n" },
		{ { "inbox", "--nick=ann" }, "mailboxes are at another port" },
		{ { "watch", "--nick=ann" }, "mailboxes are at another port" },
		{ { "put", "/proc/self/exe", "name" }, "this port offers chat only; files are at another port: -s HOST:PORT\n" },
		{ { "get", "name", "-" }, "files are at another port" },
		{ { "ls" }, "ls: this port offers chat only; files are at another port: -s HOST:PORT\n" },
		{ { "double", "21" }, "this port offers chat only" },
		{ { "raw", "SEND,bob,private" }, "mailboxes are at another port" },
		{ { "raw", "list" }, "files are at another port" },
		{ { "raw", "no request" }, "this port would send it to a room" },
		{ { "raw", "" }, "this port would send it to a room" },
	};
	struct talk t;
	struct tool tool;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		talk_start(&t, old, G_N_ELEMENTS(old));
		tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, rows[i].words[0], rows[i].words[1], rows[i].words[2],
			 rows[i].words[3], NULL);
		talk_expect(&tool, strcmp(rows[i].words[0], "double") == 0 ? 3 : 1, "");
		if (!strstr(tool.err->str, rows[i].why))
			harness_fail("does not say '%s': %s", rows[i].why, tool.err->str);
		talk_finish(&t);
		tool_done(&tool);
	}
}

/* Four tries without an answer take longer than -t, what with the pauses between them. */
static void outage_for_ever(void)
{
	static const struct talk_turn chat[] = {
		TALK_HELLO, { "JOIN,lobby", "OK,lobby,7,1,1\n" }, TALK_CLOSE, TALK_CLOSE, TALK_CLOSE, TALK_CLOSE, TALK_CLOSE,
		TALK_HELLO, { "JOIN,lobby,7", "OK,lobby,8,1,1\nSAID,lobby,8,1700000000000,bob,missed\n" },
		{ "PART,lobby", "OK\n" },
	};
	static const struct talk_turn watch[] = {
		TALK_HELLO, { "WAIT,on", "OK\n" }, TALK_CLOSE, TALK_CLOSE, TALK_CLOSE, TALK_CLOSE, TALK_CLOSE,
		TALK_HELLO, { "WAIT,on", "OK\nMAIL,7,ann,1700000000000,one\n" }, { "ACK,7", "ERROR: internal: over\n" },
	};
	struct person p[2];
	struct talk t[2];

	talk_start(&t[0], chat, G_N_ELEMENTS(chat));
	talk_start(&t[1], watch, G_N_ELEMENTS(watch));
	PERSON_START(&p[0], "-t", "1", "-s", t[0].server, "chat", "lobby");
	PERSON_START(&p[1], "-t", "1", "-s", t[1].server, "watch");
	person_see(&p[0], "connected again");
	person_see(&p[0], "bob: missed\n");
	person_end(&p[0], 0, 0);
	person_see(&p[1], "connected again");
	person_see(&p[1], "ann: one\n");
	person_end(&p[1], 0, 1);
	talk_finish(&t[0]);
	talk_finish(&t[1]);
}

/* It is there again, and has no place for it yet. */
static void outage_no_place(void)
{
	static const struct talk_turn chat[] = {
		TALK_HELLO, { "JOIN,lobby", "OK,lobby,7,1,1\n" }, TALK_CLOSE,
		TALK_HELLO, { "JOIN,lobby,7", "ERROR: shutting-down: wait\n" }, TALK_CLOSE,
		TALK_HELLO, { "JOIN,lobby,7", "OK,lobby,7,1,1\n" }, { "SAY,lobby,hello", "ERROR: busy: wait\n" },
		{ "SAY,lobby,hello", "SAID,lobby,8,1700000000000,ann,hello\nOK,8\n" }, { "PART,lobby", "OK\n" },
	};
	static const struct talk_turn watch[] = {
		TALK_HELLO, { "WAIT,on", "OK\n" }, TALK_CLOSE,
		TALK_HELLO, { "WAIT,on", "ERROR: limit: as many sessions as may wait\n" }, TALK_CLOSE,
		TALK_HELLO, { "WAIT,on", "OK\nMAIL,7,ann,1700000000000,one\n" }, { "ACK,7", "ERROR: internal: over\n" },
	};
	struct person p;
	struct talk t;

	talk_start(&t, chat, G_N_ELEMENTS(chat));
	PERSON_START(&p, "-s", t.server, "chat", "lobby");
	person_see(&p, "connected again");
	person_see(&p, "connected again");
	person_say(&p, "hello\n");
	person_see(&p, "ann: hello\n");
	person_end(&p, 0, 0);
	talk_finish(&t);

	talk_start(&t, watch, G_N_ELEMENTS(watch));
	PERSON_START(&p, "-s", t.server, "watch");
	person_see(&p, "ann: one\n");
	person_end(&p, 0, 1);
	talk_finish(&t);
}

/* Other data at the same place: the same numbers are other messages. And a server that does not say so. */
static void outage_numbers(void)
{
	static const struct talk_turn chat[] = {
		TALK_HELLO, { "JOIN,lobby", "OK,lobby,142,1,1\n" }, TALK_CLOSE,
		{ "HELLO,ioe/1", TALK_HI_AS("chat", "", "other") }, { "JOIN,lobby", "OK,lobby,140,1,1\n" }, TALK_CLOSE,
		{ "HELLO,ioe/1", TALK_HI_AS("chat", "", "other") },
		{ "JOIN,lobby,140", "ERROR: bad-argument: the room 'lobby' has no number 140 yet; its last one is 7\n" },
		{ "JOIN,lobby", "OK,lobby,7,1,1\n" }, { "SAY,lobby,hello", "SAID,lobby,8,1700000000000,ann,hello\nOK,8\n" },
		{ "PART,lobby", "OK\n" },
	};
	static const struct talk_turn watch[] = {
		TALK_HELLO, { "WAIT,on", "OK\nMAIL,7,ann,1700000000000,one\n" }, { "ACK,7", NULL }, TALK_CLOSE,
		{ "HELLO,ioe/1", TALK_HI_AS("relay", "", "other") }, { "WAIT,on", "OK\nMAIL,7,eve,1700000000000,another\n" },
		{ "ACK,7", "ERROR: internal: over\n" },
	};
	static const struct talk_turn send[] = {
		TALK_HELLO, { "SEND,bob,hi,*", "OK,5\n" }, { "STATUS,5", NULL }, TALK_CLOSE,
		{ "HELLO,ioe/1", TALK_HI_AS("relay", "", "other") }, { "STATUS,5", "OK,delivered,1700000000000\n" },
	};
	struct person p;
	struct talk t;

	talk_start(&t, chat, G_N_ELEMENTS(chat));
	PERSON_START(&p, "-s", t.server, "chat", "lobby");
	person_see(&p, "the server's data was replaced; messages since 20");
	person_see(&p, "connected again");
	person_see(&p, "the server's data was replaced; messages since 20");
	person_say(&p, "hello\n");
	person_see(&p, "ann: hello\n");
	person_end(&p, 0, 0);
	talk_finish(&t);

	talk_start(&t, watch, G_N_ELEMENTS(watch));
	PERSON_START(&p, "-s", t.server, "watch");
	person_see(&p, "ann: one\n");
	person_see(&p, "eve: another\n");
	person_end(&p, 0, 1);
	talk_finish(&t);

	talk_start(&t, send, G_N_ELEMENTS(send));
	PERSON_START(&p, "-s", t.server, "send", "--wait", "bob", "hi");
	person_see(&p, "the server's data was replaced");
	person_see(&p, "its state cannot be known\n");
	person_end(&p, 0, 1);
	talk_finish(&t);
}

/* Another server is taken only with the same data. */
static void outage_elsewhere(void)
{
	static const struct talk_turn first[] = { TALK_HELLO, { "JOIN,lobby", "OK,lobby,142,1,1\n" } };
	static const struct talk_turn wrong[] = { { "HELLO,ioe/1", TALK_HI_AS("chat", "", "other") } };
	static const struct talk_turn right[] = {
		TALK_HELLO, { "JOIN,lobby,142", "OK,lobby,142,1,1\n" }, { "PART,lobby", "OK\n" },
	};
	g_autofree char *list = NULL;
	struct talk t[3];
	struct person p;

	talk_start(&t[0], first, G_N_ELEMENTS(first));
	talk_start(&t[1], wrong, G_N_ELEMENTS(wrong));
	talk_start(&t[2], right, G_N_ELEMENTS(right));
	list = g_strdup_printf("%s,%s,%s", t[0].server, t[1].server, t[2].server);
	PERSON_START(&p, "-s", list, "chat", "lobby");
	person_see(&p, "the last message is number 142\n");
	(void)shutdown(t[0].listener, SHUT_RDWR);
	(void)shutdown(t[0].fd, SHUT_RDWR);
	person_see(&p, t[2].server);
	person_see(&p, ", which has the same data, since no server before it answers: ");
	person_see(&p, "it holds other files");
	person_see(&p, "connected again");
	person_end(&p, 0, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(t); i++)
		talk_finish(&t[i]);
}

/* The name is asked for as the server knows how, and again; a server that has no time is asked again. */
static void outage_again(void)
{
	static const struct talk_turn send[] = {
		{ "HELLO,ioe/1", "ERROR: busy: come again\n" }, TALK_CLOSE,
		{ "HELLO,ioe/1", TALK_HI_AS("relay", "upload+shared", "store") },
		{ "NICK,ann,shared", "ERROR: taken: another session is 'ann'; choose another name\n" },
		{ "NICK,ann,shared", "ERROR: busy: come again\n" }, { "NICK,ann,shared", "OK,ann\n" },
		{ "SEND,bob,hi,k", "ERROR: busy: come again\n" }, { "SEND,bob,hi,k", "OK,5\n" },
	};
	static const struct talk_turn inbox[] = {
		{ "HELLO,ioe/1", TALK_HI_AS("relay", "unshared", "store") }, { "NICK,ann", "OK,ann\n" },
		{ "FETCH,100", "ERROR: busy: come again\n" }, { "FETCH,100", "OK,0,0\n" },
	};
	static const struct talk_turn denied[] = {
		{ "HELLO,ioe/1", TALK_HI_AS("relay", "shared", "store") }, { "NICK,ann,shared", "ERROR: denied: no\n" },
	};
	struct talk t;
	struct tool tool;

	talk_start(&t, send, G_N_ELEMENTS(send));
	tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "send", "--nick=ann", "--key=k", "bob", "hi", NULL);
	talk_expect(&tool, 0, "5\n");
	g_assert_cmpstr(tool.err->str, ==, "");
	tool_done(&tool);
	talk_finish(&t);
	talk_start(&t, inbox, G_N_ELEMENTS(inbox));
	tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "inbox", "--nick=ann", NULL);
	talk_expect(&tool, 0, "");
	tool_done(&tool);
	talk_finish(&t);
	talk_start(&t, denied, G_N_ELEMENTS(denied));
	tool_run(&tool, "IOE_CLIENT", "", "-s", t.server, "inbox", "--nick=ann", NULL);
	talk_expect(&tool, 4, "");
	tool_done(&tool);
	talk_finish(&t);
}

static void outage_add(void)
{
	g_test_add_func("/outage/role", outage_role);
	g_test_add_func("/outage/for-ever", outage_for_ever);
	g_test_add_func("/outage/no-place", outage_no_place);
	g_test_add_func("/outage/numbers", outage_numbers);
	g_test_add_func("/outage/elsewhere", outage_elsewhere);
	g_test_add_func("/outage/again", outage_again);
	g_test_add_func("/outage/restart", outage_restart);
	g_test_add_func("/outage/replaced", outage_replaced);
	g_test_add_func("/outage/taken", outage_taken);
	harness_add("outage/together", outage_together);
	g_test_add_func("/outage/nameless", outage_nameless);
	g_test_add_func("/outage/silent", outage_silent);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, outage_add);
}
