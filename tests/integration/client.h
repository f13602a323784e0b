#pragma once
/* SPDX-License-Identifier: MIT */
/* A client of the daemon's: every wait has a deadline, and what did not come fails the test. */

#include "daemon.h"

struct client {
	struct daemon *daemon; /* NULL: a socket of another kind */
	int fd;
	GString *in; /* received and not yet taken, from @at on */
	size_t at;
};

/* As daemon_add(), with a client of the first listener, who leaves before the daemon ends. */
typedef void (*client_fn)(struct client *c);
void client_add(const char *path, const char *config, client_fn fn);

struct client *client_new(struct daemon *d, unsigned listener);
struct client *client_new_from(struct daemon *d, unsigned listener, const char *source, const char *destination);
struct client *client_new_ioe1(struct daemon *d, unsigned listener);
/* In ioe/1, with a nick, which is asked for until the session that had it before is gone. */
struct client *client_new_named(struct daemon *d, unsigned listener, const char *nick);
void client_hello(struct client *c); /* it is in ioe/1 from now on */
struct client *client_new_fd(int fd);
void client_free(struct client *c);
void client_reset(struct client *c); /* close by RST, and free */

/* All of it leaves; what comes meanwhile is kept, so that neither side waits for the other. */
void client_write(struct client *c, const void *data, size_t n);
void client_puts(struct client *c, const char *text);
void client_printf(struct client *c, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void client_write_pieces(struct client *c, const void *data, size_t n, unsigned max_piece);
void client_half_close(struct client *c);

char *client_line(struct client *c);            /* without its LF */
char *client_bytes(struct client *c, size_t n); /* with a NUL behind */
char *client_message(struct client *c);         /* of Varlink: what is before the next NUL */
char *client_sized(struct client *c, size_t *ret_n);
bool client_try_line(struct client *c, gint64 deadline, char **ret); /* false: closed, or the deadline */
void client_expect(struct client *c, const char *line);
void client_expect_error(struct client *c, const char *codes); /* "denied" or "denied|not-found" */
void client_expect_sized(struct client *c, const void *data, size_t n);
void client_expect_eof(struct client *c);       /* and nothing before it */
char *client_until_closed(struct client *c);    /* all that comes until EOF or a reset */
void client_ask(struct client *c, const char *request, const char *answer);
void client_refused(struct client *c, const char *request, const char *codes);
