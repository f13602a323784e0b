/* SPDX-License-Identifier: MIT */
/*
 * ROOMS and WHO. What is open is asked of all owners, one after the other (channel_walk()); rooms in which nobody is
 * are on disk, and the store lists them in the order of their names. The answer has both, sorted.
 */
#include "roles/chat/list.h"

#include "base/str.h"
#include "roles/chat/member.h"
#include "roles/chat/entry.h"

#include <errno.h>
#include <string.h>

#define CHAT_LIST_MAX   (16U << 20) /* bytes of an answer */
#define CHAT_LIST_PAGE  1000        /* rooms that the store is asked for at once */
#define CHAT_LIST_TOPIC 256        /* bytes of a topic; more would make the list long for all */

/* A room that is open, as its owner told of it. Its topic stands in list.topics. */
struct chat_listed {
	uint64_t last;
	size_t topic_at, topic_len;
	unsigned members;
	uint8_t name_len;
	char name[CHAT_ROOM_MAX];
};

struct chat_list {
	struct channel_walk walk;
	struct store_list page;
	struct request *q;
	struct chat_state *state;
	struct store *store;
	bool ioe1;
	int error;
	struct buf rooms;  /* struct chat_listed */
	size_t at;         /* of them, what is not in the answer yet */
	struct buf topics;
	struct buf out;    /* the answer; of WHO the names, a line each */
};

static struct chat_list *chat_list_new(struct request *q, void (*each)(struct channel_walk *w, struct channel *c),
				       void (*on_complete)(struct channel_walk *w))
{
	struct chat_list *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->state = request_role_state(q);
	l->walk.engine = chat_engine(l->state);
	l->walk.policy = &chat_policy;
	l->walk.origin = request_reactor(q);
	l->walk.each = each;
	l->walk.on_complete = on_complete;
	l->store = channel_engine_store(l->walk.engine);
	l->q = q;
	l->ioe1 = request_dialect(q) == DIALECT_IOE1;
	l->rooms.max = l->topics.max = l->out.max = CHAT_LIST_MAX;
	return l;
}

static void chat_list_free(struct chat_list *l)
{
	chat_lists_leave(l->state);
	buf_done(&l->rooms);
	buf_done(&l->topics);
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
	else if (l->error == -EIO || l->error == -EBADMSG)
		request_error(l->q, ERROR_UNAVAILABLE, "the rooms that are kept cannot be listed: %s",
			      channel_engine_why(l->walk.engine, why, sizeof(why)));
	else if (l->error < 0)
		request_error(l->q, ERROR_BUSY, "out of memory; try again later");
	else
		request_sized(l->q, l->out.data, l->out.len);
	chat_list_free(l);
}

/* ROOMS */

/* Somebody is there, or something is kept. Else it was asked for in vain, and is only still in memory. */
static bool chat_list_is_room(struct channel *c)
{
	return channel_n_members(c) > 0 || channel_counts(c)->count > 0 || chat_entry_get(c, CHAT_ENTRY_TOPIC);
}

/* Cut in front of a character, not inside. */
static size_t chat_list_cut(const char *topic, size_t len)
{
	if (len <= CHAT_LIST_TOPIC)
		return len;
	for (len = CHAT_LIST_TOPIC; len > CHAT_LIST_TOPIC - 4 && (topic[len] & 0xc0) == 0x80;)
		len--;
	return len;
}

/* Owner. */
static void chat_list_note_room(struct channel_walk *w, struct channel *c)
{
	struct chat_list *l = container_of(w, struct chat_list, walk);
	const struct store_attribute *topic = chat_entry_get(c, CHAT_ENTRY_TOPIC);
	struct chat_listed e = {};
	size_t len;
	const char *name = channel_name(c, &len);

	e.members = channel_n_members(c);
	if (l->error < 0 || !chat_list_is_room(c))
		return;
	e.last = channel_counts(c)->last;
	e.name_len = (uint8_t)len;
	memcpy(e.name, name, len);
	e.topic_at = l->topics.len;
	e.topic_len = topic ? chat_list_cut(topic->value, topic->value_len) : 0;
	l->error = topic ? buf_append(&l->topics, topic->value, e.topic_len) : 0;
	if (l->error >= 0)
		l->error = buf_append(&l->rooms, &e, sizeof(e));
}

