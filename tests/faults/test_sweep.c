/* SPDX-License-Identifier: MIT */
/*
 * Fails the N-th call of every function that the file role and its sessions use, for N = 1, 2, 3, ... until a run meets
 * no such call any more; each with every error, for one call and for all from the N-th on. Whatever fails: no OK that
 * is not true, no crash, the session in step, other requests served, nothing half-done left behind, old content where
 * a replacement failed, and descriptors and memory as before.
 */

#include "faults/plan.h"
#include "integration/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* More calls of one function than this within a scenario: something repeats itself for ever. */
#define SWEEP_CALLS_MAX 500

/* How long memory may take to be given back; and how often more of it may be out before it counts as lost. */
#define SWEEP_SETTLE_USEC (20 * 1000)
#define SWEEP_LOST_MAX    5

/* New files that stay until the next restart, to be found again. */
#define SWEEP_NEW_MAX 5

enum sweep_kind {
	SWEEP_NEW = 1 << 0,
	SWEEP_REPLACE = 1 << 1,
	SWEEP_READ = 1 << 2,
	SWEEP_LIST = 1 << 3,
	SWEEP_OLD = 1 << 4, /* a new file from an old client, which ends nothing and waits for one answer */
};

static const struct sweep_scenario {
	const char *name;
	enum sweep_kind kind;
	const char *file; /* what is asked for; for a new file the prefix of its name */
	size_t size;
	bool ioe1; /* else the first line is what is asked for, and may yet turn out to be an old client's */
} sweep_scenarios[] = {
	{ "new-small", SWEEP_NEW, "in/new", 1000, false },
	{ "new-large", SWEEP_NEW, "new", 700000, false },
	{ "replace-small", SWEEP_REPLACE, "in/kept", 1000, true },
	{ "replace-large", SWEEP_REPLACE, "kept", 700000, true },
	{ "read-small", SWEEP_READ, "in/small", 5000, false },
	{ "read-large", SWEEP_READ, "large", 600000, true },
	{ "list", SWEEP_LIST, "many", 0, false },
	{ "old-small", SWEEP_OLD, "new", 1000, false },
	{ "old-large", SWEEP_OLD, "new", 300000, false },
};

static const struct sweep_setup {
	const char *name;
	unsigned always, kinds;
} sweep_setups[] = {
	{ "plain", 0, SWEEP_NEW | SWEEP_REPLACE | SWEEP_READ | SWEEP_LIST | SWEEP_OLD },
	{ "no-tmpfile", FAIL_NO_TMPFILE, SWEEP_NEW | SWEEP_REPLACE | SWEEP_OLD },
	{ "no-openat2", FAIL_NO_OPENAT2, SWEEP_NEW | SWEEP_REPLACE | SWEEP_READ | SWEEP_LIST },
	{ "cold", FAIL_COLD, SWEEP_READ },
};

enum sweep_flags {
	SWEEP_BREAKS = 1 << 0, /* the session may end without its answers */
	SWEEP_WRITES = 1 << 1, /* only writing uses it: a READ beside it is answered as ever */
	SWEEP_CUTS = 1 << 2,   /* may do half of what it is asked for */
	SWEEP_ONCE = 1 << 3,   /* nobody could be served if it failed for ever */
};

