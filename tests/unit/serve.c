/* SPDX-License-Identifier: MIT */
#include "unit/serve.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "config/config.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/files.h"
#include "unit/folder.h"

/* In which a server on a machine that is busy, under a sanitizer, would have answered. */
#define SERVE_PATIENCE_MSEC 30000

static struct {
	const struct option_schema *schema;
	struct loop loop;
	struct settings *settings;
	struct server *server;
	unsigned fds;     /* open before the start */
	atomic_uint clients; /* open now; a test may have threads */
	bool stopped;
} serve;

static struct settings *serve_parse(const char *config)
{
	struct settings *s = NULL;
	struct buf text = {}, why = {};
	const char *p;

	while ((p = strstr(config, "%s"))) {
		ck_assert_int_eq(buf_append(&text, config, (size_t)(p - config)), 0);
		ck_assert_int_eq(buf_append_str(&text, folder_path), 0);
		config = p + 2;
	}
	ck_assert_int_eq(buf_append_str(&text, config), 0);
	ck_assert_msg(config_parse(text.data, text.len, "test", 1, serve.schema, &s, &why) == 0, "%s", buf_str(&why));
	buf_done(&text);
	buf_done(&why);
	return s;
}

static void serve_stopped(_unused_ struct server *s, _unused_ void *userdata)
{
	serve.stopped = true;
	loop_stop(&serve.loop);
}

static int serve_try(const struct option_schema *schema, const struct role *const *roles, const char *config, char *why,
		     size_t why_size)
{
	struct server_args args = { .instance = 1, .roles = roles, .stopped = serve_stopped };

	(void)signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_LEVEL_ERR);
	(void)unsetenv("STATE_DIRECTORY");
	(void)unsetenv("RUNTIME_DIRECTORY");
	serve.fds = files_open();
	if (folder_fd < 0)
		folder_make();
	serve.schema = schema;
	serve.settings = serve_parse(config);
	ck_assert_int_eq(loop_init(&serve.loop), 0);
	args.settings = serve.settings;
	args.loop = &serve.loop;
	return server_start(&serve.server, &args, why, why_size);
}

static void serve_clean_up(void)
{
	(void)settings_unref(serve.settings);
	loop_done(&serve.loop);
	folder_remove();
	folder_fd = -1;
	ck_assert_uint_eq(files_open(), serve.fds + serve.clients);
}

void serve_start(const struct option_schema *schema, const struct role *const *roles, const char *config)
{
	char why[1024] = "";

	ck_assert_msg(serve_try(schema, roles, config, why, sizeof(why)) == 0, "%s", why);
}

const char *serve_refuse(const struct option_schema *schema, const struct role *const *roles, const char *config)
{
	static char why[1024];

	ck_assert_int_lt(serve_try(schema, roles, config, why, sizeof(why)), 0);
	serve_clean_up();
	return why;
}

struct server *serve_server(void)
{
	return serve.server;
}

const char *serve_folder(void)
{
	if (folder_fd < 0)
		folder_make();
	return folder_path;
}

void serve_stop_begin(void)
{
	server_stop(serve.server, "the test is over");
}

void serve_stop_wait(void)
{
	struct server *s = serve.server;

	while (!serve.stopped)
		ck_assert_int_eq(loop_pass(&serve.loop, -1), 0);
	for (unsigned i = 0; i < s->reactors.n; i++) {
		struct reactor *r = &s->reactors.at[i];

		ck_assert_msg(chunk_pool_used(&r->pool) == 0, "%llu bytes are still charged",
			      (unsigned long long)chunk_pool_used(&r->pool));
		ck_assert_uint_eq(r->busy, 0);
		ck_assert_uint_eq(r->closer.n, 0);
		ck_assert_uint_eq(atomic_load(&r->counters.sessions), 0);
		ck_assert_uint_eq(r->names.map.n, 0);
		ck_assert(list_is_empty(&r->sessions) && list_is_empty(&r->dead));
		ck_assert_uint_eq(r->loop.wheel.n, 0);
		ck_assert_uint_eq(r->placed, 0);
	}
	ck_assert_uint_eq(s->reactors.acceptor.connections, 0);
	ck_assert_uint_eq(s->reactors.acceptor.addresses.n, 0);
	ck_assert_uint_eq(server_free(s), 0);
	serve.server = NULL;
	serve.stopped = false;
	serve_clean_up();
}

void serve_stop(void)
{
	serve_stop_begin();
	serve_stop_wait();
}

void serve_reload(const char *config)
{
	struct settings *s = serve_parse(config);
	char why[256];

	ck_assert_int_eq(server_reload(serve.server, s, "", why, sizeof(why)), 0);
	(void)settings_unref(s);
}

struct serve_call {
	struct msg msg;
	struct reactor *reactor;
	void (*fn)(struct reactor *r, void *arg);
	void *arg;
	unsigned rounds;
	sem_t done;
};

/* In the reactor's thread. The first time round what came before this message may still be in the sockets. */
static void serve_called(struct msg *m)
{
	struct serve_call *c = container_of(m, struct serve_call, msg);

	if (c->rounds-- > 0) {
		inbox_push(&c->reactor->loop.inbox, m);
		return;
	}
	c->fn(c->reactor, c->arg);
	(void)sem_post(&c->done);
}

