/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void terminal_setup(void *data)
{
	(void)data;
	/* Its own terminal: a Control-C is for it. */
	(void)setsid();
	(void)ioctl(STDIN_FILENO, TIOCSCTTY, 0);
}

static void terminal_set_size(struct terminal *m, unsigned columns)
{
	struct winsize size = { .ws_row = TERMINAL_ROWS, .ws_col = (unsigned short)columns };

	g_assert_cmpuint(columns, <=, TERMINAL_COLUMNS);
	m->columns = columns;
	m->rows = TERMINAL_ROWS;
	g_assert_cmpint(ioctl(m->master, TIOCSWINSZ, &size), ==, 0);
}

static char **terminal_environment(const char *term, const char *lc_all)
{
	char **env = g_get_environ();

	env = g_environ_unsetenv(env, "IOE_NICK");
	env = g_environ_unsetenv(env, "IOE_SERVERS");
	env = term ? g_environ_setenv(env, "TERM", term, TRUE) : g_environ_unsetenv(env, "TERM");
	return lc_all ? g_environ_setenv(env, "LC_ALL", lc_all, TRUE) : g_environ_unsetenv(env, "LC_ALL");
}

void terminal_start_program(struct terminal *m, unsigned columns, const char *term, const char *lc_all,
			    const char *const *argv)
{
	g_auto(GStrv) env = terminal_environment(term, lc_all);
	g_autoptr(GError) error = NULL;
	int slave;

	*m = (struct terminal){ .master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) };
	m->seen = g_string_new(NULL);
	m->all = g_string_new(NULL);
	m->begun = g_string_new(NULL);
	for (unsigned i = 0; i < TERMINAL_ROWS * TERMINAL_COLUMNS; i++)
		m->cells[i / TERMINAL_COLUMNS][i % TERMINAL_COLUMNS] = ' ';
	g_assert_cmpint(grantpt(m->master), ==, 0);
	g_assert_cmpint(unlockpt(m->master), ==, 0);
	slave = open(ptsname(m->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	g_assert_cmpint(slave, >=, 0);
	terminal_set_size(m, columns);
	(void)g_spawn_async_with_pipes_and_fds(NULL, argv, (const char *const *)env, G_SPAWN_DO_NOT_REAP_CHILD,
					       terminal_setup, NULL, slave, slave, slave, NULL, NULL, 0, &m->pid, NULL,
					       NULL, NULL, &error);
	g_assert_no_error(error);
	(void)close(slave);
}

void terminal_start(struct terminal *m, unsigned columns, const char *term, const char *lc_all, ...)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	const char *arg;
	va_list ap;

	g_ptr_array_add(argv, (char *)harness_program("IOE_CLIENT"));
	va_start(ap, lc_all);
	while ((arg = va_arg(ap, const char *)))
		g_ptr_array_add(argv, (char *)arg);
	va_end(ap);
	g_ptr_array_add(argv, NULL);
	terminal_start_program(m, columns, term, lc_all, (const char *const *)argv->pdata);
}

/* The screen. */

static void terminal_blank(struct terminal *m, unsigned row, unsigned from)
{
	m->goes_on[row] = false;
	for (unsigned i = from; i < TERMINAL_COLUMNS; i++)
		m->cells[row][i] = ' ';
}

static void terminal_down(struct terminal *m)
{
	if (m->row + 1 < m->rows) {
		m->row++;
		return;
	}
	memmove(m->cells[0], m->cells[1], sizeof(m->cells[0]) * (m->rows - 1));
	memmove(m->goes_on, m->goes_on + 1, sizeof(m->goes_on[0]) * (m->rows - 1));
	m->goes_on[m->rows - 1] = false;
	terminal_blank(m, m->rows - 1, 0);
}

static void terminal_put(struct terminal *m, gunichar c)
{
	unsigned w = g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;

	if (w == 0)
		return;
	if (m->column + w > m->columns) {
		m->goes_on[m->row] = true;
		m->column = 0;
		terminal_down(m);
	}
	m->cells[m->row][m->column] = c;
	if (w == 2)
		m->cells[m->row][m->column + 1] = 0;
	m->column += w;
}

