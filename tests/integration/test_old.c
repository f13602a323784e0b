/* SPDX-License-Identifier: MIT */
/*
 * The old programs, played byte for byte: what they send, in which sends, and what they make of what one recv gives
 * them. And the vectors of where an old WRITE's size ends. Silence is what they end their words with, so a pause here
 * is something said, not a wait for something to happen.
 */

#include "client.h"

#include "vectors/split.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OLD_QUIET_USEC (200 * 1000)
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

static int old_connect(struct daemon *d, unsigned listener)
{
	struct client *c = client_new(d, listener);
	int fd = dup(c->fd);

	client_free(c);
	return fd;
}

static void old_send(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

		if (k < 0 && errno == EAGAIN) {
			g_assert_true(harness_poll(fd, POLLOUT, harness_deadline()));
			continue;
		}
		g_assert_cmpint(k, >, 0);
		p += k;
		n -= (size_t)k;
	}
}

/* One recv, as they do it. */
static size_t old_recv(int fd, void *buf, size_t n)
{
	ssize_t k;

	g_assert_true(harness_poll(fd, POLLIN, harness_deadline()));
	k = recv(fd, buf, n, 0);
	g_assert_cmpint(k, >=, 0);
	return (size_t)k;
}

static void old_expect(int fd, size_t recv_size, const char *want)
{
	char buf[4096];
	size_t n = old_recv(fd, buf, recv_size);

	buf[n] = '\0';
	g_assert_cmpstr(buf, ==, want);
}

/* A: the connect prompt. */
static void old_play_a(struct daemon *d, unsigned listener)
{
	int fd = old_connect(d, listener);
	char text[64], want[64];

	(void)g_snprintf(text, sizeof(text), "CONNECT,127.0.0.1,%u", d->ports[listener]);
	(void)g_snprintf(want, sizeof(want), "OK,connected,127.0.0.1,%u", d->ports[listener]);
	old_send(fd, text, strlen(text));
	old_expect(fd, 1028, want);
	(void)close(fd);
}

/* C: Hello, many at a time, and again on the same connection. */
static void old_play_c(struct daemon *d, unsigned listener)
{
	int fd[20];

	for (size_t i = 0; i < G_N_ELEMENTS(fd); i++) {
		fd[i] = old_connect(d, listener);
		old_send(fd[i], "Hello", 5);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(fd); i++)
		old_expect(fd[i], 1024, "HI");
	old_send(fd[0], "Hello", 5);
	old_expect(fd[0], 1024, "HI");
	for (size_t i = 0; i < G_N_ELEMENTS(fd); i++)
		(void)close(fd[i]);
}

static const struct {
	const char *sent, *want;
} old_numbers[] = {
	{ "21", "42" },
	{ "-7", "-14" },
	{ " +1_000 ", "2000" },
	{ "0", "0" },
	{ "99999999999999999999999999999999999999", "199999999999999999999999999999999999998" },
	{ "twenty", "Received data is not a valid integer" },
	{ "1.5", "Received data is not a valid integer" },
	{ "LIS", "Received data is not a valid integer" },
};

/* E: a number, an answer, and gone. */
static void old_play_e(struct daemon *d, unsigned listener)
{
	int fd[G_N_ELEMENTS(old_numbers)];

	for (size_t i = 0; i < G_N_ELEMENTS(old_numbers); i++) {
		fd[i] = old_connect(d, listener);
		old_send(fd[i], old_numbers[i].sent, strlen(old_numbers[i].sent));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(old_numbers); i++) {
		old_expect(fd[i], 1024, old_numbers[i].want);
		(void)close(fd[i]);
	}
}

/* As many digits as one recv of E's takes. */
static void old_play_e_long(struct daemon *d, unsigned listener)
{
	g_autofree char *digits = g_strnfill(1000, '4'), *want = g_strnfill(1000, '8');
	int fd = old_connect(d, listener);

	old_send(fd, digits, 1000);
	old_expect(fd, 1024, want);
	(void)close(fd);
}

/* B: the file client. The file's size, and *ret; or 0 and NULL for an error. */
static size_t old_b_read(int fd, const char *name, char **ret)
{
	g_autofree char *request = g_strconcat("READ,", name, NULL);
	size_t n, size, have = 0;
	char head[65], *end;

	old_send(fd, request, strlen(request));
	n = old_recv(fd, head, 64);
	head[n] = '\0';
	*ret = NULL;
	if (g_str_has_prefix(head, "ERROR:"))
		return 0;
	/* int() of exactly those bytes: digits, and blanks around. */
	size = (size_t)g_ascii_strtoull(g_strstrip(head), &end, 10);
	g_assert_cmpstr(end, ==, "");
	*ret = g_malloc(size + 1);
	while (have < size) {
		n = old_recv(fd, *ret + have, MIN(size - have, size > 100000 ? 65536U : 64U));
		g_assert_cmpuint(n, >, 0);
		have += n;
	}
	return size;
}

/* The header is one send, and each line of the file another. */
static void old_b_write(int fd, const char *name, const char *data, size_t n)
{
	g_autofree char *header = g_strdup_printf("WRITE,%s,%" G_GSIZE_FORMAT, name, n);
	g_autofree char *want = g_strdup_printf("OK,received,%" G_GSIZE_FORMAT, n);
	const char *p = data, *end = data + n;

	old_send(fd, header, strlen(header));
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t k = lf ? (size_t)(lf + 1 - p) : (size_t)(end - p);

		old_send(fd, p, k);
		p += k;
	}
	old_expect(fd, 1028, want);
}

struct old_file {
	const char *name;
	const char *data; /* NULL: noise of that size */
	size_t size;
};

#define OLD_TEXT(s) s, sizeof(s) - 1

