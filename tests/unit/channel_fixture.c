/* SPDX-License-Identifier: MIT */
#include "unit/channel_fixture.h"

#include "base/macro.h"
#include "base/str.h"
#include "channel/list.h"
#include "session/limits.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/serve.h"

enum {
	CHANNEL_FIXTURE_SAID,
	CHANNEL_FIXTURE_JOINED,
	CHANNEL_FIXTURE_LEFT,
};

struct channel_limits channel_fixture_limits;

static void channel_fixture_get_limits(_unused_ const struct settings *s, struct channel_limits *ret)
{
	*ret = channel_fixture_limits;
}

/* "room number from text", "room +name", "room -name why". */
static int channel_fixture_format(const struct channel_event *e, _unused_ enum dialect d, struct buf *to)
{
	if (e->type == CHANNEL_FIXTURE_SAID)
		return buf_printf(to, "%.*s %llu %.*s %.*s\n", (int)e->channel_len, e->channel,
				  (unsigned long long)e->number, (int)e->from_len, e->from, (int)e->text_len, e->text);
	return buf_printf(to, "%.*s %c%.*s %.*s\n", (int)e->channel_len, e->channel,
			  e->type == CHANNEL_FIXTURE_JOINED ? '+' : '-', (int)e->from_len, e->from, (int)e->text_len,
			  e->text);
}

static void channel_fixture_notify(struct channel *c, unsigned type, const char *name, size_t len, const char *text)
{
	struct channel_message *m = channel_message_new(type, name, len, text, strlen(text));

	channel_notify(c, m);
	(void)channel_message_unref(m);
}

static void channel_fixture_left(struct channel *c, struct channel_member *m, const char *why)
{
	channel_fixture_notify(c, CHANNEL_FIXTURE_LEFT, m->name, m->name_len, why);
}

static void channel_fixture_expelled(struct session *s, const char *channel, size_t len)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "out of %.*s\n", (int)len, channel);

	(void)session_event_text(s, text, (size_t)n, false);
}

const struct channel_policy channel_fixture_policy = {
	.kind = 0,
	.ephemeral = true,
	.limits = channel_fixture_get_limits,
	.format = channel_fixture_format,
	.left = channel_fixture_left,
	.expelled = channel_fixture_expelled,
};

/* The request of each verb. */
struct channel_fixture_request {
	struct channel_request rq;
	struct channel_subscription *subscription;
	char name[SESSION_NAME_MAX];
	size_t name_len;
	struct address address;
	uint64_t after;
	bool durable;
	char who[STORE_NAME_MAX + 1];
	char text[4096];
	struct channel_walk walk;
	struct channel_list list;
	struct store_page page;
	unsigned n;
};

static struct channel_fixture_request *channel_fixture_request_new(struct request *q, const struct field *room,
								   channel_act_fn act,
								   void (*done)(struct channel_request *rq))
{
	struct channel_fixture_request *e = calloc(1, sizeof(*e));

	channel_request_init(&e->rq, request_role_state(q), &channel_fixture_policy, q, room->data, room->len);
	e->rq.act = act;
	e->rq.on_complete = done;
	e->name_len = session_get_name(request_session(q), e->name);
	e->address = *session_address(request_session(q));
	return e;
}

static const char *channel_fixture_outcome(int result)
{
	static const char *const names[CHANNEL_E_MAX] = {
		[CHANNEL_E_NOT_FOUND] = "NOT_FOUND", [CHANNEL_E_MEMBER] = "MEMBER",
		[CHANNEL_E_MEMBERS] = "MEMBERS",     [CHANNEL_E_SUBSCRIPTIONS] = "SUBSCRIPTIONS",
		[CHANNEL_E_CHANNELS] = "CHANNELS",   [CHANNEL_E_NAMES] = "NAMES",
		[CHANNEL_E_FULL] = "FULL",           [CHANNEL_E_BUSY] = "BUSY",
		[CHANNEL_E_NO_SPACE] = "NO_SPACE",   [CHANNEL_E_UNAVAILABLE] = "UNAVAILABLE",
	};

	return result > 0 ? names[result] : strerrorname_np(-result);
}

