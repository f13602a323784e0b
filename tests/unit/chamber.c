/* SPDX-License-Identifier: MIT */
#include "unit/chamber.h"

#include "base/macro.h"
#include "base/str.h"
#include "session/limits.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/serve.h"

enum {
	CHAMBER_SAID,
	CHAMBER_JOINED,
	CHAMBER_LEFT,
};

struct channel_limits chamber_limits;

static void chamber_get_limits(_unused_ const struct settings *s, struct channel_limits *ret)
{
	*ret = chamber_limits;
}

/* "room number from text", "room +name", "room -name why". */
static int chamber_format(const struct channel_event *e, _unused_ enum dialect d, struct buf *to)
{
	if (e->type == CHAMBER_SAID)
		return buf_printf(to, "%.*s %llu %.*s %.*s\n", (int)e->channel_len, e->channel, (unsigned long long)e->number,
				  (int)e->from_len, e->from, (int)e->text_len, e->text);
	return buf_printf(to, "%.*s %c%.*s %.*s\n", (int)e->channel_len, e->channel, e->type == CHAMBER_JOINED ? '+' : '-',
			  (int)e->from_len, e->from, (int)e->text_len, e->text);
}

static void chamber_notify(struct channel *c, unsigned type, const char *name, size_t len, const char *text)
{
	struct channel_message *m = channel_message_new(type, name, len, text, strlen(text));

	channel_notify(c, m);
	(void)channel_message_unref(m);
}

static void chamber_left(struct channel *c, struct channel_member *m, const char *why)
{
	chamber_notify(c, CHAMBER_LEFT, m->name, m->name_len, why);
}

static void chamber_expelled(struct session *s, const char *channel, size_t len)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "out of %.*s\n", (int)len, channel);

	(void)session_event_text(s, text, (size_t)n, false);
}

const struct channel_policy chamber_policy = {
	.kind = 0,
	.unkept = true,
	.limits = chamber_get_limits,
	.format = chamber_format,
	.left = chamber_left,
	.expelled = chamber_expelled,
};

/* What all verbs carry. */
struct chamber_errand {
	struct channel_op op;
	struct channel_follow *follow;
	char name[SESSION_NAME_MAX];
	size_t name_len;
	struct address address;
	uint64_t after;
	bool durable;
	char who[STORE_NAME_MAX + 1];
	char text[4096];
	struct channel_walk walk;
	struct store_page page;
	unsigned n;
};

static struct chamber_errand *chamber_errand_new(struct request *q, const struct field *room,
						 void (*act)(struct channel *c, struct channel_op *op),
						 void (*done)(struct channel_op *op))
{
	struct chamber_errand *e = calloc(1, sizeof(*e));

	channel_op_init(&e->op, request_role_state(q), &chamber_policy, q, room->data, room->len);
	e->op.act = act;
	e->op.done = done;
	e->name_len = session_get_name(request_session(q), e->name);
	e->address = *session_address(request_session(q));
	return e;
}

static void chamber_answer(struct chamber_errand *e)
{
	if (e->op.result < 0)
		request_error(e->op.request, ERROR_INTERNAL, "%s", strerrorname_np(-e->op.result));
	else
		request_ok(e->op.request);
	free(e);
}

static void chamber_answer_number(struct channel_op *op, uint64_t n)
{
	struct chamber_errand *e = container_of(op, struct chamber_errand, op);

	if (op->result < 0) {
		chamber_answer(e);
		return;
	}
	request_begin(op->request, "OK");
	request_field_u64(op->request, n);
	request_end(op->request);
	free(e);
}

static void chamber_join_act(struct channel *c, struct channel_op *op)
{
	struct chamber_errand *e = container_of(op, struct chamber_errand, op);
	struct channel_member *m;
	int r = channel_enter(c, op, e->name, e->name_len, &e->address, &m);
	char name[SESSION_NAME_MAX];
	size_t len = e->name_len;

	memcpy(name, e->name, len);
	channel_finish(op, r);
	if (r >= 0)
		chamber_notify(c, CHAMBER_JOINED, name, len, "");
}

static void chamber_join_done(struct channel_op *op)
{
	struct chamber_errand *e = container_of(op, struct chamber_errand, op);
	uint64_t after = e->after == UINT64_MAX ? op->counts.last : e->after;
	struct channel_follow *f = e->follow;

	if (op->result < 0)
		channel_follow_end(f);
	request_begin(op->request, op->result < 0 ? "NO" : "OK");
	request_field_u64(op->request, op->result < 0 ? (uint64_t)-op->result : op->counts.last);
	request_end(op->request);
	if (op->result >= 0)
		channel_follow_go(f, op, after);
	free(e);
}

static int chamber_join(struct request *q, struct fields *f)
{
	struct chamber_errand *e = chamber_errand_new(q, &f->at[0], chamber_join_act, chamber_join_done);
	int r;

	e->op.create = true;
	e->after = UINT64_MAX;
	if (f->n > 1)
		(void)str_to_u64(f->at[1].data, f->at[1].len, 0, UINT64_MAX, &e->after);
	e->follow = channel_follow_begin(&e->op, &r);
	if (e->follow) {
		channel_submit(&e->op);
		return 0;
	}
	e->op.result = r;
	chamber_answer(e);
	return 0;
}