static const struct old_file old_files[] = {
	{ "binary", NULL, 3000 },
	{ "crlf", OLD_TEXT("\r\nfoo\r\nbar\r\n") },
	{ "digits", OLD_TEXT("12345\nabc\n") },
	{ "digits-and-lf-inside", OLD_TEXT("7\n7\n7\n") },
	{ "empty", OLD_TEXT("") },
	{ "empty-line", OLD_TEXT("\nfoo\n") },
	{ "large", NULL, 9000000 },
	{ "no-end", OLD_TEXT("no line's end") },
	{ "one", OLD_TEXT("x") },
	{ "only-digits", OLD_TEXT("01234567890123456789") },
	{ "text", OLD_TEXT("Hello,\nworld, 1,2\n") },
};

static void old_play_file(struct daemon *d, unsigned listener, int *fd, const struct old_file *f, bool fresh)
{
	g_autofree char *noise = f->data ? NULL : harness_noise(f->size, (unsigned)f->size);
	const char *data = f->data ? f->data : noise;
	g_autofree char *back = NULL;
	size_t n;

	if (fresh) {
		old_send(*fd, "BYE", 3);
		(void)close(*fd);
		*fd = old_connect(d, listener);
	}
	old_b_write(*fd, f->name, data, f->size);
	n = old_b_read(*fd, f->name, &back);
	g_assert_cmpmem(back, n, data, f->size);
}

/* Many commands on one connection, and each file as the first word of a connection of its own. */
static void old_play_b(struct daemon *d, unsigned listener)
{
	g_autofree char *missing = NULL;
	int fd = old_connect(d, listener);
	GString *names = g_string_new(NULL);

	old_send(fd, "LIST", 4);
	old_expect(fd, 1028, "\n");
	for (size_t i = 0; i < G_N_ELEMENTS(old_files); i++) {
		old_play_file(d, listener, &fd, &old_files[i], false);
		g_string_append_printf(names, "%s%s", i ? "\n" : "", old_files[i].name);
	}
	old_send(fd, "LIST", 4);
	old_expect(fd, 1028, names->str);
	g_assert_cmpuint(old_b_read(fd, "missing", &missing), ==, 0);
	g_assert_null(missing);
	for (size_t i = 0; i < G_N_ELEMENTS(old_files); i++)
		old_play_file(d, listener, &fd, &old_files[i], true);
	old_send(fd, "LIST", 4);
	old_expect(fd, 1028, names->str);
	old_send(fd, "BYE", 3);
	(void)close(fd);
	(void)g_string_free(names, TRUE);
}

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

static void old_refused(struct daemon *d, const char *header, bool raw_already, const char *slug)
{
	g_autofree char *noise = harness_noise(OLD_LARGE, 2), *tree = NULL, *want = g_strdup_printf("ERROR: %s: ", slug);
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
	client_send(c, noise, 190000);
	daemon_wait_status(d, "bytes_in", 190014);
	client_send(c, noise, 20000);
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
	g_usleep(OLD_QUIET_USEC);
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

static gpointer old_spin(gpointer stop)
{
	while (!g_atomic_int_get((gint *)stop))
		;
	return NULL;
}

/* With two busy loops beside them. */
static void old_clients_busy(unsigned reactors)
{
	gint stop = 0;
	GThread *spin[2];

	for (size_t i = 0; i < G_N_ELEMENTS(spin); i++)
		spin[i] = g_thread_new("spin", old_spin, &stop);
	old_clients(reactors);
	g_atomic_int_set(&stop, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(spin); i++)
		(void)g_thread_join(spin[i]);
}

struct old_vector_run {
	struct daemon *d;
	const struct split_vector *vector;
};

/* Each piece is a recv of its own: the next one is sent when the daemon has counted this one. */
static void old_send_pieces(struct daemon *d, struct client *c, const struct split_vector *v, uint64_t sent)
{
	for (size_t i = 0; i < G_N_ELEMENTS(v->pieces) && v->pieces[i].bytes; i++) {
		const struct vector_piece *p = &v->pieces[i];
		bool last = i + 1 == G_N_ELEMENTS(v->pieces) || !v->pieces[i + 1].bytes;

		client_puts(c, p->bytes);
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
}

static gpointer old_run_vector(gpointer data)
{
	struct old_vector_run *run = data;
	const struct split_vector *v = run->vector;
	struct daemon *d = run->d;
	struct client *c = client_new(d, OLD_FILE);
	g_autofree char *path = g_build_filename(d->files, "f", NULL), *answer = NULL, *rest = NULL, *stored = NULL;
	gsize len = 0;

	if (v->raw_already) {
		g_autofree char *list = NULL;

		client_puts(c, "LIST");
		list = client_bytes(c, 1);
		g_assert_cmpstr(list, ==, "\n");
	}
	old_send_pieces(d, c, v, v->raw_already ? 4 : 0);
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
	struct old_vector_run runs[G_N_ELEMENTS(split_vectors)];
	GThread *threads[G_N_ELEMENTS(split_vectors)];

	for (size_t i = 0; i < G_N_ELEMENTS(split_vectors); i++) {
		runs[i] = (struct old_vector_run){ daemon_start(reactors, old_config), &split_vectors[i] };
		threads[i] = g_thread_new("vector", old_run_vector, &runs[i]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(split_vectors); i++) {
		(void)g_thread_join(threads[i]);
		daemon_finish(runs[i].d);
	}
	g_test_message("%u vectors", (unsigned)G_N_ELEMENTS(split_vectors));
}

static void add(void)
{
	harness_add("/old/clients", old_clients);
	harness_add("/old/clients-busy", old_clients_busy);
	harness_add("/old/vectors", old_vectors);
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
	return harness_main(argc, argv, add);
}
