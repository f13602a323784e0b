/* SPDX-License-Identifier: MIT */
/*
 * libedit reads its characters through a function of this file, which waits for the other descriptor as well. Messages
 * are printed in place of the line: the cursor goes up to the first row of the line, all from there on is cleared, and
 * libedit draws the line again below. Where the terminal has another width than when the line was drawn, its first row
 * is not known: then the line is drawn again below, and nothing is cleared.
 */
#include "client/typing.h"

#include "client/client.h"
#include "client/interrupt.h"
#include "client/paste.h"
#include "client/terminal.h"

#include <errno.h>
#include <histedit.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define TYPING_HISTORY    500
#define TYPING_PROMPT_MAX 256
#define TYPING_SILENT_MAX 4 /* pasted lines that need no confirmation */

enum typing_end {
	TYPING_END_NONE, /* the result of libedit */
	TYPING_END_BROKEN,
	TYPING_END_INTERRUPT,
	TYPING_END_PASTED, /* the next lines are in the queue */
};

struct typing {
	const struct typing_ops *ops;
	void *userdata;
	struct terminal_state *before;
	EditLine *el;
	History *past;
	bool can_move, can_bold;
	struct buf line; /* the last one */

	/* The line that is on the screen. */
	char prompt[TYPING_PROMPT_MAX];
	size_t columns; /* when it was drawn */
	bool editing;   /* it is there */
	bool aside;     /* it was taken off */
	enum typing_end end;
	bool dropped;   /* an interrupt came, and something was typed */
	bool begun;     /* libedit has read its first key */

	/* Bytes that were read and not taken. */
	char in[1024];
	size_t n_in, at;
	struct paste paste;
	mbstate_t state;
	bool is_strange; /* the warning was printed that some bytes are not UTF-8 */

	/* The paste: confirmed, then the queue of lines, whose last one can lack its end. */
	bool asking;
	struct buf pasted, left, right; /* and what stands on both sides of it */
	struct buf queue;
	size_t taken;
};

static struct typing *typing_of(EditLine *el)
{
	struct typing *t = NULL;

	(void)el_get(el, EL_CLIENTDATA, &t);
	return t;
}

static size_t typing_count(const struct buf *lines, size_t from)
{
	size_t n = 0;

	for (size_t i = from; i < lines->len; i++)
		if (lines->data[i] == '\n' || i + 1 == lines->len)
			n++;
	return n;
}

static char *typing_prompt(EditLine *el)
{
	struct typing *t = typing_of(el);

	if (t->asking)
		(void)snprintf(t->prompt, sizeof(t->prompt), "%s %zu lines? (y/N) ", t->ops->does,
			       typing_count(&t->pasted, 0));
	else
		(void)snprintf(t->prompt, sizeof(t->prompt), "%s", t->ops->prompt(t->userdata));
	return t->prompt;
}

/* The screen. */

static size_t typing_end_of(const struct typing *t, const char *text, size_t len)
{
	return terminal_end(t->columns, terminal_end(t->columns, 0, t->prompt, strlen(t->prompt)), text, len);
}

/*
 * The rows of the line are cleared, and the cursor is where the line began. Now the cursor stands @cells behind that,
 * and the line takes @all.
 */
static void typing_clear(const struct typing *t, size_t cells, size_t all)
{
	size_t columns = terminal_columns(), rows = cells / t->columns;
	bool in_one_row = all < MIN(columns, t->columns);

	if (t->can_move && (in_one_row || columns == t->columns)) {
		if (rows > 0)
			(void)printf("\033[%zuA", rows);
		(void)fputs("\r\033[J", stdout);
	} else if (in_one_row) {
		(void)printf("\r%*s\r", (int)all, "");
	} else {
		(void)fputs(t->can_move ? "\r\n\033[J" : "\r\n", stdout);
	}
	(void)fflush(stdout);
}

void typing_aside(struct typing *t)
{
	const LineInfo *line;

	if (!t->editing || t->aside)
		return;
	line = el_line(t->el);
	typing_clear(t, typing_end_of(t, line->buffer, (size_t)(line->cursor - line->buffer)),
		     typing_end_of(t, line->buffer, (size_t)(line->lastchar - line->buffer)));
	t->aside = true;
}