static const struct sweep_target {
	enum fail_function function;
	unsigned flags;
	int errors[3]; /* of the short form */
} sweep_targets[] = {
	{ FAIL_OPENAT, 0, { EIO, ENOSPC, EMFILE } },
	{ FAIL_OPENAT2, 0, { EIO, EAGAIN, ENFILE } },
	{ FAIL_PWRITE, SWEEP_WRITES | SWEEP_CUTS, { EIO, ENOSPC, EINTR } },
	{ FAIL_WRITE, SWEEP_WRITES | SWEEP_CUTS, { EIO, ENOSPC, EINTR } },
	{ FAIL_SPLICE, SWEEP_CUTS, { EIO, ENOSPC, EINTR } },
	{ FAIL_FSYNC, SWEEP_WRITES, { EIO, ENOSPC, EINTR } },
	{ FAIL_LINKAT, SWEEP_WRITES, { EIO, EDQUOT, EROFS } },
	{ FAIL_RENAMEAT, SWEEP_WRITES, { EIO, ENOSPC, EROFS } },
	{ FAIL_UNLINKAT, SWEEP_WRITES, { EIO, EROFS } },
	{ FAIL_FTRUNCATE, SWEEP_WRITES, { EIO, EROFS } },
	{ FAIL_FALLOCATE, SWEEP_WRITES, { EIO, ENOSPC } },
	{ FAIL_FCHMOD, SWEEP_WRITES, { EIO, EROFS } },
	{ FAIL_FSTAT, 0, { EIO, ENOMEM } },
	{ FAIL_FSTATAT, 0, { EIO, ENOMEM } },
	{ FAIL_PREADV2, SWEEP_CUTS, { EIO, EAGAIN, EINTR } },
	{ FAIL_PREAD, SWEEP_CUTS | SWEEP_BREAKS, { EIO, EINTR } },
	{ FAIL_SENDFILE, SWEEP_CUTS | SWEEP_BREAKS, { EIO, EAGAIN, EINTR } },
	{ FAIL_FDOPENDIR, 0, { ENOMEM } },
	{ FAIL_READDIR, 0, { EIO } },
	{ FAIL_MKDIRAT, SWEEP_WRITES, { EIO, ENOSPC } },
	{ FAIL_FCNTL, SWEEP_BREAKS, { EMFILE } },
	{ FAIL_RECV, SWEEP_CUTS | SWEEP_BREAKS, { EIO, EAGAIN, EINTR } },
	{ FAIL_SEND, SWEEP_CUTS | SWEEP_BREAKS, { EIO, EAGAIN, EINTR } },
	{ FAIL_ACCEPT4, SWEEP_BREAKS | SWEEP_ONCE, { EMFILE, EINTR } },
	{ FAIL_EPOLL_CTL, SWEEP_BREAKS, { ENOMEM, ENOSPC } },
	{ FAIL_MALLOC, SWEEP_BREAKS, { ENOMEM } },
	{ FAIL_CLOSE, 0, { EIO, EINTR } },
};

static const int sweep_errors[] = { EIO, ENOSPC, EDQUOT, EROFS, EMFILE, ENFILE, ENOMEM, EINTR, EAGAIN };

struct sweep_case {
	const struct sweep_setup *setup;
	const struct sweep_scenario *scenario;
	unsigned reactors;
};

struct sweep {
	const struct sweep_scenario *scenario;
	struct daemon *d;
	struct fail_plan *plan;
	GHashTable *files; /* name to GBytes: what must be there */
	GQueue news;       /* names of new files, oldest first */
	char *listing;     /* of many/ */
	unsigned seed;

	/* When nothing is under way. */
	unsigned descriptors;
	uint64_t memory;
	long long blocks;

	/* The run. */
	const struct sweep_target *target;
	int error;
	unsigned nth, injected;
	bool on;
	GString *where; /* all of it in words */
	bool failed;
};

/* Over all cases. */
static unsigned long sweep_runs, sweep_faults;

static void G_GNUC_PRINTF(2, 3) sweep_fail(struct sweep *s, const char *fmt, ...)
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

static bool sweep_is_transient(int error)
{
	return error == EINTR || error == EAGAIN;
}

/* Files */

static char *sweep_path(const struct sweep *s, const char *name)
{
	return g_build_filename(s->d->files, name, NULL);
}

static GBytes *sweep_noise(struct sweep *s, size_t n)
{
	return g_bytes_new_take(harness_noise(n, ++s->seed), n);
}

static void sweep_put(struct sweep *s, const char *name, size_t n)
{
	g_autofree char *path = sweep_path(s, name);
	GBytes *data = sweep_noise(s, n);

	harness_write_file(path, g_bytes_get_data(data, NULL), n);
	(void)g_hash_table_insert(s->files, g_strdup(name), data);
}