static void chamber_part_act(struct channel *c, struct channel_op *op)
{
	struct channel_member *m = channel_find_member(c, op->session);

	if (!m) {
		channel_finish(op, -ENOENT);
		return;
	}
	chamber_notify(c, CHAMBER_LEFT, m->name, m->name_len, "left");
	channel_leave(c, m);
	channel_finish(op, 0);
}

static void chamber_part_done(struct channel_op *op)
{
	struct session *s = channel_op_session(op);
	struct channel_follow *f = s ? channel_follow_find(s, &chamber_policy, op->name, op->name_len) : NULL;

	if (f && op->result >= 0)
		channel_follow_end(f);
	chamber_answer(container_of(op, struct chamber_errand, op));
}

static int chamber_part(struct request *q, struct fields *f)
{
	channel_submit(&chamber_errand_new(q, &f->at[0], chamber_part_act, chamber_part_done)->op);
	return 0;
}

static void chamber_say_act(struct channel *c, struct channel_op *op)
{
	bool durable = container_of(op, struct chamber_errand, op)->durable;

	if (!durable)
		channel_expect_unkept(c);
	channel_append(c, op, durable, NULL);
}

static void chamber_say_done(struct channel_op *op)
{
	chamber_answer_number(op, op->step.append.counts.last);
}

static int chamber_say(struct request *q, struct fields *f)
{
	struct chamber_errand *e = chamber_errand_new(q, &f->at[1], chamber_say_act, chamber_say_done);

	e->durable = f->at[0].data[0] == 'd';
	e->op.create = true;
	e->op.message = channel_message_new(CHAMBER_SAID, e->name, e->name_len, f->at[2].data, f->at[2].len);
	channel_submit(&e->op);
	return 0;
}

static void chamber_kick_act(struct channel *c, struct channel_op *op)
{
	struct chamber_errand *e = container_of(op, struct chamber_errand, op);
	struct channel_member *m = channel_find_name(c, e->who, strlen(e->who));
	struct channel_message *message;

	if (!m) {
		channel_finish(op, -ENOENT);
		return;
	}
	message = channel_message_new(CHAMBER_LEFT, m->name, m->name_len, "kicked", strlen("kicked"));
	channel_expel(c, m, message);
	channel_notify(c, message);
	(void)channel_message_unref(message);
	channel_finish(op, 0);
}

static void chamber_plain_done(struct channel_op *op)
{
	chamber_answer(container_of(op, struct chamber_errand, op));
}

static int chamber_kick(struct request *q, struct fields *f)
{
	struct chamber_errand *e = chamber_errand_new(q, &f->at[0], chamber_kick_act, chamber_plain_done);

	(void)snprintf(e->who, sizeof(e->who), "%.*s", (int)f->at[1].len, f->at[1].data);
	channel_submit(&e->op);
	return 0;
}

static void chamber_tell_act(struct channel *c, struct channel_op *op)
{
	struct chamber_errand *e = container_of(op, struct chamber_errand, op);
	struct channel_member *m = channel_find_name(c, e->who, strlen(e->who));

	if (m)
		channel_tell(c, m, op->message);
	channel_finish(op, m ? 0 : -ENOENT);
}

static int chamber_tell(struct request *q, struct fields *f)
{
	struct chamber_errand *e = chamber_errand_new(q, &f->at[0], chamber_tell_act, chamber_plain_done);

	(void)snprintf(e->who, sizeof(e->who), "%.*s", (int)f->at[1].len, f->at[1].data);
	e->op.message = channel_message_new(CHAMBER_LEFT, "psst", 4, f->at[2].data, f->at[2].len);
	channel_submit(&e->op);
	return 0;
}

static void chamber_count_act(struct channel *c, struct channel_op *op)
{
	container_of(op, struct chamber_errand, op)->n = channel_n_members(c);
	channel_finish(op, 0);
}

static void chamber_count_done(struct channel_op *op)
{
	chamber_answer_number(op, container_of(op, struct chamber_errand, op)->n);
}

static int chamber_count(struct request *q, struct fields *f)
{
	channel_submit(&chamber_errand_new(q, &f->at[0], chamber_count_act, chamber_count_done)->op);
	return 0;
}

static void chamber_note_act(struct channel *c, struct channel_op *op)
{
	struct chamber_errand *e = container_of(op, struct chamber_errand, op);

	op->step.set = (struct store_set){ .name = "topic", .name_len = 5, .value = e->text, .value_len = strlen(e->text) };
	channel_set(c, op, NULL);
}

static int chamber_note(struct request *q, struct fields *f)
{
	struct chamber_errand *e = chamber_errand_new(q, &f->at[0], chamber_note_act, chamber_plain_done);

	e->op.create = true;
	(void)snprintf(e->text, sizeof(e->text), "%.*s", (int)f->at[1].len, f->at[1].data);
	channel_submit(&e->op);
	return 0;
}