void typing_prompt_changed(struct typing *t)
{
	/* Elsewhere each change would be a row more. */
	if (t->can_move)
		typing_aside(t);
}

void typing_wipe(struct typing *t)
{
	size_t rows = typing_end_of(t, t->line.data, t->line.len) / t->columns + 1;

	if (!t->can_move || terminal_columns() != t->columns)
		return;
	(void)printf("\033[%zuA\r\033[J", rows);
	(void)fflush(stdout);
}

static void typing_back(struct typing *t)
{
	if (!t->aside)
		return;
	t->aside = false;
	(void)fflush(stdout);
	el_resize(t->el);
	t->columns = terminal_columns();
	(void)el_set(t->el, EL_REFRESH);
}

/* After a change of the terminal's size, or a SIGCONT. */
static void typing_changed(struct typing *t)
{
	terminal_again();
	terminal_set_pastes(false);
	terminal_set_pastes(t->can_move);
	typing_aside(t);
	typing_back(t);
}

const char *typing_bold(const struct typing *t)
{
	return t->can_bold ? "\033[1m" : "";
}

const char *typing_plain(const struct typing *t)
{
	return t->can_bold ? "\033[m" : "";
}

/* The line in the editor. */

static int typing_keep_line(struct typing *t)
{
	const LineInfo *line = el_line(t->el);
	int r;

	t->left.len = t->right.len = 0;
	r = buf_append(&t->left, line->buffer, (size_t)(line->cursor - line->buffer));
	if (r == 0)
		r = buf_append(&t->right, line->cursor, (size_t)(line->lastchar - line->cursor));
	return r;
}

static void typing_empty_line(struct typing *t)
{
	const LineInfoW *line = el_wline(t->el);

	(void)el_cursor(t->el, (int)(line->lastchar - line->cursor));
	el_deletestr(t->el, (int)(line->lastchar - line->buffer));
}

static void typing_insert(struct typing *t, struct buf *text)
{
	const char *s = text->len > 0 ? buf_str(text) : NULL;

	if (s)
		(void)el_insertstr(t->el, s);
}

static void typing_put_line(struct typing *t)
{
	const LineInfoW *line;
	size_t n;

	typing_insert(t, &t->left);
	line = el_wline(t->el);
	n = (size_t)(line->lastchar - line->buffer);
	typing_insert(t, &t->right);
	line = el_wline(t->el);
	(void)el_cursor(t->el, -(int)((size_t)(line->lastchar - line->buffer) - n));
}

/* The pasted text. */

static void typing_forget(struct typing *t)
{
	t->asking = false;
	buf_done(&t->pasted);
	buf_done(&t->left);
	buf_done(&t->right);
}

/* All lines of what was pasted come next, with what stood on both sides of it. */
static int typing_accept(struct typing *t)
{
	bool all = t->asking && t->pasted.len > 0 && t->pasted.data[t->pasted.len - 1] != '\n';
	int r;

	t->taken = t->queue.len = 0;
	r = buf_append(&t->queue, t->left.data, t->left.len);
	if (r == 0)
		r = buf_append(&t->queue, t->pasted.data, t->pasted.len);
	if (r == 0)
		r = buf_append(&t->queue, t->right.data, t->right.len);
	if (r == 0 && all)
		r = buf_append_str(&t->queue, "\n");
	if (r < 0)
		buf_done(&t->queue);
	typing_forget(t);
	return r;
}

static void typing_print_dropped(struct typing *t, const char *why)
{
	typing_aside(t);
	client_print("%s", why);
}

