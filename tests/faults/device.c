/* SPDX-License-Identifier: MIT */
#include "faults/device.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* nbdkit wants to end in peace, and would wait for ever for what stands still: it is killed when stdin is at its
 * end. */
#define DEVICE_SERVER "nbdkit -f \"$@\" & read -r end; kill -KILL $!"

bool device_may_start(void)
{
	g_autofree char *nbdkit = g_find_program_in_path("nbdkit"), *nbdfuse = g_find_program_in_path("nbdfuse");

	if (!nbdkit)
		g_test_skip("there is no nbdkit (package nbdkit)");
	else if (!nbdfuse)
		g_test_skip("there is no nbdfuse (package libnbd-bin)");
	else if (access("/dev/fuse", R_OK | W_OK) < 0)
		g_test_skip("there is no /dev/fuse");
	else
		return true;
	return false;
}

/* In the child. Whatever becomes of the test program, the disk does not stay behind, nor who waits for it. */
static void device_setup(gpointer data)
{
	(void)data;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* *@ret_stdin: NULL, or where its stdin begins, whose end is its own end. */
static GPid device_spawn(const char *const *argv, int *ret_stdin)
{
	g_autoptr(GError) error = NULL;
	GPid pid = 0;

	(void)g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
				       G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
				       ret_stdin ? NULL : device_setup, NULL, &pid, ret_stdin, NULL, NULL, &error);
	g_assert_no_error(error);
	return pid;
}

static void device_reap(GPid pid)
{
	while (waitpid(pid, NULL, 0) < 0)
		g_assert_cmpint(errno, ==, EINTR);
}

/* Until @path is there, and, what nbdfuse has mounted, as large as a disk. */
static void device_wait(GPid pid, const char *path, bool sized)
{
	gint64 deadline = harness_deadline();
	struct stat st;

	while (stat(path, &st) < 0 || (sized && st.st_size == 0)) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			harness_fail("There is no %s: the program that was to make it has ended.", path);
		if (g_get_monotonic_time() > deadline)
			harness_fail("There is no %s yet.", path);
		g_usleep(10000);
	}
}

static int device_connect(const struct device *d)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpuint(strlen(d->control), <, sizeof(sa.sun_path));
	(void)g_strlcpy(sa.sun_path, d->control, sizeof(sa.sun_path));
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		harness_fail("The disk cannot be told anything: %s", g_strerror(errno));
	return fd;
}

void device_start(struct device *d, const char *dir, const char *image, unsigned delay_msec)
{
	g_autofree char *control = NULL, *uri = NULL, *delay = g_strdup_printf("delay-write=%ums", delay_msec);
	g_autofree char *ready = NULL;

	*d = (struct device){ .dir = g_build_filename(dir, "device", NULL) };
	d->where = g_build_filename(d->dir, "fuse", NULL);
	d->path = g_build_filename(d->where, "nbd", NULL);
	d->socket = g_build_filename(d->dir, "socket", NULL);
	d->control = g_build_filename(d->dir, "control", NULL);
	ready = g_build_filename(d->dir, "ready", NULL);
	g_assert_cmpint(g_mkdir_with_parents(d->where, 0700), ==, 0);
	control = g_strdup_printf("pause-control=%s", d->control);
	uri = g_strdup_printf("nbd+unix:///?socket=%s", d->socket);
	{
		const char *serve[] = { "sh", "-c", DEVICE_SERVER, "sh", "-P", ready, "-U", d->socket, "--filter=pause",
					"--filter=delay", "file", image, control, delay, NULL };
		const char *mount[] = { "nbdfuse", d->where, uri, NULL };

		d->server = device_spawn(serve, &d->server_fd);
		device_wait(d->server, ready, false);
		(void)unlink(ready);
		d->fuse = device_spawn(mount, NULL);
		device_wait(d->fuse, d->path, true);
	}
	d->control_fd = device_connect(d);
}

static void device_report(struct device *d, char what, char answer)
{
	char c = what;

	g_assert_cmpint(send(d->control_fd, &c, 1, MSG_NOSIGNAL), ==, 1);
	if (!harness_poll(d->control_fd, POLLIN, harness_deadline()) || recv(d->control_fd, &c, 1, 0) != 1 || c != answer)
		harness_fail("The disk does not do as it is told.");
}

void device_hold(struct device *d)
{
	device_report(d, 'p', 'P');
}

void device_let_go(struct device *d)
{
	device_report(d, 'r', 'R');
}

void device_stop(struct device *d)
{
	gint64 deadline = harness_deadline();

	(void)close(d->control_fd);
	/* The loop device gives it up only when it has come to that. */
	while (umount2(d->where, 0) < 0)
		if (errno != EBUSY || g_get_monotonic_time() > deadline)
			harness_fail("%s cannot be unmounted: %s", d->where, g_strerror(errno));
		else
			g_usleep(10000);
	device_reap(d->fuse);
	(void)close(d->server_fd);
	device_reap(d->server);
	(void)unlink(d->socket);
	(void)unlink(d->control);
	(void)rmdir(d->where);
	(void)rmdir(d->dir);
	g_free(d->dir);
	g_free(d->where);
	g_free(d->path);
	g_free(d->socket);
	g_free(d->control);
}
