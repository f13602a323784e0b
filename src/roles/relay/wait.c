/* SPDX-License-Identifier: MIT */
/*
 * A session that waits follows its mailbox. It may be given another name meanwhile, and another again while it is on
 * its way, so there is one step at a time: after each, relay_wait_settle() looks what the next one is. Where there is
 * none, the WAIT that may have begun it is answered.
 */
#include "roles/relay/wait.h"

#include "base/str.h"

#include <errno.h>

/* A step: into a mailbox, or out of it. */
struct relay_step {
	struct channel_op op;
	struct address address;
	struct relay_name name;
};

static struct relay_session *relay_wait_session(struct channel_op *op, struct session **ret)
{
	struct session *s = channel_op_session(op);

	*ret = s;
	return s ? relay_session_find(s) : NULL;
}

static struct channel_follow *relay_wait_follow(struct session *s, const struct relay_name *name)
{
	return channel_follow_find(s, &relay_policy, name->text, name->len);
}

static struct relay_step *relay_wait_new(struct relay_session *rs, struct session *s, const struct relay_name *name)
{
	struct relay_step *step = calloc(1, sizeof(*step));

	if (!step)
		return NULL;
	step->name = *name;
	step->address = *session_address(s);
	channel_op_init_alone(&step->op, rs->state->hub, &relay_policy, session_reactor(s), s, name->text, name->len);
	return step;
}

static void relay_wait_refuse(struct relay_session *rs, int error)
{
	struct request *q = STEAL_PTR(rs->asked);

	rs->wanted = false;
	if (q)
		relay_refuse(q, error);
}

/* Owner. */
static void relay_wait_act_enter(struct channel *c, struct channel_op *op)
{
	struct relay_step *step = container_of(op, struct relay_step, op);
	struct channel_member *m;

	channel_finish(op, channel_enter(c, op, step->name.text, step->name.len, &step->address, &m));
}

/* Home. */
static void relay_wait_entered(struct channel_op *op)
{
	struct relay_step *step = container_of(op, struct relay_step, op);
	struct relay_session *rs;
	struct session *s;

	rs = relay_wait_session(op, &s);
	if (rs) {
		struct channel_follow *f = relay_wait_follow(s, &step->name);

		rs->moving = false;
		rs->following = op->result >= 0;
		rs->followed = step->name;
		if (!rs->following) {
			if (f)
				channel_follow_end(f);
			relay_wait_refuse(rs, op->result);
		} else if (f && rs->wanted && relay_name_is(&rs->box, step->name.text, step->name.len)) {
			if (rs->asked)
				request_ok(STEAL_PTR(rs->asked));
			channel_follow_go(f, op, relay_session_resume(rs, op->counts.id));
		}
		relay_wait_settle(rs, s);
	}
	free(step);
}

static int relay_wait_enter(struct relay_session *rs, struct session *s)
{
	struct relay_step *step = relay_wait_new(rs, s, &rs->box);
	int r;

	if (!step)
		return -ENOMEM;
	step->op.create = true;
	step->op.act = relay_wait_act_enter;
	step->op.done = relay_wait_entered;
	if (!channel_follow_begin(&step->op, &r)) {
		free(step);
		return r;
	}
	rs->moving = true;
	channel_submit(&step->op);
	return 0;
}

/* Owner. */
static void relay_wait_act_leave(struct channel *c, struct channel_op *op)
{
	struct channel_member *m = channel_find_member(c, op->session);

	if (m)
		channel_leave(c, m);
	channel_finish(op, 0);
}

/* Home. */
static void relay_wait_left(struct channel_op *op)
{
	struct relay_step *step = container_of(op, struct relay_step, op);
	struct relay_session *rs;
	struct session *s;

	rs = relay_wait_session(op, &s);
	if (rs) {
		struct channel_follow *f = relay_wait_follow(s, &step->name);

		if (f)
			channel_follow_end(f);
		rs->moving = rs->following = false;
		relay_wait_settle(rs, s);
	}
	free(step);
}

static int relay_wait_leave(struct relay_session *rs, struct session *s)
{
	struct relay_step *step = relay_wait_new(rs, s, &rs->followed);

	if (!step)
		return -ENOMEM;
	step->op.act = relay_wait_act_leave;
	step->op.done = relay_wait_left;
	rs->moving = true;
	channel_submit(&step->op);
	return 0;
}

void relay_wait_settle(struct relay_session *rs, struct session *s)
{
	bool there = rs->following && relay_name_is(&rs->box, rs->followed.text, rs->followed.len);
	int r = 0;

	if (rs->moving)
		return;
	if (rs->following && (!rs->wanted || !there))
		r = relay_wait_leave(rs, s);
	else if (!rs->following && rs->wanted)
		r = relay_wait_enter(rs, s);
	else if (rs->asked)
		request_ok(STEAL_PTR(rs->asked));
	if (r < 0)
		relay_wait_refuse(rs, r);
}

int relay_wait(struct request *q, struct fields *f)
{
	const struct field *how = &f->at[0];
	struct relay_session *rs;
	bool on = str_casecmp(how->data, how->len, "on", 2) == 0;
	int r;

	if (!on && str_casecmp(how->data, how->len, "off", 3) != 0) {
		request_error(q, ERROR_BAD_ARGUMENT, "WAIT is on or off, not '%.*s'", (int)MIN(how->len, (size_t)32),
			      how->data);
		return 0;
	}
	if (on && !relay_store(q))
		return 0;
	r = relay_session_get(q, &rs);
	if (r < 0)
		return r;
	/* A barrier, so there is no other one. */
	rs->wanted = on;
	rs->asked = q;
	request_defer(q);
	relay_wait_settle(rs, request_session(q));
	return 0;
}
