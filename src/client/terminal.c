/* SPDX-License-Identifier: MIT */
#include "client/terminal.h"

#include "base/macro.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define TERMINAL_COLUMNS 80
#define TERMINAL_TAB     8

#define TERMINAL_PASTES_ON  "\033[?2004h"
#define TERMINAL_PASTES_OFF "\033[?2004l"

struct terminal_state {
	struct termios before;
};

/* Global because a signal handler has no other way to them. */
static volatile sig_atomic_t terminal_n_taken;
static volatile sig_atomic_t terminal_has_pastes;
static volatile sig_atomic_t terminal_signalled;
static struct termios terminal_first; /* before the first was taken */
static struct termios terminal_kept;  /* for typing */

size_t terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return TERMINAL_COLUMNS;
	return size.ws_col;
}

/* Cells of one character in column @column. */
static size_t terminal_cells(wchar_t c, size_t column, size_t columns)
{
	int w;

	if (c == L'\t')
		return MIN(TERMINAL_TAB - column % TERMINAL_TAB, columns - column);
	w = wcwidth(c);
	if (w == 2 && column + 1 == columns)
		return 3;
	if (w >= 0)
		return (size_t)w;
	/* The width of a character that cannot be shown: ^X, or \U+ and digits. */
	return c < 0x80 ? 2 : strlen("\\U+") + (c > 0xffff ? 5 : 4);
}

size_t terminal_end(size_t columns, size_t at, const char *s, size_t len)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t k;

	for (; len > 0; s += k, len -= k) {
		k = mbrtowc(&c, s, len, &state);
		if (k == 0 || k > len) {
			k = 1;
			state = (mbstate_t){ 0 };
			c = L'?';
		}
		at += terminal_cells(c, at % columns, columns);
	}
	return at;
}

static void terminal_signal(_unused_ int sig)
{
	terminal_signalled = 1;
}

/* Blocked but in interrupt_poll(): a new size interrupts no wait for a server. */
static void terminal_install(void)
{
	struct sigaction action = { .sa_handler = terminal_signal };
	sigset_t both;

	(void)sigemptyset(&both);
	(void)sigaddset(&both, SIGWINCH);
	(void)sigaddset(&both, SIGCONT);
	(void)sigprocmask(SIG_BLOCK, &both, NULL);
	(void)sigaction(SIGWINCH, &action, NULL);
	(void)sigaction(SIGCONT, &action, NULL);
}

int terminal_take(struct terminal_state **ret, bool hold)
{
	_cleanup_(freep) struct terminal_state *s = malloc(sizeof(*s));
	struct termios held;

	if (!s)
		return -ENOMEM;
	if (tcgetattr(STDIN_FILENO, &s->before) < 0)
		return -ENOTTY;
	held = s->before;
	held.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON);
	held.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | IEXTEN);
	/* Keys typed behind a Control-C stay. */
	held.c_lflag |= ISIG | NOFLSH;
	/* Bytes under way can be a paste, with any character in it: such a character ends no more than a wait. */
	held.c_cc[VQUIT] = held.c_cc[VSUSP] = _POSIX_VDISABLE;
	held.c_cc[VMIN] = 1;
	held.c_cc[VTIME] = 0;
	if (terminal_n_taken == 0) {
		terminal_first = s->before;
		terminal_install();
	}
	terminal_n_taken++;
	if (hold)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &held);
	*ret = STEAL_PTR(s);
	return 0;
}

void terminal_release(struct terminal_state *s)
{
	if (!s)
		return;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &s->before);
	terminal_n_taken--;
	free(s);
}

void terminal_set_pastes(bool on)
{
	if (on == (terminal_has_pastes != 0))
		return;
	terminal_has_pastes = on;
	(void)fputs(on ? TERMINAL_PASTES_ON : TERMINAL_PASTES_OFF, stdout);
	(void)fflush(stdout);
}

void terminal_restore(void)
{
	int e = errno;

	/* A process in the background must not change it. */
	if (terminal_n_taken > 0 && tcgetpgrp(STDIN_FILENO) == getpgrp()) {
		if (terminal_has_pastes && write(STDOUT_FILENO, TERMINAL_PASTES_OFF, strlen(TERMINAL_PASTES_OFF)) < 0)
			e = errno;
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal_first);
	}
	errno = e;
}

void terminal_keep(void)
{
	(void)tcgetattr(STDIN_FILENO, &terminal_kept);
}

void terminal_again(void)
{
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal_kept);
}

void terminal_set_signals(bool on)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, &now) < 0)
		return;
	now.c_lflag = on ? now.c_lflag | ISIG | NOFLSH : now.c_lflag & ~(tcflag_t)ISIG;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
}

int terminal_signal_key(int sig)
{
	static const struct {
		int sig, index;
	} keys[] = { { SIGINT, VINTR }, { SIGQUIT, VQUIT }, { SIGTSTP, VSUSP } };

	for (size_t i = 0; i < ELEMENTSOF(keys); i++)
		if (keys[i].sig == sig && terminal_first.c_cc[keys[i].index] != _POSIX_VDISABLE)
			return terminal_first.c_cc[keys[i].index];
	return -1;
}

bool terminal_is_changed(void)
{
	bool changed = terminal_signalled != 0;

	terminal_signalled = 0;
	return changed;
}
