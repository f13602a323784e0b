/* SPDX-License-Identifier: MIT */
/*
 * The home's side: which of this reactor's sessions follow what. A follow begins behind: it reads pages of what is kept,
 * the next one when the session's output has drained, and lets pass what is said meanwhile. When it has read all there
 * was, which is at once where nothing of the past is wanted, it asks the owner to be switched over, who gives it what it
 * lacks up to the last number; from there on it is told live (fanout.c).
 */
#include "channel/channel-private.h"

#include "session/event.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FOLLOW_PAGE_ROWS  256
#define FOLLOW_PAGE_BYTES ((size_t)64 << 10)
#define FOLLOW_PAGE_SHARE 4 /* of what may wait for the session: an encoded text is up to three times as long */

/* What hangs on a session that follows something. */
struct channel_guest {
	struct observer observer;
	struct list follows;
	unsigned n[STORE_KINDS_MAX];
};

struct follow_page {
	struct store_page page;
	struct channel_follow *follow; /* NULL: it is gone */
	struct reactor *home;
};

void follow_free(struct channel_follow *f)
{
	if (f && f->page)
		f->page->follow = NULL;
	if (f && f->asking)
		f->asking->follow = NULL;
	free(f);
}

static void follow_unlink(struct channel_follow *f)
{
	branch_leave(f);
	list_remove(&f->in_guest);
	f->guest->n[f->policy->kind]--;
	f->session = NULL;
}

/* Its session has ended, and it was a member: the owner is told. It goes there and back, so that its home waits. */

static void follow_returned(struct msg *m)
{
	struct channel_follow *f = container_of(m, struct channel_follow, msg);
	struct reactor *home = f->home;

	follow_free(f);
	reactor_unbusy(home);
}

static void follow_left(struct msg *m)
{
	struct channel_follow *f = container_of(m, struct channel_follow, msg);
	struct channel_shard *owner = channel_hub_owner(f->hub, &f->key);

	channel_left(owner, &f->key, f->handle, f->why);
	f->msg.act = follow_returned;
	reactor_post(channel_shard_reactor(owner), f->home, &f->msg);
}

void follow_leave(struct channel_follow *f)
{
	/* Nobody is to find it any more. */
	if (f->page)
		f->page->follow = NULL;
	if (f->asking)
		f->asking->follow = NULL;
	f->page = NULL;
	f->asking = NULL;
	f->home->busy++;
	f->msg.act = follow_left;
	reactor_post(f->home, channel_shard_reactor(channel_hub_owner(f->hub, &f->key)), &f->msg);
}

static void follow_gone(struct observer *a, _unused_ struct session *s, const char *why)
{
	struct channel_guest *g = container_of(a, struct channel_guest, observer);
	struct list *n;

	while ((n = list_first(&g->follows))) {
		struct channel_follow *f = container_of(n, struct channel_follow, in_guest);

		(void)snprintf(f->why, sizeof(f->why), "%s", why);
		follow_unlink(f);
		if (f->state != FOLLOW_ASKED)
			follow_leave(f); /* else when the op is back */
	}
	free(g);
}

static void follow_drained(struct observer *a, struct session *s);

static const struct observer_ops follow_ops = {
	.gone = follow_gone,
	.drained = follow_drained,
};

static struct channel_guest *follow_guest(const struct session *s)
{
	struct observer *a = session_find_observer(s, &follow_ops);

	return a ? container_of(a, struct channel_guest, observer) : NULL;
}

static struct channel_guest *follow_make_guest(struct session *s)
{
	struct channel_guest *g = follow_guest(s);

	if (g)
		return g;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->observer.ops = &follow_ops;
	list_init(&g->follows);
	session_add_observer(s, &g->observer);
	return g;
}

static struct channel_follow *follow_make(struct channel_op *op, struct session *s, struct channel_guest *g)
{
	struct channel_follow *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->hub = op->hub;
	f->home = op->home;
	channel_key_set(&f->key, op->policy, op->name, op->name_len);
	if (branch_enter(channel_hub_shard(op->hub, op->home), f) < 0) {
		free(f);
		return NULL;
	}
	f->policy = op->policy;
	f->session = s;
	f->handle = op->session;
	f->guest = g;
	g->n[op->policy->kind]++;
	list_add_tail(&g->follows, &f->in_guest);
	return f;
}

struct session *channel_op_session(struct channel_op *op)
{
	return op->session.generation > 0 ? reactor_find(op->home, op->session) : NULL;
}

struct channel_follow *follow_orphan(struct channel_op *op)
{
	struct channel_follow *f = op->follow;

	if (!f)
		return NULL;
	if (f->session && !channel_op_session(op)) {
		/* It ended in this very pass, and follow_gone() is yet to be told: it must not find what nobody waits for. */
		(void)snprintf(f->why, sizeof(f->why), "closed");
		follow_unlink(f);
	}
	return f->session ? NULL : f;
}

void follow_entered(struct channel_op *op)
{
	op->follow->state = FOLLOW_ENTERED;
}

