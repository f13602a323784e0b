/* SPDX-License-Identifier: MIT */
#include "fuzz/sim_server.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "channel/channel-private.h"
#include "config/config.h"
#include "fuzz/fuzz.h"
#include "fuzz/session_store.h"
#include "fuzz/session_worker.h"
#include "ioed/roles.h"
#include "roles/chat/chat.h"
#include "roles/compute/compute.h"
#include "roles/file/file.h"
#include "roles/relay/relay.h"
#include "session/frontend.h"
#include "session/limits.h"

#include "unit/fixture/packing_bus.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define SIM_SERVER_STRING_(x) #x
#define SIM_SERVER_STRING(x)  SIM_SERVER_STRING_(x)

#define SIM_SERVER_LISTENER(roles, raw) "{ port = 0; address = \"127.0.0.1\"; roles = [ " roles " ]; raw = " raw "; }"

/* In the order of enum sim_server_listener. */
#define SIM_SERVER_LISTENER_LIST                                                                                       \
	"listeners = ( " SIM_SERVER_LISTENER("\"file\", \"chat\", \"relay\", \"compute\"", "false") ", "               \
	SIM_SERVER_LISTENER("\"file\"", "false") ", " SIM_SERVER_LISTENER("\"compute\"", "false") ", "                 \
	SIM_SERVER_LISTENER("\"chat\"", "false") ", "                                                                  \
	SIM_SERVER_LISTENER("\"file\", \"chat\", \"relay\", \"compute\"", "true") ", "                                 \
	SIM_SERVER_LISTENER("\"file\"", "true") ", " SIM_SERVER_LISTENER("\"compute\"", "true") ", "                   \
	SIM_SERVER_LISTENER("\"chat\"", "true") " );\n"

static const char *const sim_server_configs[SIM_SERVER_MAX] = {
	[SIM_SERVER_WIDE] = SIM_SERVER_LISTENER_LIST
		"file = { sync = false; max_size = " SIM_SERVER_STRING(SIM_SERVER_WIDE_SIZE) "; };\n"
		"chat = { history = " SIM_SERVER_STRING(SIM_SERVER_HISTORY) "; };\n",
	[SIM_SERVER_NARROW] = SIM_SERVER_LISTENER_LIST
		"file = { sync = false; max_size = " SIM_SERVER_STRING(SIM_SERVER_NARROW_SIZE) "; };\n"
		"limits = { connections = 6; per_address = 5; line = 64; output = 4096; pipeline = 3;\n"
		"           idle = \"1m\"; line_time = \"5s\"; stall_time = \"20s\"; };\n"
		"chat = { durable = false; burst = 5; text = 40; joined = 2; members = 2; rooms = 3; records = 3; };\n"
		"relay = { retention = \"2s\"; max_messages = 3; max_bytes = 1024; open = 3; sessions = 1; };\n",
};

/* Less than the option's row allows, so that few bytes reach it. */
#define SIM_SERVER_NARROW_MEMORY (96U << 10)

#define SIM_SERVER_COPIED_MAX    (64U << 10) /* a longer file leaves by sendfile() */
#define SIM_SERVER_LISTING_MAX   (16U << 10)
#define SIM_SERVER_SAID_MAX      (640U << 10) /* all that can be said in an input, with each byte encoded */
#define SIM_SERVER_SAID_NARROW   (16U << 10)  /* ... where lines are short, and in one pass */
#define SIM_SERVER_SEGMENT       (16U << 10)

#define SIM_SERVER_FILE_MODE     0600

static const struct role *const sim_server_roles[] = { &file_role, &chat_role, &relay_role, &compute_role, NULL };
enum { SIM_SERVER_ROLE_CHAT = 1, SIM_SERVER_ROLE_RELAY = 2 };

struct sim_server_file sim_server_files[SIM_SERVER_FILES] = {
	{ .name = "big", .size = 100000 },
	{ .name = "empty", .size = 0 },
	{ .name = "exact", .size = SIM_SERVER_COPIED_MAX, .is_wide = true },
	{ .name = "one", .size = 1 },
	{ .name = "sub/deep", .size = 70 },
	{ .name = "text", .size = 300 },
};

