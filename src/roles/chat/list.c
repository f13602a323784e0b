/* SPDX-License-Identifier: MIT */
/*
 * ROOMS is made from channel/list.h. WHO for one room is a request to its owner; WHO for all is a walk over all rooms
 * in memory. Each reply is in memory as a whole. So CHAT_LIST_MAX limits its size, and chat_lists_enter() limits the
 * number of replies.
 */
#include "roles/chat/list.h"

#include "base/str.h"
#include "channel/list.h"
#include "roles/chat/member.h"
#include "roles/chat/owner/entry.h"

#include <errno.h>
#include <string.h>

#define CHAT_LIST_MAX   (16U << 20) /* bytes of a reply */
#define CHAT_LIST_PAGE  1000        /* rooms that are read from the store at once */
#define CHAT_LIST_TOPIC 256         /* bytes of a topic; the rest is cut */

struct chat_list {
	struct channel_list rooms; /* ROOMS */
	struct channel_walk walk;  /* WHO */
	struct request *q;
	struct chat_state *state;
	bool encodes; /* the dialect encodes fields */
	int error;
	struct buf out; /* the reply; of WHO the names, a line each */
};

/* 0; positive: the request was answered; or -ENOMEM. */
static int chat_list_new(const struct call *call, struct chat_list **ret)
{
	struct chat_state *state = call->state;
	struct chat_list *l;

	if (!chat_lists_enter(state)) {
		request_error(call->request, ERROR_BUSY, "many ask for lists just now; try again a little later");
		return 1;
	}
	l = calloc(1, sizeof(*l));
	if (!l) {
		chat_lists_leave(state);
		return -ENOMEM;
	}
	l->state = state;
	l->q = call->request;
	l->encodes = dialect_traits(call->dialect)->encodes_fields;
	l->out.max = CHAT_LIST_MAX;
	request_defer(l->q);
	*ret = l;
	return 0;
}

static void chat_list_free(struct chat_list *l)
{
	chat_lists_leave(l->state);
	channel_list_done(&l->rooms);
	buf_done(&l->out);
	free(l);
}

static void chat_list_answer(struct chat_list *l)
{
	char why[512];

	if (l->error == -ENOBUFS)
		request_error(
			l->q, ERROR_TOO_LARGE,
			"the list of all would be over %uM, and a longer one is not made; WHO,room lists one room, and "
			"JOIN,room needs no list; on the server, `ioectl rooms` has no such bound",
			CHAT_LIST_MAX >> 20);
	else if (l->error == CHANNEL_E_UNAVAILABLE)
		request_error(l->q, ERROR_UNAVAILABLE, "the rooms that are kept cannot be listed: %s",
			      channel_engine_why(chat_engine(l->state), why, sizeof(why)));
	else if (l->error != 0)
		request_error(l->q, ERROR_BUSY, "out of memory; try again later");
	else
		request_sized(l->q, l->out.data, l->out.len);
	chat_list_free(l);
}

/* ROOMS */

/* room,members,last-seq,topic */
static int chat_list_put_room(struct chat_list *l, const struct channel_listed *room)
{
	struct buf *out = &l->out;
	int r;

	r = buf_printf(out, "%.*s,%u,%llu,", (int)room->name_len, room->name, (unsigned)room->members,
		       (unsigned long long)room->last);
	if (r >= 0)
		r = buf_reserve(out, 3 * room->attribute_len + 1);
	if (r < 0)
		return r;
	out->len += l->encodes ? field_encode_harmless(out->data + out->len, room->attribute, room->attribute_len)
			    : str_harmless(out->data + out->len, room->attribute, room->attribute_len);
	out->data[out->len++] = '\n';
	return 0;
}

/* Appends the rooms that have been read to the reply, and reads the next ones. */
static void chat_list_go_on(struct channel_list *rooms)
{
	struct chat_list *l = container_of(rooms, struct chat_list, rooms);
	struct channel_listed room;
	int r = 0;

	while (rooms->error == 0 && r >= 0 && (r = channel_list_next(rooms, &room)) > 0)
		/* The store also has rooms without messages, of which only the last number is kept. */
		if (room.live || room.count > 0 || room.attribute_len > 0)
			r = chat_list_put_room(l, &room);
	if (r == -EAGAIN) {
		channel_list_fetch(rooms, request_loop(l->q), chat_list_go_on);
		return;
	}
	l->error = rooms->error != 0 ? rooms->error : r;
	chat_list_answer(l);
}

