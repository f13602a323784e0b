/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The exit status of a child that may not have a network of its own. */
#define HARNESS_NOT_APART 99

/* What is shown when a test fails: each daemon's words. */
static GPtrArray *harness_shown;

/* Not for a program that lives on, but this one is about to die and wants to say why. */
static void harness_abort(int sig)
{
	for (guint i = 0; harness_shown && i < harness_shown->len; i++) {
		const GString *s = g_ptr_array_index(harness_shown, i);
		ssize_t r;

		r = write(STDERR_FILENO, "# A daemon said:\n", 17);
		r = write(STDERR_FILENO, s->str, s->len);
		(void)r;
	}
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

void harness_show(GString *text)
{
	g_ptr_array_add(harness_shown, text);
}

void harness_hide(GString *text)
{
	(void)g_ptr_array_remove(harness_shown, text);
}

void harness_fail_at(const char *file, int line, const char *function, const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_assertion_message(NULL, file, line, function, text);
	g_abort();
}

int harness_main(int argc, char **argv, void (*add)(void))
{
	g_test_init(&argc, &argv, NULL);
	(void)signal(SIGABRT, harness_abort);
	/* A shell that puts the tests in the background has these ignored, and so would the programs that they
	 * start. */
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGQUIT, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	harness_shown = g_ptr_array_new();
	add();
	return g_test_run();
}

bool harness_is_long(void)
{
	const char *value = g_getenv("IOE_LONG");

	return value && *value && strcmp(value, "0") != 0;
}

struct harness_case {
	harness_data_fn fn;
	unsigned reactors;
	void *data;
};

static void harness_case_free(gpointer data)
{
	struct harness_case *c = data;

	g_free(c->data);
	g_free(c);
}

static void harness_case_run(gconstpointer data)
{
	const struct harness_case *c = data;

	c->fn(c->reactors, c->data);
}

void harness_add_data(const char *path, harness_data_fn fn, const void *data, size_t n)
{
	static const unsigned reactors[] = { 1, 4 };

	for (size_t i = 0; i < G_N_ELEMENTS(reactors); i++) {
		g_autofree char *full = g_strdup_printf("/reactors=%u/%s", reactors[i], path);
		struct harness_case *c = g_new(struct harness_case, 1);

		*c = (struct harness_case){ .fn = fn, .reactors = reactors[i], .data = g_memdup2(data, n) };
		g_test_add_data_func_full(full, c, harness_case_run, harness_case_free);
	}
}

static void harness_run(unsigned reactors, const void *data)
{
	harness_fn fn = *(const harness_fn *)data;

	fn(reactors);
}

void harness_add(const char *path, harness_fn fn)
{
	harness_add_data(path, harness_run, &fn, sizeof(fn));
}

gint64 harness_deadline(void)
{
	return g_get_monotonic_time() + HARNESS_DEADLINE_USEC;
}

bool harness_poll(int fd, short events, gint64 deadline)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		gint64 left = deadline - g_get_monotonic_time();
		int r;

		r = poll(&p, 1, left > 0 ? (int)(left / 1000 + 1) : 0);
		if (r > 0)
			return true;
		if (r == 0 && left <= 0)
			return false;
		g_assert_true(r == 0 || errno == EINTR);
	}
}

const char *harness_program(const char *variable)
{
	const char *path = g_getenv(variable);

	if (!path)
		harness_fail("$%s is not set: it names the program to test.", variable);
	return path;
}

void harness_write_file(const char *path, const void *data, size_t n)
{
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		harness_fail("%s: %s", path, g_strerror(errno));
	g_assert_cmpint(write(fd, data, n), ==, (gssize)n);
	g_assert_cmpint(close(fd), ==, 0);
}

static void harness_tree_add(const char *dir, const char *prefix, GPtrArray *names)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		g_autofree char *shown = g_strconcat(prefix, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
			g_autofree char *below = g_strconcat(shown, "/", NULL);

			g_ptr_array_add(names, g_strdup(below));
			harness_tree_add(path, below, names);
		} else {
			g_ptr_array_add(names, g_steal_pointer(&shown));
		}
	}
}