/* ESC [ NUMBER LETTER. */
static void terminal_control(struct terminal *m, const char *number, char letter)
{
	unsigned n = *number ? (unsigned)atoi(number) : 1, column = MIN(m->column, m->columns - 1);

	switch (letter) {
	case 'A':
		m->row -= MIN(n, m->row);
		break;
	case 'B':
		m->row = MIN(m->row + n, m->rows - 1);
		break;
	case 'C':
		m->column = MIN(column + n, m->columns - 1);
		break;
	case 'D':
		m->column = column - MIN(n, column);
		break;
	case 'G':
		m->column = MIN(n, m->columns) - 1;
		break;
	case 'H':
		m->row = m->column = 0;
		break;
	case 'J':
		terminal_blank(m, m->row, m->column);
		for (unsigned i = m->row + 1; i < m->rows; i++)
			terminal_blank(m, i, 0);
		break;
	case 'K':
		terminal_blank(m, m->row, m->column);
		break;
	case 'P':
		for (unsigned i = column; i < m->columns; i++)
			m->cells[m->row][i] = i + n < m->columns ? m->cells[m->row][i + n] : ' ';
		break;
	case '@':
		for (unsigned i = m->columns; i-- > column;)
			m->cells[m->row][i] = i >= column + n ? m->cells[m->row][i - n] : ' ';
		break;
	case 'm':
		break;
	default:
		harness_fail("escape [%s%c", number, letter);
	}
}

/* Whether it was whole. */
static bool terminal_escape(struct terminal *m)
{
	g_autofree char *number = NULL;
	const char *s = m->begun->str;
	size_t n = m->begun->len;

	if (n < 2)
		return false;
	if (s[1] != '[')
		harness_fail("escape %c", s[1]);
	if (n < 3 || strchr("0123456789;?", s[n - 1]))
		return false;
	number = g_strndup(s + 2, n - 3);
	if (strcmp(number, "?2004") != 0)
		terminal_control(m, number, s[n - 1]);
	return true;
}

static void terminal_take(struct terminal *m, char c)
{
	gunichar u;

	(void)g_string_append_c(m->begun, c);
	if (m->begun->str[0] == '\033') {
		if (!terminal_escape(m))
			return;
	} else if (c == '\r') {
		m->column = 0;
	} else if (c == '\n') {
		terminal_down(m);
	} else if (c == '\b') {
		m->column -= m->column > 0;
	} else if (c == '\t') {
		m->column = MIN((m->column / 8 + 1) * 8, m->columns - 1);
	} else if (c != '\a') {
		u = g_utf8_get_char_validated(m->begun->str, (gssize)m->begun->len);
		if (u == (gunichar)-2)
			return;
		g_assert_cmphex(u, >=, ' ');
		terminal_put(m, u);
	}
	(void)g_string_truncate(m->begun, 0);
}

char *terminal_screen(const struct terminal *m)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < m->rows; i++) {
		for (unsigned j = 0; j < m->columns; j++)
			if (m->cells[i][j])
				(void)g_string_append_unichar(text, m->cells[i][j]);
		while (text->len > 0 && text->str[text->len - 1] == ' ')
			(void)g_string_truncate(text, text->len - 1);
		(void)g_string_append_c(text, '\n');
	}
	return g_string_free(text, FALSE);
}

/* False at the end. */
static bool terminal_read(struct terminal *m, gint64 deadline)
{
	char buf[4096];
	ssize_t n;

	if (!harness_poll(m->master, POLLIN, deadline)) {
		g_autofree char *screen = terminal_screen(m);

		harness_fail("nothing more comes; the screen:\n%s\nall: %s", screen, m->all->str);
	}
	n = read(m->master, buf, sizeof(buf));
	if (n <= 0)
		return false;
	if (g_strstr_len(buf, n, "Sanitizer"))
		harness_fail("%.*s", (int)n, buf);
	(void)g_string_append_len(m->seen, buf, n);
	(void)g_string_append_len(m->all, buf, n);
	for (ssize_t i = 0; i < n; i++)
		terminal_take(m, buf[i]);
	return true;
}

