/* SPDX-License-Identifier: MIT */
#include "roles/chat/history.h"

#include "base/str.h"
#include "channel/stored.h"
#include "roles/chat/event.h"
#include "roles/chat/member.h"

#include <errno.h>
#include <string.h>

#define CHAT_HISTORY_COUNT_MAX 10000
#define CHAT_HISTORY_BYTES_MAX (1U << 20) /* of texts in a reply */

struct chat_history {
	struct channel_page page;
	struct channel_engine *engine;
	struct request *q;
	enum dialect dialect;
	size_t room_len;
	char room[CHANNEL_NAME_MAX];
};

static int chat_history_lines(struct chat_history *h, struct buf *to)
{
	struct channel_event e;
	int r = 0;

	while (r >= 0 && channel_page_next(&h->page, &e))
		r = chat_event_line(&e, h->dialect, to);
	return r;
}

/* The history of a room that is not on disk is empty. */
static void chat_history_on_page(struct channel_page *p)
{
	struct chat_history *h = container_of(p, struct chat_history, page);
	struct buf text = { .max = 8 * CHAT_HISTORY_BYTES_MAX };
	char why[512];

	if (p->result == CHANNEL_E_UNAVAILABLE)
		request_error(h->q, ERROR_UNAVAILABLE, "what was said in '%.*s' cannot be read: %s", (int)h->room_len,
			      h->room, channel_engine_why(h->engine, why, sizeof(why)));
	else if (p->result != 0 && p->result != CHANNEL_E_NOT_FOUND)
		request_error(h->q, ERROR_BUSY, "what was said in '%.*s' cannot be read now (%s); try again later",
			      (int)h->room_len, h->room,
			      p->result < 0 ? strerror(-p->result) : "the disk is busy or full");
	else if (p->result == 0 && chat_history_lines(h, &text) < 0)
		request_error(h->q, ERROR_BUSY, "out of memory; try again later");
	else
		request_sized(h->q, text.data, text.len);
	buf_done(&text);
	channel_page_done(p);
	free(h);
}

static bool chat_history_take(struct request *q, const struct field *f, const char *what, uint64_t min, uint64_t max,
			      uint64_t *ret)
{
	if (str_to_u64(f->data, f->len, min, max, ret) >= 0)
		return true;
	request_error(q, ERROR_BAD_ARGUMENT, "'%.*s' is no %s: that is %llu to %llu", (int)MIN(f->len, (size_t)40),
		      f->data, what, (unsigned long long)min, (unsigned long long)max);
	return false;
}

/* Only a member has the right to read the history. So a banned user cannot read it. */
static bool chat_history_may(const struct call *call, const struct field *room)
{
	if (chat_name_is_room(room->data, room->len) &&
	    channel_subscription_find(call->session, &chat_policy, room->data, room->len))
		return true;
	request_error(call->request, ERROR_DENIED, "you are not in the room '%.*s'; JOIN it first",
		      (int)MIN(room->len, (size_t)CHAT_ROOM_MAX), room->data);
	return false;
}

int chat_history(const struct call *call)
{
	struct request *q = call->request;
	const struct fields *f = call->fields;
	struct channel_engine *engine = chat_engine(call->state);
	const struct field *room = &f->at[0];
	struct chat_history *h;
	uint64_t after, count;
	char why[512];

	if (!chat_history_may(call, room) ||
	    !chat_history_take(q, &f->at[1], "number of a message", 0, CHANNEL_NUMBER_MAX, &after) ||
	    !chat_history_take(q, &f->at[2], "count", 1, CHAT_HISTORY_COUNT_MAX, &count))
		return ACT_ANSWERED;
	if (!channel_engine_has_store(engine)) {
		request_error(q, ERROR_UNAVAILABLE, "%s", channel_engine_why(engine, why, sizeof(why)));
		return ACT_ANSWERED;
	}
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->q = q;
	h->engine = engine;
	h->dialect = call->dialect;
	h->room_len = room->len;
	memcpy(h->room, room->data, room->len);
	h->page = (struct channel_page){
		.loop = request_loop(q),
		.policy = &chat_policy,
		.name = room->data,
		.name_len = room->len,
		.after = after,
		.max_messages = count,
		.max_bytes = CHAT_HISTORY_BYTES_MAX,
		.on_complete = chat_history_on_page,
	};
	request_defer(q);
	channel_page_read(&h->page, engine);
	return ACT_DEFERRED;
}