static void channel_fixture_answer(struct channel_fixture_request *e)
{
	if (e->rq.result != 0)
		request_error(e->rq.request, ERROR_INTERNAL, "%s", channel_fixture_outcome(e->rq.result));
	else
		request_ok(e->rq.request);
	free(e);
}

static void channel_fixture_answer_number(struct channel_request *rq, uint64_t n)
{
	struct channel_fixture_request *e = container_of(rq, struct channel_fixture_request, rq);

	if (rq->result != 0) {
		channel_fixture_answer(e);
		return;
	}
	request_begin(rq->request, "OK");
	request_field_u64(rq->request, n);
	request_end(rq->request);
	free(e);
}

static void channel_fixture_join_act(struct channel *c, struct channel_request *rq)
{
	struct channel_fixture_request *e = container_of(rq, struct channel_fixture_request, rq);
	struct channel_member *m;
	int r = channel_enter(c, rq, e->name, e->name_len, &e->address, &m);
	char name[SESSION_NAME_MAX];
	size_t len = e->name_len;

	memcpy(name, e->name, len);
	channel_finish(rq, r);
	if (r == 0)
		channel_fixture_notify(c, CHANNEL_FIXTURE_JOINED, name, len, "");
}

static void channel_fixture_join_done(struct channel_request *rq)
{
	struct channel_fixture_request *e = container_of(rq, struct channel_fixture_request, rq);
	uint64_t after = e->after == UINT64_MAX ? rq->counts.last : e->after;
	const char *no = rq->result != 0 ? channel_fixture_outcome(rq->result) : NULL;
	struct channel_subscription *sub = e->subscription;

	if (rq->result != 0)
		channel_subscription_end(sub);
	request_begin(rq->request, no ? "NO" : "OK");
	if (no)
		request_field(rq->request, no, strlen(no));
	else
		request_field_u64(rq->request, rq->counts.last);
	request_end(rq->request);
	if (rq->result == 0)
		channel_subscription_go(sub, rq, after);
	free(e);
}

static int channel_fixture_join(struct request *q, struct fields *f)
{
	struct channel_fixture_request *e =
		channel_fixture_request_new(q, &f->at[0], channel_fixture_join_act, channel_fixture_join_done);
	int r;

	e->rq.create = true;
	e->after = UINT64_MAX;
	if (f->n > 1)
		(void)str_to_u64(f->at[1].data, f->at[1].len, 0, UINT64_MAX, &e->after);
	e->subscription = channel_subscription_begin(&e->rq, &r);
	if (e->subscription) {
		channel_submit(&e->rq);
		return ACT_DEFERRED;
	}
	e->rq.result = r;
	channel_fixture_answer(e);
	return ACT_ANSWERED;
}

static void channel_fixture_part_act(struct channel *c, struct channel_request *rq)
{
	struct channel_member *m = channel_find_member(c, rq->session);

	if (!m) {
		channel_finish(rq, CHANNEL_E_NOT_FOUND);
		return;
	}
	channel_fixture_notify(c, CHANNEL_FIXTURE_LEFT, m->name, m->name_len, "left");
	channel_leave(c, m);
	channel_finish(rq, 0);
}

static void channel_fixture_part_done(struct channel_request *rq)
{
	struct session *s = channel_request_session(rq);
	struct channel_subscription *sub =
		s ? channel_subscription_find(s, &channel_fixture_policy, rq->name, rq->name_len) : NULL;

	if (sub && rq->result == 0)
		channel_subscription_end(sub);
	channel_fixture_answer(container_of(rq, struct channel_fixture_request, rq));
}

static int channel_fixture_part(struct request *q, struct fields *f)
{
	channel_submit(
		&channel_fixture_request_new(q, &f->at[0], channel_fixture_part_act, channel_fixture_part_done)->rq);
	return ACT_DEFERRED;
}

static void channel_fixture_say_act(struct channel *c, struct channel_request *rq)
{
	bool durable = container_of(rq, struct channel_fixture_request, rq)->durable;

	if (!durable)
		channel_expect_ephemeral(c);
	channel_append(c, rq, durable, NULL);
}

