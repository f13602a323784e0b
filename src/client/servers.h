#pragma once
/* SPDX-License-Identifier: MIT */
/* A list of servers as the user writes it: HOST:PORT,HOST:PORT,[::1]:PORT */

#include <stddef.h>

struct server {
	char *name; /* as written */
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
