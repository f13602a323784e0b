/* SPDX-License-Identifier: MIT */
#include "attack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* The allocator may keep what was charged to limits.memory for the next crowd, and so much beside it. */
#define ATTACK_RSS_SLACK_KIB (24 * 1024)

/* A stop with nothing open may not need the time that one with work may take. */
#define ATTACK_STOP_USEC (8 * G_USEC_PER_SEC)

#define ATTACK_SMALL "what is small and known to all\n"

static const char *const attack_verb_names[ATTACK_VERB_MAX] = { "PING", "DOUBLE", "READ", "WRITE" };

static void attack_raise_descriptors(void)
{
	struct rlimit limit;

	g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	limit.rlim_cur = limit.rlim_max;
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
}

void attack_start(struct attack *a, unsigned reactors, const char *config, void (*files)(struct daemon *d))
{
	g_autofree char *path = NULL;

	attack_raise_descriptors();
	*a = (struct attack){ .d = daemon_new(reactors, config) };
	path = g_build_filename(a->d->files, "small", NULL);
	harness_write_file(path, ATTACK_SMALL, strlen(ATTACK_SMALL));
	if (files)
		files(a->d);
	daemon_spawn(a->d);
	daemon_wait_ready(a->d);
	for (unsigned i = 0; i < ATTACK_VERB_MAX; i++)
		a->usec[i] = g_array_new(FALSE, FALSE, sizeof(gint64));
	a->memory_limit = daemon_status(a->d, "memory_limit");
	a->honest = client_new(a->d, ATTACK_ALL);
	for (unsigned i = 0; i < 20; i++)
		attack_work(a); /* what is kept for the next time is kept */
	a->descriptors = daemon_descriptors(a->d);
	a->rss = daemon_proc(a->d, "VmRSS");
}

static void attack_took(struct attack *a, enum attack_verb v, gint64 *since)
{
	gint64 now = g_get_monotonic_time(), took = now - *since;

	g_array_append_val(a->usec[v], took);
	*since = now;
}

/* What came in one round may stand above the limit until its end. */
static void attack_check_memory(struct attack *a)
{
	gint64 deadline = harness_deadline();
	uint64_t memory;

	while ((memory = daemon_status(a->d, "memory")) > a->memory_limit)
		if (g_get_monotonic_time() > deadline)
			harness_fail("memory is %" G_GUINT64_FORMAT ", over limits.memory, %" G_GUINT64_FORMAT
				     ", and stays there.", memory, a->memory_limit);
	a->memory_seen = MAX(a->memory_seen, memory);
}

void attack_work(struct attack *a)
{
	unsigned n = a->rounds++;
	g_autofree char *text = g_strdup_printf("%u,%u", n, n * 7), *body = harness_noise(1 + n % 3000, n);
	g_autofree char *pong = g_strdup_printf("PONG,%s", text), *twice = g_strdup_printf("%u", 2 * n);
	g_autofree char *ok = g_strdup_printf("OK,received,%u", 1 + n % 3000);
	gint64 since = g_get_monotonic_time();

	client_printf(a->honest, "PING,%s\n", text);
	client_expect(a->honest, pong);
	attack_took(a, ATTACK_PING, &since);
	client_printf(a->honest, "DOUBLE,%u\n", n);
	client_expect(a->honest, twice);
	attack_took(a, ATTACK_DOUBLE, &since);
	client_puts(a->honest, "READ,small\n");
	client_expect_sized(a->honest, ATTACK_SMALL, strlen(ATTACK_SMALL));
	attack_took(a, ATTACK_READ, &since);
	client_printf(a->honest, "WRITE,honest,%u\n", 1 + n % 3000);
	client_write(a->honest, body, 1 + n % 3000);
	client_expect(a->honest, ok);
	attack_took(a, ATTACK_WRITE, &since);
	client_puts(a->honest, "READ,honest\n");
	client_expect_sized(a->honest, body, 1 + n % 3000);
	if (n % 32 == 31)
		attack_check_memory(a);
}

void attack_work_for(struct attack *a, gint64 usec)
{
	gint64 end = g_get_monotonic_time() + usec;

	do {
		attack_work(a);
		g_usleep(1000); /* a client, not a load */
	} while (g_get_monotonic_time() < end);
	attack_check_memory(a);
}

