/* SPDX-License-Identifier: MIT */
/*
 * Attacks on what files cost: uploads that stop, uploads that promise much and send a byte, listings that are asked
 * for and never read. An honest client beside them gets the right answer every time, so nobody's promise may use up
 * what is there for all.
 */

#include "attack.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UPLOAD_SIZE 300000U

/* How one goes in the middle of its upload. */
enum upload_end {
	UPLOAD_CLOSE,
	UPLOAD_RESET,
	UPLOAD_HALF_CLOSE,
	UPLOAD_STALL,
	UPLOAD_END_MAX,
};

static const char *const upload_heads[] = { "PING\nWRITE,half-%u,300000\n", "HELLO,ioe/1\nWRITE,half-%u,300000\n",
					    "WRITE,half-%u,300000\n", "WRITE,half-%u,300000" /* an old client */ };

struct stopped {
	int fd;
	unsigned n;
	size_t sent, upto;
	GString *head;
};

static void stopped_begin(struct attack *a, struct stopped *u, unsigned n)
{
	g_autofree char *number = g_strdup_printf("%u", n);

	*u = (struct stopped){ .fd = attack_connect(a->d, n % 3 ? ATTACK_ALL : ATTACK_FILE, n, 0), .n = n };
	u->head = g_string_new(upload_heads[n % G_N_ELEMENTS(upload_heads)]);
	(void)g_string_replace(u->head, "%u", number, 0);
	attack_push_text(u->fd, u->head->str);
	u->upto = 1000 + n * 7919U % (UPLOAD_SIZE - 2000);
}

/* As far as it takes it now; one that was too slow, and is closed for that, takes no more. */
static void stopped_push(struct stopped *u, const char *body)
{
	struct pollfd closed = { .fd = u->fd, .events = POLLRDHUP };
	size_t n = attack_push(u->fd, body, MIN(u->upto - u->sent, 20000U));

	u->sent += n;
	if (n == 0 && poll(&closed, 1, 0) > 0)
		u->upto = u->sent;
}

/* To be closed is all that may come to it, and one line that says why. */
static void stopped_end(struct stopped *u)
{
	g_autoptr(GString) seen = g_string_new(NULL);
	enum upload_end how = u->n / G_N_ELEMENTS(upload_heads) % UPLOAD_END_MAX;

	if (how == UPLOAD_RESET) {
		attack_reset(u->fd);
		return;
	}
	if (how == UPLOAD_HALF_CLOSE)
		(void)shutdown(u->fd, SHUT_WR);
	if (how != UPLOAD_CLOSE) {
		(void)attack_drain(u->fd, seen);
		g_assert_null(strstr(seen->str, "OK,received"));
	}
	(void)close(u->fd);
}

static void attack_uploads(unsigned reactors)
{
	unsigned n = harness_is_long() ? 2000 : 100;
	g_autofree struct stopped *u = g_new0(struct stopped, n);
	g_autofree char *body = g_strnfill(UPLOAD_SIZE, 'x');
	struct attack a;

	attack_start(&a, reactors, ATTACK_LISTENERS "limits = { stall_time = \"500ms\"; memory = \"2G\"; };\n", NULL);
	for (unsigned i = 0; i < n; i++)
		stopped_begin(&a, &u[i], i);
	for (bool more = true; more;) {
		more = false;
		for (unsigned i = 0; i < n; i++) {
			stopped_push(&u[i], body);
			more = more || u[i].sent < u[i].upto;
			if (i % 100 == 0)
				attack_work(&a);
		}
	}
	attack_work(&a);
	for (unsigned i = 0; i < n; i++) {
		stopped_end(&u[i]);
		(void)g_string_free(u[i].head, TRUE);
	}
	attack_finish(&a);
}

/* Each may have so large a file, and each has sent one byte of it. There must be room for who sends what he
 * promised. */
static void attack_promises(unsigned reactors)
{
	unsigned n = harness_is_long() ? 5000 : 1200;
	g_autofree char *body = g_strnfill(UPLOAD_SIZE, 'x');
	g_autofree int *fd = g_new0(int, n);
	struct attack a;

	attack_start(&a, reactors, ATTACK_LISTENERS, NULL);
	for (unsigned i = 0; i < n; i++) {
		fd[i] = attack_connect(a.d, ATTACK_ALL, i, 0);
		attack_push_text(fd[i], "PING\nWRITE,half,1000000000\nx");
		if (i % 100 == 0)
			attack_work(&a);
	}
	daemon_wait_sessions(a.d, n + 1);
	attack_work_for(&a, 200 * 1000);
	for (unsigned i = 0; i < 10; i++) {
		client_printf(a.honest, "WRITE,honest,%u\n%s", UPLOAD_SIZE, body);
		client_expect(a.honest, "OK,received,300000");
	}
	g_test_message("%u promises of 1 GB hold %" G_GUINT64_FORMAT " bytes", n, a.memory_seen);
	for (unsigned i = 0; i < n; i++)
		attack_reset(fd[i]);
	attack_finish(&a);
}

static void lists_files(struct daemon *d)
{
	g_autofree char *many = g_build_filename(d->files, "many", NULL), *large = g_build_filename(d->files, "large", NULL);
	g_autofree char *noise = harness_noise(8 << 20, 1);

	harness_write_file(large, noise, 8 << 20);
	g_assert_cmpint(g_mkdir_with_parents(many, 0755), ==, 0);
	for (unsigned i = 0; i < 2000; i++) {
		g_autofree char *path = g_strdup_printf("%s/a-long-name-makes-a-long-listing-of-what-there-is-%04u", many, i);

		harness_write_file(path, "", 0);
	}
}

/*
 * Asked for as fast as can be, and never read: what waits for such a reader is no more than limits.output has it, and
 * a few descriptors.
 */
static void attack_lists(unsigned reactors)
{
	static const char *const texts[] = { "LIST,many\n", "LIST,many\nREAD,absent\n", "READ,large\n" };
	struct attack a;
	int fd[40];

	attack_start(&a, reactors,
		     ATTACK_LISTENERS "limits = { memory = \"24M\"; output = \"64K\"; pipeline = 1000; };\n", lists_files);
	for (unsigned i = 0; i < G_N_ELEMENTS(fd); i++) {
		fd[i] = attack_connect(a.d, ATTACK_ALL, i, 4096);
		for (unsigned k = 0; k < 100; k++)
			attack_push_text(fd[i], texts[i % G_N_ELEMENTS(texts)]);
	}
	attack_work_for(&a, (harness_is_long() ? 10000 : 500) * 1000);
	g_test_message("%zu sessions that asked for 100 listings or files each hold %" G_GUINT64_FORMAT
		       " bytes and %u descriptors", G_N_ELEMENTS(fd), a.memory_seen,
		       daemon_descriptors(a.d) - a.descriptors);
	g_assert_cmpuint(daemon_descriptors(a.d), <=, a.descriptors + 4 * G_N_ELEMENTS(fd));
	for (unsigned i = 0; i < G_N_ELEMENTS(fd); i++)
		if (i % 4)
			attack_reset(fd[i]);
		else
			(void)close(fd[i]);
	attack_finish(&a);
}

static void add(void)
{
	harness_add("attack/uploads", attack_uploads);
	harness_add("attack/promises", attack_promises);
	harness_add("attack/lists", attack_lists);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, add);
}
