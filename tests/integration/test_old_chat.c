/* SPDX-License-Identifier: MIT */
/*
 * The old chat client, played byte for byte: it waits for a recv that is exactly Hii, sends its name, and shows
 * whatever else a recv brings. Its words end by silence, so a pause here is something said.
 */

#include "room.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define OLD_RECV       1024
#define OLD_PAUSE_USEC (200 * 1000)

static const char old_config[] = ROOM_LISTENERS;

struct old {
	struct client *c;
	const char *name;
	GString *shown; /* lines that its user has seen and no check has used yet; one recv can bring several */
	gint64 sent;    /* when it sent the last time */
	bool greeted;   /* with what came before it in one recv */
};

static char *old_recv(struct old *o)
{
	char buf[OLD_RECV + 1];
	ssize_t n;

	if (!harness_poll(o->c->fd, POLLIN, harness_deadline()))
		harness_fail("%s is told nothing; it has seen: %s", o->name, o->shown->str);
	n = recv(o->c->fd, buf, OLD_RECV, 0);
	g_assert_cmpint(n, >=, 0);
	return g_strndup(buf, (gsize)n);
}

/* One send, and no recv on the side: each is looked at by itself. */
static void old_send(struct old *o, const char *text)
{
	size_t n = strlen(text);

	o->sent = g_get_monotonic_time();
	g_assert_cmpint(send(o->c->fd, text, n, MSG_NOSIGNAL), ==, (gssize)n);
}

static struct old *old_new(struct daemon *d, const char *name)
{
	struct old *o = g_new0(struct old, 1);

	o->c = client_new(d, ROOM_ALONE);
	o->name = name;
	o->shown = g_string_new(NULL);
	return o;
}

static void old_free(struct old *o)
{
	client_free(o->c);
	(void)g_string_free(o->shown, TRUE);
	g_free(o);
}

/* What it does when there is something for it. */
static void old_step(struct old *o)
{
	g_autofree char *got = old_recv(o);

	if (strcmp(got, "Hii") == 0)
		old_send(o, o->name);
	else
		(void)g_string_append(o->shown, got);
}

/* Until its user has seen this line; what was before it is forgotten. */
static void old_sees(struct old *o, const char *line)
{
	char *at;

	while (!(at = strstr(o->shown->str, line)))
		old_step(o);
	(void)g_string_erase(o->shown, 0, at - o->shown->str + (gssize)strlen(line));
}

static struct old *old_enter(struct daemon *d, const char *name)
{
	struct old *o = old_new(d, name);
	g_autofree char *joined = g_strconcat(name, " joined!", NULL);

	old_sees(o, "Connected to server!");
	old_sees(o, joined);
	return o;
}

/* What its user types goes out with the name before it. */
static void old_type(struct old *o, const char *text)
{
	g_autofree char *all = g_strconcat(o->name, ": ", text, NULL);

	old_send(o, all);
}

static void old_all_see(struct old **o, unsigned n, const char *line)
{
	for (unsigned i = 0; i < n; i++)
		old_sees(o[i], line);
}

static void old_three(struct daemon *d)
{
	struct old *o[3];

	o[0] = old_enter(d, "anna");
	o[1] = old_enter(d, "bert");
	old_all_see(o, 1, "bert joined!");
	o[2] = old_enter(d, "cleo");
	old_all_see(o, 2, "cleo joined!");
	for (unsigned i = 0; i < 5; i++)
		for (unsigned k = 0; k < 3; k++) {
			g_autofree char *text = g_strdup_printf("text %u, of %u", i, k);
			g_autofree char *line = g_strdup_printf("%s: %s", o[k]->name, text);

			old_type(o[k], text);
			old_all_see(o, 3, line);
		}
	/* What looks like a request is a text, and so is another's name. */
	old_type(o[0], "SAY,lobby,x");
	old_all_see(o, 3, "anna: SAY,lobby,x");
	old_type(o[0], "21");
	old_all_see(o, 3, "anna: 21");
	old_type(o[0], "bert: no, I");
	old_all_see(o, 3, "anna: bert: no, I");
	old_send(o[0], "bert: no, I");
	old_all_see(o, 3, "anna: bert: no, I");
	old_type(o[1], "a\nanna: b\033[2J\377\303\244");
	old_all_see(o, 3, "bert: a?anna: b?[2J?\303\244");
	/* One is killed. */
	client_reset(o[2]->c);
	o[2]->c = client_new(d, ROOM_ALL);
	old_all_see(o, 2, "cleo left!");
	old_type(o[0], "gone?");
	old_all_see(o, 2, "anna: gone?");
	/* Another says goodbye, and is answered. */
	old_send(o[1], "BYE");
	old_sees(o[1], "BYE");
	old_all_see(o, 1, "bert left!");
	for (unsigned i = 0; i < 3; i++)
		old_free(o[i]);
}