static void channel_fixture_say_done(struct channel_request *rq)
{
	channel_fixture_answer_number(rq, rq->call.append.counts.last);
}

static int channel_fixture_say(struct request *q, struct fields *f)
{
	struct channel_fixture_request *e =
		channel_fixture_request_new(q, &f->at[1], channel_fixture_say_act, channel_fixture_say_done);

	e->durable = f->at[0].data[0] == 'd';
	e->rq.create = true;
	e->rq.message = channel_message_new(CHANNEL_FIXTURE_SAID, e->name, e->name_len, f->at[2].data, f->at[2].len);
	channel_submit(&e->rq);
	return ACT_DEFERRED;
}

static void channel_fixture_kick_act(struct channel *c, struct channel_request *rq)
{
	struct channel_fixture_request *e = container_of(rq, struct channel_fixture_request, rq);
	struct channel_member *m = channel_find_name(c, e->who, strlen(e->who));
	struct channel_message *message;

	if (!m) {
		channel_finish(rq, CHANNEL_E_NOT_FOUND);
		return;
	}
	message = channel_message_new(CHANNEL_FIXTURE_LEFT, m->name, m->name_len, "kicked", strlen("kicked"));
	channel_expel(c, m, message);
	channel_notify(c, message);
	(void)channel_message_unref(message);
	channel_finish(rq, 0);
}

static void channel_fixture_plain_done(struct channel_request *rq)
{
	channel_fixture_answer(container_of(rq, struct channel_fixture_request, rq));
}

static int channel_fixture_kick(struct request *q, struct fields *f)
{
	struct channel_fixture_request *e =
		channel_fixture_request_new(q, &f->at[0], channel_fixture_kick_act, channel_fixture_plain_done);

	(void)snprintf(e->who, sizeof(e->who), "%.*s", (int)f->at[1].len, f->at[1].data);
	channel_submit(&e->rq);
	return ACT_DEFERRED;
}

static void channel_fixture_notify_member_act(struct channel *c, struct channel_request *rq)
{
	struct channel_fixture_request *e = container_of(rq, struct channel_fixture_request, rq);
	struct channel_member *m = channel_find_name(c, e->who, strlen(e->who));

	if (m)
		channel_notify_member(c, m, rq->message);
	channel_finish(rq, m ? 0 : CHANNEL_E_NOT_FOUND);
}

static int channel_fixture_notify_member(struct request *q, struct fields *f)
{
	struct channel_fixture_request *e = channel_fixture_request_new(q, &f->at[0], channel_fixture_notify_member_act,
									channel_fixture_plain_done);

	(void)snprintf(e->who, sizeof(e->who), "%.*s", (int)f->at[1].len, f->at[1].data);
	e->rq.message = channel_message_new(CHANNEL_FIXTURE_LEFT, "psst", 4, f->at[2].data, f->at[2].len);
	channel_submit(&e->rq);
	return ACT_DEFERRED;
}

static void channel_fixture_count_act(struct channel *c, struct channel_request *rq)
{
	container_of(rq, struct channel_fixture_request, rq)->n = channel_n_members(c);
	channel_finish(rq, 0);
}

static void channel_fixture_count_done(struct channel_request *rq)
{
	channel_fixture_answer_number(rq, container_of(rq, struct channel_fixture_request, rq)->n);
}

static int channel_fixture_count(struct request *q, struct fields *f)
{
	channel_submit(
		&channel_fixture_request_new(q, &f->at[0], channel_fixture_count_act, channel_fixture_count_done)->rq);
	return ACT_DEFERRED;
}

static void channel_fixture_note_act(struct channel *c, struct channel_request *rq)
{
	struct channel_fixture_request *e = container_of(rq, struct channel_fixture_request, rq);

	rq->call.set =
		(struct store_set){ .name = "topic", .name_len = 5, .value = e->text, .value_len = strlen(e->text) };
	channel_set(c, rq, NULL);
}

static int channel_fixture_note(struct request *q, struct fields *f)
{
	struct channel_fixture_request *e =
		channel_fixture_request_new(q, &f->at[0], channel_fixture_note_act, channel_fixture_plain_done);

	e->rq.create = true;
	(void)snprintf(e->text, sizeof(e->text), "%.*s", (int)f->at[1].len, f->at[1].data);
	channel_submit(&e->rq);
	return ACT_DEFERRED;
}