static int harness_compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *harness_tree(const char *dir)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	harness_tree_add(dir, "", names);
	g_ptr_array_sort(names, harness_compare);
	g_ptr_array_add(names, NULL);
	return g_strjoinv("\n", (char **)names->pdata);
}

char *harness_noise(size_t n, unsigned seed)
{
	char *data = g_malloc(n + 1);
	uint32_t x = seed * 2654435761U + 1;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		data[i] = (char)(x >> 11);
	}
	data[n] = '\0';
	return data;
}

/* Gives the network namespace one is in two addresses that are not loopback's (of TEST-NET-1). */
static bool harness_make_network(void)
{
	static const char *const names[] = { "lo", "lo:1", "lo:2" };
	static const uint32_t addresses[] = { 0x7f000001, 0xc0000201, 0xc0000202 };
	bool ok = true;
	int fd;

	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (size_t i = 0; ok && i < G_N_ELEMENTS(names); i++) {
		struct ifreq r = { 0 };
		struct sockaddr_in sa = { .sin_family = AF_INET };

		(void)g_strlcpy(r.ifr_name, names[i], sizeof(r.ifr_name));
		sa.sin_addr.s_addr = htonl(addresses[i]);
		memcpy(&r.ifr_addr, &sa, sizeof(sa));
		ok = ioctl(fd, SIOCSIFADDR, &r) == 0;
		/* Each alone: the loopback device answers for all of a network. */
		sa.sin_addr.s_addr = htonl(i > 0 ? 0xffffffff : 0xff000000);
		memcpy(&r.ifr_netmask, &sa, sizeof(sa));
		ok = ok && ioctl(fd, SIOCSIFNETMASK, &r) == 0;
		r.ifr_flags = IFF_UP;
		ok = ok && (i > 0 || ioctl(fd, SIOCSIFFLAGS, &r) == 0);
	}
	(void)close(fd);
	return ok;
}

void harness_lose_address(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = { .ifr_name = "lo:2" };

	g_assert_cmpint(ioctl(fd, SIOCSIFFLAGS, &r), ==, 0);
	(void)close(fd);
}

/* In a process of its own, since what is unshared stays so. */
static void harness_run_apart(bool (*make)(void), const char *without, harness_fn fn, unsigned reactors)
{
	int status;
	pid_t pid;

	pid = fork();
	g_assert_cmpint(pid, >=, 0);
	if (pid == 0) {
		if (!make())
			_exit(HARNESS_NOT_APART);
		fn(reactors);
		_exit(0);
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == HARNESS_NOT_APART)
		g_test_skip(without);
	else
		g_assert_cmpint(status, ==, 0);
}

void harness_run_in_network(harness_fn fn, unsigned reactors)
{
	harness_run_apart(harness_make_network,
			  "no own network namespace may be made here, and loopback is exempt from limits.per_address", fn,
			  reactors);
}

/* Files stay ours: who is not root here is so in there, and they are his. */
static bool harness_make_mounts(void)
{
	g_autofree char *users = g_strdup_printf("0 %u 1", getuid()), *groups = g_strdup_printf("0 %u 1", getgid());

	if (unshare(CLONE_NEWNS) < 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
			return false;
		if (!g_file_set_contents_full("/proc/self/setgroups", "deny", -1, G_FILE_SET_CONTENTS_NONE, 0, NULL) ||
		    !g_file_set_contents_full("/proc/self/uid_map", users, -1, G_FILE_SET_CONTENTS_NONE, 0, NULL) ||
		    !g_file_set_contents_full("/proc/self/gid_map", groups, -1, G_FILE_SET_CONTENTS_NONE, 0, NULL))
			return false;
	}
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

void harness_run_in_mounts(harness_fn fn, unsigned reactors)
{
	harness_run_apart(harness_make_mounts, "no own mount namespace may be made here", fn, reactors);
}
