/* SPDX-License-Identifier: MIT */
/*
 * What the control socket is told of rooms: what is open and what is only on disk, each once and in the order of names,
 * whatever the pages; and a copy that is put back. With one reactor and with four.
 */
#include "ioed/channels.h"

#include "base/macro.h"
#include "channel/channel.h"
#include "daemon/limits.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "unit/folder.h"
#include "unit/run.h"
#include "unit/serve.h"

static uint64_t limit_open;

static void room_limits(_unused_ const struct settings *s, struct channel_limits *ret)
{
	*ret = (struct channel_limits){ .open = limit_open, .members = 10, .follows = 1000 };
}

static int room_format(const struct channel_event *e, _unused_ enum dialect d, struct buf *to)
{
	return buf_printf(to, "%.*s\n", (int)e->text_len, e->text);
}

static void room_left(_unused_ struct channel *c, _unused_ struct channel_member *m, _unused_ const char *why)
{
}

static const struct channel_policy room_policy = {
	.kind = 0,
	.limits = room_limits,
	.format = room_format,
	.left = room_left,
};

struct put {
	struct channel_op op;
	struct channel_follow *follow;
	struct address address;
	char topic[256];
};

static struct put *put_new(struct request *q, const struct field *room, void (*act)(struct channel *c, struct channel_op *op),
			   void (*done)(struct channel_op *op))
{
	struct put *p = calloc(1, sizeof(*p));

	channel_op_init(&p->op, request_role_state(q), &room_policy, q, room->data, room->len);
	p->op.create = true;
	p->op.act = act;
	p->op.done = done;
	p->address = *session_address(request_session(q));
	return p;
}

static void put_done(struct channel_op *op)
{
	ck_assert_int_eq(op->result, 0);
	request_ok(op->request);
	free(container_of(op, struct put, op));
}

static void put_act(struct channel *c, struct channel_op *op)
{
	channel_append(c, op, true, NULL);
}

/* PUT,room,text: a message that is kept. */
static int test_put(struct request *q, struct fields *f)
{
	struct put *p = put_new(q, &f->at[0], put_act, put_done);

	p->op.message = channel_message_new(0, "x", 1, f->at[1].data, f->at[1].len);
	channel_submit(&p->op);
	return 0;
}

static void topic_act(struct channel *c, struct channel_op *op)
{
	struct put *p = container_of(op, struct put, op);

	op->step.set = (struct store_set){ .name = "topic", .name_len = 5, .value = p->topic, .value_len = strlen(p->topic) };
	channel_set(c, op, NULL);
}

static int test_topic(struct request *q, struct fields *f)
{
	struct put *p = put_new(q, &f->at[0], topic_act, put_done);

	(void)snprintf(p->topic, sizeof(p->topic), "%.*s", (int)f->at[1].len, f->at[1].data);
	channel_submit(&p->op);
	return 0;
}

static void join_act(struct channel *c, struct channel_op *op)
{
	struct put *p = container_of(op, struct put, op);
	struct channel_member *m;

	channel_finish(op, channel_enter(c, op, "x", 1, &p->address, &m));
}

static void join_done(struct channel_op *op)
{
	struct put *p = container_of(op, struct put, op);

	ck_assert_int_eq(op->result, 0);
	request_ok(op->request);
	channel_follow_go(p->follow, op, op->counts.last);
	free(p);
}

static int test_join(struct request *q, struct fields *f)
{
	struct put *p = put_new(q, &f->at[0], join_act, join_done);
	int r;

	p->follow = channel_follow_begin(&p->op, &r);
	ck_assert_ptr_nonnull(p->follow);
	channel_submit(&p->op);
	return 0;
}