struct channel_follow *channel_follow_begin(struct channel_op *op, int *ret_error)
{
	struct session *s = channel_op_session(op);
	struct channel_guest *g = s ? follow_make_guest(s) : NULL;
	struct channel_limits limits;

	op->policy->limits(op->home->settings, &limits);
	if (!g)
		*ret_error = -ENOMEM;
	else if (channel_follow_find(s, op->policy, op->name, op->name_len))
		*ret_error = -EEXIST;
	else if (g->n[op->policy->kind] >= limits.follows)
		*ret_error = -EMFILE;
	else {
		*ret_error = -ENOMEM;
		op->follow = follow_make(op, s, g);
		return op->follow;
	}
	return NULL;
}

void channel_follow_end(struct channel_follow *f)
{
	if (!f->session)
		return;
	follow_unlink(f);
	follow_free(f);
}

struct channel_follow *channel_follow_next(struct session *s, const struct channel_policy *p, const struct channel_follow *f)
{
	struct channel_guest *g = follow_guest(s);
	struct list *n;

	if (!g)
		return NULL;
	for (n = f ? f->in_guest.next : g->follows.next; n != &g->follows; n = n->next)
		if (container_of(n, struct channel_follow, in_guest)->policy == p)
			return container_of(n, struct channel_follow, in_guest);
	return NULL;
}

struct channel_follow *channel_follow_find(struct session *s, const struct channel_policy *p, const char *name, size_t len)
{
	struct channel_follow *f = NULL;

	while ((f = channel_follow_next(s, p, f)))
		if (f->key.len == len + 1 && memcmp(f->key.bytes + 1, name, len) == 0)
			return f;
	return NULL;
}

const char *channel_follow_name(const struct channel_follow *f, size_t *ret_len)
{
	*ret_len = f->key.len - 1U;
	return f->key.bytes + 1;
}

/* What was said before the op came back is told before it is answered. */
void follow_settle(struct channel_op *op)
{
	struct session *s = channel_op_session(op);
	struct channel_follow *f = s ? channel_follow_find(s, op->policy, op->name, op->name_len) : NULL;

	if (f)
		branch_settle(f);
}

void follow_expelled(struct msg *msg)
{
	struct channel_member *m = container_of(msg, struct channel_member, msg);
	struct session *s = reactor_find(&m->hub->server->reactors[m->session.reactor], m->session);
	struct channel_follow *f = s ? channel_follow_find(s, m->policy, m->channel, m->channel_len) : NULL;

	if (f && f->state == FOLLOW_ASKED) {
		f->expelled = true; /* the op that entered is yet to come */
	} else if (f) {
		branch_settle(f);
		if (m->farewell)
			(void)channel_say(s, m->policy, &m->farewell->event);
		channel_follow_end(f);
		if (m->policy->expelled)
			m->policy->expelled(s, m->channel, m->channel_len);
	}
	(void)channel_message_unref(m->farewell);
	free(m);
}

/* What is said. */

int channel_say(struct session *s, const struct channel_policy *p, const struct channel_event *e)
{
	struct buf text = {};
	int r;

	r = p->format(e, channel_dialect(s), &text);
	if (r < 0)
		session_cut_off(s);
	else if (text.len > 0)
		r = session_event_text(s, text.data, text.len, false);
	buf_done(&text);
	return r < 0 ? -EPIPE : 0;
}

/* One message to one follow. False: its session takes no more. */
static bool follow_tell(struct channel_follow *f, const struct channel_event *e)
{
	struct session *s = f->session;

	if (f->policy->wants && !f->policy->wants(s, e))
		return true;
	if (channel_say(s, f->policy, e) < 0)
		return false;
	if (e->number == 0)
		return true;
	f->at = e->number;
	if (f->policy->queued)
		f->policy->queued(s, e);
	return true;
}

/* To one member. */
struct follow_word {
	struct msg msg;
	struct reactor *home;
	struct handle session;
	struct channel_message *message;
};

static void follow_hear_word(struct msg *m)
{
	struct follow_word *w = container_of(m, struct follow_word, msg);
	struct session *s = reactor_find(w->home, w->session);
	const struct channel_event *e = &w->message->event;
	struct channel_follow *f =
		s ? channel_follow_find(s, w->message->policy, e->channel, e->channel_len) : NULL;

	if (f)
		branch_settle(f);
	if (s)
		(void)channel_say(s, w->message->policy, e);
	(void)channel_message_unref(w->message);
	free(w);
}

void channel_tell(struct channel *c, struct channel_member *to, struct channel_message *m)
{
	struct follow_word *w = malloc(sizeof(*w));

	if (!w)
		return;
	channel_address(c, m);
	*w = (struct follow_word){
		.msg.act = follow_hear_word,
		.home = &c->shard->hub->server->reactors[to->session.reactor],
		.session = to->session,
		.message = channel_message_ref(m),
	};
	reactor_post(channel_reactor(c), w->home, &w->msg);
}

/* Catching up. */

static void follow_go_on(struct channel_follow *f);

