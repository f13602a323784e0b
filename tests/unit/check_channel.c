/* SPDX-License-Identifier: MIT */
/*
 * The engine under a role of this file's own, whose rooms are as plain as can be: what is said reaches every member
 * once, in one order, from the number it asked for; who is gone is gone. With one reactor and with four.
 */

#include "base/clock.h"
#include "base/macro.h"
#include "base/str.h"
#include "channel/channel-private.h"
#include "daemon/limits.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/folder.h"
#include "unit/run.h"
#include "unit/serve.h"

enum {
	SAID,
	JOINED,
	LEFT,
};

static struct channel_limits limits;

static void room_limits(_unused_ const struct settings *s, struct channel_limits *ret)
{
	*ret = limits;
}

/* "room number from text", "room +name", "room -name why". */
static int room_format(const struct channel_event *e, _unused_ enum dialect d, struct buf *to)
{
	if (e->type == SAID)
		return buf_printf(to, "%.*s %llu %.*s %.*s\n", (int)e->channel_len, e->channel, (unsigned long long)e->number,
				  (int)e->from_len, e->from, (int)e->text_len, e->text);
	return buf_printf(to, "%.*s %c%.*s %.*s\n", (int)e->channel_len, e->channel, e->type == JOINED ? '+' : '-',
			  (int)e->from_len, e->from, (int)e->text_len, e->text);
}

static void room_notify(struct channel *c, unsigned type, const char *name, size_t len, const char *text)
{
	struct channel_message *m = channel_message_new(type, name, len, text, strlen(text));

	channel_notify(c, m);
	(void)channel_message_unref(m);
}

static void room_left(struct channel *c, struct channel_member *m, const char *why)
{
	room_notify(c, LEFT, m->name, m->name_len, why);
}

static void room_expelled(struct session *s, const char *channel, size_t len)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "out of %.*s\n", (int)len, channel);

	(void)session_event_text(s, text, (size_t)n, false);
}

static const struct channel_policy room_policy = {
	.kind = 0,
	.limits = room_limits,
	.format = room_format,
	.left = room_left,
	.expelled = room_expelled,
};

