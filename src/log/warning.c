/* SPDX-License-Identifier: MIT */
#include "log/warning.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct warning_row warning_rows[WARNING_MAX] = {
	[WARNING_STORE] = { "store", true, "Rooms and mailboxes cannot be stored or read." },
	[WARNING_ROOT_GONE] = { "root-gone", true, "The served folder is missing." },
	[WARNING_ROOT_READ_ONLY] = { "root-read-only", false, "The served folder cannot be written." },
	[WARNING_DISK_FULL] = { "disk-full", true, "A message or a file could not be stored: the disk is full." },
	[WARNING_DISK_SLOW] = { "disk-slow", true, "A thread has been waiting for the disk for long." },
	[WARNING_LISTENER_PAUSED] = { "listener-paused", true, "A listener accepts no connections for now." },
	[WARNING_LOG_DROPPED] = { "log-dropped", false, "The log has dropped events." },
	[WARNING_RELOAD_REFUSED] = { "reload-refused", false, "The configuration on disk is not the one in force." },
	[WARNING_STATE_SHARED] = { "state-shared", false, "Other users can enter the state directory, or replace it." },
	[WARNING_OPEN_TO_NETWORK] = { "open-to-network", false, "A listener is open to the network without a password." },
};

/* NULL: no memory. */
static struct warning_entry *warnings_grow(struct warnings *w)
{
	struct warning_entry *list;

	if (w->n == w->cap) {
		list = reallocarray(w->list, 2 * w->cap + WARNING_MAX, sizeof(*list));
		if (!list)
			return NULL;
		w->list = list;
		w->cap = 2 * w->cap + WARNING_MAX;
	}
	return &w->list[w->n];
}

static bool warnings_has_text(const struct warnings *w, enum warning what, const char *text)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].what == what && strcmp(w->list[i].text, text) == 0)
			return true;
	return false;
}

void warnings_add(struct warnings *w, enum warning what, const char *fmt, ...)
{
	struct warning_entry *entry = warnings_grow(w);
	_cleanup_(freep) char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (!entry || !text) {
		w->short_of_memory = true;
		return;
	}
	if (warnings_has_text(w, what, text))
		return;
	*entry = (struct warning_entry){ what, STEAL_PTR(text) };
	w->n++;
}

bool warnings_has(const struct warnings *w, enum warning what)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->list[i].what == what)
			return true;
	return false;
}

bool warnings_degrade(const struct warnings *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (warning_rows[w->list[i].what].degrades)
			return true;
	return false;
}

void warnings_done(struct warnings *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->list[i].text);
	free(w->list);
	*w = (struct warnings){ 0 };
}