void terminal_drain(struct terminal *m)
{
	while (harness_poll(m->master, POLLIN, 0) && terminal_read(m, 0))
		;
}

void terminal_see(struct terminal *m, const char *what)
{
	gint64 deadline = harness_deadline();
	char *at;

	while (!(at = strstr(m->seen->str, what)))
		if (!terminal_read(m, deadline))
			harness_fail("it ended before '%s' was on the screen: %s", what, m->all->str);
	(void)g_string_erase(m->seen, 0, at - m->seen->str + (gssize)strlen(what));
}

void terminal_show(struct terminal *m, const char *rows)
{
	g_autofree char *wanted = g_strconcat(rows, "\n", NULL);
	gint64 deadline = harness_deadline();

	for (;;) {
		g_autofree char *screen = terminal_screen(m);

		if (strstr(screen, wanted))
			return;
		if (g_get_monotonic_time() > deadline)
			harness_fail("'%s' is not on the screen:\n%s", rows, screen);
		if (!terminal_read(m, deadline))
			harness_fail("it ended before '%s' was on the screen:\n%s", rows, screen);
	}
}

void terminal_type_bytes(struct terminal *m, const char *keys, size_t n)
{
	gint64 deadline = harness_deadline();
	ssize_t k;

	/* Both ways at once: a terminal holds little. */
	g_assert_cmpint(fcntl(m->master, F_SETFL, O_NONBLOCK), ==, 0);
	for (size_t done = 0; done < n;) {
		k = write(m->master, keys + done, MIN(n - done, (size_t)1024));
		if (k > 0)
			done += (size_t)k;
		if (done < n && harness_poll(m->master, POLLIN | POLLOUT, deadline) && harness_poll(m->master, POLLIN, 0))
			(void)terminal_read(m, deadline);
	}
	g_assert_cmpint(fcntl(m->master, F_SETFL, 0), ==, 0);
}

void terminal_type(struct terminal *m, const char *keys)
{
	terminal_type_bytes(m, keys, strlen(keys));
}

/* Where the text of a row ends; the cursor is text. */
static unsigned terminal_row_end(const struct terminal *m, unsigned row, unsigned columns)
{
	unsigned end = m->goes_on[row] ? columns : 0;

	for (unsigned j = 0; j < columns; j++)
		if (m->cells[row][j] != ' ')
			end = MAX(end, j + 1);
	return end;
}

/* All rows again in the new width, with the cursor where it stood in the text. */
static void terminal_wrap(struct terminal *m, unsigned before)
{
	g_autofree struct terminal *old = g_memdup2(m, sizeof(*m));
	unsigned row = 0, column = 0;

	for (unsigned i = 0; i < m->rows; i++)
		terminal_blank(m, i, 0);
	m->row = m->column = 0;
	for (unsigned i = 0; i <= old->row; i++) {
		unsigned end = terminal_row_end(old, i, before);

		for (unsigned j = 0; j < MAX(end, i == old->row ? old->column : 0); j++) {
			terminal_put(m, j < end ? old->cells[i][j] : ' ');
			if (i == old->row && j + 1 == old->column) {
				row = m->row;
				column = m->column;
			}
		}
		if (i < old->row && !old->goes_on[i]) {
			m->column = 0;
			terminal_down(m);
		}
	}
	m->row = MAX(row, m->row);
	m->column = old->column == 0 ? m->column : column;
}

void terminal_resize(struct terminal *m, unsigned columns)
{
	unsigned before = m->columns;

	/* What was drawn for the old width has come by now. */
	terminal_drain(m);
	terminal_set_size(m, columns);
	if (m->wraps)
		terminal_wrap(m, before);
}

int terminal_finish(struct terminal *m)
{
	gint64 deadline = harness_deadline();
	int status;

	while (terminal_read(m, deadline))
		;
	g_assert_cmpint(waitpid(m->pid, &status, 0), ==, m->pid);
	(void)close(m->master);
	(void)g_string_free(m->seen, TRUE);
	(void)g_string_free(m->all, TRUE);
	(void)g_string_free(m->begun, TRUE);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