void serve_call(unsigned reactor, void (*fn)(struct reactor *r, void *arg), void *arg)
{
	struct serve_call c = { .msg.act = serve_called,
				.reactor = &serve.server->reactors.at[reactor],
				.fn = fn,
				.arg = arg,
				.rounds = 4 };

	(void)sem_init(&c.done, 0, 0);
	inbox_push(&c.reactor->loop.inbox, &c.msg);
	while (sem_wait(&c.done) < 0)
		;
	(void)sem_destroy(&c.done);
}

struct serve_until {
	bool (*fn)(struct reactor *r, void *arg);
	void *arg;
	bool yes;
};

static void serve_ask(struct reactor *r, void *arg)
{
	struct serve_until *u = arg;

	u->yes = u->fn(r, u->arg);
}

void serve_until(bool (*fn)(struct reactor *r, void *arg), void *arg)
{
	uint64_t until = clock_usec() + SERVE_PATIENCE_MSEC * USEC_PER_MSEC;
	struct serve_until u = { .fn = fn, .arg = arg };

	for (unsigned i = 0; !u.yes; i++) {
		if (clock_usec() > until)
			ck_abort_msg("what was waited for did not come");
		serve_call(i % serve.server->reactors.n, serve_ask, &u);
	}
}

void serve_until_sessions(unsigned want)
{
	uint64_t until = clock_usec() + SERVE_PATIENCE_MSEC * USEC_PER_MSEC;

	for (;;) {
		uint64_t n = 0;

		for (unsigned i = 0; i < serve.server->reactors.n; i++)
			n += atomic_load(&serve.server->reactors.at[i].counters.sessions);
		if (n == want)
			return;
		if (clock_usec() > until)
			ck_abort_msg("there are %u sessions instead of %u", (unsigned)n, want);
		(void)sched_yield();
	}
}

static int serve_connect_as(int receive_buffer)
{
	struct timeval patience = { .tv_sec = SERVE_PATIENCE_MSEC / 1000 };
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(getsockname(serve.server->listeners[0]->watch.fd, (struct sockaddr *)&sa, &len), 0);
	if (receive_buffer > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, len), 0);
	serve.clients++;
	return fd;
}

int serve_connect(void)
{
	return serve_connect_as(0);
}

int serve_connect_small(void)
{
	return serve_connect_as(2048);
}

void serve_say_n(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

		if (k <= 0)
			ck_abort_msg("cannot send: %s", strerror(errno));
		p += k;
		n -= (size_t)k;
	}
}

void serve_say(int fd, const char *text)
{
	serve_say_n(fd, text, strlen(text));
}

void serve_expect_n(int fd, const char *p, size_t n)
{
	char got[65536];

	for (size_t at = 0; at < n;) {
		ssize_t k = recv(fd, got, MIN(n - at, sizeof(got)), 0);

		if (k <= 0)
			ck_abort_msg("after %zu of %zu bytes there is %s instead of '%.60s'", at, n,
				     k == 0 ? "the end" : strerror(errno), p + at);
		if (memcmp(got, p + at, (size_t)k) != 0)
			ck_abort_msg("after %zu bytes: '%.*s' instead of '%.60s'", at, (int)MIN(k, 60), got, p + at);
		at += (size_t)k;
	}
}

void serve_expect(int fd, const char *text)
{
	serve_expect_n(fd, text, strlen(text));
}

void serve_nick(int fd, const char *nick)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "NICK,%s\n", nick);
	serve_say(fd, text);
	(void)snprintf(text, sizeof(text), "OK,%s\n", nick);
	serve_expect(fd, text);
}

size_t serve_line(int fd, char *dst, size_t size)
{
	size_t n = 0;

	for (; n < size; n++) {
		ssize_t k = recv(fd, dst + n, 1, 0);

		if (k <= 0)
			ck_abort_msg("no line, but %s, after '%.*s'", k == 0 ? "the end" : strerror(errno), (int)n, dst);
		if (dst[n] == '\n')
			break;
	}
	ck_assert_uint_lt(n, size);
	dst[n] = '\0';
	return n;
}

void serve_expect_error(int fd, const char *code)
{
	char line[4096], want[64];
	size_t n = (size_t)snprintf(want, sizeof(want), "ERROR: %s: ", code);

	(void)serve_line(fd, line, sizeof(line));
	ck_assert_msg(strncmp(line, want, n) == 0 && strlen(line) > n + 5, "'%s' is no error %s", line, code);
}

void serve_expect_nothing(int fd)
{
	char got[60];
	ssize_t n = recv(fd, got, sizeof(got), MSG_DONTWAIT);

	ck_assert_msg(n < 0 && errno == EAGAIN, "'%.*s' came, or the end", (int)MAX(n, 0), got);
}

void serve_expect_end(int fd)
{
	char got[60];
	ssize_t n = recv(fd, got, sizeof(got), 0);

	if (n != 0)
		ck_abort_msg("no end, but '%.*s' or an error (%s)", (int)MAX(n, 0), got, strerror(errno));
	serve_close(fd);
}

void serve_close(int fd)
{
	(void)close(fd);
	serve.clients--;
}

void serve_end(int fd)
{
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
}

void serve_reset(int fd)
{
	struct linger l = { .l_onoff = 1 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	serve_close(fd);
}
