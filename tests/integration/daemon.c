/* SPDX-License-Identifier: MIT */
/*
 * A daemon is started with a notify socket and is ready when it says so; its ports are the kernel's and are read back
 * from its control socket. Its stderr is read by a thread all the time, so that it is never the test that holds up
 * the daemon, unless a test wants just that.
 */

#include "daemon.h"

#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static gpointer daemon_read_log(gpointer data)
{
	struct daemon *d = data;
	char buf[4096];
	ssize_t n;

	while ((n = read(d->log_fd, buf, sizeof(buf))) > 0) {
		g_mutex_lock(&d->log_lock);
		(void)g_string_append_len(d->log, buf, n);
		g_cond_broadcast(&d->log_more);
		g_mutex_unlock(&d->log_lock);
	}
	return NULL;
}

void daemon_write_config(struct daemon *d, const char *config)
{
	g_autoptr(GString) text = g_string_new(config);

	(void)g_string_replace(text, "@DIR@", d->dir, 0);
	if (d->reactors > 0)
		g_string_append_printf(text, "reactors = %u;\n", d->reactors);
	harness_write_file(d->config, text->str, text->len);
}

struct daemon *daemon_new(unsigned reactors, const char *config)
{
	struct daemon *d = g_new0(struct daemon, 1);
	g_autoptr(GError) error = NULL;

	d->reactors = reactors;
	d->dir = g_dir_make_tmp("ioe-test-XXXXXX", &error);
	g_assert_no_error(error);
	d->config = g_build_filename(d->dir, "ioe.conf", NULL);
	d->state = g_build_filename(d->dir, "state", NULL);
	d->runtime = g_build_filename(d->dir, "run", NULL);
	d->files = g_build_filename(d->state, "files", NULL);
	d->control = g_build_filename(d->runtime, "control.sock", NULL);
	d->notify = g_build_filename(d->dir, "notify", NULL);
	g_assert_cmpint(g_mkdir_with_parents(d->files, 0700), ==, 0);
	g_assert_cmpint(g_mkdir_with_parents(d->runtime, 0755), ==, 0);
	g_mutex_init(&d->log_lock);
	g_cond_init(&d->log_more);
	d->log = g_string_new(NULL);
	d->notified = g_string_new(NULL);
	d->deaf_fd = d->log_fd = d->pidfd = d->service_manager_fd = -1;
	daemon_write_config(d, config);
	return d;
}

static int daemon_bind_notify(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	g_assert_cmpuint(strlen(path), <, sizeof(sa.sun_path));
	(void)g_strlcpy(sa.sun_path, path, sizeof(sa.sun_path));
	(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), ==, 0);
	g_assert_cmpint(chmod(path, 0666), ==, 0); /* whoever the daemon runs as */
	return fd;
}

/* In the child. Whatever becomes of the test program, the daemon does not stay behind. */
static void daemon_setup(gpointer data)
{
	const struct daemon *d = data;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (d->setup)
		d->setup(d->setup_data);
}

static char **daemon_environment(struct daemon *d)
{
	char **env = g_get_environ();

	env = g_environ_setenv(env, "STATE_DIRECTORY", d->state, TRUE);
	env = g_environ_setenv(env, "RUNTIME_DIRECTORY", d->runtime, TRUE);
	env = g_environ_setenv(env, "NOTIFY_SOCKET", d->notify, TRUE);
	env = g_environ_unsetenv(env, "WATCHDOG_USEC");
	env = g_environ_unsetenv(env, "WATCHDOG_PID");
	env = g_environ_unsetenv(env, "LISTEN_FDS");
	return g_environ_unsetenv(env, "JOURNAL_STREAM");
}