static void sweep_prepare_files(struct sweep *s)
{
	g_autofree char *in = sweep_path(s, "in"), *many = sweep_path(s, "many");
	g_autoptr(GString) listing = g_string_new(NULL);

	g_assert_cmpint(mkdir(in, 0755), ==, 0);
	g_assert_cmpint(mkdir(many, 0755), ==, 0);
	sweep_put(s, "in/kept", 1000);
	sweep_put(s, "in/small", 5000);
	sweep_put(s, "kept", 700000);
	sweep_put(s, "large", 600000);
	for (unsigned i = 10; i < 40; i++) {
		g_autofree char *name = g_strdup_printf("many/%u", i);

		sweep_put(s, name, 3);
		g_string_append_printf(listing, "%u\n", i);
	}
	s->listing = g_string_free(g_steal_pointer(&listing), FALSE);
}

static bool sweep_holds(const struct sweep *s, const char *name, GBytes *data)
{
	g_autofree char *path = sweep_path(s, name), *seen = NULL;
	gsize n;

	return data && g_file_get_contents(path, &seen, &n, NULL) && n == g_bytes_get_size(data) &&
	       memcmp(seen, g_bytes_get_data(data, NULL), n) == 0;
}

/* Every file that must be there and no other, @name aside; whether that one is there. */
static bool sweep_check_tree(struct sweep *s, const char *name)
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
			g_autofree char *path = sweep_path(s, lines[i]);

			(void)unlink(path);
		} else {
			sweep_fail(s, "%s was left behind.", lines[i]);
		}
	}
	if (n + (name && g_hash_table_contains(s->files, name)) != g_hash_table_size(s->files))
		sweep_fail(s, "A file is gone.");
	return there;
}

/* Answers: all that came until the end of file, taken apart. */

struct sweep_answers {
	struct client *c;
	bool refused; /* the session was */
};

/* Without its LF; NULL: the session ended before it. */
static char *sweep_line(struct sweep_answers *a)
{
	const char *from = a->c->in->str + a->c->at;
	const char *end = memchr(from, '\n', a->c->in->len - a->c->at);

	if (!end)
		return NULL;
	a->c->at += (size_t)(end - from) + 1;
	return g_strndup(from, (gsize)(end - from));
}

/* What an error of this kind should be called. */
static bool sweep_slug_is_right(const struct sweep *s, const char *line)
{
	const char *slug;

	if (s->target->flags & SWEEP_BREAKS)
		return true;
	switch (s->error) {
	case ENOSPC:
	case EDQUOT:
		slug = "ERROR: no-space: ";
		break;
	case EROFS:
		slug = "ERROR: denied: ";
		break;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		slug = "ERROR: busy: ";
		break;
	default:
		slug = "ERROR: internal: ";
		break;
	}
	return g_str_has_prefix(line, slug) ||
	       (s->target->function == FAIL_FSYNC && g_str_has_prefix(line, "ERROR: internal: "));
}

/* True: there is none, or it is an error, and it may be. */
static bool sweep_take_failure(struct sweep *s, struct sweep_answers *a, const char *line, bool may_fail)
{
	if (!line) {
		if (!(s->target->flags & SWEEP_BREAKS) && !a->refused)
			sweep_fail(s, "The session ended without an answer.");
		return true;
	}
	if (!g_str_has_prefix(line, "ERROR: "))
		return false;
	if (g_str_has_prefix(line, "ERROR: limit: "))
		a->refused = true;
	if (!may_fail || s->injected == 0)
		sweep_fail(s, "Where nothing had failed, this came: %s", line);
	else if (!sweep_slug_is_right(s, line))
		sweep_fail(s, "The error should be called otherwise: %s", line);
	return true;
}

static void sweep_take_hi(struct sweep *s, struct sweep_answers *a)
{
	g_autofree char *line = NULL;

	if (!s->scenario->ioe1)
		return;
	line = sweep_line(a);
	if (!sweep_take_failure(s, a, line, true) && !g_str_has_prefix(line, "HI,ioe/1,"))
		sweep_fail(s, "Not an answer to HELLO: \"%.80s\"", line);
}