static void channel_fixture_read_note_act(struct channel *c, struct channel_request *rq)
{
	struct channel_fixture_request *e = container_of(rq, struct channel_fixture_request, rq);
	const struct store_attribute *n = channel_attribute(c, "topic", 5);

	if (n)
		(void)snprintf(e->text, sizeof(e->text), "%.*s", (int)n->value_len, n->value);
	channel_finish(rq, n ? 0 : -ENODATA);
}

static void channel_fixture_read_note_done(struct channel_request *rq)
{
	struct channel_fixture_request *e = container_of(rq, struct channel_fixture_request, rq);

	if (rq->result != 0) {
		channel_fixture_answer(e);
		return;
	}
	request_line(rq->request, e->text, strlen(e->text));
	free(e);
}

static int channel_fixture_read_note(struct request *q, struct fields *f)
{
	channel_submit(&channel_fixture_request_new(q, &f->at[0], channel_fixture_read_note_act,
						    channel_fixture_read_note_done)
				->rq);
	return ACT_DEFERRED;
}

static void channel_fixture_walk_each(struct channel_walk *w, _unused_ struct channel *c)
{
	container_of(w, struct channel_fixture_request, walk)->n++;
}

static void channel_fixture_walk_done(struct channel_walk *w)
{
	struct channel_fixture_request *e = container_of(w, struct channel_fixture_request, walk);

	request_begin(e->rq.request, "OK");
	request_field_u64(e->rq.request, e->n);
	request_end(e->rq.request);
	free(e);
}

static int channel_fixture_open(struct request *q, _unused_ struct fields *f)
{
	struct channel_fixture_request *e = calloc(1, sizeof(*e));

	request_defer(q);
	e->rq.request = q;
	e->walk = (struct channel_walk){
		.engine = request_role_state(q),
		.kind = channel_fixture_policy.kind,
		.origin = request_reactor(q),
		.each = channel_fixture_walk_each,
		.on_complete = channel_fixture_walk_done,
	};
	channel_walk(&e->walk);
	return ACT_DEFERRED;
}

static bool channel_fixture_is_listed(struct channel *c)
{
	return channel_n_members(c) > 0 || channel_counts(c)->last > 0;
}

/* "name members count last topic;" of each; '*' in front of one that is in memory, '|' between pages. */
static void channel_fixture_list_go_on(struct channel_list *l)
{
	struct channel_fixture_request *e = container_of(l, struct channel_fixture_request, list);
	struct channel_listed c;
	int r = 0;

	while (l->error == 0 && (r = channel_list_next(l, &c)) > 0)
		e->n += (unsigned)snprintf(e->text + e->n, sizeof(e->text) - e->n, "%s%.*s %u %u %u %.*s;",
					   c.live ? "*" : "", (int)c.name_len, c.name, (unsigned)c.members,
					   (unsigned)c.count, (unsigned)c.last, (int)c.attribute_len, c.attribute);
	if (r == -EAGAIN) {
		e->text[e->n++] = '|';
		channel_list_fetch(l, request_loop(e->rq.request), channel_fixture_list_go_on);
		return;
	}
	ck_assert(l->error != 0 || channel_list_is_complete(l));
	if (l->error != 0)
		e->n = (unsigned)snprintf(e->text, sizeof(e->text), "%s", channel_fixture_outcome(l->error));
	request_line(e->rq.request, e->text, e->n);
	channel_list_done(l);
	free(e);
}

static int channel_fixture_list(struct request *q, struct fields *f)
{
	struct channel_fixture_request *e = calloc(1, sizeof(*e));

	request_defer(q);
	e->rq.request = q;
	e->list = (struct channel_list){
		.engine = request_role_state(q),
		.kind = channel_fixture_policy.kind,
		.attribute = "topic",
		.attribute_max = 8,
		.page_rows = (size_t)(f->at[0].data[0] - '0'),
		.live_max = f->n > 1 ? 64 : 0,
		.live_only = f->n > 2,
		.includes = channel_fixture_is_listed,
	};
	channel_list_collect(&e->list, request_reactor(q), channel_fixture_list_go_on);
	return ACT_DEFERRED;
}

