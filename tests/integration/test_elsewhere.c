/* SPDX-License-Identifier: MIT */
/*
 * What is meant for a role that is not offered where it was said: it is refused, with the port that it was meant for,
 * and never becomes a text, a number, or a request that was not made.
 */

#include "room.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#define LISTENER(address, roles) "  { address = \"" address "\"; port = 0; roles = [ " roles " ]; }"

#define PORTS_CONFIG                                                                                                \
	"listeners = (\n" LISTENER("127.0.0.1", "\"file\", \"relay\"") ",\n" LISTENER("127.0.0.1", "\"chat\"") ",\n" \
	LISTENER("127.0.0.1", "\"compute\"") ",\n" LISTENER("127.0.0.1", "\"chat\", \"compute\"") "\n);\n" ROOM_FAST
enum { PORTS_FILES, PORTS_CHAT, PORTS_COMPUTE, PORTS_BOTH };

#define ELSEWHERE_PAUSE_USEC (200 * 1000)

/* Somebody in the lobby, who hears no more than what is told here. */
static struct client *elsewhere_listen(struct daemon *d)
{
	struct client *c = client_new_ioe1(d, PORTS_BOTH);

	client_ask(c, "NICK,Anna", "OK,Anna");
	room_join(c, "lobby", "Anna", "OK,lobby,0,1,1");
	return c;
}

/* Nothing was said until now, @n texts aside. */
static void elsewhere_received(struct client *anna, guint64 n)
{
	g_autofree char *ok = g_strdup_printf("OK,%" G_GUINT64_FORMAT, n + 1);

	client_puts(anna, "SAY,lobby,end\n");
	room_received(anna, "lobby", n + 1, "Anna", "end");
	client_expect(anna, ok);
}

static void elsewhere_expect(struct client *c, const char *verb, struct daemon *d, unsigned listener)
{
	g_autofree char *want = g_strdup_printf("ERROR: unavailable: %s is served on port %u; ", verb, d->ports[listener]);
	g_autofree char *line = client_line(c);

	if (!g_str_has_prefix(line, want))
		harness_fail("'%s' instead of '%s'", line, want);
}

/* A program: whatever stands behind the verb, and whatever is no verb. */
static void elsewhere_ioe1(struct daemon *d)
{
	static const struct {
		const char *line, *verb;
	} requests[] = {
		{ "LIST", "LIST" }, { "LIST,folder", "LIST" }, { "list,a,b,c,d", "LIST" }, { "READ,secret.txt", "READ" },
		{ "READ", "READ" }, { "SEND,bert,a secret", "SEND" }, { "send,bert,a%2C secret,key", "SEND" },
		{ "SEND,%zz", "SEND" }, { "FETCH", "FETCH" }, { "WAIT,on", "WAIT" }, { "MAILBOX,clear", "MAILBOX" },
		{ "WRITE,x", "WRITE" }, { "WRITE,x,-1", "WRITE" }, { "WRITE,x,0", "WRITE" },
	};
	static const char *const none[] = {
		"a secret", "a%2C secret", "a, secret", "21", "-7", "%", "%zz", ":", "Anna: x", "LISTEN", "LIST ", " LIST", "",
		",", ",LIST", "SAYS,lobby,x", "/join x",
	};
	struct client *anna = elsewhere_listen(d), *c = client_new_ioe1(d, PORTS_CHAT);

	client_ask(c, "NICK,Bert", "OK,Bert");
	for (unsigned joined = 0; joined < 2; joined++) {
		for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
			client_printf(c, "%s\n", requests[i].line);
			elsewhere_expect(c, requests[i].verb, d, PORTS_FILES);
		}
		for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
			client_refused(c, none[i], "bad-command");
		client_puts(c, "DOUBLE,21\n");
		elsewhere_expect(c, "DOUBLE", d, PORTS_COMPUTE);
		client_refused(c, "STAT,x", "unavailable"); /* nowhere */
		/* What follows a WRITE is neither obeyed nor said. */
		client_puts(c, "WRITE,a%2Cb,27\nNICK,Carl\nSAY,lobby,secret\nWRITE,x,y,3\n\n21PING,behind\n");
		elsewhere_expect(c, "WRITE", d, PORTS_FILES);
		elsewhere_expect(c, "WRITE", d, PORTS_FILES);
		client_expect(c, "PONG,behind");
		client_write(c, "WRITE,a\0b,5\n21\n21", 17);
		client_expect_error(c, "bad-command");
		client_puts(c, "HELP,READ\n");
		elsewhere_expect(c, "READ", d, PORTS_FILES);
		client_refused(c, "HELP,FLY", "not-found");
		if (!joined) {
			elsewhere_received(anna, 0);
			room_join(c, "lobby", "Bert", "OK,lobby,1,2,1");
			client_expect(anna, "JOINED,lobby,Bert");
		}
	}
	elsewhere_received(anna, 1);
	client_free(c);
	client_free(anna);
}