static const struct role_verb test_verbs[] = {
	{ { "PUT", "PUT,room,text", "", 2, 2, VERB_CONCURRENT }, test_put },
	{ { "TOPIC", "TOPIC,room,text", "", 2, 2, VERB_CONCURRENT }, test_topic },
	{ { "JOIN", "JOIN,room", "", 1, 1, VERB_BARRIER }, test_join },
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

static const struct role keeping = {
	.name = "test",
	.verbs = test_verbs,
	.n_verbs = ELEMENTSOF(test_verbs),
	.start = test_start,
	.stop = test_stop,
};
static const struct role plain = { .name = "test", .verbs = test_verbs, .n_verbs = 0 };

static const struct role *const keeping_roles[] = { &keeping, NULL }, *const plain_roles[] = { &plain, NULL };
static const char *const role_names[] = { "test", NULL };
static const struct option_section *const sections[] = { &server_section, &limits_section, NULL };
static const struct option_schema schema = {
	.sections = sections,
	.listener = &listener_section,
	.roles = role_names,
	.listeners_default = "( { port = 0; roles = [ \"test\" ]; } )",
};

#define WAYS 2

static void start(const struct role *const *roles, int way, const char *state)
{
	char config[1024];

	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ \"test\" ]; raw = false; } );\n"
		       "state_dir = \"%s\"; runtime_dir = \"%%s/run\"; reactors = %d; workers = 1;\n",
		       state, way & 1 ? 4 : 1);
	serve_start(&schema, roles, config);
}

static bool has_come;

static void came(_unused_ struct errand *e)
{
	has_come = true;
}

static void wait_until_come(void)
{
	while (!has_come)
		ck_assert_int_eq(loop_pass(serve_server()->args.loop, -1), 0);
	has_come = false;
}

/* "name members messages bytes last topic;" of each, a '|' between two pages. The sender's name counts, too. */
static const char *told(enum control_kind kind)
{
	struct control_channels *c = channels_new(serve_server(), kind, came, NULL);
	static struct buf all;

	all.len = 0;
	while (!c->done) {
		channels_next(c);
		wait_until_come();
		if (c->why[0])
			(void)buf_printf(&all, "%s", c->why);
		for (size_t i = 0; i < c->n; i++) {
			const struct control_channel *at = &c->page[i];

			(void)buf_printf(&all, "%.*s %u %u %u %u %.*s;", (int)at->name_len, c->text.data + at->name_at,
					 (unsigned)at->members, (unsigned)at->messages, (unsigned)at->bytes,
					 (unsigned)at->last, (int)at->topic_len, c->text.data + at->topic_at);
		}
		if (c->why[0])
			break;
		(void)buf_append_str(&all, c->done ? "" : "|");
	}
	(void)errand_free(&c->errand);
	return buf_str(&all);
}

static void ask(int fd, const char *text)
{
	serve_say(fd, text);
	serve_expect(fd, "OK\n");
}

START_TEST(what_is_there_is_told)
{
	int fd;

	limit_open = 1000;
	start(keeping_roles, _i, "%s/state");
	ck_assert_str_eq(told(CONTROL_ROOMS), "");
	fd = serve_connect();
	ask(fd, "PUT,b,12345\n");
	ask(fd, "PUT,b,678\n");
	ask(fd, "TOPIC,b,what it, is\n");
	ask(fd, "JOIN,b\n");
	ask(fd, "PUT,aa,1\n");
	ask(fd, "PUT,a,12\n");
	ask(fd, "JOIN,c\n"); /* nothing of it is on disk */
	ck_assert_str_eq(told(CONTROL_ROOMS), "a 0 1 3 1 ;aa 0 1 2 1 ;b 1 2 10 2 what it, is;c 1 0 0 0 ;");
	ck_assert_str_eq(told(CONTROL_MAILBOXES), "");
	serve_close(fd);
	serve_stop();
}
END_TEST