static void sweep_take_pong(struct sweep *s, struct sweep_answers *a)
{
	g_autofree char *line = sweep_line(a);

	if (line && a->c->at != a->c->in->len)
		sweep_fail(s, "More answers came than requests were sent.");
	else if ((line && strcmp(line, "PONG,step") != 0) ||
		 (!line && !(s->target->flags & SWEEP_BREAKS) && !a->refused))
		sweep_fail(s, "The session is out of step: \"%s\"", line ? line : "(nothing)");
}

/* A sized answer: all of it, or an error; half of it only where the session ends there. */
static void sweep_take_sized(struct sweep *s, struct sweep_answers *a, const char *data, size_t n, bool may_fail)
{
	g_autofree char *line = sweep_line(a), *size = g_strdup_printf("%zu", n);
	size_t left = a->c->in->len - a->c->at;

	if (sweep_take_failure(s, a, line, may_fail))
		return;
	if (strcmp(line, size) != 0)
		sweep_fail(s, "The size is wrong: \"%.80s\", not %s.", line, size);
	else if (memcmp(a->c->in->str + a->c->at, data, MIN(n, left)) != 0)
		sweep_fail(s, "The bytes are wrong.");
	else if (left < n && !(s->target->flags & SWEEP_BREAKS))
		sweep_fail(s, "The session ended after %zu of %zu bytes.", left, n);
	a->c->at += MIN(n, left);
}

static void sweep_take_file(struct sweep *s, struct sweep_answers *a, const char *name, bool may_fail)
{
	gsize n;
	const char *data = g_bytes_get_data(g_hash_table_lookup(s->files, name), &n);

	sweep_take_sized(s, a, data, n, may_fail);
}

/* Bytes that clients cost; UINT64_MAX while there is a session. */
static uint64_t sweep_memory(const struct sweep *s)
{
	g_autofree char *json = daemon_varlink(s->d, "{\"method\":\"org.ioe.control.Status\"}");
	const char *sessions = daemon_json_value(json, "sessions"), *memory = daemon_json_value(json, "memory");

	g_assert_true(sessions && memory);
	return g_ascii_strtoull(sessions, NULL, 10) ? UINT64_MAX : g_ascii_strtoull(memory, NULL, 10);
}

/* Every session is gone, and nothing of it stays. How many blocks of memory are out now. */
static long long sweep_wait_quiet(struct sweep *s)
{
	gint64 start = g_get_monotonic_time(), now;
	unsigned descriptors;
	uint64_t memory;
	long long blocks;

	do {
		memory = sweep_memory(s);
		descriptors = daemon_descriptors(s->d);
		blocks = atomic_load(&s->plan->blocks);
		now = g_get_monotonic_time();
		if (memory == s->memory && descriptors == s->descriptors &&
		    (blocks <= s->blocks || now - start > SWEEP_SETTLE_USEC))
			return blocks;
	} while (now - start < 10 * G_USEC_PER_SEC);

	if (memory == UINT64_MAX)
		sweep_fail(s, "A session stays.");
	else
		sweep_fail(s, "Before and after: %u and %u descriptors, %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT
			      " bytes for clients.",
			   s->descriptors, descriptors, s->memory, memory);
	return blocks;
}

/* All answers there will be; and what a session that broke had begun has come to its end, too. */
static void sweep_finish_session(struct sweep *s, struct client *c)
{
	(void)shutdown(c->fd, SHUT_WR); /* it may have been reset */
	g_free(client_until_closed(c));
	c->at = 0;
	s->injected = plan_disarm(s->plan);
	(void)sweep_wait_quiet(s);
}

