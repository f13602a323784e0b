/* SPDX-License-Identifier: MIT */
#include "faults/scenario.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long memory may take to be given back. */
#define SCENARIO_WAIT_USEC (20 * 1000)

/* New files that stay until the next restart, to be found again. */
#define SCENARIO_NEW_MAX     5

void scenario_fail(struct scenario *s, const char *fmt, ...)
{
	g_autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_printerr("# %s: %s\n", s->where->str, text);
	s->failed = true;
	g_test_fail();
}

/* Files */

static char *scenario_path(const struct scenario *s, const char *name)
{
	return g_build_filename(s->d->files, name, NULL);
}

static GBytes *scenario_noise(struct scenario *s, size_t n)
{
	return g_bytes_new_take(harness_noise(n, ++s->seed), n);
}

/* Consumes @data. */
static void scenario_put(struct scenario *s, const char *name, GBytes *data)
{
	g_autofree char *path = scenario_path(s, name);

	harness_write_file(path, g_bytes_get_data(data, NULL), g_bytes_get_size(data));
	(void)g_hash_table_insert(s->files, g_strdup(name), data);
}

static void scenario_prepare_files(struct scenario *s)
{
	g_autofree char *in = scenario_path(s, "in"), *many = scenario_path(s, "many");
	g_autoptr(GString) listing = g_string_new(NULL);

	g_assert_cmpint(mkdir(in, 0755), ==, 0);
	g_assert_cmpint(mkdir(many, 0755), ==, 0);
	scenario_put(s, "after", g_bytes_new_static("again", 5)); /* what scenario_check_service() writes */
	scenario_put(s, "in/kept", scenario_noise(s, 1000));
	scenario_put(s, "in/small", scenario_noise(s, 5000));
	scenario_put(s, "kept", scenario_noise(s, 700000));
	scenario_put(s, "large", scenario_noise(s, 600000));
	for (unsigned i = 10; i < 40; i++) {
		g_autofree char *name = g_strdup_printf("many/%u", i);

		scenario_put(s, name, scenario_noise(s, 3));
		g_string_append_printf(listing, "%u\n", i);
	}
	s->listing = g_string_free(g_steal_pointer(&listing), FALSE);
}

static bool scenario_holds(const struct scenario *s, const char *name, GBytes *data)
{
	g_autofree char *path = scenario_path(s, name), *seen = NULL;
	gsize n;

	return data && g_file_get_contents(path, &seen, &n, NULL) && n == g_bytes_get_size(data) &&
	       memcmp(seen, g_bytes_get_data(data, NULL), n) == 0;
}

/* Every file that must be there and no other, @name aside; whether that one is there. */
static bool scenario_check_tree(struct scenario *s, const char *name)
{
	g_autofree char *tree = harness_tree(s->d->files);
	g_auto(GStrv) lines = g_strsplit(tree, "\n", 0);
	bool there = false;
	unsigned n = 0;

	for (size_t i = 0; lines[i]; i++) {
		if (!*lines[i] || (g_str_has_suffix(lines[i], "/") && strchr(lines[i], '/')[1] == '\0'))
			continue;
		if (name && strcmp(lines[i], name) == 0) {
			there = true;
		} else if (g_hash_table_contains(s->files, lines[i])) {
			n++;
		} else if (g_str_has_prefix(lines[i], ".ioe/") && s->target && s->target->function == FAIL_UNLINKAT) {
			/* What could not be taken away is taken away at the next start. */
			g_autofree char *path = scenario_path(s, lines[i]);

			(void)unlink(path);
		} else {
			scenario_fail(s, "%s was left behind.", lines[i]);
		}
	}
	if (n + (name && g_hash_table_contains(s->files, name)) != g_hash_table_size(s->files))
		scenario_fail(s, "A file is gone.");
	return there;
}

/* Answers: all that came until the end of file, taken apart. */

struct scenario_answers {
	struct client *c;
	bool refused; /* the session was */
};

/* Without its LF; NULL: the session ended before it. */
static char *scenario_line(struct scenario_answers *a)
{
	const char *from = a->c->in->str + a->c->at;
	const char *end = memchr(from, '\n', a->c->in->len - a->c->at);

	if (!end)
		return NULL;
	a->c->at += (size_t)(end - from) + 1;
	return g_strndup(from, (gsize)(end - from));
}