/* -1: the line has ended. */
static int typing_pasted(struct typing *t)
{
	size_t n = paste_clean(&t->paste.text);
	int r = 0;

	if (n == 0)
		return 0;
	if (n == 1 && !t->asking && t->paste.text.data[t->paste.text.len - 1] != '\n') {
		typing_aside(t);
		typing_insert(t, &t->paste.text);
		return 0;
	}
	if (!t->asking)
		r = typing_keep_line(t);
	t->pasted.max = PASTE_MAX;
	if (r == 0)
		r = buf_append(&t->pasted, t->paste.text.data, t->paste.text.len);
	buf_done(&t->paste.text);
	if (r < 0) {
		typing_print_dropped(t, "the pasted text is too large: it is left out");
		typing_put_line(t);
		typing_forget(t);
		return 0;
	}
	typing_aside(t);
	typing_empty_line(t);
	t->asking = typing_count(&t->pasted, 0) > TYPING_SILENT_MAX;
	if (t->asking)
		return 0;
	t->end = typing_accept(t) == 0 ? TYPING_END_PASTED : TYPING_END_NONE;
	return t->end == TYPING_END_PASTED ? -1 : 0;
}

/* A key that answers the question about a paste. -1: the line has ended. */
static int typing_answer(struct typing *t, wchar_t key)
{
	typing_aside(t);
	/* Further bytes of the same key follow an escape. */
	if (key == L'\033')
		t->paste.at = t->paste.n_keys;
	if (key == L'y' || key == L'Y') {
		if (typing_accept(t) == 0) {
			t->end = TYPING_END_PASTED;
			return -1;
		}
		typing_print_dropped(t, strerror(ENOMEM));
	} else {
		typing_put_line(t);
	}
	typing_forget(t);
	return 0;
}

static bool typing_has_lines(const struct typing *t)
{
	return t->queue.len > t->taken && memchr(t->queue.data + t->taken, '\n', t->queue.len - t->taken);
}

void typing_drop(struct typing *t)
{
	size_t n = typing_count(&t->queue, t->taken);

	buf_done(&t->queue);
	t->taken = 0;
	if (n > 0)
		client_print("%zu of the lines that were pasted %s left out", n, n == 1 ? "is" : "are");
}

/* 1 and the next line of the queue, as if it had been typed; 0: there is none. */
static int typing_next(struct typing *t, char **ret)
{
	const char *from, *end;
	HistEvent event;

	if (typing_has_lines(t) && interrupt_is_seen())
		typing_drop(t);
	if (!typing_has_lines(t))
		return 0;
	from = t->queue.data + t->taken;
	end = memchr(from, '\n', t->queue.len - t->taken);
	t->line.len = 0;
	if (buf_append(&t->line, from, (size_t)(end - from)) < 0 || !(*ret = buf_str(&t->line)))
		return -ENOMEM;
	t->taken = (size_t)(end + 1 - t->queue.data);
	if (t->taken == t->queue.len) {
		buf_done(&t->queue);
		t->taken = 0;
	}
	if (t->line.len > 0)
		(void)history(t->past, &event, H_ENTER, *ret);
	(void)snprintf(t->prompt, sizeof(t->prompt), "%s", t->ops->prompt(t->userdata));
	t->columns = terminal_columns();
	(void)printf("%s%s\n", t->prompt, *ret);
	(void)fflush(stdout);
	return 1;
}

/* Keys. */

static void typing_stop(struct typing *t)
{
	typing_aside(t);
	terminal_restore();
	(void)kill(0, SIGTSTP);
	typing_changed(t);
}

/* Handles a key that is a signal in other programs. -1: the line has ended; 0: done; 1: the key is none of these. */
static int typing_signal(struct typing *t, wchar_t key)
{
	if (key == (wchar_t)terminal_signal_key(SIGINT)) {
		t->dropped = el_line(t->el)->lastchar > el_line(t->el)->buffer;
		t->end = TYPING_END_INTERRUPT;
		return -1;
	}
	if (key == (wchar_t)terminal_signal_key(SIGTSTP)) {
		typing_stop(t);
		return 0;
	}
	if (key == (wchar_t)terminal_signal_key(SIGQUIT)) {
		terminal_restore();
		(void)raise(SIGQUIT);
		return 0;
	}
	return 1;
}

static int typing_decode(struct typing *t, char c, wchar_t *ret)
{
	bool begun = !mbsinit(&t->state);
	size_t k;

	k = mbrtowc(ret, &c, 1, &t->state);
	if (k == (size_t)-2)
		return 0;
	if (k != (size_t)-1)
		return 1;
	t->state = (mbstate_t){ 0 };
	if (!t->is_strange)
		typing_print_dropped(t,
				     "a letter that was typed is no UTF-8, and is left out: set the terminal to UTF-8");
	t->is_strange = true;
	return begun ? typing_decode(t, c, ret) : 0;
}