/* What is there now must be what the answer to the WRITE lets one expect. */
static void sweep_check_written(struct sweep *s, const char *name, GBytes *data, const char *line)
{
	bool ok = line && g_str_has_prefix(line, "OK,"), there = sweep_check_tree(s, name), is_new;
	GBytes *old = g_hash_table_lookup(s->files, name);

	is_new = there && sweep_holds(s, name, data);
	if (there && !is_new && !sweep_holds(s, name, old))
		sweep_fail(s, "%s holds neither what was there before nor what was sent.", name);
	else if (old && !there)
		sweep_fail(s, "%s is gone.", name);
	else if (ok && !is_new)
		sweep_fail(s, "A false OK: %s is not what was sent.", name);
	else if (ok && s->injected > 0 && s->target->function == FAIL_FSYNC)
		sweep_fail(s, "A false OK: fsync() failed.");
	/* Once it has its name it cannot be taken back: whether it stays is what nobody knows after a failed fsync. */
	else if (line && !ok && is_new && s->target->function != FAIL_FSYNC)
		sweep_fail(s, "%s was refused, and is there: %s", name, line);
	if (is_new) {
		if (!old)
			g_queue_push_tail(&s->news, g_strdup(name));
		(void)g_hash_table_insert(s->files, g_strdup(name), g_bytes_ref(data));
	}
}

static void sweep_forget_news(struct sweep *s, unsigned max)
{
	while (g_queue_get_length(&s->news) > max) {
		g_autofree char *name = g_queue_pop_head(&s->news), *path = sweep_path(s, name);

		(void)unlink(path);
		(void)g_hash_table_remove(s->files, name);
	}
}

static void sweep_play_write(struct sweep *s, struct client *c)
{
	const struct sweep_scenario *w = s->scenario;
	g_autofree char *name = NULL, *line = NULL, *ok = g_strdup_printf("OK,received,%zu", w->size);
	g_autoptr(GBytes) data = sweep_noise(s, w->size);
	struct sweep_answers a = { .c = c };

	name = w->kind == SWEEP_NEW ? g_strdup_printf("%s%u", w->file, s->seed) : g_strdup(w->file);
	client_printf(c, "%sWRITE,%s,%zu\n", w->ioe1 ? "HELLO,ioe/1\n" : "", name, w->size);
	client_send(c, g_bytes_get_data(data, NULL), w->size);
	client_puts(c, "READ,in/small\nPING,step\n");
	sweep_finish_session(s, c);

	sweep_take_hi(s, &a);
	line = sweep_line(&a);
	if (!sweep_take_failure(s, &a, line, true) && strcmp(line, ok) != 0)
		sweep_fail(s, "Not an answer to WRITE: \"%.80s\"", line);
	sweep_take_file(s, &a, "in/small", !(s->target->flags & SWEEP_WRITES));
	sweep_take_pong(s, &a);
	sweep_check_written(s, name, data, line);
	sweep_forget_news(s, SWEEP_NEW_MAX);
}

/* The bytes come right behind the digits, and the end of file says that these are all. */
static void sweep_play_old(struct sweep *s, struct client *c)
{
	g_autofree char *name = NULL, *line = NULL, *ok = g_strdup_printf("OK,received,%zu", s->scenario->size);
	char *content = harness_noise(s->scenario->size, ++s->seed);
	g_autoptr(GBytes) data = g_bytes_new_take(content, s->scenario->size);
	struct sweep_answers a = { .c = c };

	memcpy(content, "x\n", 2); /* what could as well be a person's: a digit, an LF, a comma and a number */
	name = g_strdup_printf("%s%u", s->scenario->file, s->seed);
	client_printf(c, "WRITE,%s,%zu", name, s->scenario->size);
	client_send(c, g_bytes_get_data(data, NULL), s->scenario->size);
	sweep_finish_session(s, c);

	line = c->in->len > 0 ? g_strdup(c->in->str) : NULL;
	if (!sweep_take_failure(s, &a, line, true) && strcmp(line, ok) != 0)
		sweep_fail(s, "Not an answer to WRITE: \"%.80s\"", line);
	sweep_check_written(s, name, data, line);
	sweep_forget_news(s, SWEEP_NEW_MAX);
}