/* What all verbs carry. */
struct errand {
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

static struct errand *errand_new(struct request *q, const struct field *room, void (*act)(struct channel *c, struct channel_op *op),
				 void (*done)(struct channel_op *op))
{
	struct errand *e = calloc(1, sizeof(*e));

	channel_op_init(&e->op, request_role_state(q), &room_policy, q, room->data, room->len);
	e->op.act = act;
	e->op.done = done;
	e->name_len = session_get_name(request_session(q), e->name);
	e->address = *session_address(request_session(q));
	return e;
}

static void answer(struct errand *e)
{
	if (e->op.result < 0)
		request_error(e->op.request, SLUG_INTERNAL, "%s", strerrorname_np(-e->op.result));
	else
		request_ok(e->op.request);
	free(e);
}

static void answer_number(struct channel_op *op, uint64_t n)
{
	struct errand *e = container_of(op, struct errand, op);

	if (op->result < 0) {
		answer(e);
		return;
	}
	request_begin(op->request, "OK");
	request_field_u64(op->request, n);
	request_end(op->request);
	free(e);
}

static void join_act(struct channel *c, struct channel_op *op)
{
	struct errand *e = container_of(op, struct errand, op);
	struct channel_member *m;
	int r = channel_enter(c, op, e->name, e->name_len, &e->address, &m);
	char name[SESSION_NAME_MAX];
	size_t len = e->name_len;

	memcpy(name, e->name, len);
	channel_finish(op, r);
	if (r >= 0)
		room_notify(c, JOINED, name, len, "");
}

static void join_done(struct channel_op *op)
{
	struct errand *e = container_of(op, struct errand, op);
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

static int test_join(struct request *q, struct fields *f)
{
	struct errand *e = errand_new(q, &f->at[0], join_act, join_done);
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
	answer(e);
	return 0;
}

static void part_act(struct channel *c, struct channel_op *op)
{
	struct channel_member *m = channel_find_member(c, op->session);

	if (!m) {
		channel_finish(op, -ENOENT);
		return;
	}
	room_notify(c, LEFT, m->name, m->name_len, "left");
	channel_leave(c, m);
	channel_finish(op, 0);
}

static void part_done(struct channel_op *op)
{
	struct session *s = channel_op_session(op);
	struct channel_follow *f = s ? channel_follow_find(s, &room_policy, op->name, op->name_len) : NULL;

	if (f && op->result >= 0)
		channel_follow_end(f);
	answer(container_of(op, struct errand, op));
}

static int test_part(struct request *q, struct fields *f)
{
	channel_submit(&errand_new(q, &f->at[0], part_act, part_done)->op);
	return 0;
}

static void say_act(struct channel *c, struct channel_op *op)
{
	channel_append(c, op, container_of(op, struct errand, op)->durable, NULL);
}

static void say_done(struct channel_op *op)
{
	answer_number(op, op->step.append.counts.last);
}

static int test_say(struct request *q, struct fields *f)
{
	struct errand *e = errand_new(q, &f->at[1], say_act, say_done);

	e->durable = f->at[0].data[0] == 'd';
	e->op.create = true;
	e->op.message = channel_message_new(SAID, e->name, e->name_len, f->at[2].data, f->at[2].len);
	channel_submit(&e->op);
	return 0;
}

static void kick_act(struct channel *c, struct channel_op *op)
{
	struct errand *e = container_of(op, struct errand, op);
	struct channel_member *m = channel_find_name(c, e->who, strlen(e->who));
	struct channel_message *message;

	if (!m) {
		channel_finish(op, -ENOENT);
		return;
	}
	message = channel_message_new(LEFT, m->name, m->name_len, "kicked", strlen("kicked"));
	channel_expel(c, m, message);
	channel_notify(c, message);
	(void)channel_message_unref(message);
	channel_finish(op, 0);
}

static void plain_done(struct channel_op *op)
{
	answer(container_of(op, struct errand, op));
}

static int test_kick(struct request *q, struct fields *f)
{
	struct errand *e = errand_new(q, &f->at[0], kick_act, plain_done);

	(void)snprintf(e->who, sizeof(e->who), "%.*s", (int)f->at[1].len, f->at[1].data);
	channel_submit(&e->op);
	return 0;
}

static void tell_act(struct channel *c, struct channel_op *op)
{
	struct errand *e = container_of(op, struct errand, op);
	struct channel_member *m = channel_find_name(c, e->who, strlen(e->who));

	if (m)
		channel_tell(c, m, op->message);
	channel_finish(op, m ? 0 : -ENOENT);
}

static int test_tell(struct request *q, struct fields *f)
{
	struct errand *e = errand_new(q, &f->at[0], tell_act, plain_done);

	(void)snprintf(e->who, sizeof(e->who), "%.*s", (int)f->at[1].len, f->at[1].data);
	e->op.message = channel_message_new(LEFT, "psst", 4, f->at[2].data, f->at[2].len);
	channel_submit(&e->op);
	return 0;
}

static void count_act(struct channel *c, struct channel_op *op)
{
	container_of(op, struct errand, op)->n = channel_n_members(c);
	channel_finish(op, 0);
}

static void count_done(struct channel_op *op)
{
	answer_number(op, container_of(op, struct errand, op)->n);
}

static int test_count(struct request *q, struct fields *f)
{
	channel_submit(&errand_new(q, &f->at[0], count_act, count_done)->op);
	return 0;
}

static void note_act(struct channel *c, struct channel_op *op)
{
	struct errand *e = container_of(op, struct errand, op);

	op->step.set = (struct store_set){ .name = "note", .name_len = 4, .value = e->text, .value_len = strlen(e->text) };
	channel_set(c, op, NULL);
}

static int test_note(struct request *q, struct fields *f)
{
	struct errand *e = errand_new(q, &f->at[0], note_act, plain_done);

	e->op.create = true;
	(void)snprintf(e->text, sizeof(e->text), "%.*s", (int)f->at[1].len, f->at[1].data);
	channel_submit(&e->op);
	return 0;
}

static void read_note_act(struct channel *c, struct channel_op *op)
{
	struct errand *e = container_of(op, struct errand, op);
	const struct store_note *n = channel_note(c, "note", 4);

	if (n)
		(void)snprintf(e->text, sizeof(e->text), "%.*s", (int)n->value_len, n->value);
	channel_finish(op, n ? 0 : -ENODATA);
}

static void read_note_done(struct channel_op *op)
{
	struct errand *e = container_of(op, struct errand, op);

	if (op->result < 0) {
		answer(e);
		return;
	}
	request_line(op->request, e->text, strlen(e->text));
	free(e);
}

static int test_read_note(struct request *q, struct fields *f)
{
	channel_submit(&errand_new(q, &f->at[0], read_note_act, read_note_done)->op);
	return 0;
}

static void walk_each(struct channel_walk *w, _unused_ struct channel *c)
{
	container_of(w, struct errand, walk)->n++;
}

static void walk_done(struct channel_walk *w)
{
	struct errand *e = container_of(w, struct errand, walk);

	request_begin(e->op.request, "OK");
	request_field_u64(e->op.request, e->n);
	request_end(e->op.request);
	free(e);
}

static int test_open(struct request *q, _unused_ struct fields *f)
{
	struct errand *e = calloc(1, sizeof(*e));

	request_defer(q);
	e->op.request = q;
	e->walk = (struct channel_walk){
		.hub = request_role_state(q),
		.policy = &room_policy,
		.home = request_reactor(q),
		.each = walk_each,
		.done = walk_done,
	};
	channel_walk(&e->walk);
	return 0;
}

static const struct role_verb test_verbs[] = {
	{ { "JOIN", "JOIN,room[,after]", "", 1, 2, VERB_BARRIER }, test_join },
	{ { "PART", "PART,room", "", 1, 1, VERB_BARRIER }, test_part },
	{ { "SAY", "SAY,durable|volatile,room,text", "", 3, 3, VERB_CONCURRENT }, test_say },
	{ { "KICK", "KICK,room,name", "", 2, 2, VERB_CONCURRENT }, test_kick },
	{ { "TELL", "TELL,room,name,text", "", 3, 3, VERB_CONCURRENT }, test_tell },
	{ { "COUNT", "COUNT,room", "", 1, 1, VERB_CONCURRENT }, test_count },
	{ { "NOTE", "NOTE,room,text", "", 2, 2, VERB_CONCURRENT }, test_note },
	{ { "READ", "READ,room", "", 1, 1, VERB_CONCURRENT }, test_read_note },
	{ { "OPEN", "OPEN", "", 0, 0, VERB_CONCURRENT }, test_open },
};

static int test_start(const struct role_start *with, void **ret_state, _unused_ char *why, _unused_ size_t why_size)
{
	struct channel_hub *h;
	int r = channel_hub_ref(with, &h);

	*ret_state = h;
	return r;
}

static void test_stop(void *state)
{
	channel_hub_unref(state);
}

static const struct role test_role = {
	.name = "test",
	.verbs = test_verbs,
	.n_verbs = ELEMENTSOF(test_verbs),
	.start = test_start,
	.stop = test_stop,
};

static const struct role *const roles[] = { &test_role, NULL };
static const char *const role_names[] = { "test", NULL };
static const struct option_section *const sections[] = { &server_section, &limits_section, NULL };
static const struct option_schema schema = {
	.sections = sections,
	.listener = &listener_section,
	.roles = role_names,
	.listeners_default = "( { port = 0; roles = [ \"test\" ]; } )",
};

#define WAYS 2

static void start_in(int way, const char *state, const char *output)
{
	char config[1024];

	limits = (struct channel_limits){ .open = 1000, .members = 1000, .follows = 100 };
	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ \"test\" ]; raw = false; } );\n"
		       "state_dir = \"%s\"; runtime_dir = \"%%s/run\"; reactors = %d; workers = 1;\n"
		       "limits = { output = \"%s\"; memory = \"1G\"; };",
		       state, way & 1 ? 4 : 1, output);
	serve_start(&schema, roles, config);
}

static void start(int way)
{
	start_in(way, "%s/state", "256K");
}

static int connect_as(const char *name)
{
	int fd = serve_connect();
	char text[128];

	(void)snprintf(text, sizeof(text), "NICK,%s\n", name);
	serve_say(fd, text);
	(void)snprintf(text, sizeof(text), "OK,%s\n", name);
	serve_expect(fd, text);
	return fd;
}

/* Asks until the answer is this. */
static void until(int fd, const char *ask, const char *want)
{
	uint64_t end = clock_usec() + 60 * USEC_PER_SEC;
	char line[256];

	do {
		ck_assert_msg(clock_usec() < end, "'%s' instead of '%s'", line, want);
		serve_say(fd, ask);
		(void)serve_line(fd, line, sizeof(line));
	} while (strcmp(line, want) != 0);
}

/* It hears itself between the question and the answer; then so do the others. */
START_TEST(what_is_said_reaches_all)
{
	int fd[8];
	char name[16], line[64];

	start(_i);
	for (unsigned i = 0; i < 8; i++) {
		(void)snprintf(name, sizeof(name), "m%u", i);
		fd[i] = connect_as(name);
		serve_say(fd[i], "JOIN,lobby\n");
		(void)snprintf(line, sizeof(line), "OK,0\nlobby +m%u \n", i);
		serve_expect(fd[i], line);
	}
	/* Those who came later have been heard of. */
	for (unsigned i = 0; i < 8; i++)
		for (unsigned j = i + 1; j < 8; j++) {
			(void)snprintf(line, sizeof(line), "lobby +m%u \n", j);
			serve_expect(fd[i], line);
		}
	serve_say(fd[3], "SAY,d,lobby,one\nSAY,d,lobby,two\nPING\n");
	serve_expect(fd[3], "lobby 1 m3 one\nOK,1\nlobby 2 m3 two\nOK,2\nPONG\n");
	for (unsigned i = 0; i < 8; i++)
		if (i != 3)
			serve_expect(fd[i], "lobby 1 m3 one\nlobby 2 m3 two\n");
	serve_say(fd[0], "COUNT,lobby\nTELL,lobby,M5,boo\nPART,lobby\nSAY,d,lobby,three\n");
	serve_expect(fd[0], "OK,8\nOK\nlobby -m0 left\nOK\nOK,3\n");
	serve_expect(fd[5], "lobby -psst boo\nlobby -m0 left\nlobby 3 m0 three\n");
	serve_say(fd[6], "KICK,lobby,m7\n");
	serve_expect(fd[6], "lobby -m0 left\nlobby 3 m0 three\nlobby -m7 kicked\nOK\n");
	serve_expect(fd[7], "lobby -m0 left\nlobby 3 m0 three\nlobby -m7 kicked\nout of lobby\n");
	serve_say(fd[7], "SAY,d,lobby,four\nJOIN,lobby,3\n");
	serve_expect(fd[7], "OK,4\nOK,4\nlobby 4 m7 four\n");
	for (unsigned i = 0; i < 8; i++)
		serve_close(fd[i]);
	serve_stop();
}
END_TEST

/* Who hears that it is out, is out: it may come again at once. */
START_TEST(the_expelled_may_come_again)
{
	int owner, fd;

	start(_i);
	owner = connect_as("owner");
	fd = connect_as("x");
	serve_say(fd, "JOIN,r\n");
	serve_expect(fd, "OK,0\nr +x \n");
	for (unsigned i = 0; i < 500; i++) {
		serve_say(owner, "KICK,r,x\n");
		serve_expect(fd, "r -x kicked\n");
		serve_say(fd, "JOIN,r\n");
		serve_expect(fd, "out of r\nOK,0\nr +x \n");
		serve_expect(owner, "OK\n");
	}
	serve_close(fd);
	serve_close(owner);
	serve_stop();
}
END_TEST

START_TEST(the_ended_are_gone)
{
	int watcher, fd;

	start(_i);
	watcher = connect_as("watcher");
	serve_say(watcher, "JOIN,r\n");
	serve_expect(watcher, "OK,0\nr +watcher \n");
	fd = connect_as("a");
	serve_say(fd, "JOIN,r\nBYE\n");
	serve_expect(watcher, "r +a \nr -a bye\n");
	serve_close(fd);
	fd = connect_as("b");
	serve_say(fd, "JOIN,r\n");
	serve_end(fd);
	serve_expect(watcher, "r +b \nr -b closed\n");
	serve_close(fd);
	/* Gone before the owner has answered, more often than not. */
	for (unsigned i = 0; i < 200; i++) {
		fd = serve_connect();
		serve_say(fd, "JOIN,q\nSAY,d,q,x\nJOIN,p,0\nPART,q\nJOIN,q,1\n");
		serve_reset(fd);
	}
	serve_until_sessions(1);
	serve_say(watcher, "PART,r\n");
	serve_expect(watcher, "r -watcher left\nOK\n");
	/* It may be that none of them was read before its reset. */
	serve_say(watcher, "JOIN,q\nSAY,d,q,kept\nPART,q\n");
	for (char line[256];;) {
		(void)serve_line(watcher, line, sizeof(line));
		if (strcmp(line, "OK") == 0)
			break;
	}
	until(watcher, "COUNT,q\n", "OK,0");
	until(watcher, "COUNT,p\n", "ERROR: internal: ENOENT");
	serve_close(watcher);
	serve_stop();
}
END_TEST

START_TEST(limits_hold)
{
	int a, b;

	start(_i);
	limits = (struct channel_limits){ .open = 1000, .members = 1, .follows = 2 };
	a = serve_connect();
	b = serve_connect();
	serve_say(a, "JOIN,x\n");
	serve_expect(a, "OK,0\nx +127.0.0.1 \n");
	serve_say(a, "JOIN,y\n");
	serve_expect(a, "OK,0\ny +127.0.0.1 \n");
	serve_say(a, "JOIN,x\nJOIN,z\n");
	serve_expect(a, "ERROR: internal: EEXIST\nERROR: internal: EMFILE\n");
	serve_say(b, "JOIN,x\nCOUNT,x\n");
	serve_expect(b, "NO,87\nOK,1\n"); /* EUSERS */
	/* What is in use makes no room. */
	limits = (struct channel_limits){ .open = 1, .members = 1, .follows = 100 };
	for (unsigned i = 0, refused = 0; refused == 0; i++) {
		char line[64];

		ck_assert_uint_lt(i, 50);
		(void)snprintf(line, sizeof(line), "JOIN,w%u\n", i);
		serve_say(b, line);
		(void)serve_line(b, line, sizeof(line));
		refused = strcmp(line, "NO,24") == 0; /* EMFILE */
		if (!refused)
			(void)serve_line(b, line, sizeof(line));
	}
	serve_close(a);
	serve_close(b);
	serve_stop();
}
END_TEST

/* A name that nobody uses costs nothing for long, whoever asks for how many. */
START_TEST(names_without_end_take_no_memory)
{
	char line[128], *p;
	int fd;

	start(_i);
	limits.open = 64;
	fd = serve_connect();
	for (unsigned i = 0; i < 3000; i++) {
		(void)snprintf(line, sizeof(line), "JOIN,room%u\nPART,room%u\n", i, i);
		serve_say(fd, line);
		do
			(void)serve_line(fd, line, sizeof(line));
		while (strcmp(line, "OK") != 0);
	}
	serve_say(fd, "OPEN\n");
	(void)serve_line(fd, line, sizeof(line));
	p = strchr(line, ',');
	ck_assert_ptr_nonnull(p);
	ck_assert_int_le(atoi(p + 1), 64);
	serve_close(fd);
	serve_stop();
}
END_TEST

/* What is known of a channel outlives its place in memory, and the daemon. */
START_TEST(notes_and_numbers_outlive_memory)
{
	char state[64], line[64];
	int fd;

	(void)snprintf(state, sizeof(state), "/tmp/ioe-check-state.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state));
	for (unsigned round = 0; round < 2; round++) {
		start_in(_i, state, "256K");
		limits.open = 8;
		fd = serve_connect();
		if (round == 0) {
			serve_say(fd, "NOTE,r,first\nNOTE,r,tea\nSAY,d,r,one\n");
			serve_expect(fd, "OK\nOK\nOK,1\n");
			serve_say(fd, "READ,r\n");
			serve_expect(fd, "tea\n");
		}
		for (unsigned i = 0; i < 50; i++) {
			(void)snprintf(line, sizeof(line), "NOTE,other%u,x\n", i);
			serve_say(fd, line);
			serve_expect(fd, "OK\n");
		}
		serve_say(fd, "READ,r\nREAD,nowhere\nSAY,d,r,more\n");
		(void)snprintf(line, sizeof(line), "tea\nERROR: internal: ENOENT\nOK,%u\n", round + 2);
		serve_expect(fd, line);
		serve_close(fd);
		serve_stop();
	}
	(void)snprintf(folder_path, sizeof(folder_path), "%s", state);
	folder_remove();
}
END_TEST

/* What is not kept is numbered, too, and no number comes twice: not after a restart, and not beside what is kept. */
START_TEST(numbers_of_what_is_not_kept)
{
	char state[64], line[128];
	uint64_t last = 0;
	int fd, other;

	(void)snprintf(state, sizeof(state), "/tmp/ioe-check-state.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state));
	for (unsigned round = 0; round < 3; round++) {
		start_in(_i, state, "256K");
		fd = serve_connect();
		other = connect_as("other");
		serve_say(other, "JOIN,r\n");
		(void)serve_line(other, line, sizeof(line));
		(void)serve_line(other, line, sizeof(line));
		for (unsigned i = 0; i < 200; i++) {
			bool kept = i % 7 == 3 || i % 11 == 4;
			uint64_t n;

			serve_say(fd, kept ? "SAY,d,r,x\n" : "SAY,v,r,x\n");
			(void)serve_line(fd, line, sizeof(line));
			ck_assert_int_eq(sscanf(line, "OK,%lu", &n), 1);
			ck_assert_uint_gt(n, last);
			if (i > 0 && !kept && i % 7 != 4 && i % 11 != 5)
				ck_assert_uint_eq(n, last + 1);
			last = n;
			(void)serve_line(other, line, sizeof(line));
			ck_assert_int_eq(sscanf(line, "r %lu", &n), 1);
			ck_assert_uint_eq(n, last);
		}
		serve_close(fd);
		serve_close(other);
		serve_stop();
	}
	(void)snprintf(folder_path, sizeof(folder_path), "%s", state);
	folder_remove();
}
END_TEST

/* All that is said from several sessions, kept and not, in one order for everybody. */
static void *talk(void *arg)
{
	const char *how = arg;
	int fd = serve_connect();
	char line[128];

	for (unsigned i = 0; i < 25; i++) {
		for (unsigned k = 0; k < 40; k++) {
			(void)snprintf(line, sizeof(line), "SAY,%c,r,%u\n", how[k % 4], i * 40 + k);
			serve_say(fd, line);
		}
		for (unsigned k = 0; k < 40; k++) {
			(void)serve_line(fd, line, sizeof(line));
			ck_assert_msg(strncmp(line, "OK,", 3) == 0, "%s", line);
		}
	}
	serve_end(fd);
	serve_expect_end(fd);
	return NULL;
}

static void hear_all(const char *how)
{
	pthread_t threads[4];
	char line[4][128];
	int fd[4];

	for (unsigned i = 0; i < 4; i++) {
		fd[i] = serve_connect();
		serve_say(fd[i], "JOIN,r\n");
		(void)serve_line(fd[i], line[i], sizeof(line[i]));
	}
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, talk, (void *)how), 0);
	for (unsigned n = 0; n < 4000;) {
		for (unsigned i = 0; i < 4; i++) {
			do
				(void)serve_line(fd[i], line[i], sizeof(line[i]));
			while (strchr("+-", line[i][2]));
			ck_assert_str_eq(line[i], line[0]);
		}
		n++;
	}
	for (unsigned i = 0; i < 4; i++)
		(void)pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < 4; i++)
		serve_close(fd[i]);
}