/* What is kept cannot be had. It is better to be gone, and told so, than to have a gap in it. */
static void follow_lose(struct channel_follow *f, int error)
{
	char what[256];

	(void)snprintf(what, sizeof(what), "what is kept for '%.*s' cannot be read: %s", (int)f->key.len - 1,
		       f->key.bytes + 1, error == -ENOMEM ? "out of memory" : "the server's disk failed");
	session_give_up(f->session, what);
}

static void follow_switched(struct channel_op *op)
{
	struct channel_switch *w = container_of(op, struct channel_switch, op);
	struct channel_follow *f = w->follow;
	bool takes = true;

	if (f)
		f->asking = NULL;
	for (unsigned i = 0; i < w->n_recent; i++) {
		takes = takes && f && follow_tell(f, &w->recent[i]->event);
		(void)channel_message_unref(w->recent[i]);
	}
	if (f && op->result == -ENOMEM) {
		follow_lose(f, -ENOMEM);
	} else if (f && op->result >= 0 && w->ready) {
		f->state = FOLLOW_LIVE;
		branch_go_live(f);
	} else if (f && op->result >= 0) {
		f->upto = op->counts.last;
		follow_go_on(f);
	}
	free(w->recent);
	free(w);
}

static void follow_ask(struct channel_follow *f)
{
	struct channel_switch *w = calloc(1, sizeof(*w));

	if (!w) {
		follow_lose(f, -ENOMEM);
		return;
	}
	channel_op_init_alone(&w->op, f->hub, f->policy, f->home, f->session, f->key.bytes + 1, f->key.len - 1U);
	w->op.act = recent_switch;
	w->op.done = follow_switched;
	w->follow = f;
	w->at = f->at;
	f->asking = w;
	channel_submit(&w->op);
}

/* Tells what is in it. False: the session takes no more. */
static bool follow_tell_page(struct channel_follow *f, const struct store_page *p)
{
	struct store_row row;
	size_t at = 0;

	while (store_page_next(p, &at, &row)) {
		struct channel_event e = {
			.channel = f->key.bytes + 1,
			.channel_len = f->key.len - 1U,
			.from = row.from,
			.from_len = row.from_len,
			.text = row.text,
			.text_len = row.text_len,
			.number = row.number,
			.time_msec = row.time_msec,
			.id = store_id(f->channel_id, row.number),
		};

		if (!follow_tell(f, &e))
			return false;
	}
	return true;
}

static void follow_page_came(struct store_request *q)
{
	struct follow_page *p = container_of(q, struct follow_page, page.request);
	struct channel_follow *f = p->follow;
	struct reactor *home = p->home;

	if (f)
		f->page = NULL;
	if (f && q->result < 0 && q->result != -ENOENT) {
		follow_lose(f, q->result);
	} else if (f && follow_tell_page(f, &p->page)) {
		if (p->page.more) {
			f->guest->observer.want_flushed = true;
			session_want(f->session, &f->guest->observer);
		} else {
			f->at = f->upto;
			follow_go_on(f);
		}
	}
	store_page_done(&p->page);
	free(p);
	reactor_unbusy(home);
}

static void follow_read(struct channel_follow *f)
{
	struct follow_page *p = calloc(1, sizeof(*p));

	if (!p) {
		follow_lose(f, -ENOMEM);
		return;
	}
	p->page = (struct store_page){
		.request = { .home = &f->home->loop, .done = follow_page_came },
		.channel_id = f->channel_id,
		.after = f->at,
		.upto = f->upto,
		.max_rows = FOLLOW_PAGE_ROWS,
		.max_bytes = MIN(FOLLOW_PAGE_BYTES, session_event_room(f->session) / FOLLOW_PAGE_SHARE),
	};
	p->follow = f;
	p->home = f->home;
	f->page = p;
	f->home->busy++;
	(void)store_page(channel_hub_store(f->hub), &p->page);
}

static void follow_go_on(struct channel_follow *f)
{
	if (f->at < f->upto && f->channel_id > 0 && channel_hub_store(f->hub)) {
		follow_read(f);
		return;
	}
	f->at = f->upto;
	follow_ask(f);
}

static void follow_drained(struct observer *a, _unused_ struct session *s)
{
	struct channel_guest *g = container_of(a, struct channel_guest, observer);
	struct list *next;

	for (struct list *n = g->follows.next; n != &g->follows; n = next) {
		struct channel_follow *f = container_of(n, struct channel_follow, in_guest);

		next = n->next;
		if (f->state == FOLLOW_BEHIND && !f->page && !f->asking)
			follow_go_on(f);
	}
}

void channel_follow_go(struct channel_follow *f, struct channel_op *op, uint64_t after)
{
	struct session *s = f->session;

	if (!s)
		return;
	if (f->expelled) {
		channel_follow_end(f);
		if (op->policy->expelled)
			op->policy->expelled(s, op->name, op->name_len);
		return;
	}
	f->channel_id = op->counts.id;
	f->upto = op->counts.last;
	f->at = MIN(after, f->upto);
	f->state = FOLLOW_BEHIND;
	follow_go_on(f);
}
