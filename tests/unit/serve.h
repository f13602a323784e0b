#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A server in the test's own process: its reactors and workers are threads here, its clients plain sockets. At its end
 * all accounts have to be where they began. One at a time.
 */

#include "session/role.h"
#include "server/server.h"

#include <stdbool.h>
#include <stddef.h>

/* Starts it with these roles and this configuration, in which "%s" stands for a folder of its own (serve_folder()). */
void serve_start(const struct option_schema *schema, const struct role *const *roles, const char *config);
struct server *serve_server(void);
const char *serve_folder(void);

/* Must refuse to start. The sentence. */
const char *serve_refuse(const struct option_schema *schema, const struct role *const *roles, const char *config);

/* Stops it in the written order, waits for that, and checks that nothing is left of anybody. All clients may still be
 * there. */
void serve_stop(void);
/* The same in two steps, for what happens in between. */
void serve_stop_begin(void);
void serve_stop_wait(void);

/* New settings for the running server. */
void serve_reload(const char *config);

/* Calls @fn in a reactor's thread and waits for it. Behind it, all that had come to that reactor is worked off. */
void serve_call(unsigned reactor, void (*fn)(struct reactor *r, void *arg), void *arg);
/* Calls @fn so in every reactor, until it is true in one of them. */
void serve_until(bool (*fn)(struct reactor *r, void *arg), void *arg);
/* Until so many sessions are there. */
void serve_until_sessions(unsigned n);

/* Clients: blocking sockets that give up after a time in which a server would have answered. */
int serve_connect(void);
int serve_connect_small(void); /* with a small receive buffer */
void serve_nick(int fd, const char *nick); /* it has it from now on */
void serve_say(int fd, const char *text);
void serve_say_n(int fd, const char *p, size_t n);
void serve_expect(int fd, const char *text); /* exactly these bytes come next */
void serve_expect_n(int fd, const char *p, size_t n);
void serve_expect_error(int fd, const char *code); /* a line "ERROR: code: ..." comes next */
size_t serve_line(int fd, char *dst, size_t size); /* without its LF */
void serve_expect_nothing(int fd); /* nothing has come so far */
void serve_expect_end(int fd); /* the server closes; consumes the fd */
void serve_end(int fd);        /* no more will be said */
void serve_reset(int fd);      /* breaks the connection; consumes the fd */
void serve_close(int fd);
