#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Received mail: each message is printed, a line, and acknowledged only after that. Where the connection breaks before
 * the acknowledgement, the message arrives again, and is not printed again.
 */

#include "client/client.h"

/* Inert when zero apart from client and keep. */
struct mail {
	struct client *client;
	bool keep;     /* acknowledge nothing */
	uint64_t *ids; /* printed, and not known to be acknowledged */
	size_t n, cap;
	size_t flushed; /* the first so many of them have left this process */
	unsigned data; /* they are of: client.data */
	int error;     /* negative: one could not be printed */
};

/* For client_set_news(). @userdata is the mail. */
void mail_news(void *userdata, const struct news *n);

/* Flushes all printed messages to standard output, checks that a pipe still has a reader, and acknowledges them. */
enum exit_code mail_finish(struct mail *m);
void mail_done(struct mail *m);