START_TEST(all_hear_one_order)
{
	start(_i);
	hear_all("dddd");
	hear_all("vvvv");
	hear_all("dvdv");
	serve_stop();
}
END_TEST

/* Comes and goes at random, and in the end has heard everything once. */
#define SAYINGS 4000

static unsigned line_number(const char *line)
{
	unsigned n = 0;

	return line[2] >= '0' && line[2] <= '9' && sscanf(line, "r %u ", &n) == 1 ? n : 0;
}

static void *come_and_go(void *arg)
{
	unsigned seed = *(unsigned *)arg, at = 0, last = SAYINGS;
	char line[256];

	while (at < SAYINGS) {
		int fd = seed % 3 == 0 ? serve_connect_small() : serve_connect();
		unsigned stay = at + 1 + (unsigned)rand_r(&seed) % 700, n;

		(void)snprintf(line, sizeof(line), "JOIN,r,%u\n", at);
		serve_say(fd, line);
		while (at < SAYINGS && at < stay) {
			(void)serve_line(fd, line, sizeof(line));
			n = line_number(line);
			if (n == 0)
				continue;
			ck_assert_msg(n == at + 1, "'%s' after %u", line, at);
			at = n;
			/* Leaves the room and comes again in the same session; often, where it is close behind the talker. */
			if (rand_r(&seed) % (last < at + 32 ? 8 : 200) == 0) {
				(void)snprintf(line, sizeof(line), "PART,r\nJOIN,r,%u\n", at);
				serve_say(fd, line);
				do
					(void)serve_line(fd, line, sizeof(line));
				while (strncmp(line, "OK", 2) != 0);
				do
					(void)serve_line(fd, line, sizeof(line));
				while (sscanf(line, "OK,%u", &last) != 1);
			}
		}
		if (rand_r(&seed) % 2)
			serve_reset(fd);
		else
			serve_close(fd);
	}
	return NULL;
}

