/* SPDX-License-Identifier: MIT */
/*
 * The order of what is said is one for all, and nobody misses anything, whatever becomes of the connection meanwhile.
 *
 * What each has heard is held against the log in the end, and what is wrong is counted. IOE_LONG=1 goes on for longer.
 * --seed with what is printed first repeats where members are cut off.
 */

#include "event_reader.h"

#include <stdio.h>
#include <string.h>

#define ORDER_MEMBERS 10
#define ORDER_WRITERS 2
#define ORDER_CUT_OFF 3

/* Who does not get to read for a while is not slow here, and a room keeps all that is said. */
#define ORDER_PATIENT ROOM_LISTENERS "limits = { output = \"64M\"; };\n"
static const char order_kept[] = ORDER_PATIENT "chat = { rate = 0; history = 1000000; };\n";
static const char order_not_kept[] = ORDER_PATIENT "chat = { rate = 0; durable = false; };\n";

/* What has been done in all, with one reactor and with four. */
struct order_count {
	unsigned rooms, messages, received, cuts, rejoins;
	struct event_reader_damage damage;
};

static struct order_count order_all, order_cut, order_late;

static unsigned order_rooms(unsigned rooms_long)
{
	return harness_is_long() ? rooms_long : 1;
}

static void order_judge(struct order_count *count, struct event_reader *h, const struct event_reader *log)
{
	event_reader_compare(h, log);
	event_reader_add(&count->damage, &h->damage);
	count->received += h->n;
}

static void order_expect_whole(const struct order_count *count, const char *room, unsigned seed)
{
	const struct event_reader_damage *d = &count->damage;

	if (event_reader_sum(d) > 0)
		harness_fail("In room %s (seed %u): %u missing, %u doubled, %u out of order, %u altered.", room, seed,
			     d->missing, d->doubled, d->disorder, d->altered);
}

/* A member that says so many things, @window of them without waiting for answers, and takes in what all say. */
struct order_member {
	struct client *c;
	const char *room;
	unsigned index, say, window, total;
	struct event_reader received;
	GThread *thread;
};

/*
 * Its own comes before the OK with that number. Where nothing comes any more it gives up: what is missing is counted by
 * others.
 */
static gpointer order_talk(gpointer data)
{
	struct order_member *m = data;
	unsigned asked = 0, answered = 0;
	guint64 own = 0;

	while (m->received.n < m->total || answered < m->say) {
		g_autofree char *line = NULL, *self = g_strdup_printf(",m%u,%u-", m->index, m->index);

		for (; asked < m->say && asked - answered < m->window; asked++)
			client_printf(m->c, "SAY,%s,%u-%u\n", m->room, m->index, asked);
		if (!client_try_line(m->c, harness_deadline(), &line))
			break;
		if (event_reader_take_line(&m->received, line, m->room)) {
			if (strstr(line, self))
				own = m->received.last;
		} else if (g_str_has_prefix(line, "OK,")) {
			g_assert_cmpuint(g_ascii_strtoull(line + 3, NULL, 10), <=, own);
			answered++;
		} else if (!g_str_has_prefix(line, "JOINED,") && !g_str_has_prefix(line, "LEFT,")) {
			harness_fail("Member %u was told: %s", m->index, line);
		}
	}
	return NULL;
}

/* All that are to be in the room are there before the first word. */
static void order_begin(struct order_member m[], unsigned n, struct daemon *d, const char *room, unsigned say,
			unsigned window)
{
	for (unsigned i = 0; i < n; i++) {
		g_autofree char *name = g_strdup_printf("m%u", i), *answer = g_strdup_printf("OK,%s,0,", room);

		m[i] = (struct order_member){ .room = room, .index = i, .say = say, .window = window, .total = say * n };
		event_reader_init(&m[i].received);
		m[i].c = room_client(d, name);
		client_printf(m[i].c, "JOIN,%s\n", room);
		g_free(room_until(m[i].c, answer));
	}
	for (unsigned i = 0; i < n; i++)
		m[i].thread = g_thread_new("member", order_talk, &m[i]);
}

/* What still comes when all has been heard, is too much. */
static void order_receive_rest(struct order_member *m)
{
	client_puts(m->c, "PING,done\n");
	for (;;) {
		g_autofree char *line = client_line(m->c);

		if (strcmp(line, "PONG,done") == 0)
			return;
		(void)event_reader_take_line(&m->received, line, m->room);
	}
}

static void order_end(struct order_member m[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		(void)g_thread_join(m[i].thread);
	for (unsigned i = 0; i < n; i++)
		order_receive_rest(&m[i]);
}

static void order_done(struct order_member m[], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		event_reader_done(&m[i].received);
		client_free(m[i].c);
	}
}

