/* SPDX-License-Identifier: MIT */
/*
 * Attacks by number, with an honest client beside them that gets the right answer every time: crowds of slow senders
 * and of those that never read, too many connections, and storms of them. How long the honest client waited is printed
 * and never judged. IOE_LONG=1 makes the crowd as large as one process can hold.
 *
 * A crowd is moved by a thread of its own; that it pauses between two bytes is what a slow sender is.
 */

#include "attack.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CROWD_BODY  1000 /* bytes of a slow WRITE */
#define CROWD_LINE  5000 /* a slow line is no longer before it is ended */
#define CROWD_BURST 300  /* in which an old client begins its file: no shorter size fits it */

struct slow_kind {
	unsigned listener;
	const char *head;   /* comes at once; %u is its number */
	unsigned greetings; /* lines that answer it */
	char fill;          /* trickles; NUL: it is silent */
	bool burst, body;   /* body: it is a file's, else a line's */
	const char *answer; /* to all of it, in front of @echo times what was filled in */
	char echo;
};

static const struct slow_kind slow_kinds[] = {
	{ ATTACK_ALL, "", 0, 0, false, false, "PONG", 0 },
	{ ATTACK_FILE, "PING,", 0, 'x', false, false, "PONG,", 'x' },
	{ ATTACK_ALL, "PING\nPING,", 1, 'x', false, false, "PONG,", 'x' },
	{ ATTACK_ALL, "HELLO,ioe/1\nPING,%%2c", 1, 'y', false, false, "PONG,%2C", 'y' },
	{ ATTACK_ALL, "PING\nDOUBLE,4", 1, '4', false, false, "8", '8' },
	{ ATTACK_FILE, "WRITE,slow-%u,1000\n", 0, 'x', false, true, "OK,received,1000", 0 },
	{ ATTACK_ALL, "HELLO,ioe/1\nWRITE,slow-%u,1000\n", 1, 'x', false, true, "OK,received,1000", 0 },
	{ ATTACK_ALL, "WRITE,slow-%u,1000", 0, 'x', true, true, NULL, 0 }, /* an old client, and no line's end */
};

struct slow {
	int fd;
	const struct slow_kind *kind;
	unsigned number, filled;
	bool headed;
};

enum deaf_kind {
	DEAF_READ,
	DEAF_LIST,
	DEAF_PING, /* for ever */
	DEAF_KIND_MAX,
};

/* So many take their answers in the end; the others have not even room for them. */
#define DEAF_TAKE 12

struct deaf {
	int fd;
	enum deaf_kind kind;
	size_t sent;
};

struct crowd {
	struct daemon *d;
	struct slow *slow;
	struct deaf *deaf;
	unsigned n_slow, n_deaf;
	gint64 pass_usec; /* from one byte of a slow one to its next */
	gint stop;
	GThread *thread;
};

static const char deaf_ping[] = "PING,one that asks for ever, and never takes an answer, as long as the server lets it be\n";

static void slow_fill(struct slow *s, unsigned n)
{
	g_autofree char *text = g_strnfill(n, s->kind->fill);

	s->filled += (unsigned)attack_push(s->fd, text, n);
}

static void slow_step(struct slow *s)
{
	const struct slow_kind *k = s->kind;
	g_autoptr(GString) head = g_string_new(k->head);
	g_autofree char *number = g_strdup_printf("%u", s->number);

	if (!s->headed) {
		(void)g_string_replace(head, "%u", number, 0);
		(void)g_string_replace(head, "%%", "%", 0);
		attack_push_text(s->fd, head->str);
		s->headed = true;
	} else if (k->fill) {
		if (k->burst && s->filled == 0)
			slow_fill(s, CROWD_BURST);
		else if (s->filled < (k->body ? CROWD_BODY - 1 : CROWD_LINE))
			slow_fill(s, 1);
	}
}

