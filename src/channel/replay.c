/* SPDX-License-Identifier: MIT */
/*
 * What was told last, while a member is behind: what is said after it came and before it is told live cannot be read from
 * the store by number alone, since some is kept nowhere, and the store would always be a little late.
 */
#include "channel/channel-private.h"

#include <errno.h>

static void recent_forget(struct channel *c)
{
	struct channel_message *m = c->recent[c->recent_first++ % CHANNEL_RECENT];

	c->n_recent--;
	c->recent_bytes -= m->event.from_len + m->event.text_len;
	(void)channel_message_unref(m);
}

void recent_remember(struct channel *c, struct channel_message *m)
{
	if (c->n_catching == 0)
		return;
	while (c->n_recent == CHANNEL_RECENT || (c->n_recent > 0 && c->recent_bytes > CHANNEL_RECENT_BYTES))
		recent_forget(c);
	c->recent[(c->recent_first + c->n_recent++) % CHANNEL_RECENT] = channel_message_ref(m);
	c->recent_bytes += m->event.from_len + m->event.text_len;
}

void recent_begin(struct channel *c, struct channel_member *m)
{
	m->recent_from = c->recent_first + c->n_recent;
	m->recent_last = c->counts.last;
}

int recent_catch(struct channel *c, struct channel_member *m)
{
	if (!c->recent)
		c->recent = malloc(CHANNEL_RECENT * sizeof(*c->recent));
	if (!c->recent)
		return -ENOMEM;
	m->catching = true;
	c->n_catching++;
	recent_begin(c, m);
	return 0;
}

void recent_caught(struct channel *c, struct channel_member *m)
{
	if (!m->catching)
		return;
	m->catching = false;
	if (--c->n_catching > 0)
		return;
	while (c->n_recent > 0)
		recent_forget(c);
	free(c->recent);
	c->recent = NULL;
}

/* Whether it can be given all behind the number it has read up to. */
static bool recent_covers(const struct channel *c, const struct channel_member *m, uint64_t at)
{
	if (at >= c->counts.last)
		return true;
	/* Nothing has been let go since it came. */
	if ((int)(m->recent_from - c->recent_first) >= 0)
		return at >= m->recent_last;
	for (unsigned i = 0; i < c->n_recent; i++) {
		uint64_t number = c->recent[(c->recent_first + i) % CHANNEL_RECENT]->event.number;

		if (number > 0)
			return number <= at + 1;
	}
	return false;
}

static int recent_give(struct channel *c, const struct channel_member *m, struct channel_switch *w)
{
	unsigned from = (int)(m->recent_from - c->recent_first) > 0 ? m->recent_from - c->recent_first : 0;

	if (from == c->n_recent)
		return 0;
	w->recent = malloc((c->n_recent - from) * sizeof(*w->recent));
	if (!w->recent)
		return -ENOMEM;
	for (unsigned i = from; i < c->n_recent; i++) {
		struct channel_message *said = c->recent[(c->recent_first + i) % CHANNEL_RECENT];

		if (said->event.number == 0 || said->event.number > w->at)
			w->recent[w->n_recent++] = channel_message_ref(said);
	}
	return 0;
}

void recent_switch(struct channel *c, struct channel_op *op)
{
	struct channel_switch *w = container_of(op, struct channel_switch, op);
	struct channel_member *m = channel_find_member(c, op->session);
	int result = 0;

	if (!m) {
		channel_finish(op, -ENOENT);
		return;
	}
	w->ready = m->catching ? recent_covers(c, m, w->at) : w->at >= c->counts.last;
	if (w->ready && m->catching)
		result = recent_give(c, m, w);
	else if (!m->catching && !w->ready)
		result = recent_catch(c, m);
	if (w->ready && result >= 0)
		recent_caught(c, m);
	channel_finish(op, result);
}
