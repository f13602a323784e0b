/* SPDX-License-Identifier: MIT */
#include "tool.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

static char *tool_take(int fd, GString *to)
{
	char buf[4096];
	ssize_t n;

	g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		(void)g_string_append_len(to, buf, n);
	(void)close(fd);
	return to->str;
}

void tool_run_setup(struct tool *t, const char *variable, const char *input, const char *const *args,
		    harness_setup_fn setup, void *data)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	int fds[3], pidfd, status;
	GPid pid = 0;

	*t = (struct tool){ .out = g_string_new(NULL), .err = g_string_new(NULL) };
	g_ptr_array_add(argv, (char *)harness_program(variable));
	for (size_t i = 0; args[i]; i++)
		g_ptr_array_add(argv, (char *)args[i]);
	g_ptr_array_add(argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
		fds[i] = memfd_create("tool", MFD_CLOEXEC);
		g_assert_cmpint(fds[i], >=, 0);
	}
	g_assert_cmpint(write(fds[0], input, strlen(input)), ==, (gssize)strlen(input));
	g_assert_cmpint(lseek(fds[0], 0, SEEK_SET), ==, 0);
	(void)g_spawn_async_with_pipes_and_fds(NULL, (const char *const *)argv->pdata, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
					       setup, data, fds[0], fds[1], fds[2], NULL, NULL, 0, &pid, NULL, NULL,
					       NULL, &error);
	g_assert_no_error(error);
	pidfd = pidfd_open(pid, 0);
	if (!harness_poll(pidfd, POLLIN, harness_deadline())) {
		(void)kill(pid, SIGKILL);
		harness_fail("$%s does not end.", variable);
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	(void)close(pidfd);
	(void)close(fds[0]);
	t->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	(void)tool_take(fds[1], t->out);
	if (strstr(tool_take(fds[2], t->err), "Sanitizer"))
		harness_fail("%s", t->err->str);
}

void tool_run(struct tool *t, const char *variable, const char *input, ...)
{
	g_autoptr(GPtrArray) args = g_ptr_array_new();
	char *arg;
	va_list ap;

	va_start(ap, input);
	while ((arg = va_arg(ap, char *)))
		g_ptr_array_add(args, arg);
	va_end(ap);
	g_ptr_array_add(args, NULL);
	tool_run_setup(t, variable, input, (const char *const *)args->pdata, NULL, NULL);
}

void tool_done(struct tool *t)
{
	(void)g_string_free(t->out, TRUE);
	(void)g_string_free(t->err, TRUE);
}