static int chat_list_compare_rooms(const void *a, const void *b)
{
	const struct chat_listed *x = a, *y = b;
	int r = memcmp(x->name, y->name, MIN(x->name_len, y->name_len));

	return r ? r : (int)x->name_len - (int)y->name_len;
}

/* room,members,last-seq,topic */
static void chat_list_put_room(struct chat_list *l, const struct chat_listed *e, const char *topic)
{
	size_t topic_len = chat_list_cut(topic, e->topic_len);
	struct buf *out = &l->out;

	if (l->error < 0)
		return;
	l->error = buf_printf(out, "%.*s,%u,%llu,", (int)e->name_len, e->name, e->members, (unsigned long long)e->last);
	if (l->error >= 0)
		l->error = buf_reserve(out, 3 * topic_len + 1);
	if (l->error < 0)
		return;
	out->len += l->ioe1 ? field_encode_harmless(out->data + out->len, topic, topic_len) :
		str_harmless(out->data + out->len, topic, topic_len);
	out->data[out->len++] = '\n';
}

/* Those that are open and come before @name, NULL: all that are left. True: the next one is of that name. */
static bool chat_list_put_open(struct chat_list *l, const struct chat_listed *before)
{
	const struct chat_listed *rooms = (const struct chat_listed *)(const void *)l->rooms.data;
	size_t n = l->rooms.len / sizeof(*rooms);

	for (; l->at < n; l->at++) {
		const struct chat_listed *e = &rooms[l->at];
		int r = before ? chat_list_compare_rooms(e, before) : -1;

		if (r >= 0)
			return r == 0;
		chat_list_put_room(l, e, e->topic_len > 0 ? l->topics.data + e->topic_at : "");
	}
	return false;
}

static void chat_list_put_kept(struct chat_list *l, const struct store_listed *row)
{
	struct chat_listed e = { .last = row->counts.last, .topic_len = row->value_len };

	e.name_len = (uint8_t)MIN(row->name_len, sizeof(e.name));
	memcpy(e.name, row->name, e.name_len);
	/* What is open tells more of itself, and has more in it than the disk where it has not been written yet. */
	if (!chat_list_put_open(l, &e) && (row->counts.count > 0 || row->value_len > 0))
		chat_list_put_room(l, &e, row->value);
}

/* Takes what is in the page. Whether there is more. */
static bool chat_list_take_page(struct chat_list *l)
{
	struct store_listed row = {};
	size_t at = 0;
	bool more;

	while (l->error >= 0 && store_list_next(&l->page, &at, &row)) {
		chat_list_put_kept(l, &row);
		l->page.after_len = (uint8_t)MIN(row.name_len, sizeof(l->page.after));
		memcpy(l->page.after, row.name, l->page.after_len);
	}
	more = l->page.more && at > 0 && l->error >= 0;
	store_list_done(&l->page);
	return more;
}

/* Origin: asks for the next page and hears of it, one by one: the last one leads to the answer. */
static void chat_list_paged(struct store_request *request)
{
	struct chat_list *l = container_of(request, struct chat_list, page.request);
	struct store_list next = {
		.request = { .home = request_loop(l->q), .on_complete = chat_list_paged },
		.kind = chat_policy.kind,
		.attribute = CHAT_ENTRY_TOPIC,
		.max_rows = CHAT_LIST_PAGE,
	};

	if (request->result < 0)
		l->error = request->result;
	if (l->page.attribute && !chat_list_take_page(l)) {
		(void)chat_list_put_open(l, NULL);
		chat_list_answer(l);
		return;
	}
	next.after_len = l->page.after_len;
	memcpy(next.after, l->page.after, sizeof(next.after));
	l->page = next;
	(void)store_list(l->store, &l->page);
}