void daemon_spawn(struct daemon *d)
{
	const char *argv[] = { harness_program("IOED"), "-c", d->config, d->instance ? "-i" : NULL, d->instance, NULL };
	g_auto(GStrv) env = daemon_environment(d);
	g_autoptr(GError) error = NULL;
	int pipes[2] = { -1, -1 };

	g_assert_cmpint(d->pid, ==, 0);
	d->service_manager_fd = daemon_bind_notify(d->notify);
	(void)g_string_truncate(d->notified, 0);
	if (d->deaf_fd < 0)
		g_assert_cmpint(pipe2(pipes, O_CLOEXEC), ==, 0);
	(void)g_spawn_async_with_pipes_and_fds(NULL, argv, (const char *const *)env, G_SPAWN_DO_NOT_REAP_CHILD,
					       daemon_setup, d, -1, -1, d->deaf_fd < 0 ? pipes[1] : d->deaf_fd, NULL,
					       NULL, 0, &d->pid, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	d->pidfd = pidfd_open(d->pid, 0);
	g_assert_cmpint(d->pidfd, >=, 0);
	harness_show(d->log);
	if (d->deaf_fd >= 0)
		return;
	(void)close(pipes[1]);
	d->log_fd = pipes[0];
	d->log_thread = g_thread_new("log", daemon_read_log, d);
}

void daemon_wait_notified(struct daemon *d, const char *what)
{
	gint64 deadline = harness_deadline();

	for (;;) {
		struct pollfd p[] = { { .fd = d->service_manager_fd, .events = POLLIN },
				      { .fd = d->pidfd, .events = POLLIN } };
		char buf[4096];
		ssize_t n;

		while ((n = recv(d->service_manager_fd, buf, sizeof(buf), 0)) > 0) {
			(void)g_string_append_len(d->notified, buf, n);
			(void)g_string_append_c(d->notified, '\n');
		}
		if (strstr(d->notified->str, what))
			break;
		if (g_get_monotonic_time() > deadline)
			harness_fail("The daemon did not say %s within %d s.", what, (int)(HARNESS_DEADLINE_USEC / 1000000));
		if (p[1].revents)
			harness_fail("The daemon ended before it said %s.", what);
		(void)poll(p, G_N_ELEMENTS(p), 1000);
		if ((p[1].revents & POLLIN) && !(p[0].revents & POLLIN))
			harness_fail("The daemon ended before it said %s.", what);
	}
	(void)g_string_truncate(d->notified, 0);
}

const char *daemon_json_value(const char *json, const char *key)
{
	g_autofree char *quoted = g_strdup_printf("\"%s\"", key);

	for (const char *at = json; (at = strstr(at, quoted));) {
		at += strlen(quoted);
		at += strspn(at, " \t\n");
		if (*at == ':')
			return at + 1 + strspn(at + 1, " \t\n");
	}
	return NULL;
}

int daemon_varlink_connect(struct daemon *d)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	(void)g_strlcpy(sa.sun_path, d->control, sizeof(sa.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(fd, >=, 0);
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		harness_fail("%s: %s", d->control, g_strerror(errno));
	return fd;
}

char *daemon_varlink(struct daemon *d, const char *message)
{
	struct client *c = client_new_fd(daemon_varlink_connect(d));
	gint64 deadline = harness_deadline();
	char *answer, *end;

	client_write(c, message, strlen(message) + 1);
	while (!(end = memchr(c->in->str, '\0', c->in->len))) {
		char buf[4096];
		ssize_t n;

		g_assert_true(harness_poll(c->fd, POLLIN, deadline));
		n = recv(c->fd, buf, sizeof(buf), 0);
		g_assert_cmpint(n, >, 0);
		(void)g_string_append_len(c->in, buf, n);
	}
	answer = g_strndup(c->in->str, (gsize)(end - c->in->str));
	/* Seen closed by the daemon, it does not stand in its descriptors any more. */
	client_half_close(c);
	g_free(client_until_closed(c));
	client_free(c);
	return answer;
}

uint64_t daemon_status(struct daemon *d, const char *key)
{
	g_autofree char *json = daemon_varlink(d, "{\"method\":\"org.ioe.control.Status\"}");
	const char *value = daemon_json_value(json, key);

	if (!value || !g_ascii_isdigit(*value))
		harness_fail("Status has no number \"%s\": %s", key, json);
	return g_ascii_strtoull(value, NULL, 10);
}

void daemon_wait_status(struct daemon *d, const char *key, uint64_t n)
{
	gint64 deadline = harness_deadline();
	uint64_t seen;

	while ((seen = daemon_status(d, key)) != n)
		if (g_get_monotonic_time() > deadline)
			harness_fail("Status: %s is %" G_GUINT64_FORMAT ", not %" G_GUINT64_FORMAT, key, seen, n);
}

void daemon_wait_sessions(struct daemon *d, uint64_t n)
{
	daemon_wait_status(d, "sessions", n);
}

static void daemon_read_ports(struct daemon *d)
{
	g_autofree char *json = daemon_varlink(d, "{\"method\":\"org.ioe.control.Status\"}");
	const char *at = strstr(json, "\"listeners\"");

	d->n_ports = 0;
	g_assert_nonnull(at);
	while ((at = daemon_json_value(at, "address")) && d->n_ports < DAEMON_PORTS_MAX) {
		const char *end = strchr(at + 1, '"');
		const char *colon = end ? g_strrstr_len(at, end - at, ":") : NULL;

		g_assert_nonnull(colon);
		d->ports[d->n_ports++] = (uint16_t)g_ascii_strtoull(colon + 1, NULL, 10);
	}
	g_assert_cmpuint(d->n_ports, >, 0);
}

void daemon_wait_ready(struct daemon *d)
{
	daemon_wait_notified(d, "READY=1");
	daemon_read_ports(d);
}

struct daemon *daemon_start(unsigned reactors, const char *config)
{
	struct daemon *d = daemon_new(reactors, config);

	daemon_spawn(d);
	daemon_wait_ready(d);
	return d;
}

void daemon_wait_log(struct daemon *d, const char *what)
{
	gint64 deadline = harness_deadline();

	g_mutex_lock(&d->log_lock);
	while (!strstr(d->log->str, what)) {
		if (g_cond_wait_until(&d->log_more, &d->log_lock, deadline))
			continue;
		g_mutex_unlock(&d->log_lock);
		harness_fail("The daemon did not log: %s", what);
	}
	g_mutex_unlock(&d->log_lock);
}

char *daemon_take_log(struct daemon *d)
{
	char *text;

	g_mutex_lock(&d->log_lock);
	text = g_strdup(d->log->str);
	(void)g_string_truncate(d->log, 0);
	g_mutex_unlock(&d->log_lock);
	return text;
}

void daemon_signal(struct daemon *d, int sig)
{
	g_assert_cmpint(kill(d->pid, sig), ==, 0);
}

int daemon_wait_exit(struct daemon *d)
{
	int status;

	if (!harness_poll(d->pidfd, POLLIN, harness_deadline()))
		harness_fail("The daemon does not end.");
	g_assert_cmpint(waitpid(d->pid, &status, 0), ==, d->pid);
	d->pid = 0;
	(void)close(d->pidfd);
	(void)close(d->service_manager_fd);
	if (d->log_thread) {
		(void)g_thread_join(g_steal_pointer(&d->log_thread));
		(void)close(d->log_fd);
	}
	/* A sanitizer's last word comes after everything else. */
	if (strstr(d->log->str, "Sanitizer") || strstr(d->log->str, "runtime error"))
		harness_fail("A sanitizer found something.");
	harness_hide(d->log);
	return status;
}

void daemon_stop(struct daemon *d)
{
	int status;

	daemon_signal(d, SIGTERM);
	status = daemon_wait_exit(d);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		harness_fail("The daemon ended with status 0x%x, not with exit 0. It said:\n%s", (unsigned)status, d->log->str);
}

void daemon_kill(struct daemon *d)
{
	daemon_signal(d, SIGKILL);
	(void)daemon_wait_exit(d);
}

static int daemon_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	(void)remove(path);
	return 0;
}

struct daemon *daemon_free(struct daemon *d)
{
	if (!d)
		return NULL;
	if (d->pid > 0)
		daemon_kill(d);
	(void)nftw(d->dir, daemon_remove_one, 32, FTW_DEPTH | FTW_PHYS);
	(void)g_string_free(d->log, TRUE);
	(void)g_string_free(d->notified, TRUE);
	g_mutex_clear(&d->log_lock);
	g_cond_clear(&d->log_more);
	g_free(d->config);
	g_free(d->state);
	g_free(d->runtime);
	g_free(d->files);
	g_free(d->control);
	g_free(d->notify);
	g_free(d->dir);
	g_free(d);
	return NULL;
}

void daemon_finish(struct daemon *d)
{
	daemon_stop(d);
	(void)daemon_free(d);
}

/* What the kernel says of it. */

static uint64_t daemon_proc_number(const char *path, const char *key)
{
	g_autofree char *text = NULL, *line = g_strdup_printf("\n%s:", key);
	const char *at;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0; /* a thread that has just ended */
	at = strstr(text, line);
	g_assert_nonnull(at);
	return g_ascii_strtoull(at + strlen(line), NULL, 10);
}

uint64_t daemon_proc(struct daemon *d, const char *key)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", d->pid);

	return daemon_proc_number(path, key);
}