/* What an error of this kind should be called. */
static bool scenario_code_is_right(const struct scenario *s, const char *line)
{
	const char *code;

	if (s->target->flags & SCENARIO_BREAKS)
		return true;
	switch (s->error) {
	case ENOSPC:
	case EDQUOT:
		code = "ERROR: no-space: ";
		break;
	case EROFS:
		code = "ERROR: denied: ";
		break;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		code = "ERROR: busy: ";
		break;
	default:
		code = "ERROR: internal: ";
		break;
	}
	return g_str_has_prefix(line, code) ||
	       (s->target->function == FAIL_FSYNC && g_str_has_prefix(line, "ERROR: internal: "));
}

/* True: there is none, or it is an error, and it may be. */
static bool scenario_take_failure(struct scenario *s, struct scenario_answers *a, const char *line, bool may_fail)
{
	if (!line) {
		if (!(s->target->flags & SCENARIO_BREAKS) && !a->refused)
			scenario_fail(s, "The session ended without an answer.");
		return true;
	}
	if (!g_str_has_prefix(line, "ERROR: "))
		return false;
	if (g_str_has_prefix(line, "ERROR: limit: "))
		a->refused = true;
	if (!may_fail || s->injected == 0)
		scenario_fail(s, "Where nothing had failed, this came: %s", line);
	else if (!scenario_code_is_right(s, line))
		scenario_fail(s, "The error should be called otherwise: %s", line);
	return true;
}

static void scenario_take_hi(struct scenario *s, struct scenario_answers *a)
{
	g_autofree char *line = NULL;

	if (!s->script->ioe1)
		return;
	line = scenario_line(a);
	if (!scenario_take_failure(s, a, line, true) && !g_str_has_prefix(line, "HI,ioe/1,"))
		scenario_fail(s, "Not an answer to HELLO: \"%.80s\"", line);
}

static void scenario_take_pong(struct scenario *s, struct scenario_answers *a)
{
	g_autofree char *line = scenario_line(a);

	if (line && a->c->at != a->c->in->len)
		scenario_fail(s, "More answers came than requests were sent.");
	else if ((line && strcmp(line, "PONG,step") != 0) ||
		 (!line && !(s->target->flags & SCENARIO_BREAKS) && !a->refused))
		scenario_fail(s, "The session is out of step: \"%s\"", line ? line : "(nothing)");
}

/* A sized answer: all of it, or an error; half of it only where the session ends there. */
static void scenario_take_sized(struct scenario *s, struct scenario_answers *a, const char *data, size_t n,
				bool may_fail)
{
	g_autofree char *line = scenario_line(a), *size = g_strdup_printf("%zu", n);
	size_t left = a->c->in->len - a->c->at;

	if (scenario_take_failure(s, a, line, may_fail))
		return;
	if (strcmp(line, size) != 0)
		scenario_fail(s, "The size is wrong: \"%.80s\", not %s.", line, size);
	else if (memcmp(a->c->in->str + a->c->at, data, MIN(n, left)) != 0)
		scenario_fail(s, "The bytes are wrong.");
	else if (left < n && !(s->target->flags & SCENARIO_BREAKS))
		scenario_fail(s, "The session ended after %zu of %zu bytes.", left, n);
	a->c->at += MIN(n, left);
}

static void scenario_take_file(struct scenario *s, struct scenario_answers *a, const char *name, bool may_fail)
{
	gsize n;
	const char *data = g_bytes_get_data(g_hash_table_lookup(s->files, name), &n);

	scenario_take_sized(s, a, data, n, may_fail);
}

/* Bytes that clients cost; UINT64_MAX while there is a session. */
static uint64_t scenario_memory(const struct scenario *s)
{
	g_autofree char *json = daemon_varlink(s->d, "{\"method\":\"org.ioe.control.Status\"}");
	const char *sessions = daemon_json_value(json, "sessions"), *memory = daemon_json_value(json, "memory");

	g_assert_true(sessions && memory);
	return g_ascii_strtoull(sessions, NULL, 10) ? UINT64_MAX : g_ascii_strtoull(memory, NULL, 10);
}