/* 1 and a key; 0: more has to be read; -1: the line has ended. */
static int typing_key(struct typing *t, wchar_t *ret)
{
	char c;
	int r;

	for (;;) {
		while (paste_key(&t->paste, &c)) {
			if (typing_decode(t, c, ret) == 0)
				continue;
			r = t->asking ? typing_answer(t, *ret) : typing_signal(t, *ret);
			if (r != 0)
				return r;
		}
		if (t->at == t->n_in)
			return 0;
		r = 0;
		switch (paste_take(&t->paste, t->in[t->at++])) {
		case PASTE_KEYS:
			break;
		case PASTE_TEXT:
			r = typing_pasted(t);
			break;
		case PASTE_TOO_LARGE:
			typing_print_dropped(
				t,
				"the pasted text is over 4 MiB: it is left out; store it with put, and send its name");
			break;
		}
		if (r < 0)
			return r;
	}
}

/* Keys are read one at a time, so that the others stay for the next reader; a paste is read as it arrives. */
static int typing_fill(struct typing *t)
{
	ssize_t n;

	n = read(STDIN_FILENO, t->in, t->paste.inside ? sizeof(t->in) : 1);
	t->at = 0;
	t->n_in = n > 0 ? (size_t)n : 0;
	return n > 0 ? 1 : (int)n;
}

/* -1: interrupted; 0: the end; 1: look again. */
static int typing_wait(struct typing *t)
{
	struct pollfd from[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = -1, .events = POLLIN } };

	/* Bytes that were read already are not in the kernel any more; and the descriptor can be another one each
	 * time. */
	if (t->ops->receive && t->ops->receive(t->userdata) < 0) {
		t->end = TYPING_END_BROKEN;
		return 0;
	}
	typing_back(t);
	if (t->ops->fd)
		from[1].fd = t->ops->fd(t->userdata);
	if (interrupt_poll(from, 2, t->ops->patience ? t->ops->patience(t->userdata) : -1) >= 0)
		return from[0].revents != 0 ? typing_fill(t) : 1;
	if (errno != EINTR)
		return 0;
	if (terminal_is_changed())
		typing_changed(t);
	return interrupt_is_seen() ? typing_signal(t, terminal_signal_key(SIGINT)) : 1;
}

static int typing_read(EditLine *el, wchar_t *ret)
{
	struct typing *t = typing_of(el);
	int r;

	if (!t->begun)
		terminal_keep();
	t->begun = true;
	/* The last line of a paste, which had no end. */
	if (t->queue.len > t->taken) {
		buf_consume(&t->queue, t->taken);
		t->taken = 0;
		typing_aside(t);
		typing_insert(t, &t->queue);
		buf_done(&t->queue);
	}
	for (;;) {
		r = typing_key(t, ret);
		if (r == 0) {
			r = typing_wait(t);
			if (r > 0)
				continue;
		}
		return MAX(r, 0);
	}
}

static unsigned char typing_complete(EditLine *el, wint_t ch _unused_)
{
	_cleanup_(buf_done) struct buf insert = { 0 };
	struct typing *t = typing_of(el);
	const LineInfo *line = el_line(el);
	const char *text;

	/* Completion can wait for a server. */
	terminal_set_signals(true);
	t->ops->complete(t->userdata, line->buffer, (size_t)(line->cursor - line->buffer), &insert);
	terminal_set_signals(false);
	if (interrupt_is_seen()) {
		t->dropped = true;
		t->end = TYPING_END_INTERRUPT;
		return CC_EOF;
	}
	text = buf_str(&insert);
	typing_back(t);
	if (!text || !*text)
		return CC_REFRESH;
	return el_insertstr(el, text) < 0 ? CC_ERROR : CC_REFRESH;
}