static gint attack_compare(gconstpointer a, gconstpointer b)
{
	const gint64 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void attack_report(struct attack *a, const char *when)
{
	for (unsigned i = 0; i < ATTACK_VERB_MAX; i++) {
		GArray *v = a->usec[i];
		const gint64 *at = (const gint64 *)v->data;

		g_array_sort(v, attack_compare);
		g_test_message("%s: %-6s of the honest client: %5u answers, p50 %.3f ms, p99 %.3f ms, max %.3f ms", when,
			       attack_verb_names[i], v->len, (double)at[v->len / 2] / 1000,
			       (double)at[v->len * 99 / 100] / 1000, (double)at[v->len - 1] / 1000);
		(void)g_array_set_size(v, 0);
	}
}

static void attack_check_descriptors(struct attack *a)
{
	gint64 deadline = harness_deadline();
	unsigned n;

	while ((n = daemon_descriptors(a->d)) != a->descriptors) /* the last ones may just be closing */
		if (g_get_monotonic_time() > deadline)
			harness_fail("The daemon has %u descriptors, and had %u.", n, a->descriptors);
}

/* Unnamed files and replacements that wait are nobody's to see; here there are none left, either. */
static void attack_check_files(struct attack *a)
{
	g_autofree char *waiting = g_build_filename(a->d->files, ".ioe", NULL), *left = harness_tree(waiting);
	g_autofree char *list = NULL;
	size_t n;

	g_assert_cmpstr(left, ==, "");
	client_puts(a->honest, "LIST\n");
	list = client_sized(a->honest, &n);
	g_assert_null(strstr(list, "half"));
	g_assert_nonnull(strstr(list, "honest\n"));
	g_assert_nonnull(strstr(list, "small\n"));
}

void attack_finish(struct attack *a)
{
	struct daemon *d = a->d;
	gint64 since;

	attack_work(a);
	attack_report(a, "all");
	daemon_wait_sessions(d, 1);
	daemon_wait_status(d, "memory", 0);
	attack_check_descriptors(a);
	attack_check_files(a);
	if (!daemon_is_sanitized(d))
		g_assert_cmpuint(daemon_proc(d, "VmRSS"), <=, a->rss + a->memory_seen / 1024 + ATTACK_RSS_SLACK_KIB);
	client_free(a->honest);
	daemon_wait_sessions(d, 0);
	since = g_get_monotonic_time();
	daemon_stop(d);
	g_assert_cmpint(g_get_monotonic_time() - since, <, ATTACK_STOP_USEC);
	(void)daemon_free(d);
	for (unsigned i = 0; i < ATTACK_VERB_MAX; i++)
		(void)g_array_free(a->usec[i], TRUE);
}

int attack_connect(struct daemon *d, unsigned listener, unsigned n, int window)
{
	struct sockaddr_in from = { .sin_family = AF_INET }, to = { .sin_family = AF_INET };
	int one = 1, fd;

	/* From one address alone the kernel searches long for a free port. */
	from.sin_addr.s_addr = htonl(0x7f010001 + n % 250);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons(d->ports[listener]);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		harness_fail("a socket: %s; raise the limit of descriptors (ulimit -n)", g_strerror(errno));
	if (window > 0)
		g_assert_cmpint(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window)), ==, 0);
	g_assert_cmpint(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), ==, 0);
	g_assert_cmpint(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)), ==, 0);
	g_assert_cmpint(bind(fd, (const struct sockaddr *)&from, sizeof(from)), ==, 0);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		harness_fail("port %u: %s", (unsigned)d->ports[listener], g_strerror(errno));
	return fd;
}

size_t attack_push(int fd, const void *data, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = send(fd, (const char *)data + done, n - done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (r <= 0)
			break;
		done += (size_t)r;
	}
	return done;
}

void attack_push_text(int fd, const char *text)
{
	(void)attack_push(fd, text, strlen(text));
}

size_t attack_drain(int fd, GString *to)
{
	size_t done = 0;
	char buf[65536];
	ssize_t n;

	do {
		if (!harness_poll(fd, POLLIN, harness_deadline()))
			harness_fail("The daemon does not close.");
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		done += n > 0 ? (size_t)n : 0;
		if (n > 0 && to)
			(void)g_string_append_len(to, buf, n);
	} while (n > 0 || (n < 0 && errno == EAGAIN));
	return done;
}

void attack_reset(int fd)
{
	struct linger hard = { .l_onoff = 1 };

	g_assert_cmpint(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), ==, 0);
	(void)close(fd);
}