long long scenario_wait_quiet(struct scenario *s)
{
	gint64 start = g_get_monotonic_time(), now;
	unsigned descriptors;
	uint64_t memory;
	long long blocks;

	do {
		memory = scenario_memory(s);
		descriptors = daemon_descriptors(s->d);
		blocks = atomic_load(&s->plan->blocks);
		now = g_get_monotonic_time();
		if (memory == s->memory && descriptors == s->descriptors &&
		    (blocks <= s->blocks || now - start > SCENARIO_WAIT_USEC))
			return blocks;
	} while (now - start < 10 * G_USEC_PER_SEC);

	if (memory == UINT64_MAX)
		scenario_fail(s, "A session stays.");
	else
		scenario_fail(s,
			      "Before and after: %u and %u descriptors, %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT
			      " bytes for clients.",
			      s->descriptors, descriptors, s->memory, memory);
	return blocks;
}

/* All answers there will be; and what a session that broke had begun has come to its end, too. */
static void scenario_finish_session(struct scenario *s, struct client *c)
{
	(void)shutdown(c->fd, SHUT_WR); /* it may have been reset */
	g_free(client_until_closed(c));
	c->at = 0;
	s->injected = fail_plan_disarm(s->plan);
	(void)scenario_wait_quiet(s);
}

/* What is there now must be what the answer to the WRITE lets one expect. */
static void scenario_check_written(struct scenario *s, const char *name, GBytes *data, const char *line)
{
	bool ok = line && g_str_has_prefix(line, "OK,"), there = scenario_check_tree(s, name), is_new;
	GBytes *old = g_hash_table_lookup(s->files, name);

	is_new = there && scenario_holds(s, name, data);
	if (there && !is_new && !scenario_holds(s, name, old))
		scenario_fail(s, "%s holds neither what was there before nor what was sent.", name);
	else if (old && !there)
		scenario_fail(s, "%s is gone.", name);
	else if (ok && !is_new)
		scenario_fail(s, "A false OK: %s is not what was sent.", name);
	else if (ok && s->injected > 0 && s->target->function == FAIL_FSYNC)
		scenario_fail(s, "A false OK: fsync() failed.");
	/* Once it has its name it cannot be taken back: whether it stays is what nobody knows after a failed fsync. */
	else if (line && !ok && is_new && s->target->function != FAIL_FSYNC)
		scenario_fail(s, "%s was refused, and is there: %s", name, line);
	if (is_new) {
		if (!old)
			g_queue_push_tail(&s->news, g_strdup(name));
		(void)g_hash_table_insert(s->files, g_strdup(name), g_bytes_ref(data));
	}
}

static void scenario_forget_news(struct scenario *s, unsigned max)
{
	while (g_queue_get_length(&s->news) > max) {
		g_autofree char *name = g_queue_pop_head(&s->news), *path = scenario_path(s, name);

		(void)unlink(path);
		(void)g_hash_table_remove(s->files, name);
	}
}

static void scenario_play_write(struct scenario *s, struct client *c)
{
	const struct scenario_script *w = s->script;
	g_autofree char *name = NULL, *line = NULL, *ok = g_strdup_printf("OK,received,%zu", w->size);
	g_autoptr(GBytes) data = scenario_noise(s, w->size);
	struct scenario_answers a = { .c = c };

	name = w->kind == SCENARIO_NEW ? g_strdup_printf("%s%u", w->file, s->seed) : g_strdup(w->file);
	client_printf(c, "%sWRITE,%s,%zu\n", w->ioe1 ? "HELLO,ioe/1\n" : "", name, w->size);
	client_write(c, g_bytes_get_data(data, NULL), w->size);
	client_puts(c, "READ,in/small\nPING,step\n");
	scenario_finish_session(s, c);

	scenario_take_hi(s, &a);
	line = scenario_line(&a);
	if (!scenario_take_failure(s, &a, line, true) && strcmp(line, ok) != 0)
		scenario_fail(s, "Not an answer to WRITE: \"%.80s\"", line);
	scenario_take_file(s, &a, "in/small", !(s->target->flags & SCENARIO_WRITES));
	scenario_take_pong(s, &a);
	scenario_check_written(s, name, data, line);
	scenario_forget_news(s, SCENARIO_NEW_MAX);
}

/* The bytes come right behind the digits, and the end of file says that these are all. */
static void scenario_play_old(struct scenario *s, struct client *c)
{
	g_autofree char *name = NULL, *line = NULL, *ok = g_strdup_printf("OK,received,%zu", s->script->size);
	char *content = harness_noise(s->script->size, ++s->seed);
	g_autoptr(GBytes) data = g_bytes_new_take(content, s->script->size);
	struct scenario_answers a = { .c = c };

	memcpy(content, "x\n", 2); /* what could as well be a person's: a digit, an LF, a comma and a number */
	name = g_strdup_printf("%s%u", s->script->file, s->seed);
	client_printf(c, "WRITE,%s,%zu", name, s->script->size);
	client_write(c, g_bytes_get_data(data, NULL), s->script->size);
	scenario_finish_session(s, c);

	line = c->in->len > 0 ? g_strdup(c->in->str) : NULL;
	if (!scenario_take_failure(s, &a, line, true) && strcmp(line, ok) != 0)
		scenario_fail(s, "Not an answer to WRITE: \"%.80s\"", line);
	scenario_check_written(s, name, data, line);
	scenario_forget_news(s, SCENARIO_NEW_MAX);
}

