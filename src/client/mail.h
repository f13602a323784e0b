#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Messages that come: each is printed, a line, and acknowledged only after that. Where the acknowledgement is lost with
 * the connection the message comes again, and is not printed again.
 */

#include "client/client.h"

/* Inert when zero apart from client and keep. */
struct mail {
	struct client *client;
	bool keep;     /* acknowledge nothing */
	uint64_t *ids; /* printed, and not known to be acknowledged */
	size_t n, room;
	size_t flushed; /* the first so many of them have left this process */
	unsigned data; /* they are of: client.data */
	int error;     /* negative: one could not be printed */
};

/* For client_set_news(). @userdata is the mail. */
void mail_news(void *userdata, const struct news *n);

/* Has all that is printed reach standard output, where a reader still is if it is a pipe, and acknowledges it. */
enum exit_code mail_finish(struct mail *m);
void mail_done(struct mail *m);