unsigned daemon_descriptors(struct daemon *d)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/fd", d->pid);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	unsigned n = 0;

	g_assert_nonnull(dir);
	while (g_dir_read_name(dir))
		n++;
	return n;
}

uint64_t daemon_cpu_ticks(struct daemon *d)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", d->pid), *text = NULL;
	g_auto(GStrv) fields = NULL;

	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	fields = g_strsplit(strrchr(text, ')') + 2, " ", 0); /* from field 3 on */
	return g_ascii_strtoull(fields[11], NULL, 10) + g_ascii_strtoull(fields[12], NULL, 10);
}

uint64_t daemon_switches(struct daemon *d)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task", d->pid);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;
	uint64_t sum = 0;

	g_assert_nonnull(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *status = g_strdup_printf("%s/%s/status", path, name);

		sum += daemon_proc_number(status, "voluntary_ctxt_switches");
	}
	return sum;
}

bool daemon_is_sanitized(struct daemon *d)
{
	return daemon_proc(d, "VmSize") > (UINT64_C(1) << 30); /* KiB: a sanitizer's shadow takes terabytes */
}

struct daemon_case {
	const char *config;
	daemon_fn fn;
};

static void daemon_case_run(unsigned reactors, const void *data)
{
	const struct daemon_case *x = data;
	struct daemon *d = daemon_start(reactors, x->config);

	x->fn(d);
	daemon_finish(d);
}

void daemon_add(const char *path, const char *config, daemon_fn fn)
{
	const struct daemon_case x = { .config = config, .fn = fn };

	harness_add_data(path, daemon_case_run, &x, sizeof(x));
}
