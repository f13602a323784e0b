/* SPDX-License-Identifier: MIT */
/* The order of what is said is one for all, and nobody misses anything, whatever becomes of the connection meanwhile. */

#include "room.h"

#include <string.h>

#define ORDER_MEMBERS 10

static const char order_config[] = ROOM_LISTENERS ROOM_FAST;

/* A member that says so many things, and takes in what all say. */
struct order_member {
	struct client *c;
	unsigned index, say, total;
	GString *log; /* "SEQ FROM TEXT\n" */
};

static void order_note(struct order_member *m, const struct room_said *s, guint64 seq)
{
	if (s->seq != seq)
		harness_fail("Member %u heard number %u where %u was to come.", m->index, (unsigned)s->seq, (unsigned)seq);
	g_string_append_printf(m->log, "%u %s %s\n", (unsigned)s->seq, s->from, s->text);
}

/* Its own comes before the OK with that number. */
static gpointer order_talk(gpointer data)
{
	struct order_member *m = data;
	unsigned heard = 0, answered = 0;
	guint64 own = 0;

	for (unsigned i = 0; i < m->say; i++)
		client_printf(m->c, "SAY,r,%u-%u\n", m->index, i);
	while (heard < m->total || answered < m->say) {
		g_autofree char *line = client_line(m->c);
		struct room_said s;

		if (room_parse(line, "r", &s)) {
			order_note(m, &s, ++heard);
			if ((unsigned)g_ascii_strtoull(s.text, NULL, 10) == m->index)
				own = s.seq;
			room_said_clear(&s);
		} else if (g_str_has_prefix(line, "OK,")) {
			g_assert_cmpuint(g_ascii_strtoull(line + 3, NULL, 10), <=, own);
			answered++;
		} else if (!g_str_has_prefix(line, "JOINED,r,")) {
			harness_fail("Member %u was told: %s", m->index, line);
		}
	}
	return NULL;
}

static void order_same(struct daemon *d, unsigned say)
{
	struct order_member m[ORDER_MEMBERS];
	GThread *threads[ORDER_MEMBERS];

	for (unsigned i = 0; i < ORDER_MEMBERS; i++) {
		g_autofree char *name = g_strdup_printf("m%u", i);

		m[i] = (struct order_member){ room_client(d, name), i, say, say * ORDER_MEMBERS, g_string_new(NULL) };
		client_puts(m[i].c, "JOIN,r\n");
		g_free(room_until(m[i].c, "OK,r,0,"));
	}
	for (unsigned i = 0; i < ORDER_MEMBERS; i++)
		threads[i] = g_thread_new("member", order_talk, &m[i]);
	for (unsigned i = 0; i < ORDER_MEMBERS; i++)
		(void)g_thread_join(threads[i]);
	for (unsigned i = 1; i < ORDER_MEMBERS; i++)
		g_assert_cmpstr(m[i].log->str, ==, m[0].log->str);
	for (unsigned i = 0; i < ORDER_MEMBERS; i++) {
		(void)g_string_free(m[i].log, TRUE);
		client_free(m[i].c);
	}
	g_test_message("%u members, %u messages, one order", ORDER_MEMBERS, say * ORDER_MEMBERS);
}

static void order_durable(struct daemon *d)
{
	order_same(d, 100);
}

static void order_volatile(struct daemon *d)
{
	order_same(d, 300);
}

/* Cut off */

#define ORDER_SAID 600

static gpointer order_write(gpointer data)
{
	struct client *c = data;

	for (unsigned i = 0; i < ORDER_SAID; i++) {
		g_autofree char *want = g_strdup_printf("OK,%u", i + 1);

		client_printf(c, "SAY,r,text %u\n", i);
		g_free(room_until(c, want));
	}
	return NULL;
}