/* A person: only with the right number of fields is it a request; else it is a text, where texts are said. */
static void elsewhere_line(struct daemon *d)
{
	static const char *const texts[] = { /* as they are heard */
		"READ", "read this", "SEND", "SEND%2C anna", "DOUBLE", "WRITE", "WRITE%2Cx", "LISTen", "fetch it%2C and come%2C both",
		"21", "FLY", "FLY%2Ca", "rename it", "STATUS quo",
	};
	struct client *anna = elsewhere_listen(d), *c = client_new(d, PORTS_CHAT);
	guint64 n = 0;

	client_ask(c, "NICK,Bert", "OK,Bert");
	client_puts(c, "SEND,anna,a secret, this\n");
	elsewhere_expect(c, "SEND", d, PORTS_FILES);
	client_puts(c, "LIST\nlist,of, things\nREAD,my diary, Anna\nWAIT,on\nDOUBLE,21\nDOUBLE,\n");
	for (unsigned i = 0; i < 4; i++)
		elsewhere_expect(c, ((const char *const[]){ "LIST", "LIST", "READ", "WAIT" })[i], d, PORTS_FILES);
	elsewhere_expect(c, "DOUBLE", d, PORTS_COMPUTE);
	elsewhere_expect(c, "DOUBLE", d, PORTS_COMPUTE);
	client_puts(c, "WRITE,a,b,18\nSEND,anna,secret\n\nPING,behind\n");
	elsewhere_expect(c, "WRITE", d, PORTS_FILES);
	client_expect(c, "PONG,behind");
	client_refused(c, "WRITE,a,", "unavailable");
	client_refused(c, "WRITE,a,-1", "unavailable");
	client_refused(c, "SUM,a", "unavailable");
	client_puts(c, "HELP,send\n");
	elsewhere_expect(c, "SEND", d, PORTS_FILES);
	elsewhere_received(anna, n++);
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_auto(GStrv) parts = g_strsplit(texts[i], "%2C", 0);
		g_autofree char *text = g_strjoinv(",", parts);

		client_printf(c, "%s\n", text);
		if (i == 0)
			client_expect(anna, "JOINED,lobby,Bert");
		room_received(anna, "lobby", ++n, "Bert", texts[i]);
	}
	client_free(c);
	client_free(anna);
}

/* An old file client on the wrong port, or another program's: what a line is cannot be told by its size. */
static void elsewhere_line_write(struct daemon *d)
{
	static const char *const writes[] = {
		"WRITE,f,5secret\nmore secret\nNICK,Carl\n", "WRITE,f,9999999999999999999\nsecret\n", "WRITE,f,12 \nsecret\n",
	};
	struct client *anna = elsewhere_listen(d), *c;

	for (size_t i = 0; i < G_N_ELEMENTS(writes); i++) {
		c = client_new(d, PORTS_CHAT);
		client_puts(c, writes[i]);
		elsewhere_expect(c, "WRITE", d, PORTS_FILES);
		client_expect_eof(c);
		client_free(c);
	}
	/* Longer than anybody keeps. */
	c = client_new(d, PORTS_CHAT);
	client_puts(c, "WRITE,f,1000000\n");
	for (unsigned i = 0; i < 100000; i++)
		client_puts(c, "a secret\n\n");
	client_puts(c, "PING,behind\n");
	elsewhere_expect(c, "WRITE", d, PORTS_FILES);
	client_expect(c, "PONG,behind");
	client_free(c);
	elsewhere_received(anna, 0);
	client_free(anna);
}

