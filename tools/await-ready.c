/* SPDX-License-Identifier: MIT */
/*
 * await-ready COMMAND [ARGUMENT...]: runs a daemon that tells sd_notify(3) when it is ready. Says its process id on
 * standard output then, and closes that; stays until the daemon ends, and ends as it did. TERM and INT are passed on.
 * The daemon's own output goes to standard error. Both are in a process group of their own, so that Ctrl-C is for
 * whoever the daemon was started for.
 */
#include "base/stdfd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define AWAIT_MSEC 30000

static int await_fail(const char *what)
{
	(void)fprintf(stderr, "await-ready: %s: %s\n", what, strerror(errno));
	return 1;
}

/* An abstract address the kernel chooses: nothing to clean up. */
static int await_socket(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(sa);
	char name[sizeof(sa.sun_path) + 2];
	int fd;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa.sun_family)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return -1;
	(void)snprintf(name, sizeof(name), "@%.*s", (int)(len - sizeof(sa.sun_family) - 1), sa.sun_path + 1);
	return setenv("NOTIFY_SOCKET", name, 1) < 0 ? -1 : fd;
}

static pid_t await_spawn(char **argv, const sigset_t *mask)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	/* Killed without a chance to pass it on, nobody would end the daemon. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(127);
	(void)execvp(argv[0], argv);
	(void)await_fail(argv[0]);
	_exit(127);
}

/* Reads all messages that are there; true where one says READY=1. */
static bool await_messages(int fd)
{
	char text[4097];
	bool ready = false;
	ssize_t n;

	while ((n = recv(fd, text, sizeof(text) - 1, 0)) >= 0) {
		text[n] = '\0';
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			ready = ready || strcmp(line, "READY=1") == 0;
	}
	return ready;
}

/* A signal came: -1, or the exit status where it was the end of the daemon. */
static int await_signal(int fd, pid_t pid)
{
	struct signalfd_siginfo info;
	int status;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return -1;
	if (info.ssi_signo != SIGCHLD) {
		(void)kill(pid, (int)info.ssi_signo);
		return -1;
	}
	if (waitpid(pid, &status, WNOHANG) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int await(int notify, int signals, pid_t pid)
{
	struct pollfd fds[] = { { .fd = notify, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
	bool ready = false;
	int r;

	for (;;) {
		r = poll(fds, 2, ready ? -1 : AWAIT_MSEC);
		if (r == 0) {
			(void)fprintf(stderr, "await-ready: not ready within %d s\n", AWAIT_MSEC / 1000);
			(void)kill(pid, SIGKILL);
			return 1;
		}
		if (await_messages(notify) && !ready) {
			ready = true;
			(void)printf("%d\n", (int)pid);
			r = stdfd_flush();
			(void)fclose(stdout);
			if (r < 0) {
				(void)fprintf(stderr, "await-ready: cannot write to standard output: %s\n", strerror(-r));
				(void)kill(pid, SIGTERM);
				return 1;
			}
		}
		r = fds[1].revents ? await_signal(signals, pid) : -1;
		if (r >= 0)
			return r;
	}
}

int main(int argc, char **argv)
{
	sigset_t mask, before;
	int notify, signals;
	pid_t pid;

	if (stdfd_open() < 0)
		return 1;
	if (argc < 2) {
		(void)fprintf(stderr, "Usage: await-ready COMMAND [ARGUMENT...]\n");
		return 2;
	}
	(void)setpgid(0, 0);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGCHLD);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigaddset(&mask, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &mask, &before);
	signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	notify = await_socket();
	if (signals < 0 || notify < 0)
		return await_fail("cannot listen");
	pid = await_spawn(argv + 1, &before);
	if (pid < 0)
		return await_fail("cannot start a process");
	return await(notify, signals, pid);
}
