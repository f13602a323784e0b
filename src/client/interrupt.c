/* SPDX-License-Identifier: MIT */
#include "client/interrupt.h"

#include "base/macro.h"
#include "client/failure.h"
#include "client/partial.h"
#include "client/terminal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/*
 * The signals that end a program without its own fault. SIGKILL leaves no time to remove an incomplete file; after the
 * program's own faults (SIGSEGV, SIGABRT ...) it does nothing more.
 */
static const int interrupt_signals[] = {
	SIGHUP, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF, SIGPOLL, SIGPWR,
};

/* Global because a signal handler has no other way to them. */
static const char *volatile interrupt_words;
static volatile sig_atomic_t interrupt_spares; /* SIGINTs that do not end the program */
static volatile sig_atomic_t interrupt_seen;   /* such a SIGINT has arrived */
static bool interrupt_is_interactive;

static void interrupt_handle(int sig)
{
	/* The signal ends the present wait with EINTR. If it arrives just before a wait other than interrupt_poll(), it
	 * is lost; then the second signal ends the program. */
	if (sig == SIGINT && interrupt_spares > 0) {
		interrupt_spares--;
		interrupt_seen = 1;
		return;
	}
	partial_remove();
	terminal_restore();
	if (sig == SIGINT) {
		const char *words = interrupt_words;

		if (words && write(STDERR_FILENO, words, strlen(words)) < 0)
			_exit(EXIT_CODE_INTERRUPTED);
		_exit(EXIT_CODE_INTERRUPTED);
	}
	/* SA_RESETHAND: the default action follows when the handler returns. */
	(void)raise(sig);
}

void interrupt_set_words(const char *words)
{
	interrupt_words = words;
}

void interrupt_clear(void)
{
	interrupt_spares = interrupt_is_interactive;
	interrupt_seen = 0;
}

bool interrupt_is_seen(void)
{
	return interrupt_seen != 0;
}

int interrupt_poll(struct pollfd *fds, nfds_t n, int timeout_msec)
{
	struct timespec timeout = { timeout_msec / 1000, timeout_msec % 1000 * 1000000L };
	sigset_t interrupt, before, wait;
	int r = -1, e = EINTR;

	(void)sigemptyset(&interrupt);
	(void)sigaddset(&interrupt, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &interrupt, &before);
	wait = before;
	(void)sigdelset(&wait, SIGWINCH);
	(void)sigdelset(&wait, SIGCONT);
	if (!interrupt_seen) {
		r = ppoll(fds, n, timeout_msec < 0 ? NULL : &timeout, &wait);
		e = errno;
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = e;
	return r;
}

/* A signal that the caller had ignored (nohup, a shell's background) stays ignored. */
static void interrupt_on(int sig, const struct sigaction *action)
{
	struct sigaction before;

	if (sigaction(sig, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		(void)sigaction(sig, action, NULL);
}

void interrupt_install(bool interactive)
{
	struct sigaction interrupt = { .sa_handler = interrupt_handle };
	struct sigaction end = { .sa_handler = interrupt_handle, .sa_flags = (int)SA_RESETHAND };

	interrupt_is_interactive = interactive;
	interrupt_clear();
	interrupt_on(SIGINT, &interrupt);
	for (size_t i = 0; i < ELEMENTSOF(interrupt_signals); i++)
		interrupt_on(interrupt_signals[i], &end);
}