/* Numbers are none where they are not doubled, and verbs are none. */
static void elsewhere_compute(struct daemon *d)
{
	struct client *c = client_new(d, PORTS_COMPUTE), *files = client_new(d, PORTS_FILES);

	client_puts(c, "LIST\nREAD,5\nSAY,lobby,5\nWRITE,5,3\n21\n21\n");
	elsewhere_expect(c, "LIST", d, PORTS_FILES);
	elsewhere_expect(c, "READ", d, PORTS_FILES);
	elsewhere_expect(c, "SAY", d, PORTS_CHAT);
	elsewhere_expect(c, "WRITE", d, PORTS_FILES);
	client_expect(c, "42");
	client_ask(c, "READ", "Received data is not a valid integer");
	client_ask(c, "FLY,5", "Received data is not a valid integer");
	client_hello(c);
	client_refused(c, "five", "bad-command");
	client_puts(c, "SAY\n");
	elsewhere_expect(c, "SAY", d, PORTS_CHAT);
	client_refused(files, "21", "bad-command");
	client_refused(files, "JOIN", "bad-command");
	client_puts(files, "JOIN,x\nDOUBLE,x\n");
	elsewhere_expect(files, "JOIN", d, PORTS_CHAT);
	elsewhere_expect(files, "DOUBLE", d, PORTS_COMPUTE);
	client_free(c);
	client_free(files);
}

/* What one recv brings, which an old client shows. */
static void elsewhere_recv(struct client *c, const char *want, size_t max)
{
	char buf[2048];
	ssize_t n;

	g_assert_true(harness_poll(c->fd, POLLIN, harness_deadline()));
	n = recv(c->fd, buf, sizeof(buf) - 1, 0);
	g_assert_cmpint(n, >=, 0);
	g_assert_cmpint(n, <=, (gssize)max);
	buf[n] = '\0';
	if (!g_str_has_prefix(buf, want))
		harness_fail("'%s' instead of '%s'", buf, want);
}

static void elsewhere_recv_unavailable(struct client *c, const char *verb, struct daemon *d, unsigned listener, size_t max)
{
	g_autofree char *want = g_strdup_printf("ERROR: unavailable: %s is served on port %u", verb, d->ports[listener]);

	elsewhere_recv(c, want, max);
}

/* Old clients, whose words end by silence, at a port of chat alone. */
static void elsewhere_raw(struct daemon *d)
{
	struct client *anna = elsewhere_listen(d), *c = client_new(d, PORTS_CHAT);

	elsewhere_recv(c, "Hii", 3);
	/* The name that is asked for is a name, and a bad one. */
	client_puts(c, "LIST");
	elsewhere_recv(c, "ERROR: denied: ", 1028);
	g_usleep(ELSEWHERE_PAUSE_USEC);
	client_puts(c, "READ,x");
	elsewhere_recv(c, "ERROR: bad-argument: ", 1028);
	g_usleep(ELSEWHERE_PAUSE_USEC);
	client_puts(c, "Bert");
	elsewhere_recv(c, "", 1028);
	client_expect(anna, "JOINED,lobby,Bert");
	g_usleep(2 * ELSEWHERE_PAUSE_USEC);
	(void)recv(c->fd, (char[2048]){ 0 }, 2048, MSG_DONTWAIT); /* "joined!", where it came by itself; and Hii */
	client_puts(c, "LIST");
	elsewhere_recv_unavailable(c, "LIST", d, PORTS_FILES, 1028);
	g_usleep(ELSEWHERE_PAUSE_USEC);
	client_puts(c, "READ,secret.txt");
	elsewhere_recv_unavailable(c, "READ", d, PORTS_FILES, 64);
	g_usleep(ELSEWHERE_PAUSE_USEC);
	client_puts(c, "Bert: LIST");
	elsewhere_recv(c, "Bert: LIST", 1028);
	room_received(anna, "lobby", 1, "Bert", "LIST");
	/* Its file may follow at any time. */
	client_puts(c, "WRITE,f,6sec");
	elsewhere_recv_unavailable(c, "WRITE", d, PORTS_FILES, 1028);
	(void)send(c->fd, "ret", 3, MSG_NOSIGNAL);
	g_free(client_until_closed(c));
	client_free(c);
	client_expect(anna, "LEFT,lobby,Bert,bye");
	elsewhere_received(anna, 1);
	client_free(anna);
}