/* With those who speak otherwise. */
static void old_mixed(struct daemon *d)
{
	struct client *b = room_client(d, "Bert");
	struct old *o = old_enter(d, "anna");

	client_puts(b, "JOIN,lobby\n");
	g_free(room_until(b, "JOINED,lobby,Bert"));
	old_sees(o, "Bert joined!");
	client_puts(b, "SAY,lobby,hello%2C%0Aanna\n");
	old_sees(o, "Bert: hello,?anna");
	g_free(room_until(b, "OK,"));
	old_type(o, "hello, Bert");
	room_received(b, "lobby", 2, "anna", "hello%2C Bert");
	old_sees(o, "anna: hello, Bert");
	/* A person with a line's end. */
	old_send(o, "by hand\r\n");
	room_received(b, "lobby", 3, "anna", "by hand");
	old_sees(o, "anna: by hand");
	client_puts(b, "KICK,lobby,anna\n");
	g_free(room_until(b, "ERROR: denied: "));
	client_free(b);
	old_sees(o, "Bert left!");
	old_free(o);
}

/* The next Hii, before which nothing else comes. The time from what was sent last until it is there. */
static gint64 old_next_hii(struct old *o)
{
	g_autofree char *got = o->greeted ? g_strdup("Hii") : old_recv(o);

	g_assert_cmpstr(got, ==, "Hii");
	o->greeted = false;
	return g_get_monotonic_time() - o->sent;
}

static void old_is_refused(struct old *o, const char *name, const char *code)
{
	g_autofree char *want = g_strdup_printf("ERROR: %s: ", code), *got = NULL;

	old_send(o, name);
	got = old_recv(o);
	o->greeted = g_str_has_suffix(got, "Hii");
	if (!g_str_has_prefix(got, want) || strchr(got, '\n'))
		harness_fail("%s: %s", name, got);
}

/* A name that will not do is asked for again: after 1 s, 2 s, ... 30 s. */
static void old_names(struct daemon *d)
{
	struct old *o = old_enter(d, "anna"), *p = old_new(d, "emil");
	gint64 took;

	(void)old_next_hii(p);
	old_is_refused(p, "anna", "taken");
	took = old_next_hii(p);
	g_assert_cmpint(took, >=, 1000 * 1000);
	old_is_refused(p, "say", "denied");
	took = old_next_hii(p);
	g_assert_cmpint(took, >=, 2000 * 1000);
	old_is_refused(p, "no name", "bad-argument");
	g_usleep(OLD_PAUSE_USEC);
	old_is_refused(p, "127.0.0.1", "denied"); /* it need not wait to be asked */
	g_usleep(OLD_PAUSE_USEC);
	old_send(p, "emil");
	old_sees(p, "Connected to server!");
	old_sees(p, "emil joined!");
	old_sees(o, "emil joined!");
	old_free(o);
	old_free(p);
}

/* What is no name: goodbye, and a program that took its time. */
static void old_no_names(struct daemon *d)
{
	struct old *o = old_new(d, "x");
	g_autofree char *bye = NULL, *hi = NULL;

	(void)old_next_hii(o);
	old_send(o, "quit");
	bye = old_recv(o);
	g_assert_cmpstr(bye, ==, "BYE");
	client_expect_eof(o->c);
	old_free(o);
	o = old_new(d, "x");
	(void)old_next_hii(o);
	old_send(o, "HELLO,ioe/1\nNICK,Prog\nJOIN,lobby\n");
	hi = client_line(o->c);
	g_assert_true(g_str_has_prefix(hi, "HI,ioe/1,"));
	client_expect(o->c, "OK,Prog");
	client_expect(o->c, "OK,lobby,0,1,1");
	client_expect(o->c, "JOINED,lobby,Prog");
	old_send(o, "SAY,lobby,x\n");
	room_received(o->c, "lobby", 1, "Prog", "x");
	client_expect(o->c, "OK,1");
	/* It is not greeted again. */
	g_usleep(1500 * 1000);
	client_ask(o->c, "PING", "PONG");
	old_free(o);
}

/* What a browser, or a TLS client, is told, and then the end. */
static void old_expect_foreign(struct old *o, const char *begin)
{
	g_autofree char *all = NULL;

	(void)g_string_truncate(o->c->in, 0);
	o->c->at = 0;
	all = client_until_closed(o->c);
	/* Greeted in between, where this took its time. */
	g_assert_true(g_str_has_prefix(all + (g_str_has_prefix(all, "Hii") ? 3 : 0), begin));
	g_assert_null(strstr(all, "joined"));
	old_free(o);
}

/*
 * A browser may connect ahead of time, and be greeted; and what it says then may come in pieces that are pauses apart.
 * Nothing of it is a name, or a text.
 */