static void sweep_play_read(struct sweep *s, struct client *c)
{
	struct sweep_answers a = { .c = c };
	bool list = s->scenario->kind == SWEEP_LIST;

	client_printf(c, "%s%s,%s\nPING,step\n", s->scenario->ioe1 ? "HELLO,ioe/1\n" : "", list ? "LIST" : "READ",
		      s->scenario->file);
	sweep_finish_session(s, c);

	sweep_take_hi(s, &a);
	if (list)
		sweep_take_sized(s, &a, s->listing, strlen(s->listing), true);
	else
		sweep_take_file(s, &a, s->scenario->file, true);
	sweep_take_pong(s, &a);
	(void)sweep_check_tree(s, NULL);
}

/* Right behind it, everything works: with a session of its own, as others have. */
static void sweep_check_service(struct sweep *s)
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

static void sweep_play(struct sweep *s)
{
	struct client *c = client_new(s->d, 0);

	switch (s->scenario->kind) {
	case SWEEP_NEW:
	case SWEEP_REPLACE:
		sweep_play_write(s, c);
		break;
	case SWEEP_OLD:
		sweep_play_old(s, c);
		break;
	case SWEEP_READ:
	case SWEEP_LIST:
		sweep_play_read(s, c);
		break;
	}
	client_free(c);
	if (!s->failed)
		sweep_check_service(s);
}

/*
 * A run may need more memory at once than any before it, and some of that is kept for the next. So where there is more
 * than before, the same is done again: what is kept is used then, what is lost is lost once more.
 */
static void sweep_check_memory(struct sweep *s, unsigned *lost)
{
	long long blocks = sweep_wait_quiet(s);

	*lost = blocks > s->blocks ? *lost + 1 : 0;
	if (*lost >= SWEEP_LOST_MAX)
		sweep_fail(s, "It loses memory: done %u times, each time some blocks more, at last %lld and %lld.", *lost,
			   s->blocks, blocks);
	s->blocks = blocks;
}

/* One run of the scenario: false where nothing failed in it, or too much. */
static bool sweep_run(struct sweep *s)
{
	const struct sweep_target *t = s->target;
	unsigned lost = 0;

	g_string_printf(s->where, "%s() fails with %s at call %u%s", plan_function_name(t->function),
			plan_error_name(s->error), s->nth, s->on ? " and from there on" : "");
	do {
		plan_arm(s->plan, t->function, s->error, s->nth, s->on);
		sweep_play(s);
		if (!s->failed)
			sweep_check_memory(s, &lost);
		sweep_runs++;
		sweep_faults += s->injected;
	} while (lost > 0 && !s->failed);
	return s->injected > 0 && !s->failed;
}

static void sweep_error(struct sweep *s, int error)
{
	s->error = error;
	for (int on = 0; on < 2 && !s->failed; on++) {
		/* What asks to be tried again is, for ever. */
		if (on && (sweep_is_transient(error) || s->target->flags & SWEEP_ONCE))
			break;
		s->on = on;
		s->nth = 1;
		while (sweep_run(s))
			if (++s->nth > SWEEP_CALLS_MAX)
				sweep_fail(s, "There is no end to it.");
	}
}

static void sweep_function(struct sweep *s, const struct sweep_target *t)
{
	/* What ran out of descriptors waits for a second, or until one comes back: not in each of the short cases. */
	if (t->function == FAIL_ACCEPT4 && s->scenario->kind != SWEEP_LIST && !harness_is_long())
		return;
	s->target = t;
	if (harness_is_long()) {
		for (size_t i = 0; i < G_N_ELEMENTS(sweep_errors); i++)
			sweep_error(s, sweep_errors[i]);
	} else {
		for (size_t i = 0; i < G_N_ELEMENTS(t->errors) && t->errors[i]; i++)
			sweep_error(s, t->errors[i]);
	}
	if (t->flags & SWEEP_CUTS)
		sweep_error(s, FAIL_SHORT);
}