static const struct role_verb channel_fixture_verbs[] = {
	{ { "JOIN", "JOIN,room[,after]", "", 1, 2, VERB_BARRIER, ACCESS_NONE, 0 }, channel_fixture_join },
	{ { "PART", "PART,room", "", 1, 1, VERB_BARRIER, ACCESS_NONE, 0 }, channel_fixture_part },
	{ { "SAY", "SAY,durable|volatile,room,text", "", 3, 3, VERB_CONCURRENT, ACCESS_NONE, 0 }, channel_fixture_say },
	{ { "KICK", "KICK,room,name", "", 2, 2, VERB_CONCURRENT, ACCESS_NONE, 0 }, channel_fixture_kick },
	{ { "TELL", "TELL,room,name,text", "", 3, 3, VERB_CONCURRENT, ACCESS_NONE, 0 }, channel_fixture_notify_member },
	{ { "COUNT", "COUNT,room", "", 1, 1, VERB_CONCURRENT, ACCESS_NONE, 0 }, channel_fixture_count },
	{ { "NOTE", "NOTE,room,topic", "", 2, 2, VERB_CONCURRENT, ACCESS_NONE, 0 }, channel_fixture_note },
	{ { "READ", "READ,room", "", 1, 1, VERB_CONCURRENT, ACCESS_NONE, 0 }, channel_fixture_read_note },
	{ { "OPEN", "OPEN", "", 0, 0, VERB_CONCURRENT, ACCESS_NONE, 0 }, channel_fixture_open },
	{ { "LIST", "LIST,rows[,bound[,live]]", "", 1, 3, VERB_CONCURRENT, ACCESS_NONE, 0 }, channel_fixture_list },
};

static int channel_fixture_role_start(const struct role_start *with, void **ret_state, _unused_ char *why,
				      _unused_ size_t why_size)
{
	struct channel_engine *engine;
	int r = channel_engine_ref(with, &engine);

	*ret_state = engine;
	return r;
}

static void channel_fixture_role_stop(void *state)
{
	channel_engine_unref(state);
}

static const struct role channel_fixture_role = {
	.name = "test",
	.verbs = channel_fixture_verbs,
	.n_verbs = ELEMENTSOF(channel_fixture_verbs),
	.start = channel_fixture_role_start,
	.stop = channel_fixture_role_stop,
};

const struct role *const channel_fixture_roles[] = { &channel_fixture_role, NULL };
static const char *const channel_fixture_role_names[] = { "test", NULL };
static const struct option_section *const channel_fixture_sections[] = { &server_section, &legacy_section, &limits_section, NULL };
const struct option_schema channel_fixture_schema = {
	.sections = channel_fixture_sections,
	.listener = &listener_section,
	.roles = channel_fixture_role_names,
	.listeners_default = "( { port = 0; roles = [ \"test\" ]; } )",
};

const char *channel_fixture_configure(int way, const char *state, const char *output)
{
	static char config[1024];

	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ \"test\" ]; raw = false; } );\n"
		       "state_dir = \"%s\"; runtime_dir = \"%%s/run\"; reactors = %d; workers = 1;\n"
		       "limits = { output = \"%s\"; memory = \"1G\"; };",
		       state, way & 1 ? 4 : 1, output);
	return config;
}

void channel_fixture_start_in(int way, const char *state, const char *output)
{
	channel_fixture_limits = (struct channel_limits){ .open = 1000, .members = 1000, .subscriptions = 1000 };
	serve_start(&channel_fixture_schema, channel_fixture_roles, channel_fixture_configure(way, state, output));
}

void channel_fixture_start(int way)
{
	channel_fixture_start_in(way, "%s/state", "256K");
}

int channel_fixture_connect(const char *name)
{
	int fd = serve_connect();

	serve_nick(fd, name);
	return fd;
}

unsigned channel_fixture_line_number(const char *line)
{
	unsigned n = 0;

	return line[2] >= '0' && line[2] <= '9' && sscanf(line, "r %u ", &n) == 1 ? n : 0;
}
