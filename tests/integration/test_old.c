/* SPDX-License-Identifier: MIT */
/*
 * Old clients, and the vectors of where an old WRITE's size ends. Silence is what old programs end their words with, so
 * a pause here is something said, not a wait for something to happen. IOE_LONG=1 plays them again and again.
 */

#include "old.h"

#include "vectors/split.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OLD_QUIET_USEC (500 * 1000) /* far above legacy_wait, so that a daemon on a busy machine sees it, too */
#define OLD_LONG_USEC  (1500 * 1000)

/* All roles on one port, as they come; and ports of one role. */
static const char old_config[] =
	"listeners = (\n"
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"file\", \"chat\", \"relay\", \"compute\" ]; },\n"
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"file\" ]; },\n"
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"compute\" ]; },\n"
	"  { address = \"127.0.0.1\"; port = 0; roles = [ \"file\", \"compute\" ]; raw = false; }\n"
	");\n";

enum { OLD_ALL, OLD_FILE, OLD_COMPUTE, OLD_NOT_RAW };

/* An error to READ is one recv(64), whatever the name is. */
static void old_short_errors(unsigned reactors)
{
	static const char *const names[] = { "missing", "../etc/passwd", "/etc/passwd",
					     "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/0/1/2/3" };
	struct daemon *d = daemon_start(reactors, old_config);

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *request = g_strconcat("READ,", names[i], NULL);
		int fd = old_connect(d, OLD_FILE);
		char buf[4096];
		size_t n;

		old_send(fd, request, strlen(request));
		n = old_recv(fd, buf, sizeof(buf) - 1);
		buf[n] = '\0';
		g_assert_cmpuint(n, <=, 64);
		g_assert_true(g_str_has_prefix(buf, "ERROR: "));
		g_assert_null(strchr(buf, '\n'));
		(void)close(fd);
	}
	daemon_finish(d);
}

/* A long listing is cut behind a whole name. */
static void old_long_list(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, old_config);
	int fd = old_connect(d, OLD_FILE);
	char buf[4096], *dots;
	size_t n;

	for (unsigned i = 0; i < 200; i++) {
		g_autofree char *path = g_strdup_printf("%s/name-%03u", d->files, i);

		harness_write_file(path, "x", 1);
	}
	old_send(fd, "LIST", 4);
	n = old_recv(fd, buf, sizeof(buf) - 1);
	buf[n] = '\0';
	g_assert_cmpuint(n, <=, 1028);
	g_assert_cmpuint(n, >, 1000);
	dots = strstr(buf, "...");
	g_assert_nonnull(dots);
	g_assert_cmpstr(dots, ==, "...");
	g_assert_cmpint(dots[-1], ==, '\n');
	g_assert_true(g_str_has_prefix(dots - 9, "name-"));
	(void)close(fd);
	daemon_finish(d);
}

/* B breaks off: sending a file, or reading one. Nothing half-done is to be seen, and others go on. */
static void old_broken(unsigned reactors)
{
	g_autofree char *noise = harness_noise(9000000, 1), *tree = NULL, *back = NULL;
	struct daemon *d = daemon_start(reactors, old_config);
	int fd = old_connect(d, OLD_ALL);
	char buf[64];

	old_send(fd, "WRITE,half,9000000", 18);
	old_send(fd, noise, 4000000);
	(void)close(fd);
	daemon_wait_sessions(d, 0);
	tree = harness_tree(d->files);
	g_assert_cmpstr(tree, ==, ".ioe/");

	fd = old_connect(d, OLD_ALL);
	old_b_write(fd, "whole", noise, 9000000);
	old_send(fd, "READ,whole", 10);
	(void)old_recv(fd, buf, sizeof(buf));
	(void)close(fd);
	daemon_wait_sessions(d, 0);
	fd = old_connect(d, OLD_ALL);
	g_assert_cmpuint(old_b_read(fd, "whole", &back), ==, 9000000);
	g_assert_cmpmem(back, 9000000, noise, 9000000);
	(void)close(fd);
	daemon_finish(d);
}

/* So much is not kept in doubt: it is on its way to the disk before it is known whose words it is. */
#define OLD_LARGE 300000