/* Origin: all owners have told of theirs. */
static void chat_list_rooms_walked(struct channel_walk *w)
{
	struct chat_list *l = container_of(w, struct chat_list, walk);

	if (l->rooms.len > 0)
		qsort(l->rooms.data, l->rooms.len / sizeof(struct chat_listed), sizeof(struct chat_listed),
		      chat_list_compare_rooms);
	if (l->store && l->error >= 0) {
		chat_list_paged(&l->page.request);
		return;
	}
	(void)chat_list_put_open(l, NULL);
	chat_list_answer(l);
}

static int chat_list_walk(struct request *q, void (*each)(struct channel_walk *w, struct channel *c),
			  void (*on_complete)(struct channel_walk *w))
{
	struct chat_list *l;

	if (!chat_lists_enter(request_role_state(q))) {
		request_error(q, ERROR_BUSY, "many ask for lists just now; try again a little later");
		return 0;
	}
	l = chat_list_new(q, each, on_complete);
	if (!l) {
		chat_lists_leave(request_role_state(q));
		return -ENOMEM;
	}
	request_defer(q);
	channel_walk(&l->walk);
	return 0;
}

int chat_list_rooms(struct request *q, _unused_ struct fields *f)
{
	return chat_list_walk(q, chat_list_note_room, chat_list_rooms_walked);
}

/* WHO */

/* Owner: its members' names, a line each. 0 or negative errno. */
static int chat_list_names(struct channel *c, struct buf *to)
{
	int r = 0;

	for (struct channel_member *m = channel_next_member(c, NULL); m && r >= 0; m = channel_next_member(c, m))
		r = buf_printf(to, "%.*s\n", (int)m->name_len, m->name);
	return r;
}

static int chat_list_compare_lines(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;

	return str_casecmp(x, strcspn(x, "\n"), y, strcspn(y, "\n"));
}

/* Sorts the lines, and with @once leaves out what is there twice. 0 or -ENOMEM. Names are the same in each dialect. */
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
static void chat_list_note_names(struct channel_walk *w, struct channel *c)
{
	struct chat_list *l = container_of(w, struct chat_list, walk);

	if (l->error >= 0)
		l->error = chat_list_names(c, &l->out);
}

/* Origin. */
static void chat_list_names_walked(struct channel_walk *w)
{
	struct chat_list *l = container_of(w, struct chat_list, walk);

	if (l->error >= 0)
		l->error = chat_list_sort(&l->out, true);
	chat_list_answer(l);
}

/* Owner. */
static void chat_list_who_acted(struct channel *c, struct channel_request *rq)
{
	struct chat_request *x = container_of(rq, struct chat_request, rq);

	if (!chat_list_is_room(c))
		channel_finish(rq, -ENOENT);
	else
		channel_finish(rq, chat_list_names(c, &x->list) < 0 ? -ENOMEM : 0);
}

/* Origin. */
static void chat_list_who_answer(struct chat_request *x)
{
	if (chat_list_sort(&x->list, false) < 0)
		request_error(x->rq.request, ERROR_BUSY, "out of memory; try again later");
	else
		request_sized(x->rq.request, x->list.data, x->list.len);
}

int chat_list_who(struct request *q, struct fields *f)
{
	struct chat_request *x;
	int r;

	if (f->n == 0)
		return chat_list_walk(q, chat_list_note_names, chat_list_names_walked);
	r = chat_request_new(q, &f->at[0], NULL, chat_list_who_acted, chat_list_who_answer, &x);
	if (r == 0)
		channel_submit(&x->rq);
	return MIN(r, 0);
}