/* Comes in behind what it has, takes so many more, and is gone: in the middle of a line, as like as not. */
static guint64 order_take(struct daemon *d, GString *log, guint64 have, unsigned more)
{
	struct client *c = client_new_ioe1(d, ROOM_ALL);
	gint64 deadline = harness_deadline();

	client_printf(c, "JOIN,r,%" G_GUINT64_FORMAT "\n", have);
	g_free(room_until(c, "OK,r,"));
	while (more > 0 && have < ORDER_SAID) {
		g_autofree char *line = NULL;
		struct room_said s;

		if (!client_try_line(c, deadline, &line))
			harness_fail("Nothing comes behind number %u.", (unsigned)have);
		if (!room_parse(line, "r", &s))
			continue;
		if (s.seq != have + 1)
			harness_fail("Number %u came behind %u.", (unsigned)s.seq, (unsigned)have);
		g_string_append_printf(log, "%u %s\n", (unsigned)s.seq, s.text);
		have = s.seq;
		more--;
		room_said_clear(&s);
	}
	client_reset(c);
	return have;
}

static void order_cut_off(struct daemon *d)
{
	struct client *writer = room_client(d, "Writer");
	g_autoptr(GString) log = g_string_new(NULL);
	g_autofree char *kept = NULL;
	unsigned times = 0;
	GThread *thread;
	guint64 have = 0;

	room_join(writer, "r", "Writer", "OK,r,0,1,1");
	thread = g_thread_new("writer", order_write, writer);
	for (; have < ORDER_SAID; times++)
		have = order_take(d, log, have, (unsigned)g_test_rand_int_range(0, 40));
	(void)g_thread_join(thread);
	daemon_wait_sessions(d, 1);
	client_puts(writer, "PING,done\n");
	g_free(room_until(writer, "PONG,done"));
	kept = room_history(writer, "r", 0, 10000);
	g_assert_cmpstr(log->str, ==, kept);
	client_free(writer);
	g_test_message("cut off %u times in %u messages", times, ORDER_SAID);
}

/* Slow */

#define ORDER_LONG 40000

/* Reads on up to the answer to a SAY. The LEFT that came before it, or NULL. */
static char *order_left_meanwhile(struct client *c)
{
	char *left = NULL;

	for (;;) {
		g_autofree char *line = client_line(c);

		if (g_str_has_prefix(line, "OK,"))
			return left;
		if (g_str_has_prefix(line, "LEFT,"))
			left = g_steal_pointer(&line);
	}
}

/* Who does not read is told so and closed; the others go on, and he misses nothing when he comes back. */
static void order_slow(struct daemon *d)
{
	struct client *a = room_client(d, "Anna"), *b = room_client(d, "Bert");
	g_autofree char *text = g_strnfill(ORDER_LONG, 'x'), *slow = NULL;
	guint64 said = 0, have = 0;

	room_join(a, "r", "Anna", "OK,r,0,1,1");
	room_join(b, "r", "Bert", "OK,r,0,2,1");
	client_expect(a, "JOINED,r,Bert");
	while (!slow) {
		client_printf(a, "SAY,r,%s\n", text);
		g_assert_cmpuint(++said, <, 5000);
		slow = order_left_meanwhile(a);
	}
	g_assert_cmpstr(slow, ==, "LEFT,r,Bert,slow");
	for (;;) {
		g_autofree char *line = client_line(b);
		struct room_said s;

		if (g_str_has_prefix(line, "ERROR: slow: "))
			break;
		g_assert_true(room_parse(line, "r", &s));
		g_assert_cmpuint(s.seq, ==, ++have);
		g_assert_cmpuint(strlen(s.text), ==, ORDER_LONG);
		room_said_clear(&s);
	}
	client_expect_eof(b);
	client_free(b);
	g_assert_cmpuint(have, <, said);
	b = room_client(d, "Bert2");
	client_printf(b, "JOIN,r,%" G_GUINT64_FORMAT "\n", have);
	g_free(room_until(b, "JOINED,r,Bert2"));
	while (have < said)
		room_heard(b, "r", ++have, "Anna", text);
	client_free(a);
	client_free(b);
	g_test_message("slow behind %u messages", (unsigned)said);
}

static void add(void)
{
	daemon_add("/chat/order", order_config, order_durable);
	daemon_add("/chat/order-volatile", ROOM_LISTENERS "chat = { rate = 0; durable = false; };\n", order_volatile);
	daemon_add("/chat/cut-off", order_config, order_cut_off);
	daemon_add("/chat/slow", ROOM_LISTENERS "chat = { rate = 0; text = \"64K\"; };\n", order_slow);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, add);
}