static void *keep_talking(_unused_ void *arg)
{
	int fd = serve_connect();
	char line[128];

	for (unsigned i = 0; i < SAYINGS / 50; i++) {
		for (unsigned k = 0; k < 50; k++)
			serve_say(fd, "SAY,d,r,a text that fills a page now and then, so that there are several\n");
		for (unsigned k = 0; k < 50; k++) {
			(void)serve_line(fd, line, sizeof(line));
			ck_assert_msg(strncmp(line, "OK,", 3) == 0, "%s", line);
		}
	}
	serve_close(fd);
	return NULL;
}

START_TEST(nothing_is_missed_and_nothing_comes_twice)
{
	pthread_t talker, followers[6];
	unsigned seeds[6];

	start(_i);
	for (unsigned i = 0; i < 6; i++) {
		seeds[i] = i + 1;
		ck_assert_int_eq(pthread_create(&followers[i], NULL, come_and_go, &seeds[i]), 0);
	}
	ck_assert_int_eq(pthread_create(&talker, NULL, keep_talking, NULL), 0);
	(void)pthread_join(talker, NULL);
	for (unsigned i = 0; i < 6; i++)
		(void)pthread_join(followers[i], NULL);
	serve_stop();
}
END_TEST

/* The switch itself: what the owner gives to one that has read up to a number, in the owner's thread. */
struct ask {
	struct channel_switch w;
	bool came;
};