/* And where chat is not alone: bytes that stay alone for long. */
static void elsewhere_raw_beside(struct daemon *d)
{
	static const struct {
		const char *bytes, *verb;
		size_t max;
	} rows[] = {
		{ "LIST", "LIST", 1028 }, { "READ,x", "READ", 64 }, { "SEND,anna,a secret", "SEND", 1028 },
		{ "WRITE,f,6sec", "WRITE", 1028 },
	};
	struct client *c[G_N_ELEMENTS(rows)], *stray = client_new(d, PORTS_BOTH);

	client_puts(stray, "SENDING");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		c[i] = client_new(d, PORTS_BOTH);
		client_puts(c[i], rows[i].bytes);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		elsewhere_recv_unavailable(c[i], rows[i].verb, d, PORTS_FILES, rows[i].max);
		client_free(c[i]);
	}
	elsewhere_recv(stray, "Received data is not a valid integer", 1028);
	client_free(stray);
}

/* Where there is no such port, where it is on another address, and where it is known only since a reload. */
static void elsewhere_where(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, "listeners = (\n" LISTENER("127.0.0.1", "\"chat\"") "\n);\n");
	struct client *c[8];
	g_autofree char *there = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) { /* at every reactor */
		c[i] = client_new_ioe1(d, 0);
		client_puts(c[i], "LIST\n");
		there = client_line(c[i]);
		g_assert_true(g_str_has_prefix(there, "ERROR: unavailable: LIST is served on no port of this server "));
		g_clear_pointer(&there, g_free);
	}
	daemon_write_config(d, "listeners = (\n" LISTENER("127.0.0.1", "\"chat\"") ",\n"
			    LISTENER("127.0.0.2", "\"file\"") "\n);\n");
	daemon_signal(d, SIGHUP);
	daemon_wait_ready(d);
	there = g_strdup_printf("ERROR: unavailable: LIST is served on 127.0.0.2:%u; this port offers chat", d->ports[1]);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		gint64 deadline = harness_deadline();
		g_autofree char *reported = NULL;

		do { /* its reactor is about to hear of it */
			g_free(reported);
			client_puts(c[i], "LIST\n");
			reported = client_line(c[i]);
		} while (strcmp(reported, there) != 0 && g_get_monotonic_time() < deadline);
		g_assert_cmpstr(reported, ==, there);
		client_free(c[i]);
	}
	daemon_finish(d);
}

/* To another machine a port of loopback is none; and what is open to all is on the address that it came by. */
static void elsewhere_from_afar(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, "listeners = (\n" LISTENER("0.0.0.0", "\"chat\"") ",\n"
					LISTENER("127.0.0.1", "\"file\"") ",\n" LISTENER("0.0.0.0", "\"relay\"") "\n);\n");
	struct client *here = client_new_ioe1(d, 0), *there = client_new_from(d, 0, "192.0.2.2", "192.0.2.1");
	g_autofree char *files = g_strdup_printf("ERROR: unavailable: LIST is served on 127.0.0.1:%u; this port offers chat",
						 d->ports[1]);

	client_ask(here, "LIST", files);
	client_puts(there, "LIST\nFETCH\n");
	g_clear_pointer(&files, g_free);
	files = client_line(there);
	g_assert_true(g_str_has_prefix(files, "ERROR: unavailable: LIST is served on no port of this server "));
	elsewhere_expect(there, "FETCH", d, 2);
	client_free(here);
	client_free(there);
	daemon_finish(d);
}

static void elsewhere_in_network(unsigned reactors)
{
	harness_run_in_network(elsewhere_from_afar, reactors);
}

static void elsewhere_add(void)
{
	daemon_add("elsewhere/ioe1", PORTS_CONFIG, elsewhere_ioe1);
	daemon_add("elsewhere/line", PORTS_CONFIG, elsewhere_line);
	daemon_add("elsewhere/line-write", PORTS_CONFIG, elsewhere_line_write);
	daemon_add("elsewhere/compute", PORTS_CONFIG, elsewhere_compute);
	daemon_add("elsewhere/raw", PORTS_CONFIG, elsewhere_raw);
	daemon_add("elsewhere/raw-beside", PORTS_CONFIG, elsewhere_raw_beside);
	harness_add("elsewhere/where", elsewhere_where);
	harness_add("elsewhere/from-afar", elsewhere_in_network);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, elsewhere_add);
}
