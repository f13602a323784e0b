/* SPDX-License-Identifier: MIT */
/*
 * The replay buffer: the last messages of a channel, kept while one of its members is catching up. In the thread of the
 * channel's owner; owner.c and append.c add each message, subscriber.c sends the request to go live.
 *
 * A session that enters reads the messages of the past from the store, page by page. Meanwhile new ones are sent, which
 * it cannot read there: ephemeral ones are in no store, and of the others the last are not on disk yet. The buffer
 * keeps them. When the session has read up to a number, it sends struct channel_go_live with that number, and there are
 * two answers. If the buffer reaches back to that number, the session gets the messages behind it and is live from
 * there on. If not, because the buffer is a ring of bounded size, the session reads on in the store and asks again.
 */
#include "channel/channel-private.h"

#include <errno.h>

static void replay_drop_first(struct channel *c)
{
	struct channel_message *m = c->replay[c->replay_first++ % REPLAY_MAX];

	c->n_replay--;
	c->replay_bytes -= m->event.from_len + m->event.text_len;
	(void)channel_message_unref(m);
}

void replay_add(struct channel *c, struct channel_message *m)
{
	if (c->n_catching_up == 0)
		return;
	while (c->n_replay == REPLAY_MAX || (c->n_replay > 0 && c->replay_bytes > REPLAY_BYTES_MAX))
		replay_drop_first(c);
	c->replay[(c->replay_first + c->n_replay++) % REPLAY_MAX] = channel_message_ref(m);
	c->replay_bytes += m->event.from_len + m->event.text_len;
}

void replay_mark(struct channel *c, struct channel_member *m)
{
	m->replay_from = c->replay_first + c->n_replay;
	m->replay_last = c->counts.last;
}

int replay_begin(struct channel *c, struct channel_member *m)
{
	if (!c->replay)
		c->replay = malloc(REPLAY_MAX * sizeof(*c->replay));
	if (!c->replay)
		return -ENOMEM;
	m->catching_up = true;
	c->n_catching_up++;
	replay_mark(c, m);
	return 0;
}

void replay_end(struct channel *c, struct channel_member *m)
{
	if (!m->catching_up)
		return;
	m->catching_up = false;
	if (--c->n_catching_up > 0)
		return;
	while (c->n_replay > 0)
		replay_drop_first(c);
	free(c->replay);
	c->replay = NULL;
}

/* Whether the buffer has all messages behind number @at that are for this member. */
static bool replay_covers(const struct channel *c, const struct channel_member *m, uint64_t at)
{
	if (at >= c->counts.last)
		return true;
	/* Nothing was dropped since the member entered. */
	if ((int)(m->replay_from - c->replay_first) >= 0)
		return at >= m->replay_last;
	for (unsigned i = 0; i < c->n_replay; i++) {
		uint64_t number = c->replay[(c->replay_first + i) % REPLAY_MAX]->event.number;

		if (number > 0)
			return number <= at + 1;
	}
	return false;
}

static int replay_give(struct channel *c, const struct channel_member *m, struct channel_go_live *w)
{
	unsigned from = (int)(m->replay_from - c->replay_first) > 0 ? m->replay_from - c->replay_first : 0;

	if (from == c->n_replay)
		return 0;
	w->replay = malloc((c->n_replay - from) * sizeof(*w->replay));
	if (!w->replay)
		return -ENOMEM;
	for (unsigned i = from; i < c->n_replay; i++) {
		struct channel_message *said = c->replay[(c->replay_first + i) % REPLAY_MAX];

		if (said->event.number == 0 || said->event.number > w->args.at)
			w->replay[w->n_replay++] = channel_message_ref(said);
	}
	return 0;
}

static void replay_act(struct channel *c, struct channel_request *rq)
{
	struct channel_go_live *w = container_of(rq, struct channel_go_live, rq);
	struct channel_member *m = channel_find_member(c, rq->session);
	int result = 0;

	if (!m) {
		channel_finish(rq, CHANNEL_E_NOT_FOUND);
		return;
	}
	w->ready = m->catching_up ? replay_covers(c, m, w->args.at) : w->args.at >= c->counts.last;
	if (w->ready && m->catching_up)
		result = replay_give(c, m, w);
	else if (!m->catching_up && !w->ready)
		result = replay_begin(c, m);
	if (w->ready && result >= 0)
		replay_end(c, m);
	channel_finish(rq, result);
}

static const struct pack_row replay_rows[] = {
	PACK_ROW_U64(struct channel_go_live, args.at, STORE_NUMBER_MAX),
};

const struct channel_request_kind replay_go_live = {
	.id = CHANNEL_KIND_GO_LIVE,
	.name = "go live",
	.act = replay_act,
	.size = sizeof(struct channel_go_live),
	.args_offset = offsetof(struct channel_go_live, args),
	.args_size = sizeof(((struct channel_go_live *)0)->args),
	.rows = replay_rows,
	.n_rows = ELEMENTSOF(replay_rows),
};