static void ask_done(struct channel_op *op)
{
	container_of(op, struct ask, w.op)->came = true;
}

static void ask_submit(struct reactor *r, void *arg)
{
	struct ask *a = arg;
	struct channel_hub *h = serve_server()->role_states[0];
	struct map_node *n = map_next(&h->shards[0].channels, NULL);
	struct channel *c = container_of(n, struct channel, node);
	uint64_t at = a->w.at;

	*a = (struct ask){ .w.at = at };
	channel_op_init_alone(&a->w.op, h, &room_policy, r, NULL, "r", 1);
	a->w.op.session = container_of(list_first(&c->members), struct channel_member, link)->session;
	a->w.op.act = recent_switch;
	a->w.op.done = ask_done;
	channel_submit(&a->w.op);
}

/* Whether it is switched over, and how many it is given: all behind @at, and no other. */
static int ask(uint64_t at)
{
	struct ask a = { .w.at = at };
	unsigned n;

	serve_call(0, ask_submit, &a);
	ck_assert(a.came);
	ck_assert_int_eq(a.w.op.result, 0);
	n = a.w.n_recent;
	for (unsigned i = 0; i < n; i++) {
		ck_assert_uint_eq(a.w.recent[i]->event.number, at + 1 + i);
		(void)channel_message_unref(a.w.recent[i]);
	}
	ck_assert(n == 0 || a.w.op.counts.last == at + n);
	free(a.w.recent);
	return a.w.ready ? (int)n : -1;
}

