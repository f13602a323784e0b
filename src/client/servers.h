#pragma once
/* SPDX-License-Identifier: MIT */
/* A list of servers as the user writes it: HOST,HOST:PORT,[::1],[::1]:PORT */

#include <stddef.h>

#define SERVERS_PORT "9001" /* where none is written */

struct server {
	char *name; /* as written, and the port where it is not */
	char *host;
	char *port;
};

/* Inert when zero. */
struct servers {
	struct server *at;
	size_t n;
};

/* 0; -EINVAL with a sentence in @why; -ENOMEM. @ret is untouched on failure. */
int servers_parse(const char *list, struct servers *ret, char *why, size_t why_size);
void servers_done(struct servers *s);
/* A copy of @server. 0 or -ENOMEM. */
int servers_append(struct servers *s, const struct server *server);