/* What it has and holds when nothing is under way; the first sessions make what is kept for all to come. */
static void sweep_measure(struct sweep *s)
{
	static const struct sweep_target none = { .function = FAIL_FUNCTION_MAX };

	(void)g_string_assign(s->where, "Nothing fails");
	s->target = &none;
	s->memory = sweep_memory(s);
	s->descriptors = daemon_descriptors(s->d);
	s->blocks = atomic_load(&s->plan->blocks);
	for (unsigned i = 0; i < 10 && !s->failed; i++) {
		sweep_play(s);
		s->blocks = MAX(s->blocks, sweep_wait_quiet(s));
	}
}

/* A restart: all that was acknowledged is there, nothing else is, and what could not be swept has been. */
static void sweep_restart(struct sweep *s)
{
	GHashTableIter iter;
	gpointer name, data;

	(void)g_string_assign(s->where, "After a restart");
	s->target = NULL;
	plan_spawn(s->d);
	daemon_wait_ready(s->d);
	(void)sweep_check_tree(s, NULL);
	g_hash_table_iter_init(&iter, s->files);
	while (g_hash_table_iter_next(&iter, &name, &data))
		if (!sweep_holds(s, name, data))
			sweep_fail(s, "%s is not what was acknowledged.", (const char *)name);
	g_free(daemon_take_log(s->d));
}

static void sweep_case_run(gconstpointer data)
{
	const struct sweep_case *c = data;
	struct sweep s = { .scenario = c->scenario, .where = g_string_new("Start") };
	unsigned long before = sweep_faults;

	s.d = daemon_new(c->reactors, DAEMON_LISTENER "workers = 2;\n");
	s.plan = plan_new(s.d, c->setup->always | FAIL_FILES_UNSYNCED | FAIL_DIRS_UNSYNCED);
	s.files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
	(void)g_hash_table_insert(s.files, g_strdup("after"), g_bytes_new_static("again", 5));
	harness_show(s.where);
	sweep_prepare_files(&s);
	{
		g_autofree char *after = sweep_path(&s, "after");

		harness_write_file(after, "again", 5);
	}
	plan_spawn(s.d);
	daemon_wait_ready(s.d);
	sweep_measure(&s);
	for (size_t i = 0; i < G_N_ELEMENTS(sweep_targets) && !s.failed; i++) {
		sweep_function(&s, &sweep_targets[i]);
		if (i != G_N_ELEMENTS(sweep_targets) / 2 || s.failed)
			continue;
		daemon_kill(s.d);
		sweep_restart(&s);
		sweep_measure(&s);
	}
	/* A clean end, too: that is where LeakSanitizer speaks. */
	daemon_stop(s.d);
	if (!s.failed)
		sweep_restart(&s);
	if (!s.failed && sweep_faults - before < 50)
		sweep_fail(&s, "Only %lu calls were failed: the library does not see what the daemon does.",
			   sweep_faults - before);

	harness_hide(s.where);
	plan_free(s.plan);
	(void)daemon_free(s.d);
	g_hash_table_destroy(s.files);
	g_queue_clear_full(&s.news, g_free);
	g_free(s.listing);
	(void)g_string_free(s.where, TRUE);
}

/* All of it with one reactor; the long form with four, too. */
static void sweep_add(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sweep_setups); i++)
		for (size_t k = 0; k < G_N_ELEMENTS(sweep_scenarios); k++)
			for (unsigned reactors = 1; reactors <= (harness_is_long() ? 4 : 1); reactors += 3) {
				struct sweep_case *c = g_new(struct sweep_case, 1);
				g_autofree char *path = NULL;

				*c = (struct sweep_case){ &sweep_setups[i], &sweep_scenarios[k], reactors };
				path = g_strdup_printf("/reactors=%u/sweep/%s/%s", reactors, c->setup->name,
						       c->scenario->name);
				if (c->setup->kinds & c->scenario->kind)
					g_test_add_data_func_full(path, c, sweep_case_run, g_free);
				else
					g_free(c);
			}
}

int main(int argc, char **argv)
{
	int r;

	r = harness_main(argc, argv, sweep_add);
	printf("# counts: %lu calls failed in %lu runs of a scenario\n", sweep_faults, sweep_runs);
	return r;
}