static void say_more(int fd, unsigned from, unsigned to)
{
	char line[128];

	for (unsigned i = from; i <= to; i++)
		serve_say(fd, "SAY,v,r,x\n");
	for (unsigned i = from; i <= to; i++) {
		(void)serve_line(fd, line, sizeof(line));
		(void)serve_line(fd, line, sizeof(line));
	}
}

START_TEST(a_switch_is_at_an_exact_number)
{
	int fd;

	start(0);
	fd = serve_connect();
	serve_say(fd, "JOIN,r\n");
	serve_expect(fd, "OK,0\nr +127.0.0.1 \n");
	say_more(fd, 1, 3);
	ck_assert_int_eq(ask(3), 0);
	ck_assert_int_eq(ask(2), -1); /* nothing has been kept for anybody; now it is */
	ck_assert_int_eq(ask(2), -1);
	say_more(fd, 4, 8);
	ck_assert_int_eq(ask(2), -1); /* 3 is not among them */
	ck_assert_int_eq(ask(4), 4);
	ck_assert_int_eq(ask(4), -1); /* that was let go again */
	say_more(fd, 9, 9);
	ck_assert_int_eq(ask(8), 1);
	/* Not without end. */
	ck_assert_int_eq(ask(8), -1);
	say_more(fd, 10, 10 + CHANNEL_RECENT);
	ck_assert_int_eq(ask(9), -1);
	ck_assert_int_eq(ask(10), CHANNEL_RECENT);
	serve_close(fd);
	serve_stop();
}
END_TEST