static void deaf_step(struct deaf *x)
{
	size_t n = strlen(deaf_ping), done;

	if (x->kind == DEAF_PING)
		do {
			size_t at = x->sent % n;

			done = attack_push(x->fd, deaf_ping + at, n - at);
			x->sent += done;
		} while (done > 0);
	else if (x->sent++ == 0)
		for (unsigned i = 0; i < 500; i++)
			attack_push_text(x->fd, x->kind == DEAF_READ ? "READ,large\n" : "LIST,many\n");
}

static gpointer crowd_run(gpointer data)
{
	struct crowd *c = data;
	unsigned n = c->n_slow + c->n_deaf;

	for (unsigned i = 0; !g_atomic_int_get(&c->stop); i = (i + 1) % n) {
		if (i < c->n_slow)
			slow_step(&c->slow[i]);
		else
			deaf_step(&c->deaf[i - c->n_slow]);
		if (i % 64 == 63)
			g_usleep((gulong)(c->pass_usec * 64 / n));
	}
	return NULL;
}

static void crowd_files(struct daemon *d)
{
	g_autofree char *large = g_build_filename(d->files, "large", NULL), *many = g_build_filename(d->files, "many", NULL);
	g_autofree char *noise = harness_noise(4 << 20, 1);

	harness_write_file(large, noise, 4 << 20);
	g_assert_cmpint(g_mkdir_with_parents(many, 0755), ==, 0);
	for (unsigned i = 0; i < 1000; i++) {
		g_autofree char *path = g_strdup_printf("%s/one-of-the-many-%04u", many, i);

		harness_write_file(path, "", 0);
	}
}

static void crowd_start(struct crowd *c, struct daemon *d, unsigned n_slow, unsigned n_deaf, gint64 pass_usec)
{
	*c = (struct crowd){ .d = d, .n_slow = n_slow, .n_deaf = n_deaf, .pass_usec = pass_usec };
	c->slow = g_new0(struct slow, n_slow);
	c->deaf = g_new0(struct deaf, n_deaf);
	for (unsigned i = 0; i < n_slow; i++) {
		const struct slow_kind *k = &slow_kinds[i % G_N_ELEMENTS(slow_kinds)];

		c->slow[i] = (struct slow){ .fd = attack_connect(d, k->listener, i, 0), .kind = k, .number = i };
	}
	for (unsigned i = 0; i < n_deaf; i++)
		c->deaf[i] = (struct deaf){ .fd = attack_connect(d, ATTACK_ALL, i, i < DEAF_TAKE ? 0 : 4096),
					    .kind = i % DEAF_KIND_MAX };
	daemon_wait_sessions(d, 1 + n_slow + n_deaf);
	c->thread = g_thread_new("crowd", crowd_run, c);
}

/* A slow sender that comes to its end is answered as any other. */
static void slow_finish(struct slow *s)
{
	const struct slow_kind *k = s->kind;

	if (!s->headed)
		slow_step(s);
	while (k->body && s->filled < CROWD_BODY)
		slow_fill(s, CROWD_BODY - s->filled);
	if (!k->body)
		attack_push_text(s->fd, k->fill ? "\n" : "PING\n");
}

static void slow_check(struct slow *s)
{
	const struct slow_kind *k = s->kind;
	struct client *c = client_new_fd(s->fd);
	g_autofree char *echo = k->echo ? g_strnfill(s->filled, k->echo) : g_strdup("");
	g_autofree char *want = g_strconcat(k->answer ? k->answer : "OK,received,1000", echo, NULL), *seen = NULL;

	for (unsigned i = 0; i < k->greetings; i++)
		g_free(client_line(c));
	if (k->answer) {
		client_expect(c, want);
	} else {
		seen = client_bytes(c, strlen(want));
		g_assert_cmpstr(seen, ==, want);
	}
	g_assert_cmpuint(c->at, ==, c->in->len);
	client_free(c);
}

static void slow_check_file(struct daemon *d, const struct slow *s, bool finished)
{
	g_autofree char *path = g_strdup_printf("%s/slow-%u", d->files, s->number);
	g_autofree char *text = NULL, *want = g_strnfill(CROWD_BODY, 'x');

	if (s->kind->body && finished) {
		g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
		g_assert_cmpstr(text, ==, want);
	} else {
		g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	}
}