static void old_refused(struct daemon *d, const char *header, bool raw_already, const char *code)
{
	g_autofree char *noise = harness_noise(OLD_LARGE, 2), *tree = NULL,
			*want = g_strdup_printf("ERROR: %s: ", code);
	int fd = old_connect(d, OLD_FILE);
	char buf[1029];
	size_t n;

	if (raw_already) {
		old_send(fd, "LIST", 4);
		old_expect(fd, 1028, "\n");
	}
	old_send(fd, header, strlen(header));
	old_send(fd, noise, OLD_LARGE);
	n = old_recv(fd, buf, sizeof(buf) - 1);
	buf[n] = '\0';
	if (!g_str_has_prefix(buf, want) || buf[n - 1] == '\n')
		harness_fail("%s: answered '%s'", header, buf);
	old_send(fd, "LIST", 4);
	old_expect(fd, 1028, "\n");
	(void)close(fd);
	daemon_wait_sessions(d, 0);
	tree = harness_tree(d->files);
	g_assert_cmpstr(tree, ==, ".ioe/");
}

/* Refused while its bytes are in doubt still: they are read and forgotten, and the answer is an old client's. */
static void old_refusals(unsigned reactors)
{
	g_autofree char *config = g_strconcat(old_config, "file = { max_size = \"100K\"; };\n", NULL);
	struct daemon *d = daemon_start(reactors, config);

	for (unsigned raw = 0; raw < 2; raw++) {
		old_refused(d, "WRITE,../f,300000", raw, "denied");
		old_refused(d, "WRITE,f,300000", raw, "too-large");
	}
	daemon_finish(d);
}

/* More than it said: what is behind cannot be told from the file. Nothing is kept, and no more is taken. */
static void old_too_much(unsigned reactors)
{
	g_autofree char *noise = harness_noise(OLD_LARGE, 3), *tree = NULL, *all = NULL;
	struct daemon *d = daemon_start(reactors, old_config);
	struct client *c = client_new(d, OLD_FILE);

	client_puts(c, "WRITE,f,200000");
	daemon_wait_status(d, "bytes_in", 14);
	client_write(c, noise, 190000);
	daemon_wait_status(d, "bytes_in", 190014);
	client_write(c, noise, 20000);
	all = client_until_closed(c);
	g_assert_true(g_str_has_prefix(all, "ERROR: bad-argument: "));
	client_free(c);
	daemon_wait_sessions(d, 0);
	tree = harness_tree(d->files);
	g_assert_cmpstr(tree, ==, ".ioe/");
	daemon_finish(d);
}

/* A file may take longer than a line may. */
static void old_slow(unsigned reactors)
{
	g_autofree char *config = g_strconcat(old_config, "limits = { line_time = \"300ms\"; };\n", NULL);
	g_autofree char *noise = harness_noise(OLD_LARGE, 4);
	struct daemon *d = daemon_start(reactors, config);
	int fd = old_connect(d, OLD_FILE);

	old_send(fd, "WRITE,f,300000", 14);
	old_send(fd, noise, OLD_LARGE / 2);
	g_usleep(OLD_LONG_USEC);
	old_send(fd, noise + OLD_LARGE / 2, OLD_LARGE / 2);
	old_expect(fd, 1028, "OK,received,300000");
	(void)close(fd);
	daemon_finish(d);
}

/* A command that comes while a long answer is on its way is not forgotten; one behind BYE is. */
static void old_pending(unsigned reactors)
{
	g_autofree char *noise = harness_noise(9000000, 5), *path = NULL, *tree = NULL;
	struct daemon *d = daemon_start(reactors, old_config);
	int fd = old_connect(d, OLD_FILE);
	size_t left = 64 + 9000000;
	char buf[4096];

	path = g_build_filename(d->files, "large", NULL);
	harness_write_file(path, noise, 9000000);
	old_send(fd, "READ,large", 10);
	/* The answer has begun: what comes now is a command of its own. */
	g_assert_true(harness_poll(fd, POLLIN, harness_deadline()));
	old_send(fd, "LIST", 4);
	g_usleep(OLD_LONG_USEC);
	while (left > 0)
		left -= old_recv(fd, buf, MIN(left, sizeof(buf)));
	old_expect(fd, 1028, "large");
	old_send(fd, "BYE", 3);
	old_expect(fd, 1028, "BYE");
	old_send(fd, "WRITE,f,1x", 10);
	(void)shutdown(fd, SHUT_WR);
	g_assert_cmpuint(old_recv(fd, buf, sizeof(buf)), ==, 0);
	(void)close(fd);
	daemon_wait_sessions(d, 0);
	tree = harness_tree(d->files);
	g_assert_cmpstr(tree, ==, ".ioe/\nlarge");
	daemon_finish(d);
}