static const char *typing_edit(struct typing *t, int *ret_n)
{
	const char *line;

	t->line.len = 0;
	t->dropped = t->begun = false;
	t->end = TYPING_END_NONE;
	t->columns = terminal_columns();
	interrupt_clear();
	/* Before the prompt, not behind it: whoever sees the prompt can type. */
	(void)el_set(t->el, EL_PREP_TERM, 1);
	terminal_set_pastes(t->can_move);
	t->editing = true;
	line = el_gets(t->el, ret_n);
	t->editing = t->aside = false;
	if (!t->ops->alone)
		terminal_set_pastes(false);
	interrupt_clear();
	return line;
}

int typing_line(struct typing *t, char **ret)
{
	HistEvent event;
	const char *line;
	int n, r;

	r = typing_next(t, ret);
	if (r != 0)
		return r;
	line = typing_edit(t, &n);
	if (t->end == TYPING_END_PASTED)
		return typing_line(t, ret);
	if (t->end == TYPING_END_INTERRUPT) {
		typing_forget(t);
		el_reset(t->el);
		(void)putchar('\n');
		*ret = buf_str(&t->line);
		return t->dropped && *ret ? 1 : -EINTR;
	}
	if (!line || n <= 0 || t->end == TYPING_END_BROKEN) {
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
	typing_drop(t);
	if (t->before)
		terminal_set_pastes(false);
	if (t->el)
		el_end(t->el);
	if (t->past)
		history_end(t->past);
	terminal_release(t->before);
	typing_forget(t);
	paste_done(&t->paste);
	buf_done(&t->line);
	free(t);
	return NULL;
}

/* Whether the terminal's sequence for @capability begins and ends as in ANSI, as this file writes ANSI sequences. */
static bool typing_can(EditLine *el, const char *capability, const char *begin, char end)
{
	const char *has = NULL;

	return el_get(el, EL_GETTC, capability, &has) == 0 && has && strncmp(has, begin, strlen(begin)) == 0 &&
	       (end == '\0' || has[strlen(has) - 1] == end);
}

static void typing_set(struct typing *t)
{
	HistEvent event;

	(void)history(t->past, &event, H_SETSIZE, TYPING_HISTORY);
	(void)el_set(t->el, EL_CLIENTDATA, t);
	(void)el_set(t->el, EL_PROMPT, typing_prompt);
	(void)el_set(t->el, EL_EDITOR, "emacs");
	(void)el_set(t->el, EL_SIGNAL, 0);
	(void)el_set(t->el, EL_HIST, history, t->past);
	(void)el_set(t->el, EL_GETCFN, typing_read);
	/* A control character in the middle of a paste is a character. */
	(void)el_set(t->el, EL_SETTY, "-d", "-isig", "-ixon", "-icrnl", "-inlcr", NULL);
	/* Between two lines libedit sets these, whatever it found. Keys typed behind a Control-C stay. */
	(void)el_set(t->el, EL_SETTY, "-x", "+noflsh", NULL);
	if (t->ops->alone)
		(void)el_set(t->el, EL_SETTY, "-x", "-icanon", "-echo", "-iexten", "-icrnl", "-ixon", NULL);
	/* The wide form keeps the pointers; the narrow one makes copies that it never frees. */
	(void)el_wset(t->el, EL_ADDFN, L"ioe-complete", L"Completes a word", typing_complete);
	(void)el_set(t->el, EL_BIND, "^I", "ioe-complete", NULL);
	t->can_move = typing_can(t->el, "UP", "\033[", 'A') && typing_can(t->el, "cd", "\033[J", '\0');
	t->can_bold = typing_can(t->el, "md", "\033[1m", '\0');
}

/* Text is UTF-8, whatever the locale is; libedit takes its characters from there. */
static void typing_set_locale(void)
{
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}

int typing_new(struct typing **ret, const struct typing_ops *ops, void *userdata)
{
	struct typing *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	typing_set_locale();
	t->ops = ops;
	t->userdata = userdata;
	if (terminal_take(&t->before, ops->alone) < 0) {
		(void)typing_free(t);
		return -ENOTTY;
	}
	t->past = history_init();
	t->el = el_init("ioe-client", stdin, stdout, stderr);
	if (!t->past || !t->el) {
		(void)typing_free(t);
		return -ENOTTY;
	}
	typing_set(t);
	*ret = t;
	return 0;
}