/* In the middle of a flow that is kept nowhere: what comes first is what came right behind the number in the answer. */
static atomic_uint in_flow;

static void *jump_in(_unused_ void *arg)
{
	int fd = serve_connect();
	char line[256];
	unsigned last;

	for (unsigned round = 0; round < 100; round++) {
		serve_say(fd, "JOIN,r,0\n");
		do
			(void)serve_line(fd, line, sizeof(line));
		while (sscanf(line, "OK,%u", &last) != 1);
		for (unsigned heard = 0; heard < 20;) {
			(void)serve_line(fd, line, sizeof(line));
			if (line_number(line) == 0)
				continue;
			ck_assert_msg(line_number(line) == last + 1 + heard, "'%s', %u behind %u", line, heard, last);
			heard++;
		}
		serve_say(fd, "PART,r\n");
		do
			(void)serve_line(fd, line, sizeof(line));
		while (strcmp(line, "OK") != 0);
	}
	serve_close(fd);
	atomic_fetch_sub(&in_flow, 1);
	return NULL;
}

static void *flow(_unused_ void *arg)
{
	int fd = serve_connect();
	char line[128];

	while (atomic_load(&in_flow) > 0) {
		serve_say(fd, "SAY,v,r,1\nSAY,v,r,2\nSAY,v,r,3\nSAY,v,r,4\nSAY,v,r,5\nSAY,v,r,6\nSAY,v,r,7\nSAY,v,r,8\n");
		for (unsigned k = 0; k < 8; k++)
			(void)serve_line(fd, line, sizeof(line));
	}
	serve_close(fd);
	return NULL;
}

START_TEST(a_switch_in_the_flow_has_no_gap)
{
	pthread_t threads[5];

	start(_i);
	atomic_store(&in_flow, 3);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, i < 3 ? jump_in : flow, NULL), 0);
	for (unsigned i = 0; i < 5; i++)
		(void)pthread_join(threads[i], NULL);
	serve_stop();
}
END_TEST