/*
 * Time stands still but for sim_server_sleep(), and the calendar says the same at the beginning of each input. The
 * linker puts these in the place of the clock_gettime() of all that is linked here, but not of the fuzzer's libraries
 * (--wrap).
 */
#define SIM_SERVER_REAL_USEC 1700000000000000ULL
static uint64_t sim_server_now_usec = 1ULL << 40, sim_server_began_usec = 1ULL << 40;

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	uint64_t now = sim_server_now_usec;

	if (clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_REALTIME)
		return __real_clock_gettime(clock, ts);
	if (clock == CLOCK_REALTIME)
		now = now - sim_server_began_usec + SIM_SERVER_REAL_USEC;
	ts->tv_sec = (time_t)(now / USEC_PER_SEC);
	ts->tv_nsec = (long)(now % USEC_PER_SEC) * 1000;
	return 0;
}

/* Text with numbers in it: what is said in the wrong place is misread as a request, or as a size. */
static void sim_server_make_files(void)
{
	static const char text[] = "22\nLIST\n7,WRITE,\r\n";

	for (unsigned i = 0; i < SIM_SERVER_FILES; i++) {
		struct sim_server_file *f = &sim_server_files[i];

		f->data = malloc(f->size + 1);
		FUZZ_CHECK(f->data);
		for (size_t k = 0; k < f->size; k++)
			f->data[k] = text[(k + i) % (sizeof(text) - 1)];
	}
}

static void sim_server_put_file(const struct sim_server *h, const struct sim_server_file *f)
{
	_cleanup_(closep) int fd = -1;

	if (f->is_wide && h->kind != SIM_SERVER_WIDE)
		return;
	fd = openat(h->root_fd, f->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, SIM_SERVER_FILE_MODE);
	FUZZ_CHECK(fd >= 0 && fchmod(fd, SIM_SERVER_FILE_MODE) == 0);
	FUZZ_CHECK(io_pwrite_all(fd, f->data, f->size, 0) == 0);
}

/* NULL for none of the first files. */
static const struct sim_server_file *sim_server_find_file(const char *folder, const char *name)
{
	size_t n = strlen(folder);

	for (unsigned i = 0; i < SIM_SERVER_FILES; i++)
		if (strncmp(sim_server_files[i].name, folder, n) == 0 && strcmp(sim_server_files[i].name + n, name) == 0)
			return &sim_server_files[i];
	return NULL;
}

/* What clients wrote goes; what they wrote over becomes what it was. */
static void sim_server_clean_folder(const struct sim_server *h, int fd, const char *folder)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;

	FUZZ_CHECK(d);
	while ((e = readdir(d))) {
		const struct sim_server_file *f = sim_server_find_file(folder, e->d_name);
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		FUZZ_CHECK(fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0);
		/* A file that a client wrote has file.mode, which is another than that of one that was put here. */
		if (S_ISDIR(st.st_mode) || (f && (st.st_mode & 0777) == SIM_SERVER_FILE_MODE))
			continue;
		FUZZ_CHECK(unlinkat(dirfd(d), e->d_name, 0) == 0);
		if (f)
			sim_server_put_file(h, f);
	}
	(void)closedir(d);
}