/* Some of those that asked for ever take their answers after all: there is one for each line. */
static void deaf_finish(struct deaf *x, bool take)
{
	g_autofree char *want = g_strconcat("PONG", deaf_ping + 4, NULL);
	g_autoptr(GString) seen = g_string_new(NULL);
	size_t len = strlen(want);

	if (x->kind == DEAF_PING && take) {
		g_assert_cmpint(shutdown(x->fd, SHUT_WR), ==, 0);
		(void)attack_drain(x->fd, seen);
		g_assert_cmpuint(seen->len, ==, x->sent / len * len);
		for (size_t at = 0; at < seen->len; at += len)
			g_assert_cmpmem(seen->str + at, len, want, len);
	}
	if (take || x->sent % 2)
		(void)close(x->fd);
	else
		attack_reset(x->fd);
}

static void crowd_finish(struct crowd *c)
{
	struct daemon *d = c->d;

	g_atomic_int_set(&c->stop, 1);
	(void)g_thread_join(c->thread);
	for (unsigned i = 0; i < c->n_deaf; i++)
		deaf_finish(&c->deaf[i], i < DEAF_TAKE);
	for (unsigned i = 0; i < c->n_slow; i++)
		if (i / G_N_ELEMENTS(slow_kinds) % 2 == 0)
			slow_finish(&c->slow[i]);
		else if (i % 3 == 0)
			(void)close(c->slow[i].fd);
		else
			attack_reset(c->slow[i].fd);
	for (unsigned i = 0; i < c->n_slow; i++)
		if (i / G_N_ELEMENTS(slow_kinds) % 2 == 0)
			slow_check(&c->slow[i]);
	for (unsigned i = 0; i < c->n_slow; i++)
		slow_check_file(d, &c->slow[i], i / G_N_ELEMENTS(slow_kinds) % 2 == 0);
	g_free(c->slow);
	g_free(c->deaf);
}

/* What never-readers cost is mostly the kernel's. */
static void crowd_print_kernel(void)
{
	g_autofree char *text = NULL;
	const char *tcp;

	if (g_file_get_contents("/proc/net/sockstat", &text, NULL, NULL) && (tcp = strstr(text, "TCP:")))
		g_test_message("the kernel, in pages: %.*s", (int)strcspn(tcp, "\n"), tcp);
}

static void attack_crowd(unsigned reactors)
{
	bool is_long = harness_is_long();
	struct crowd c;
	struct attack a;

	attack_start(&a, reactors, ATTACK_LISTENERS "limits = { output = \"64K\"; line_time = \"10m\"; };\n", crowd_files);
	attack_work_for(&a, (is_long ? 3000 : 100) * 1000);
	attack_report(&a, "before");
	crowd_start(&c, a.d, is_long ? 5000 : 1000, is_long ? 2000 : 150, (is_long ? 1000 : 250) * 1000);
	attack_work_for(&a, (is_long ? 15000 : 500) * 1000);
	attack_report(&a, "they come");
	attack_work_for(&a, (is_long ? 20000 : 500) * 1000);
	attack_report(&a, "they are there");
	g_test_message("%u slow senders, %u never-readers, memory %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT ", VmRSS %"
		       G_GUINT64_FORMAT " KiB, before %" G_GUINT64_FORMAT " KiB", c.n_slow, c.n_deaf,
		       a.memory_seen, a.memory_limit, daemon_proc(a.d, "VmRSS"), a.rss);
	crowd_print_kernel();
	crowd_finish(&c);
	attack_finish(&a);
}

