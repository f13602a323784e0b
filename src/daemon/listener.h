#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * An address and port with a set of roles, and the accepting of connections there, which is reactor 0's work. Bound
 * in main before the reactors start, so that a port in use is told where starting can still fail.
 */

#include "base/ratelimit.h"
#include "daemon/account.h"
#include "daemon/loop.h"
#include "daemon/option.h"
#include "wire/verb.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define ROLES_MAX 16

struct listener_options {
	char *address;
	uint64_t port;      /* 0: the kernel chooses */
	uint64_t port_base; /* the instance number is added; 0: not set */
	uint64_t roles;     /* bits, in the order of the schema's roles */
	bool raw;           /* the old clients' dialect may be spoken here */
};
extern const struct option_section listener_section;

#define LISTENERS_DEFAULT                                                                                     \
	"(\n"                                                                                                 \
	"\t{ port_base = 9000;  address = \"127.0.0.1\"; roles = [ \"file\", \"chat\", \"relay\", \"compute\" ]; },\n" \
	"\t{ port_base = 11825; address = \"127.0.0.1\"; roles = [ \"chat\" ]; }\n"                           \
	")"

struct server;

struct listener {
	struct watch watch;
	struct server *server;
	char address[64];  /* with the port that it has: "127.0.0.1:9001" */
	char roles[80];    /* "file+chat" */
	uint64_t role_bits;
	unsigned n_roles;
	bool raw;
	struct verb_table verbs; /* what is understood here; owner: the index of the role, n_roles for every listener's */
	struct ratelimit complaint; /* about a pause */
	/* Written by reactor 0 alone. */
	atomic_bool paused;
	atomic_uint_fast64_t accepted, refused;
};

/* Binds and listens. 0 or negative errno with a sentence in @why. */
int listener_open(struct listener *l, struct server *s, const struct listener_options *o, unsigned instance, char *why,
		  size_t why_size);
void listener_done(struct listener *l);

/* In reactor 0. */
void listener_start(struct listener *l, struct loop *loop);
void listener_stop(struct listener *l, struct loop *loop); /* no more are accepted; what waits in the backlog is refused */
void listener_resume(struct listener *l, struct loop *loop); /* after a pause for want of descriptors */
