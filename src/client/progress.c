/* SPDX-License-Identifier: MIT */
#include "client/progress.h"

#include "base/clock.h"
#include "client/interrupt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

#define PROGRESS_EVERY_USEC (200 * USEC_PER_MSEC)
#define PROGRESS_LINE_MAX   100

uint64_t progress_delay_usec = USEC_PER_SEC;

/* The text that the handler of SIGINT prints; below the line where one is drawn. */
static void progress_set_words(const struct progress *p)
{
	static char words[2][256];
	static unsigned n;
	char *to = words[n++ % 2]; /* the one that the handler does not use */

	(void)snprintf(to, sizeof(words[0]), "%sioe-client: %s: interrupted; %s\n", p->shown > 0 ? "\n" : "",
		       p->client->label, p->kept);
	interrupt_set_words(to);
}

static bool progress_is_in_front(void)
{
	pid_t front = tcgetpgrp(STDERR_FILENO);

	return front < 0 || front == getpgrp();
}

static unsigned progress_columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* Draws the line; blanks erase the rest of a longer one before. Without escapes, so that every terminal can do it. */
static void progress_draw(struct progress *p, const char *line)
{
	int n = (int)MIN(strlen(line), (size_t)progress_columns() - 1), before = p->shown;

	if (!progress_is_in_front())
		return;
	(void)fprintf(stderr, "\r%.*s%*s\r", n, line, MAX(before - n, 0), "");
	(void)fflush(stderr);
	p->shown = n;
	if ((before > 0) != (n > 0))
		progress_set_words(p);
}

void progress_begin(struct progress *p, const struct client *c, const char *kept, uint64_t total)
{
	*p = (struct progress){ .client = c, .kept = kept, .total = total, .begun_usec = clock_usec() };
	p->next_usec = p->begun_usec + progress_delay_usec;
	p->is_on = isatty(STDERR_FILENO);
	progress_set_words(p);
}

/* "12.5 of 40.0 MiB, 31%, 2.0 MiB/s, 14 s left" */
void progress_step(struct progress *p, uint64_t done)
{
	static const double mib = 1 << 20;
	char line[PROGRESS_LINE_MAX];
	uint64_t now;
	double rate;

	if (!p->is_on)
		return;
	now = clock_usec();
	if (now < p->next_usec)
		return;
	p->next_usec = now + PROGRESS_EVERY_USEC;
	rate = (double)done * (double)USEC_PER_SEC / (double)MAX(now - p->begun_usec, 1U);
	(void)snprintf(line, sizeof(line), "%.1f of %.1f MiB, %u%%, %.1f MiB/s, %.0f s left", (double)done / mib,
		       (double)p->total / mib, (unsigned)((double)done * 100 / (double)MAX(p->total, 1U)), rate / mib,
		       MIN((double)(p->total - MIN(done, p->total)) / MAX(rate, 1.0), 9999999.0));
	progress_draw(p, line);
}

void progress_wait(struct progress *p, const char *kept)
{
	p->kept = kept;
	progress_set_words(p);
	if (p->is_on && clock_usec() >= p->begun_usec + progress_delay_usec)
		progress_draw(p, "all is sent; the server writes it to its disk");
}

void progress_end(struct progress *p)
{
	if (!p->client)
		return;
	interrupt_set_words(NULL);
	if (p->shown > 0)
		progress_draw(p, "");
	p->client = NULL;
}