/* The first @n_in are in beside the honest client, the others are told and closed. */
static void many_check(struct attack *a, int *fd, unsigned n, unsigned n_in)
{
	unsigned in = 0;

	daemon_wait_status(a->d, "refused", n - n_in);
	g_assert_cmpuint(daemon_status(a->d, "sessions"), ==, n_in + 1);
	for (unsigned i = 0; i < n; i++) {
		g_autoptr(GString) seen = g_string_new(NULL);

		if (!harness_poll(fd[i], POLLIN, 0)) {
			fd[in++] = fd[i];
			continue;
		}
		(void)attack_drain(fd[i], seen);
		g_assert_true(g_str_has_prefix(seen->str, "ERROR: limit: "));
		g_assert_cmpstr(strchr(seen->str, '\n'), ==, "\n");
		(void)close(fd[i]);
		attack_work(a);
	}
	g_assert_cmpuint(in, ==, n_in);
	for (unsigned i = 0; i < in; i++) {
		struct client *c = client_new_fd(fd[i]);

		client_ask(c, "PING", "PONG");
		client_free(c);
	}
}

static void attack_too_many(unsigned reactors)
{
	struct attack a;
	int fd[300];

	attack_start(&a, reactors, ATTACK_LISTENERS "limits = { connections = 100; };\n", NULL);
	for (unsigned i = 0; i < G_N_ELEMENTS(fd); i++) {
		fd[i] = attack_connect(a.d, ATTACK_ALL, i, 0);
		if (i % 10 == 0)
			attack_work(&a);
	}
	many_check(&a, fd, G_N_ELEMENTS(fd), 99);
	attack_finish(&a);
}

/* The honest client has an address of its own; nobody here is on loopback. */
static void many_from_one(unsigned reactors)
{
	struct attack a;
	int fd[150];

	attack_start(&a, reactors, "listeners = ( { address = \"0.0.0.0\"; port = 0; roles = [ \"file\", \"compute\" ]; } );\n"
				   "limits = { per_address = 50; };\nfile = { sync = false; };\n", NULL);
	client_free(a.honest);
	a.honest = client_new_from(a.d, 0, "192.0.2.2", "192.0.2.1");
	attack_work(&a);
	daemon_wait_sessions(a.d, 1);
	for (unsigned i = 0; i < G_N_ELEMENTS(fd); i++) {
		struct client *c = client_new_from(a.d, 0, "192.0.2.1", "192.0.2.1");

		fd[i] = dup(c->fd);
		client_free(c);
		attack_work(&a);
	}
	many_check(&a, fd, G_N_ELEMENTS(fd), 50);
	attack_finish(&a);
}

static void attack_too_many_from_one(unsigned reactors)
{
	harness_run_in_network(many_from_one, reactors);
}

struct storm {
	struct daemon *d;
	gint stop;
	unsigned n;
};

/* Most go by a reset: an orderly close leaves the kernel of this machine a port that is not free for a minute. */
static gpointer storm_run(gpointer data)
{
	static const char *const texts[] = { "", "", "PING\n", "LI", "LIST", "READ,small\n", "WRITE,half,99\nx", "NICK,storm\n" };
	struct storm *s = data;

	for (; !g_atomic_int_get(&s->stop); s->n++) {
		int fd = attack_connect(s->d, s->n % 2, s->n, 0);

		attack_push_text(fd, texts[s->n % G_N_ELEMENTS(texts)]);
		if (s->n % 16 == 0)
			(void)close(fd);
		else
			attack_reset(fd);
	}
	return NULL;
}

static void attack_storm(unsigned reactors)
{
	struct storm s = { 0 };
	struct attack a;
	GThread *thread;

	attack_start(&a, reactors, ATTACK_LISTENERS, NULL);
	s.d = a.d;
	thread = g_thread_new("storm", storm_run, &s);
	attack_work_for(&a, (harness_is_long() ? 20000 : 500) * 1000);
	g_atomic_int_set(&s.stop, 1);
	(void)g_thread_join(thread);
	g_test_message("%u connections came and went", s.n);
	attack_finish(&a);
}

static void add(void)
{
	harness_add("attack/crowd", attack_crowd);
	harness_add("attack/too-many", attack_too_many);
	harness_add("attack/too-many-from-one", attack_too_many_from_one);
	harness_add("attack/storm", attack_storm);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, add);
}
