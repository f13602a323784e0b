/* SPDX-License-Identifier: MIT */
#include "spawn.h"

#include "base/clock.h"
#include "conn.h"
#include "load.h"
#include "proc.h"
#include "target.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define SPAWN_READY_USEC (10 * USEC_PER_SEC)
#define SPAWN_STOP_USEC  (5 * USEC_PER_SEC)
#define SPAWN_POLL_NSEC  1000000

/* Ends it with what it has forked. Some finish what they do first, some do not listen at all. */
void spawn_stop(struct spawn *s)
{
	const struct timespec pause = { .tv_nsec = SPAWN_POLL_NSEC };
	uint64_t until_usec = clock_usec() + SPAWN_STOP_USEC;

	if (s->pid <= 0)
		return;

	(void)kill(-s->pid, SIGTERM);
	while (waitpid(s->pid, NULL, WNOHANG) == 0) {
		if (clock_usec() >= until_usec) {
			(void)kill(-s->pid, SIGKILL);
			(void)waitpid(s->pid, NULL, 0);
			break;
		}
		(void)nanosleep(&pause, NULL);
	}

	/* what a leader left behind */
	(void)kill(-s->pid, SIGKILL);
	s->pid = 0;
}

void spawn_done(struct spawn *s)
{
	spawn_stop(s);
	closep(&s->notify);
	if (s->exec_usec)
		(void)munmap(s->exec_usec, sizeof(*s->exec_usec));
}

/* The kernel chooses an abstract name: no file to clean up. sd_notify(3) writes its leading NUL as '@'. */
static int spawn_listen_notify(struct spawn *s)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(sa);

	s->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->notify < 0)
		return -errno;
	if (bind(s->notify, (struct sockaddr *)&sa, sizeof(sa.sun_family)) < 0)
		return -errno;
	if (getsockname(s->notify, (struct sockaddr *)&sa, &len) < 0)
		return -errno;

	(void)snprintf(s->notify_name, sizeof(s->notify_name), "@%.*s",
		       (int)(len - offsetof(struct sockaddr_un, sun_path) - 1), sa.sun_path + 1);
	return 0;
}

int spawn_init(struct spawn *s, const struct load_args *args)
{
	void *p;
	int r;

	*s = (struct spawn){ .args = args, .notify = -1 };
	if (!args->command[0])
		return load_fail(0, "There is no command behind --");

	p = mmap(NULL, sizeof(*s->exec_usec), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return load_fail(errno, "Cannot share a page with the server to be");
	s->exec_usec = p;

	if (args->notify) {
		r = spawn_listen_notify(s);
		if (r < 0)
			return load_fail(-r, "Cannot make a notify socket");
	}

	return 0;
}

/* In the child. What it prints goes to stderr: stdout is for figures. */
static _Noreturn void spawn_exec(const struct spawn *s)
{
	cpu_set_t cores;

	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (s->args->core != LOAD_ANY_CORE) {
		CPU_ZERO(&cores);
		CPU_SET(s->args->core, &cores);
		if (sched_setaffinity(0, sizeof(cores), &cores) < 0)
			_exit(126);
	}

	(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	if (s->notify >= 0)
		(void)setenv("NOTIFY_SOCKET", s->notify_name, 1);
	else
		(void)unsetenv("NOTIFY_SOCKET");

	*s->exec_usec = clock_usec();
	(void)execvp(s->args->command[0], s->args->command);
	_exit(127);
}

int spawn_run(struct spawn *s)
{
	s->pid = fork();
	if (s->pid < 0)
		return load_fail(errno, "Cannot fork");
	if (s->pid == 0)
		spawn_exec(s);

	/* both sides set it, so that it is so whoever comes first */
	(void)setpgid(s->pid, s->pid);
	return 0;
}

static int spawn_check_alive(struct spawn *s)
{
	if (waitpid(s->pid, NULL, WNOHANG) == 0)
		return 0;

	(void)kill(-s->pid, SIGKILL);
	s->pid = 0;
	return load_fail(0, "%s ended before it was ready: see what it said", s->args->target->name);
}

static int spawn_wait_notify(struct spawn *s)
{
	uint64_t until_usec = clock_usec() + SPAWN_READY_USEC;
	struct pollfd p = { .fd = s->notify, .events = POLLIN };
	char buf[4096];
	ssize_t n;
	int r;

	while (clock_usec() < until_usec) {
		if (poll(&p, 1, 100) <= 0) {
			r = spawn_check_alive(s);
			if (r < 0)
				return r;
			continue;
		}

		n = recv(s->notify, buf, sizeof(buf) - 1, MSG_DONTWAIT);
		if (n < 0)
			return load_fail(errno, "Cannot read the notify socket");
		buf[n] = '\0';
		if (strncmp(buf, "READY=1", 7) == 0 || strstr(buf, "\nREADY=1"))
			return 0;
	}

	return load_fail(ETIMEDOUT, "%s did not say READY=1", s->args->target->name);
}

static int spawn_wait_accepting(struct spawn *s)
{
	const struct timespec pause = { .tv_nsec = 20000 };
	uint64_t until_usec = clock_usec() + SPAWN_READY_USEC;
	_cleanup_(closep) int fd = -1;
	int r;

	/* else a sleep of 20 us takes 70 */
	(void)prctl(PR_SET_TIMERSLACK, 1UL);

	while (clock_usec() < until_usec) {
		r = conn_try((uint16_t)s->args->port, &fd);
		if (r == 0)
			return 0;
		if (r != -ECONNREFUSED)
			return load_fail(-r, "Cannot connect to %s", s->args->target->name);

		r = spawn_check_alive(s);
		if (r < 0)
			return r;
		(void)nanosleep(&pause, NULL);
	}

	return load_fail(ETIMEDOUT, "%s does not listen on port %d", s->args->target->name, (int)s->args->port);
}

int spawn_wait(struct spawn *s)
{
	return s->args->notify ? spawn_wait_notify(s) : spawn_wait_accepting(s);
}

int spawn_rss_kib(const struct spawn *s, uint64_t *ret)
{
	struct proc_tree tree;
	int r;

	r = proc_tree_find(s->pid, &tree);
	if (r >= 0)
		r = proc_rss_kib(&tree, ret);
	return r < 0 ? load_fail(-r, "Cannot read the memory of %s", s->args->target->name) : 0;
}