/* With raw = false nothing ever ends by silence. */
static void old_not_raw(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, old_config);
	struct client *c = client_new(d, OLD_NOT_RAW);

	client_puts(c, "21");
	g_usleep(OLD_LONG_USEC);
	client_puts(c, "\n");
	client_expect(c, "42");
	client_puts(c, "Hello");
	g_usleep(OLD_QUIET_USEC);
	client_puts(c, "\n");
	client_expect(c, "HI");
	client_free(c);
	daemon_finish(d);
}

static unsigned old_rounds, old_vectors_run;

static void old_clients(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, old_config);

	old_play_a(d, OLD_ALL);
	old_play_a(d, OLD_COMPUTE);
	old_play_c(d, OLD_ALL);
	old_play_c(d, OLD_FILE);
	old_play_e(d, OLD_ALL);
	old_play_e(d, OLD_COMPUTE);
	old_play_e_long(d, OLD_ALL);
	old_play_e_long(d, OLD_COMPUTE);
	old_play_b(d, OLD_ALL);
	daemon_finish(d);
	d = daemon_start(reactors, old_config);
	old_play_b(d, OLD_FILE);
	daemon_finish(d);
}

struct old_vector_run {
	struct daemon *d;
	const struct split_vector *vector;
};

/* Longer than a busy machine keeps one waiting as a rule; where it did, the vector is played again. */
#define OLD_VECTOR_WAIT      "300ms"
#define OLD_VECTOR_WAIT_USEC (300 * 1000)
#define OLD_VECTOR_LONG_USEC (1000 * 1000)

/* How long the daemon may have been without the next piece, for that to be the vector's pause and no other. */
static gint64 old_longest(enum vector_pause then)
{
	return then == VECTOR_GO_ON ? OLD_VECTOR_WAIT_USEC : then == VECTOR_QUIET ? OLD_VECTOR_LONG_USEC : G_MAXINT64;
}

/* Each piece is a recv of its own: the next one is sent when the daemon has counted this one. False: that took too
 * long. */
static bool old_send_pieces(struct daemon *d, struct client *c, const struct split_vector *v, uint64_t sent)
{
	gint64 since = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(v->pieces) && v->pieces[i].bytes; i++) {
		const struct vector_piece *p = &v->pieces[i];
		bool last = i + 1 == G_N_ELEMENTS(v->pieces) || !v->pieces[i + 1].bytes;
		gint64 now = g_get_monotonic_time();

		client_puts(c, p->bytes);
		if (i > 0 && g_get_monotonic_time() - since > old_longest(v->pieces[i - 1].then))
			return false;
		since = now;
		sent += strlen(p->bytes);
		if (!last)
			daemon_wait_status(d, "bytes_in", sent);
		if (!last && p->then == VECTOR_QUIET)
			g_usleep(OLD_QUIET_USEC);
		else if (!last && p->then == VECTOR_LONG)
			g_usleep(OLD_LONG_USEC);
		else if (p->then == VECTOR_EOF)
			client_half_close(c);
	}
	return true;
}

/* One play of it. NULL: the machine was too busy. */
static struct client *old_play_vector(struct daemon *d, const struct split_vector *v)
{
	uint64_t sent = daemon_status(d, "bytes_in");
	struct client *c = client_new(d, OLD_FILE);

	if (v->raw_already) {
		g_autofree char *list = NULL;

		client_puts(c, "LIST");
		list = client_bytes(c, 1);
		g_assert_cmpstr(list, ==, "\n");
		sent += 4;
	}
	if (old_send_pieces(d, c, v, sent))
		return c;
	client_free(c);
	daemon_wait_sessions(d, 0);
	return NULL;
}