static void sim_server_check_folder(struct sim_server *h)
{
	DIR *spool = fdopendir(openat(h->root_fd, ".ioe", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *e;

	FUZZ_CHECK(spool);
	while ((e = readdir(spool)))
		FUZZ_CHECK(e->d_name[0] == '.'); /* nothing half-done stays behind */
	(void)closedir(spool);
	sim_server_clean_folder(h, openat(h->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "");
	sim_server_clean_folder(h, openat(h->root_fd, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "sub/");
}

/* Pipes are not counted: the fuzzer has some to a symbolizer that it starts at its own time. */
static unsigned sim_server_count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	struct stat st;
	unsigned n = 0;

	FUZZ_CHECK(d);
	while ((e = readdir(d)))
		n += fstatat(dirfd(d), e->d_name, &st, 0) == 0 && !S_ISFIFO(st.st_mode);
	(void)closedir(d);
	return n;
}

static void sim_server_no_log(_unused_ enum log_level level, _unused_ const struct log_field *fields, _unused_ size_t n,
			 _unused_ const char *text)
{
}

static struct sim_server *houses[SIM_SERVER_MAX];
static unsigned sim_server_n_fds; /* open between two inputs */

static void sim_server_remove_folder(struct sim_server *h)
{
	sim_server_check_folder(h);
	for (unsigned i = 0; i < SIM_SERVER_FILES; i++)
		(void)unlinkat(h->root_fd, sim_server_files[i].name, 0);
	(void)unlinkat(h->root_fd, "sub", AT_REMOVEDIR);
	(void)unlinkat(h->root_fd, ".ioe", AT_REMOVEDIR);
	(void)unlinkat(h->server.state_fd, "files", AT_REMOVEDIR);
	(void)rmdir(h->path);
}

/* At exit, in the order of server_free(). */
static void sim_server_tear_down(void)
{
	for (unsigned k = 0; k < SIM_SERVER_MAX; k++) {
		struct sim_server *h = houses[k];

		if (!h)
			continue;
		sim_server_remove_folder(h);
		(void)worker_pool_stop(h->server.reactors.workers, 0);
		for (unsigned i = h->server.reactors.n_roles; i > 0; i--)
			if (sim_server_roles[i - 1]->stop)
				sim_server_roles[i - 1]->stop(h->server.reactors.roles[i - 1].state);
		channel_engine_free(h->server.engine);
		reactor_done(h->reactor);
		listener_list_free(h->server.listeners);
		(void)settings_unref(h->server.settings);
		loop_done(&h->main_loop);
		closep(&h->root_fd);
		closep(&h->server.state_fd);
		free(h->reactor);
		free(h);
	}
	for (unsigned i = 0; i < SIM_SERVER_FILES; i++)
		free(sim_server_files[i].data);
}

static struct settings *sim_server_parse(enum sim_server_kind kind)
{
	struct settings *s = NULL;
	struct buf why = { .max = 64 << 10 };

	if (config_parse(sim_server_configs[kind], strlen(sim_server_configs[kind]), "server", 1, &ioed_schema, &s, &why) < 0)
		(void)fprintf(stderr, "%s\n", buf_str(&why));
	FUZZ_CHECK(s);
	buf_done(&why);
	if (kind == SIM_SERVER_NARROW)
		((struct limits_options *)(uintptr_t)settings_get(s, &limits_section))->memory = SIM_SERVER_NARROW_MEMORY;
	return s;
}

static void sim_server_open_folder(struct sim_server *h)
{
	const char *tmp = getenv("TMPDIR"), *at = tmp ? tmp : "/tmp";

	if (h->kind == SIM_SERVER_NARROW && access("/dev/shm", W_OK) == 0)
		at = "/dev/shm";
	FUZZ_CHECK(snprintf(h->path, sizeof(h->path), "%s/ioe-fuzz-XXXXXX", at) < (int)sizeof(h->path));
	FUZZ_CHECK(mkdtemp(h->path));
	h->server.state_fd = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(h->server.state_fd >= 0);
}

static void sim_server_make_engine(struct sim_server *h)
{
	const struct channel_engine_args args = {
		.reactors = &h->server.reactors,
		.store_ops = &session_store_ops,
		.state_dir = h->path,
	};

	FUZZ_CHECK(channel_engine_new(&h->server.engine, &args) == 0);
}

static void sim_server_start_role(struct sim_server *h, unsigned i)
{
	struct server *s = &h->server;
	struct role_start with = {
		.settings = s->settings,
		.state_dirfd = s->state_fd,
		.state_dir = h->path,
		.workers = s->reactors.workers,
		.reactors = &s->reactors,
		.engine = s->engine,
	};
	char why[1024] = "";

	if (sim_server_roles[i]->start)
		FUZZ_CHECK(sim_server_roles[i]->start(&with, &s->reactors.roles[i].state, why, sizeof(why)) == 0);
}

static void sim_server_start_roles(struct sim_server *h)
{
	struct server *s = &h->server;

	sim_server_make_engine(h);
	for (unsigned i = 0; i < s->reactors.n_roles; i++)
		sim_server_start_role(h, i);
	if (h->kind == SIM_SERVER_NARROW)
		((struct file_state *)s->reactors.roles[0].state)->root.walk = true;
	h->root_fd = openat(s->state_fd, "files", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(h->root_fd >= 0);
	FUZZ_CHECK(mkdirat(h->root_fd, "sub", 0700) == 0);
	for (unsigned i = 0; i < SIM_SERVER_FILES; i++)
		sim_server_put_file(h, &sim_server_files[i]);
}

/* As server_start(), but for the threads, and for what outlives a process. */
static struct sim_server *sim_server_build(enum sim_server_kind kind)
{
	struct sim_server *h = calloc(1, sizeof(*h));
	struct server *s = &h->server;
	struct listener_plan plan;
	char why[1024] = "";

	FUZZ_CHECK(h && loop_init(&h->main_loop) == 0);
	h->kind = kind;
	sim_server_open_folder(h);
	s->settings = sim_server_parse(kind);
	s->args = (struct server_args){
		.instance = 1, .roles = sim_server_roles, .settings = s->settings, .loop = &h->main_loop
	};
	s->lock_fd = -1;
	s->reactors.instance = 1;
	s->reactors.n = 1;
	s->reactors.at = h->reactor = calloc(1, sizeof(*h->reactor));
	FUZZ_CHECK(h->reactor);
	for (; sim_server_roles[s->reactors.n_roles]; s->reactors.n_roles++)
		s->reactors.roles[s->reactors.n_roles].role = sim_server_roles[s->reactors.n_roles];
	(void)snprintf(s->reactors.store_id, sizeof(s->reactors.store_id), "%032d", kind);
	FUZZ_CHECK(session_worker_new(&s->reactors.workers) == 0);
	sim_server_start_roles(h);

	plan = (struct listener_plan){
		.size = sizeof(struct frontend),
		.init = frontend_init,
		.userdata = &s->reactors,
		.settings = s->settings,
		.instance = 1,
		.peer_usec = ((const struct limits_options *)settings_get(s->settings, &limits_section))->peer_usec,
		.why = why,
		.why_size = sizeof(why),
	};
	s->listeners = calloc(SIM_SERVER_LISTENERS + 1, sizeof(struct listener *));
	FUZZ_CHECK(s->listeners && s->settings->n_listeners == SIM_SERVER_LISTENERS);
	for (; s->n_listeners < SIM_SERVER_LISTENERS; s->n_listeners++)
		FUZZ_CHECK(listener_open(&plan, s->n_listeners, &s->listeners[s->n_listeners]) == 0);
	FUZZ_CHECK(reactor_init(h->reactor, &s->reactors, 0, s->settings) == 0);
	h->reactor->listeners = listener_list_copy(s->listeners);
	FUZZ_CHECK(h->reactor->listeners);
	/* As if they were full: what is free shall be really free, so that a sanitizer sees who still uses it. */
	h->reactor->n_free_requests = h->reactor->pool.n_free = UINT_MAX / 2;
	h->limits = h->reactor->limits;
	/* A line with each byte encoded, or (lines are short in the narrow sim) a file; a listing of all there can be;
	 * and all that was said. */
	h->bounds.said_max = kind == SIM_SERVER_WIDE ? SIM_SERVER_SAID_MAX : SIM_SERVER_SAID_NARROW;
	h->bounds.answer_max = (kind == SIM_SERVER_WIDE ? 3 * h->limits->line : SIM_SERVER_NARROW_SIZE) +
			       SIM_SERVER_LISTING_MAX + h->bounds.said_max;
	return h;
}

/* As the acceptor does, for a connection that was not accepted. */
int sim_server_connect(struct sim_server *h, enum sim_server_listener listener, unsigned host, bool small_buffers,
		       struct handle *ret)
{
	struct address peer = { .port = 1 };
	int fds[2], small = 1;

	FUZZ_CHECK(inet_pton(AF_INET6, "::ffff:192.0.2.1", &peer.ip) == 1);
	peer.ip.s6_addr[15] = (uint8_t)(peer.ip.s6_addr[15] + host);
	if (acceptor_enter(&h->server.reactors.acceptor, &peer) != ACCEPTOR_ADMITTED)
		return -1;
	if (chunk_pool_is_over(&h->reactor->pool)) {
		acceptor_leave(&h->server.reactors.acceptor, &peer);
		return -1;
	}
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	if (small_buffers)
		for (unsigned i = 0; i < 2; i++)
			FUZZ_CHECK(setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) == 0);
	h->reactor->placed++;
	*ret = session_invariants_new(h->reactor, h->server.listeners[listener], fds[0], &peer);
	return fds[1];
}

static size_t sim_server_count(const struct list *head)
{
	size_t n = 0;

	for (const struct list *l = head->next; l != head; l = l->next)
		n++;
	return n;
}

static uint64_t sim_server_answered(const struct sim_server *h)
{
	uint64_t n = 0;

	for (unsigned i = 0; i <= h->server.reactors.n_roles; i++)
		n += atomic_load(&h->reactor->counters.requests[i]);
	return n;
}

static void sim_server_check(const struct sim_server *h)
{
	struct reactor *r = h->reactor;
	size_t n = sim_server_count(&r->sessions), dead = sim_server_count(&r->dead);
	uint64_t charged = SLICE_GROUPS_MAX * SIM_SERVER_SEGMENT + session_invariants_accounted(r, &h->bounds);

	session_invariants_check(r, &h->bounds);
	FUZZ_CHECK(sim_server_answered(h) <= h->answered + h->asked);
	FUZZ_CHECK(atomic_load(&r->counters.sessions) == n);
	FUZZ_CHECK(r->set->acceptor.connections == n + dead && r->set->acceptor.connections <= h->limits->connections);
	FUZZ_CHECK(chunk_pool_used(&r->pool) <= h->limits->memory + charged);
}

struct store *sim_server_store(const struct sim_server *h)
{
	return h->server.engine->store;
}

void sim_server_serve_store(struct sim_server *h)
{
	struct store *s = sim_server_store(h);

	h->store_held = false;
	session_store_set_busy(s, false);
}

static void sim_server_run_store(struct sim_server *h)
{
	struct store *s = sim_server_store(h);

	if (h->store_held)
		return;
	session_store_commit(s);
	for (size_t n = session_store_waiting(s); n > 0; n--)
		session_store_read(s);
}

/* Its loop has waited until now: it was not away, and asks anew what has come. */
static void sim_server_wake(struct sim_server *h)
{
	h->reactor->loop.now_usec = h->reactor->loop.round_usec = sim_server_now_usec;
}

void sim_server_pass(struct sim_server *h)
{
	sim_server_run_store(h);
	FUZZ_CHECK(loop_pass(&h->reactor->loop, 0) == 0);
	sim_server_check(h);
}

struct sim_server *sim_server_get(enum sim_server_kind kind)
{
	if (sim_server_n_fds == 0) {
		log_set_sink(sim_server_no_log);
		log_set_level(LOG_LEVEL_DEBUG);
		(void)signal(SIGPIPE, SIG_IGN);
		(void)atexit(sim_server_tear_down);
		sim_server_make_files();
	}
	if (!houses[kind]) {
		houses[kind] = sim_server_build(kind);
		sim_server_n_fds = sim_server_count_fds();
	}
	/* Time went on while the other one was lived in. */
	sim_server_wake(houses[kind]);
	sim_server_pass(houses[kind]);
	return houses[kind];
}

void sim_server_pack(struct sim_server *h)
{
	packing_bus_choose(h->server.engine);
}

size_t sim_server_jobs(const struct sim_server *h)
{
	return session_worker_jobs(h->server.reactors.workers);
}

void sim_server_work(struct sim_server *h, size_t n)
{
	h->worked = true;
	session_worker_run(h->server.reactors.workers, n);
}

void sim_server_sleep(struct sim_server *h, uint64_t usec)
{
	h->slept = true;
	sim_server_now_usec += usec;
	sim_server_wake(h);
}

int sim_server_read_file(const struct sim_server *h, const char *name, struct buf *ret)
{
	return io_read_file(h->root_fd, name, ret);
}

static bool sim_server_is_empty(const struct sim_server *h)
{
	const struct reactor *r = h->reactor;

	return list_is_empty(&r->sessions) && list_is_empty(&r->dead) && r->busy == 0 && r->closer.n == 0 &&
	       sim_server_jobs(h) == 0 && session_store_waiting(sim_server_store(h)) == 0 && list_is_empty(&r->loop.deferred_calls);
}

/* All rooms and mailboxes are idle, and go; the next input finds none, and a store that is as new. */
static void sim_server_empty_channels(struct sim_server *h)
{
	struct channel_engine *hub = h->server.engine;
	struct channel_shard *s = &hub->shards[0];
	struct map_node *n;

	FUZZ_CHECK(s->fanouts.n == 0 && s->n_idle == s->channels.n);
	while ((n = map_next(&s->channels, NULL))) {
		struct channel *c = container_of(n, struct channel, node);

		FUZZ_CHECK(c->open && c->busy == 0 && c->by_session.n == 0 && c->here[0] == 0 && !c->is_reserving);
		FUZZ_CHECK(c->n_catching_up == 0 && !c->replay && list_is_empty(&c->unnumbered) &&
			   list_is_empty(&c->waiting));
		if (c->stored)
			store_close(sim_server_store(h), c->stored);
		channel_free(c);
	}
	FUZZ_CHECK(s->n_idle == 0 && list_is_empty(&s->idle));
	for (unsigned i = 0; i < ELEMENTSOF(s->n_open); i++)
		FUZZ_CHECK(s->n_open[i] == 0);
	sim_server_roles[SIM_SERVER_ROLE_RELAY]->stop(h->server.reactors.roles[SIM_SERVER_ROLE_RELAY].state);
	sim_server_roles[SIM_SERVER_ROLE_CHAT]->stop(h->server.reactors.roles[SIM_SERVER_ROLE_CHAT].state);
	channel_engine_free(h->server.engine);
	sim_server_make_engine(h);
	sim_server_start_role(h, SIM_SERVER_ROLE_CHAT);
	sim_server_start_role(h, SIM_SERVER_ROLE_RELAY);
}

void sim_server_check_empty(struct sim_server *h)
{
	const struct reactor *r = h->reactor;
	const uint64_t turn_usec = 64ULL * 64 * 64 * 64 * USEC_PER_MSEC;

	sim_server_serve_store(h);
	for (unsigned i = 0; i < 1000 && !sim_server_is_empty(h); i++) {
		while (sim_server_jobs(h) > 0)
			sim_server_work(h, 0);
		sim_server_pass(h);
	}
	FUZZ_CHECK(list_is_empty(&r->sessions) && list_is_empty(&r->dead));
	FUZZ_CHECK(r->busy == 0 && r->closer.n == 0 && sim_server_jobs(h) == 0);
	FUZZ_CHECK(list_is_empty(&r->loop.deferred_calls));
	FUZZ_CHECK(chunk_pool_used(&r->pool) == 0);
	FUZZ_CHECK(r->names.map.n == 0);
	FUZZ_CHECK(r->set->acceptor.connections == 0 && r->set->acceptor.addresses.n == 0 && r->placed == 0);
	FUZZ_CHECK(r->loop.wheel.n == (timer_is_armed(&r->ratelimit.timer) ? 1 : 0));
	sim_server_empty_channels(h);
	if (h->worked)
		sim_server_check_folder(h);
	if (h->runs++ % 32 == 0)
		FUZZ_CHECK(sim_server_count_fds() == sim_server_n_fds);

	/* The wheel shall stand for the next input as it stood for this one. */
	sim_server_now_usec += turn_usec - sim_server_now_usec % turn_usec;
	sim_server_began_usec = sim_server_now_usec;
	sim_server_wake(h);
	h->slept = h->worked = false;
	h->asked = 0;
	h->answered = sim_server_answered(h);
}