static void chamber_read_note_act(struct channel *c, struct channel_op *op)
{
	struct chamber_errand *e = container_of(op, struct chamber_errand, op);
	const struct store_note *n = channel_note(c, "topic", 5);

	if (n)
		(void)snprintf(e->text, sizeof(e->text), "%.*s", (int)n->value_len, n->value);
	channel_finish(op, n ? 0 : -ENODATA);
}

static void chamber_read_note_done(struct channel_op *op)
{
	struct chamber_errand *e = container_of(op, struct chamber_errand, op);

	if (op->result < 0) {
		chamber_answer(e);
		return;
	}
	request_line(op->request, e->text, strlen(e->text));
	free(e);
}

static int chamber_read_note(struct request *q, struct fields *f)
{
	channel_submit(&chamber_errand_new(q, &f->at[0], chamber_read_note_act, chamber_read_note_done)->op);
	return 0;
}

static void chamber_walk_each(struct channel_walk *w, _unused_ struct channel *c)
{
	container_of(w, struct chamber_errand, walk)->n++;
}

static void chamber_walk_done(struct channel_walk *w)
{
	struct chamber_errand *e = container_of(w, struct chamber_errand, walk);

	request_begin(e->op.request, "OK");
	request_field_u64(e->op.request, e->n);
	request_end(e->op.request);
	free(e);
}

static int chamber_open(struct request *q, _unused_ struct fields *f)
{
	struct chamber_errand *e = calloc(1, sizeof(*e));

	request_defer(q);
	e->op.request = q;
	e->walk = (struct channel_walk){
		.hub = request_role_state(q),
		.policy = &chamber_policy,
		.home = request_reactor(q),
		.each = chamber_walk_each,
		.done = chamber_walk_done,
	};
	channel_walk(&e->walk);
	return 0;
}

static const struct role_verb chamber_verbs[] = {
	{ { "JOIN", "JOIN,room[,after]", "", 1, 2, VERB_BARRIER }, chamber_join },
	{ { "PART", "PART,room", "", 1, 1, VERB_BARRIER }, chamber_part },
	{ { "SAY", "SAY,durable|volatile,room,text", "", 3, 3, VERB_CONCURRENT }, chamber_say },
	{ { "KICK", "KICK,room,name", "", 2, 2, VERB_CONCURRENT }, chamber_kick },
	{ { "TELL", "TELL,room,name,text", "", 3, 3, VERB_CONCURRENT }, chamber_tell },
	{ { "COUNT", "COUNT,room", "", 1, 1, VERB_CONCURRENT }, chamber_count },
	{ { "NOTE", "NOTE,room,topic", "", 2, 2, VERB_CONCURRENT }, chamber_note },
	{ { "READ", "READ,room", "", 1, 1, VERB_CONCURRENT }, chamber_read_note },
	{ { "OPEN", "OPEN", "", 0, 0, VERB_CONCURRENT }, chamber_open },
};

static int chamber_role_start(const struct role_start *with, void **ret_state, _unused_ char *why,
			      _unused_ size_t why_size)
{
	struct channel_hub *h;
	int r = channel_hub_ref(with, &h);

	*ret_state = h;
	return r;
}

static void chamber_role_stop(void *state)
{
	channel_hub_unref(state);
}

static const struct role chamber_role = {
	.name = "test",
	.verbs = chamber_verbs,
	.n_verbs = ELEMENTSOF(chamber_verbs),
	.start = chamber_role_start,
	.stop = chamber_role_stop,
};

const struct role *const chamber_roles[] = { &chamber_role, NULL };
static const char *const chamber_role_names[] = { "test", NULL };
static const struct option_section *const chamber_sections[] = { &server_section, &limits_section, NULL };
const struct option_schema chamber_schema = {
	.sections = chamber_sections,
	.listener = &listener_section,
	.roles = chamber_role_names,
	.listeners_default = "( { port = 0; roles = [ \"test\" ]; } )",
};

const char *chamber_configure(int way, const char *state, const char *output)
{
	static char config[1024];

	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ \"test\" ]; raw = false; } );\n"
		       "state_dir = \"%s\"; runtime_dir = \"%%s/run\"; reactors = %d; workers = 1;\n"
		       "limits = { output = \"%s\"; memory = \"1G\"; };",
		       state, way & 1 ? 4 : 1, output);
	return config;
}

void chamber_start_in(int way, const char *state, const char *output)
{
	chamber_limits = (struct channel_limits){ .open = 1000, .members = 1000, .follows = 1000 };
	serve_start(&chamber_schema, chamber_roles, chamber_configure(way, state, output));
}

void chamber_start(int way)
{
	chamber_start_in(way, "%s/state", "256K");
}

int chamber_connect(const char *name)
{
	int fd = serve_connect();

	serve_nick(fd, name);
	return fd;
}

unsigned chamber_line_number(const char *line)
{
	unsigned n = 0;

	return line[2] >= '0' && line[2] <= '9' && sscanf(line, "r %u ", &n) == 1 ? n : 0;
}