/* It has all that was said, and what each has said in his order. */
static void order_expect_log(const struct event_reader *log, unsigned members, unsigned say)
{
	g_autofree unsigned *next = g_new0(unsigned, members);

	g_assert_cmpuint(log->n, ==, members * say);
	g_assert_cmpuint(log->said->len, ==, members * say);
	for (guint i = 0; i < log->said->len; i++) {
		unsigned from, text, n;

		g_assert_cmpint(sscanf(log->said->pdata[i], "m%u %u-%u", &from, &text, &n), ==, 3);
		g_assert_cmpuint(from, <, members);
		g_assert_cmpuint(text, ==, from);
		g_assert_cmpuint(n, ==, next[from]++);
	}
}

/* The log of what is kept nowhere is what the first member has heard. */
static void order_room(struct daemon *d, const char *room, unsigned say, bool kept)
{
	struct order_member m[ORDER_MEMBERS];
	struct event_reader history;
	const struct event_reader *log = kept ? &history : &m[0].received;

	order_begin(m, ORDER_MEMBERS, d, room, say, say);
	order_end(m, ORDER_MEMBERS);
	event_reader_init(&history);
	if (kept)
		event_reader_take_history(&history, m[0].c, room);
	for (unsigned i = 0; i < ORDER_MEMBERS; i++)
		order_judge(&order_all, &m[i].received, log);
	order_expect_whole(&order_all, room, 0);
	order_expect_log(log, ORDER_MEMBERS, say);
	order_all.rooms++;
	order_all.messages += say * ORDER_MEMBERS;
	event_reader_done(&history);
	order_done(m, ORDER_MEMBERS);
}

static void order_durable(struct daemon *d)
{
	for (unsigned i = 0; i < order_rooms(100); i++) {
		g_autofree char *room = g_strdup_printf("r%u", i);

		order_room(d, room, 100, true);
	}
}

static void order_volatile(struct daemon *d)
{
	for (unsigned i = 0; i < order_rooms(100); i++) {
		g_autofree char *room = g_strdup_printf("r%u", i);

		order_room(d, room, 300, false);
	}
}

/* Cut off */

struct order_joiner {
	struct daemon *d;
	const char *room;
	unsigned total, visits;
	GRand *random;
	struct event_reader received;
	GThread *thread;
};

/*
 * Comes in behind what it has, takes so many more, and is gone: in the middle of a line, as like as not; or before it
 * was even answered. False: nothing comes any more.
 */
static bool order_visit(struct order_joiner *g)
{
	struct client *c = client_new_ioe1(g->d, ROOM_ALL);
	int more = g_rand_int_range(g->random, -5, 40);
	bool comes = true;

	client_printf(c, "JOIN,%s,%" G_GUINT64_FORMAT "\n", g->room, g->received.last);
	if (more >= 0)
		g_free(room_until(c, "OK,"));
	while (comes && more > 0 && g->received.n < g->total) {
		g_autofree char *line = NULL;

		comes = client_try_line(c, harness_deadline(), &line);
		if (comes && event_reader_take_line(&g->received, line, g->room))
			more--;
	}
	client_reset(c);
	g->visits++;
	return comes;
}

static gpointer order_visit_until_all(gpointer data)
{
	struct order_joiner *g = data;

	while (g->received.n < g->total && order_visit(g))
		;
	return NULL;
}

static void order_joiners_begin(struct order_joiner g[], struct daemon *d, const char *room, unsigned total,
				unsigned seed)
{
	for (unsigned i = 0; i < ORDER_CUT_OFF; i++) {
		g[i] = (struct order_joiner){ .d = d, .room = room, .total = total };
		g[i].random = g_rand_new_with_seed(seed + i);
		event_reader_init(&g[i].received);
		g[i].thread = g_thread_new("guest", order_visit_until_all, &g[i]);
	}
}

static void order_joiner_end(struct order_joiner *g, const struct event_reader *log)
{
	order_judge(&order_cut, &g->received, log);
	order_cut.cuts += g->visits;
	order_cut.rejoins += g->visits - 1;
	event_reader_done(&g->received);
	g_rand_free(g->random);
}