int chat_list_rooms(const struct call *call)
{
	struct chat_list *l;
	int r;

	r = chat_list_new(call, &l);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	l->rooms = (struct channel_list){
		.engine = chat_engine(l->state),
		.kind = chat_policy.kind,
		.live_only = !channel_engine_has_store(chat_engine(l->state)),
		.attribute = CHAT_ENTRY_TOPIC,
		.attribute_max = CHAT_LIST_TOPIC,
		.live_max = CHAT_LIST_MAX,
		.page_rows = CHAT_LIST_PAGE,
		.includes = chat_act_is_room,
	};
	channel_list_collect(&l->rooms, request_reactor(l->q), chat_list_go_on);
	return ACT_DEFERRED;
}

/* WHO */

static int chat_list_compare_lines(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;

	return str_casecmp(x, strcspn(x, "\n"), y, strcspn(y, "\n"));
}

/* Sorts the lines, and with @once removes duplicates. 0 or -ENOMEM. */
static int chat_list_sort(struct buf *lines, bool once)
{
	_cleanup_(freep) const char **at = NULL;
	struct buf out = {};
	size_t n = 0;
	int r = 0;

	if (lines->len == 0)
		return 0;
	for (size_t i = 0; i < lines->len; i++)
		n += lines->data[i] == '\n';
	at = calloc(n, sizeof(*at));
	if (!at || !buf_str(lines))
		return -ENOMEM;
	at[0] = lines->data;
	for (size_t i = 1; i < n; i++)
		at[i] = strchr(at[i - 1], '\n') + 1;
	qsort(at, n, sizeof(*at), chat_list_compare_lines);
	for (size_t i = 0; i < n && r >= 0; i++)
		if (!once || i == 0 || chat_list_compare_lines(&at[i - 1], &at[i]) != 0)
			r = buf_append(&out, at[i], strcspn(at[i], "\n") + 1);
	if (r < 0) {
		buf_done(&out);
		return r;
	}
	buf_done(lines);
	out.max = lines->max;
	*lines = out;
	return 0;
}

/* Owner. */
static void chat_list_add_names(struct channel_walk *w, struct channel *c)
{
	struct chat_list *l = container_of(w, struct chat_list, walk);

	if (l->error >= 0)
		l->error = chat_act_names(c, &l->out);
}

static void chat_list_names_walked(struct channel_walk *w)
{
	struct chat_list *l = container_of(w, struct chat_list, walk);

	if (l->error >= 0)
		l->error = chat_list_sort(&l->out, true);
	chat_list_answer(l);
}

static void chat_list_who_answer(struct chat_request *x)
{
	if (chat_list_sort(&x->list, false) < 0)
		request_error(x->rq.request, ERROR_BUSY, "out of memory; try again later");
	else
		request_sized(x->rq.request, x->list.data, x->list.len);
}

/* WHO for all rooms. */
static int chat_list_who_all(const struct call *call)
{
	struct chat_list *l;
	int r;

	r = chat_list_new(call, &l);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	l->walk = (struct channel_walk){
		.engine = chat_engine(l->state),
		.kind = chat_policy.kind,
		.origin = request_reactor(l->q),
		.each = chat_list_add_names,
		.on_complete = chat_list_names_walked,
	};
	channel_walk(&l->walk);
	return ACT_DEFERRED;
}

int chat_list_who(const struct call *call)
{
	const struct fields *f = call->fields;
	struct chat_request *x;
	int r;

	if (f->n == 0)
		return chat_list_who_all(call);
	r = chat_request_new(call, &f->at[0], NULL, CHAT_KIND_WHO, chat_list_who_answer, &x);
	if (r != 0)
		return MIN(r, ACT_ANSWERED);
	channel_submit(&x->rq);
	return ACT_DEFERRED;
}