static void old_foreign(struct daemon *d)
{
	static const struct {
		const char *first, *then, *reported;
	} greeted[] = {
		{ "POST / HTTP/1.1\r\nHost: x\r\n\r\n", "troll", "HTTP/1.1 421 " },
		{ "post / HTTP/1.1\r\nHost: x\r\n\r\ntroll", "troll", "HTTP/1.1 421 " },
		{ "POST /a/long/pa", "th HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 421 " },
		{ "troll HTTP/1.1", "troll", "HTTP/1.1 421 " },
		{ "\026\003\001\002", "troll", "\025\003\001" },
		{ "\005\001", "troll", "ERROR: bad-command: " },
		{ "\033[2J", "troll", "ERROR: bad-command: " },
	}, silent[] = {
		{ "POST /a/long/pa", "th HTTP/1.1\r\nHost: x\r\n\r\ntroll\n", "HTTP/1.1 421 " },
		{ "\026", "troll\n", "\025\003\001" },
	};
	struct client *a = room_client(d, "Anna");
	struct old *o, *all[G_N_ELEMENTS(greeted)];

	room_join(a, "lobby", "Anna", "OK,lobby,0,1,1");
	/* All rows at the same time: each of them pauses. */
	for (unsigned refused = 0; refused < 2; refused++) {
		for (size_t i = 0; i < G_N_ELEMENTS(greeted); i++)
			all[i] = old_new(d, "x");
		for (size_t i = 0; i < G_N_ELEMENTS(greeted); i++) {
			(void)old_next_hii(all[i]);
			if (refused)
				old_is_refused(all[i], "no name", "bad-argument");
		}
		if (refused)
			g_usleep(OLD_PAUSE_USEC);
		for (size_t i = 0; i < G_N_ELEMENTS(greeted); i++)
			old_send(all[i], greeted[i].first);
		g_usleep(OLD_PAUSE_USEC);
		for (size_t i = 0; i < G_N_ELEMENTS(greeted); i++)
			(void)send(all[i]->c->fd, greeted[i].then, strlen(greeted[i].then), MSG_NOSIGNAL);
		for (size_t i = 0; i < G_N_ELEMENTS(greeted); i++)
			old_expect_foreign(all[i], greeted[i].reported);
	}
	/* Who speaks at once is not greeted. */
	for (size_t i = 0; i < G_N_ELEMENTS(silent); i++) {
		o = old_new(d, "x");
		old_send(o, silent[i].first);
		g_usleep(OLD_PAUSE_USEC);
		(void)send(o->c->fd, silent[i].then, strlen(silent[i].then), MSG_NOSIGNAL);
		old_expect_foreign(o, silent[i].reported);
	}
	/* A NUL, which is no C string. */
	o = old_new(d, "x");
	(void)old_next_hii(o);
	g_assert_cmpint(send(o->c->fd, "tro\0ll", 6, MSG_NOSIGNAL), ==, 6);
	old_expect_foreign(o, "ERROR: bad-command: ");
	/* Who has a name may say any of it. */
	o = old_enter(d, "emil");
	client_expect(a, "JOINED,lobby,emil");
	old_type(o, "GET / HTTP/1.1");
	room_received(a, "lobby", 1, "emil", "GET / HTTP/1.1");
	old_free(o);
	client_free(a);
}

/* Who speaks first is not greeted; and who may not come in is told so, and asked again. */
static void old_others(struct daemon *d)
{
	struct client *a = room_client(d, "Anna"), *b = client_new(d, ROOM_ALONE);
	struct old *o;

	client_puts(b, "PING\n");
	client_expect(b, "PONG");
	g_usleep(OLD_PAUSE_USEC);
	client_ask(b, "PING", "PONG");
	client_free(b);
	client_puts(a, "JOIN,lobby\nBAN,lobby,emil,1000\n");
	g_free(room_until(a, "OK,lobby,"));
	g_free(room_until(a, "OK"));
	o = old_new(d, "emil");
	(void)old_next_hii(o);
	old_is_refused(o, "emil", "denied");
	(void)old_next_hii(o);
	old_send(o, "Emil2");
	old_sees(o, "Connected to server!");
	g_free(room_until(a, "JOINED,lobby,Emil2"));
	old_free(o);
	client_free(a);
}

static void add(void)
{
	daemon_add("/old-chat/three", old_config, old_three);
	daemon_add("/old-chat/mixed", old_config, old_mixed);
	daemon_add("/old-chat/names", old_config, old_names);
	daemon_add("/old-chat/no-names", old_config, old_no_names);
	daemon_add("/old-chat/others", old_config, old_others);
	daemon_add("/old-chat/foreign", old_config, old_foreign);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, add);
}