/* Those who speak wait for each answer, so that the others come and go meanwhile; they, too, hear all of it. */
static void order_cut_off_room(struct daemon *d, const char *room, unsigned say, unsigned seed)
{
	struct order_member m[ORDER_WRITERS];
	struct order_joiner g[ORDER_CUT_OFF];
	struct event_reader log;

	order_begin(m, ORDER_WRITERS, d, room, say, 1);
	order_joiners_begin(g, d, room, say * ORDER_WRITERS, seed);
	for (unsigned i = 0; i < ORDER_CUT_OFF; i++)
		(void)g_thread_join(g[i].thread);
	order_end(m, ORDER_WRITERS);
	daemon_wait_sessions(d, ORDER_WRITERS);
	event_reader_init(&log);
	event_reader_take_history(&log, m[0].c, room);
	for (unsigned i = 0; i < ORDER_CUT_OFF; i++)
		order_joiner_end(&g[i], &log);
	for (unsigned i = 0; i < ORDER_WRITERS; i++)
		order_judge(&order_cut, &m[i].received, &log);
	order_expect_whole(&order_cut, room, seed);
	order_expect_log(&log, ORDER_WRITERS, say);
	order_cut.rooms++;
	order_cut.messages += say * ORDER_WRITERS;
	event_reader_done(&log);
	order_done(m, ORDER_WRITERS);
}

static void order_cut_off(struct daemon *d)
{
	unsigned seed = (unsigned)g_test_rand_int();

	for (unsigned i = 0; i < order_rooms(20); i++) {
		g_autofree char *room = g_strdup_printf("r%u", i);

		order_cut_off_room(d, room, harness_is_long() ? 2000 : 300, seed + i * ORDER_CUT_OFF);
	}
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

/* Until it is told that it is slow, and closed. What it has got by then is whole. */
static void order_receive_out(struct client *c, const char *room, struct event_reader *h)
{
	for (;;) {
		g_autofree char *line = client_line(c);

		if (g_str_has_prefix(line, "ERROR: slow: "))
			break;
		g_assert_true(event_reader_take_line(h, line, room));
		g_assert_cmpuint(h->n, ==, h->last);
	}
	client_expect_eof(c);
	client_free(c);
}

/* Who does not read is told so and closed; the others go on, and he misses nothing when he comes back. */
static void order_slow_room(struct daemon *d, const char *room)
{
	g_autofree char *text = g_strnfill(ORDER_LONG, 'x'), *slow = NULL;
	g_autofree char *left = g_strdup_printf("LEFT,%s,Bert,slow", room);
	g_autofree char *again = g_strdup_printf("JOINED,%s,Bert2", room);
	struct client *a, *b;
	struct event_reader received, log;
	guint64 said = 0;

	room_meet(d, room, &a, &b);
	while (!slow) {
		client_printf(a, "SAY,%s,%s\n", room, text);
		g_assert_cmpuint(++said, <, 5000);
		slow = order_left_meanwhile(a);
	}
	g_assert_cmpstr(slow, ==, left);
	event_reader_init(&received);
	order_receive_out(b, room, &received);
	g_assert_cmpuint(received.n, <, said);
	b = room_client(d, "Bert2");
	client_printf(b, "JOIN,%s,%" G_GUINT64_FORMAT "\n", room, received.last);
	g_free(room_until(b, again));
	while (received.n < said) {
		g_autofree char *line = client_line(b);

		g_assert_true(event_reader_take_line(&received, line, room));
	}
	event_reader_init(&log);
	event_reader_take_history(&log, a, room);
	order_judge(&order_late, &received, &log);
	order_expect_whole(&order_late, room, 0);
	order_late.rooms++;
	order_late.messages += log.n;
	event_reader_done(&received);
	event_reader_done(&log);
	client_free(a);
	client_free(b);
}

static void order_slow(struct daemon *d)
{
	for (unsigned i = 0; i < order_rooms(20); i++) {
		g_autofree char *room = g_strdup_printf("r%u", i);

		order_slow_room(d, room);
	}
}

static void add(void)
{
	daemon_add("/chat/order", order_kept, order_durable);
	daemon_add("/chat/order-volatile", order_not_kept, order_volatile);
	daemon_add("/chat/cut-off", order_kept, order_cut_off);
	daemon_add("/chat/slow", ROOM_LISTENERS "chat = { rate = 0; text = \"64K\"; };\n", order_slow);
}

static void order_print(const char *what, const struct order_count *c)
{
	printf("# counts: %u rooms of %s, %u messages, heard %u times: %u missing, %u doubled, %u out of order, %u altered\n",
	       c->rooms, what, c->messages, c->received, c->damage.missing, c->damage.doubled, c->damage.disorder,
	       c->damage.altered);
}

int main(int argc, char **argv)
{
	g_autofree char *cut = NULL;
	int r;

	r = harness_main(argc, argv, add);
	cut = g_strdup_printf("%d members who speak and %d who were cut off %u times and came back %u times",
			      ORDER_WRITERS, ORDER_CUT_OFF, order_cut.cuts, order_cut.rejoins);
	order_print(G_STRINGIFY(ORDER_MEMBERS) " members", &order_all);
	order_print(cut, &order_cut);
	order_print("one who speaks and one who was too slow", &order_late);
	return r;
}
