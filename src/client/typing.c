/* SPDX-License-Identifier: MIT */
/*
 * libedit reads its characters through a function of ours, which waits for the other descriptor as well. What is
 * printed in between is printed where the line stood: the cursor goes up to the line's first row, all from there on is
 * cleared, and libedit draws the line again below.
 */
#include "client/typing.h"

#include "client/interrupt.h"

#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

#define TYPING_HISTORY 500
#define TYPING_COLUMNS 80 /* of a terminal that does not say */

struct typing {
	const struct typing_ops *ops;
	void *userdata;
	EditLine *el;
	History *past;
	struct buf line; /* the last one */
	bool editing;    /* a line is on the screen */
	bool aside;      /* it was taken off */
	bool broken;     /* hear() said so */
	bool dropped;    /* an interrupt came, and something was typed */
};

static struct typing *typing_of(EditLine *el)
{
	struct typing *t = NULL;

	(void)el_get(el, EL_CLIENTDATA, &t);
	return t;
}

static char *typing_prompt(EditLine *el)
{
	struct typing *t = typing_of(el);

	return (char *)t->ops->prompt(t->userdata);
}

/* Columns that a text takes. */
static size_t typing_width(const char *s, size_t len)
{
	mbstate_t state = { 0 };
	size_t width = 0, k;
	wchar_t c;
	int w;

	for (; len > 0; s += k, len -= k) {
		k = mbrtowc(&c, s, len, &state);
		if (k == 0 || k > len) {
			k = 1;
			state = (mbstate_t){ 0 };
			w = 1;
		} else {
			w = wcwidth(c);
		}
		/* What cannot be shown is shown as ^X or \U+..., by libedit. */
		width += w >= 0 ? (size_t)w : 2;
	}
	return width;
}

static size_t typing_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return TYPING_COLUMNS;
	return size.ws_col;
}

/* Clears from so many rows above on. */
static void typing_clear(size_t rows)
{
	if (rows > 0)
		(void)printf("\033[%zuA", rows);
	(void)fputs("\r\033[J", stdout);
	(void)fflush(stdout);
}

void typing_aside(struct typing *t)
{
	const LineInfo *line;
	const char *prompt;
	size_t width;

	if (!t->editing || t->aside)
		return;
	line = el_line(t->el);
	prompt = t->ops->prompt(t->userdata);
	width = typing_width(prompt, strlen(prompt)) + typing_width(line->buffer, (size_t)(line->cursor - line->buffer));
	typing_clear(width / typing_columns());
	t->aside = true;
}

void typing_wipe(struct typing *t)
{
	const char *prompt = t->ops->prompt(t->userdata);

	typing_clear((typing_width(prompt, strlen(prompt)) + typing_width(t->line.data, t->line.len)) / typing_columns() +
		     1);
}

void typing_prompt_changed(struct typing *t)
{
	typing_aside(t);
}

static void typing_back(struct typing *t)
{
	if (!t->aside)
		return;
	t->aside = false;
	(void)fflush(stdout);
	(void)el_set(t->el, EL_REFRESH);
}

/* One character of the keyboard: 1, 0 at its end, -1. */
static int typing_key(wchar_t *ret)
{
	mbstate_t state = { 0 };
	char c;
	ssize_t n;
	size_t k;

	for (;;) {
		n = read(STDIN_FILENO, &c, 1);
		if (n <= 0)
			return (int)n;
		k = mbrtowc(ret, &c, 1, &state);
		if (k == (size_t)-2)
			continue;
		if (k == (size_t)-1) {
			state = (mbstate_t){ 0 };
			continue;
		}
		return 1;
	}
}

static int typing_read(EditLine *el, wchar_t *ret)
{
	struct typing *t = typing_of(el);
	struct pollfd from[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };

	for (;;) {
		/* What has come already need not be in the kernel any more; and it may be another one after each time. */
		if (t->ops->hear(t->userdata) < 0) {
			t->broken = true;
			return 0;
		}
		typing_back(t);
		from[1].fd = t->ops->fd(t->userdata);
		if (interrupt_poll(from, 2, t->ops->patience ? t->ops->patience(t->userdata) : -1) < 0) {
			t->dropped = el_line(el)->lastchar > el_line(el)->buffer;
			errno = EINTR;
			return -1;
		}
		if (from[0].revents != 0)
			return typing_key(ret);
	}
}

static unsigned char typing_complete(EditLine *el, wint_t ch _unused_)
{
	_cleanup_(buf_done) struct buf insert = { 0 };
	struct typing *t = typing_of(el);
	const LineInfo *line = el_line(el);
	const char *text;

	t->ops->complete(t->userdata, line->buffer, (size_t)(line->cursor - line->buffer), &insert);
	text = buf_str(&insert);
	if (t->aside) {
		t->aside = false;
		(void)fflush(stdout);
		(void)el_set(el, EL_REFRESH);
	}
	if (!text || !*text)
		return CC_REFRESH;
	return el_insertstr(el, text) < 0 ? CC_ERROR : CC_REFRESH;
}

int typing_line(struct typing *t, char **ret)
{
	HistEvent event;
	const char *line;
	int n;

	t->line.len = 0;
	t->dropped = false;
	interrupt_clear();
	errno = 0;
	t->editing = true;
	line = el_gets(t->el, &n);
	t->editing = t->aside = false;
	if (!line || n <= 0 || t->broken) {
		if (!line && errno == EINTR && !t->broken) {
			el_reset(t->el);
			(void)putchar('\n');
			*ret = buf_str(&t->line);
			return t->dropped && *ret ? 1 : -EINTR;
		}
		(void)putchar('\n');
		return 0;
	}
	if (strspn(line, " \t\r\n") != (size_t)n)
		(void)history(t->past, &event, H_ENTER, line);
	if (buf_append(&t->line, line, (size_t)n - (line[n - 1] == '\n')) < 0)
		return -ENOMEM;
	*ret = buf_str(&t->line);
	return *ret ? 1 : -ENOMEM;
}

struct typing *typing_free(struct typing *t)
{
	if (!t)
		return NULL;
	if (t->el)
		el_end(t->el);
	if (t->past)
		history_end(t->past);
	buf_done(&t->line);
	free(t);
	return NULL;
}

int typing_new(struct typing **ret, const struct typing_ops *ops, void *userdata)
{
	struct typing *t = calloc(1, sizeof(*t));
	HistEvent event;

	if (!t)
		return -ENOMEM;
	t->ops = ops;
	t->userdata = userdata;
	t->past = history_init();
	t->el = el_init("ioe-client", stdin, stdout, stderr);
	if (!t->past || !t->el) {
		(void)typing_free(t);
		return -ENOTTY;
	}
	(void)history(t->past, &event, H_SETSIZE, TYPING_HISTORY);
	(void)el_set(t->el, EL_CLIENTDATA, t);
	(void)el_set(t->el, EL_PROMPT, typing_prompt);
	(void)el_set(t->el, EL_EDITOR, "emacs");
	(void)el_set(t->el, EL_SIGNAL, 0);
	(void)el_set(t->el, EL_HIST, history, t->past);
	(void)el_set(t->el, EL_GETCFN, typing_read);
	/* The wide form keeps the pointers; the narrow one makes copies that it never frees. */
	(void)el_wset(t->el, EL_ADDFN, L"ioe-chat-complete", L"Completes a name or a room", typing_complete);
	(void)el_set(t->el, EL_BIND, "^I", "ioe-chat-complete", NULL);
	*ret = t;
	return 0;
}