/* So many that they come in pages, most of them closed again, and of those that are open some only in memory. */
START_TEST(pages_are_merged)
{
	static char want[65536];
	char line[64];
	size_t len = 0;
	int fd;

	limit_open = 64;
	start(keeping_roles, _i, "%s/state");
	fd = serve_connect();
	for (unsigned i = 0; i < 2 * CONTROL_CHANNELS_PAGE + 10; i++) {
		bool live = i % 13 == 5;

		(void)snprintf(line, sizeof(line), live ? "JOIN,r%03u\n" : "PUT,r%03u,text\n", i);
		ask(fd, line);
		len += (size_t)snprintf(want + len, sizeof(want) - len, live ? "r%03u 1 0 0 0 ;" : "r%03u 0 1 5 1 ;", i);
	}
	{
		const char *all = told(CONTROL_ROOMS);
		unsigned bars = 0;
		size_t n = 0;

		for (size_t i = 0; all[i]; i++) {
			bars += all[i] == '|';
			if (all[i] != '|')
				ck_assert_msg(all[i] == want[n++], "at %zu: %.60s", n, all + i);
		}
		ck_assert_uint_eq(n, len);
		ck_assert_uint_ge(bars, 2);
	}
	serve_close(fd);
	serve_stop();
}
END_TEST

static struct control_backup *back_up(const char *dir)
{
	struct control_backup *b = channels_backup(serve_server(), dir, came, NULL);

	wait_until_come();
	return b;
}

START_TEST(copy_is_put_back)
{
	char dir[256], from[512], state[256], to[512];
	struct control_backup *b;
	struct stat st;
	int fd;

	folder_make();
	(void)snprintf(state, sizeof(state), "%s/state", folder_path);
	(void)snprintf(dir, sizeof(dir), "%s/copy", folder_path);
	(void)snprintf(from, sizeof(from), "%s/store.db", dir);
	limit_open = 1000;
	start(keeping_roles, _i, state);
	fd = serve_connect();
	ask(fd, "PUT,b,before\n");
	b = back_up(dir);
	ck_assert_str_eq(b->why, "");
	(void)errand_free(&b->errand);
	ck_assert_int_eq(stat(from, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600); /* what people say to each other */
	ask(fd, "PUT,b,behind\n");
	ask(fd, "PUT,c,behind\n");
	b = back_up(dir);
	ck_assert_msg(strstr(b->why, "is there already"), "%s", b->why);
	(void)errand_free(&b->errand);
	serve_close(fd);
	serve_stop();

	/* As the manual says: the copy takes the place of the file and of what belongs to it. */
	(void)snprintf(to, sizeof(to), "%s/store.db-wal", state);
	(void)unlink(to);
	(void)snprintf(to, sizeof(to), "%s/store.db-shm", state);
	(void)unlink(to);
	(void)snprintf(to, sizeof(to), "%s/store.db", state);
	ck_assert_int_eq(rename(from, to), 0);
	start(keeping_roles, _i, state);
	ck_assert_str_eq(told(CONTROL_ROOMS), "b 0 1 7 1 ;");
	serve_stop();
	folder_remove();
}
END_TEST

/* Where nothing is kept there is nothing to tell, nor to copy. */
START_TEST(nothing_is_kept)
{
	struct control_backup *b;

	start(plain_roles, _i, "%s/state");
	ck_assert_str_eq(told(CONTROL_ROOMS), "");
	b = back_up("/nowhere/at/all");
	ck_assert_str_ne(b->why, "");
	(void)errand_free(&b->errand);
	serve_stop();
}
END_TEST

/* Nobody waits for the answer any more, and then not even the server. */
START_TEST(forgotten)
{
	struct control_channels *c;

	limit_open = 1000;
	start(keeping_roles, _i, "%s/state");
	c = channels_new(serve_server(), CONTROL_ROOMS, came, NULL);
	channels_next(c);
	(void)errand_free(&c->errand);
	ck_assert_str_eq(told(CONTROL_ROOMS), "");
	c = channels_new(serve_server(), CONTROL_ROOMS, came, NULL);
	channels_next(c);
	(void)errand_free(&c->errand);
	serve_stop();
	ck_assert(!has_come);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("channels");
	TCase *t = tcase_create("channels");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, what_is_there_is_told, 0, WAYS);
	tcase_add_loop_test(t, pages_are_merged, 0, WAYS);
	tcase_add_loop_test(t, copy_is_put_back, 0, WAYS);
	tcase_add_loop_test(t, nothing_is_kept, 0, WAYS);
	tcase_add_loop_test(t, forgotten, 0, WAYS);
	suite_add_tcase(s, t);
	return run_suite(s);
}