static void scenario_play_read(struct scenario *s, struct client *c)
{
	struct scenario_answers a = { .c = c };
	bool list = s->script->kind == SCENARIO_LIST;

	client_printf(c, "%s%s,%s\nPING,step\n", s->script->ioe1 ? "HELLO,ioe/1\n" : "", list ? "LIST" : "READ",
		      s->script->file);
	scenario_finish_session(s, c);

	scenario_take_hi(s, &a);
	if (list)
		scenario_take_sized(s, &a, s->listing, strlen(s->listing), true);
	else
		scenario_take_file(s, &a, s->script->file, true);
	scenario_take_pong(s, &a);
	(void)scenario_check_tree(s, NULL);
}

/* Right behind it, everything works: with a session of its own, as others have. */
static void scenario_check_service(struct scenario *s)
{
	struct client *c = client_new(s->d, 0);
	gsize n;
	const char *data = g_bytes_get_data(g_hash_table_lookup(s->files, "in/small"), &n);

	client_puts(c, "WRITE,after,5\nagainREAD,after\nREAD,in/small\nLIST,many\n");
	client_expect(c, "OK,received,5");
	client_expect_sized(c, "again", 5);
	client_expect_sized(c, data, n);
	client_expect_sized(c, s->listing, strlen(s->listing));
	client_free(c);
}

void scenario_play(struct scenario *s)
{
	struct client *c = client_new(s->d, 0);

	switch (s->script->kind) {
	case SCENARIO_NEW:
	case SCENARIO_REPLACE:
		scenario_play_write(s, c);
		break;
	case SCENARIO_OLD:
		scenario_play_old(s, c);
		break;
	case SCENARIO_READ:
	case SCENARIO_LIST:
		scenario_play_read(s, c);
		break;
	}
	client_free(c);
	if (!s->failed)
		scenario_check_service(s);
}

void scenario_measure(struct scenario *s)
{
	static const struct scenario_target none = { .function = FAIL_FUNCTION_MAX };

	(void)g_string_assign(s->where, "Nothing fails");
	s->target = &none;
	s->memory = scenario_memory(s);
	s->descriptors = daemon_descriptors(s->d);
	s->blocks = atomic_load(&s->plan->blocks);
	for (unsigned i = 0; i < 10 && !s->failed; i++) {
		scenario_play(s);
		s->blocks = MAX(s->blocks, scenario_wait_quiet(s));
	}
}

void scenario_restart(struct scenario *s)
{
	GHashTableIter iter;
	gpointer name, data;

	(void)g_string_assign(s->where, "After a restart");
	s->target = NULL;
	fail_plan_spawn(s->d);
	daemon_wait_ready(s->d);
	(void)scenario_check_tree(s, NULL);
	g_hash_table_iter_init(&iter, s->files);
	while (g_hash_table_iter_next(&iter, &name, &data))
		if (!scenario_holds(s, name, data))
			scenario_fail(s, "%s is not what was acknowledged.", (const char *)name);
	g_free(daemon_take_log(s->d));
}

void scenario_init(struct scenario *s, const struct scenario_script *script, unsigned reactors, unsigned always)
{
	*s = (struct scenario){ .script = script, .where = g_string_new("Start") };
	harness_show(s->where);
	s->d = daemon_new(reactors, DAEMON_LISTENER "workers = 2;\n");
	s->plan = fail_plan_new(s->d, always);
	s->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
	scenario_prepare_files(s);
	fail_plan_spawn(s->d);
	daemon_wait_ready(s->d);
}

void scenario_done(struct scenario *s)
{
	harness_hide(s->where);
	fail_plan_free(s->plan);
	(void)daemon_free(s->d);
	g_hash_table_destroy(s->files);
	g_queue_clear_full(&s->news, g_free);
	g_free(s->listing);
	(void)g_string_free(s->where, TRUE);
}