START_TEST(a_slow_member_leaves_and_catches_up)
{
	char say[1100], line[2048];
	unsigned sent = 0, at = 0;
	int slow, quick;

	start_in(_i, "%s/state", "16K");
	(void)snprintf(say, sizeof(say), "SAY,v,r,%01000d\n", 7);
	say[4] = 'd';
	slow = serve_connect_small();
	quick = connect_as("quick");
	serve_say(quick, "JOIN,r\n");
	serve_expect(quick, "OK,0\nr +quick \n");
	serve_say(slow, "NICK,slow\nJOIN,r\n");
	serve_expect(slow, "OK,slow\nOK,0\nr +slow \n");
	serve_expect(quick, "r +slow \n");
	for (bool left = false; !left;) {
		ck_assert_uint_lt(sent, 20000);
		for (unsigned i = 0; i < 10; i++)
			serve_say(quick, say);
		for (unsigned answers = 0; answers < 10;) {
			(void)serve_line(quick, line, sizeof(line));
			left = left || strcmp(line, "r -slow slow") == 0;
			answers += strncmp(line, "OK,", 3) == 0;
		}
		sent += 10;
	}
	for (;;) {
		(void)serve_line(slow, line, sizeof(line));
		if (strncmp(line, "ERROR: slow: ", 13) == 0)
			break;
		ck_assert_uint_eq(line_number(line), at + 1);
		at++;
	}
	serve_expect_end(slow);
	ck_assert_uint_lt(at, sent);
	slow = serve_connect();
	(void)snprintf(line, sizeof(line), "JOIN,r,%u\n", at);
	serve_say(slow, line);
	(void)serve_line(slow, line, sizeof(line));
	while (at < sent) {
		(void)serve_line(slow, line, sizeof(line));
		if (line_number(line) > 0)
			ck_assert_uint_eq(line_number(line), ++at);
	}
	serve_close(slow);
	serve_close(quick);
	serve_stop();
}
END_TEST

/* A store that does not open takes nothing else with it. */
START_TEST(without_a_store)
{
	char state[64];
	int fd;

	(void)snprintf(state, sizeof(state), "/tmp/ioe-check-state.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state));
	(void)snprintf(folder_path, sizeof(folder_path), "%s", state);
	folder_fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	{
		char text[2048];

		memset(text, 'x', sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		folder_put("store.db", text);
	}
	(void)close(folder_fd);
	folder_fd = -1;
	start_in(_i, state, "256K");
	fd = serve_connect();
	serve_say(fd, "SAY,d,r,x\nNOTE,r,x\n");
	serve_expect(fd, "ERROR: internal: EIO\nERROR: internal: EIO\n");
	serve_say(fd, "JOIN,r\nSAY,v,r,x\n");
	for (unsigned i = 0; i < 4; i++) {
		char line[128];

		(void)serve_line(fd, line, sizeof(line));
		ck_assert_msg(i == 2 ? strncmp(line, "r ", 2) == 0 : i == 1 ? strcmp(line, "r +127.0.0.1 ") == 0 : strncmp(line, "OK,", 3) == 0,
			      "%s", line);
	}
	serve_close(fd);
	serve_stop();
	(void)snprintf(folder_path, sizeof(folder_path), "%s", state);
	folder_remove();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("channel");
	TCase *tc = tcase_create("channel");

	tcase_set_timeout(tc, 240);
	tcase_add_loop_test(tc, what_is_said_reaches_all, 0, WAYS);
	tcase_add_loop_test(tc, the_expelled_may_come_again, 0, WAYS);
	tcase_add_loop_test(tc, the_ended_are_gone, 0, WAYS);
	tcase_add_loop_test(tc, limits_hold, 0, WAYS);
	tcase_add_loop_test(tc, names_without_end_take_no_memory, 0, WAYS);
	tcase_add_loop_test(tc, notes_and_numbers_outlive_memory, 0, WAYS);
	tcase_add_loop_test(tc, numbers_of_what_is_not_kept, 0, WAYS);
	tcase_add_loop_test(tc, all_hear_one_order, 0, WAYS);
	tcase_add_loop_test(tc, nothing_is_missed_and_nothing_comes_twice, 0, WAYS);
	tcase_add_test(tc, a_switch_is_at_an_exact_number);
	tcase_add_loop_test(tc, a_switch_in_the_flow_has_no_gap, 0, WAYS);
	tcase_add_loop_test(tc, a_slow_member_leaves_and_catches_up, 0, WAYS);
	tcase_add_loop_test(tc, without_a_store, 0, WAYS);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