static gpointer old_run_vector(gpointer data)
{
	struct old_vector_run *run = data;
	const struct split_vector *v = run->vector;
	struct daemon *d = run->d;
	gint64 deadline = harness_deadline();
	struct client *c;
	g_autofree char *path = g_build_filename(d->files, "f", NULL), *answer = NULL, *rest = NULL, *stored = NULL;
	gsize len = 0;

	while (!(c = old_play_vector(d, v))) {
		(void)unlink(path);
		if (g_get_monotonic_time() > deadline) {
			g_test_message("%s: left out, the machine is too busy for its pauses", v->name);
			return NULL;
		}
	}
	if (!harness_poll(c->fd, POLLIN, harness_deadline()))
		harness_fail("%s: there is no answer", v->name);
	answer = client_bytes(c, strlen(v->answered));
	if (strcmp(answer, v->answered) != 0)
		harness_fail("%s: answered '%s', not '%s'", v->name, answer, v->answered);
	(void)shutdown(c->fd, SHUT_WR); /* it may be over already */
	rest = client_until_closed(c);
	if (*rest)
		harness_fail("%s: answered '%s' too much", v->name, rest);
	if (g_file_get_contents(path, &stored, &len, NULL) != (v->stored != NULL))
		harness_fail("%s: stored is %s", v->name, stored ? "a file" : "nothing");
	if (v->stored && (len != strlen(v->stored) || memcmp(stored, v->stored, len) != 0))
		harness_fail("%s: stored '%s'", v->name, stored);
	client_free(c);
	return NULL;
}

/* All at once, a daemon each: a vector is mostly silence. */
static void old_vectors(unsigned reactors)
{
	g_autofree char *config = g_strconcat(old_config, "legacy_wait = \"" OLD_VECTOR_WAIT "\";\n", NULL);
	struct old_vector_run runs[G_N_ELEMENTS(split_vectors)];
	GThread *threads[G_N_ELEMENTS(split_vectors)];

	for (size_t i = 0; i < G_N_ELEMENTS(split_vectors); i++) {
		runs[i] = (struct old_vector_run){ daemon_start(reactors, config), &split_vectors[i] };
		threads[i] = g_thread_new("vector", old_run_vector, &runs[i]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(split_vectors); i++) {
		(void)g_thread_join(threads[i]);
		daemon_finish(runs[i].d);
	}
	old_vectors_run += G_N_ELEMENTS(split_vectors);
}

static gpointer old_spin(gpointer stop)
{
	while (!g_atomic_int_get((gint *)stop))
		;
	return NULL;
}

/* With two busy loops beside them. */
static void old_busy(unsigned reactors)
{
	unsigned rounds = harness_is_long() ? 10 : 1;
	GThread *spin[2];
	gint stop = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(spin); i++)
		spin[i] = g_thread_new("spin", old_spin, &stop);
	for (unsigned i = 0; i < rounds; i++) {
		old_clients(reactors);
		old_vectors(reactors);
		old_rounds++;
	}
	g_atomic_int_set(&stop, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(spin); i++)
		(void)g_thread_join(spin[i]);
}

static void add(void)
{
	harness_add("/old/clients", old_clients);
	harness_add("/old/vectors", old_vectors);
	harness_add("/old/busy", old_busy);
	harness_add("/old/short-errors", old_short_errors);
	harness_add("/old/long-list", old_long_list);
	harness_add("/old/broken", old_broken);
	harness_add("/old/not-raw", old_not_raw);
	harness_add("/old/refusals", old_refusals);
	harness_add("/old/too-much", old_too_much);
	harness_add("/old/slow", old_slow);
	harness_add("/old/pending", old_pending);
}

int main(int argc, char **argv)
{
	unsigned clients, answers;
	int r;

	r = harness_main(argc, argv, add);
	old_get_counts(&clients, &answers);
	printf("# counts: %u rounds beside two busy loops; in all %u vectors and %u old clients, %u answers, %d failures\n",
	       old_rounds, old_vectors_run, clients, answers + old_vectors_run, r);
	return r;
}
