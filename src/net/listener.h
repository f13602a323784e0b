#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * An address and port with a set of roles, and the accepting of connections there, which is reactor 0's work. Bound
 * in main, so that a port in use is told where starting or reloading can still fail. Nothing of a listener changes
 * once reactor 0 has it: a reload that changes its roles makes another one with the same socket, and sessions keep
 * the one they came by. Counted: main's list, reactor 0's list and each session hold a reference.
 */

#include "base/address.h"
#include "base/option.h"
#include "loop/loop.h"
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

struct inherited;
struct server;
struct transport;

struct listener {
	atomic_uint refs;
	struct watch watch;
	struct server *server;
	struct address at;      /* as configured: with port 0 where the kernel chose */
	struct listener *older; /* a reference: was in its place, and hands its counters over when this one starts */
	struct address bound;   /* as it is: with the port that it has */
	char address[64];  /* the same as text: "127.0.0.1:9001" */
	char roles[80];    /* "file+chat" */
	uint64_t role_bits;
	unsigned n_roles;
	bool raw;
	bool ipv4;         /* is at :: and takes IPv4 as well */
	bool passed;       /* its socket is the service manager's, who keeps it, too */
	/* Makes the transport of a session that came here, in that session's thread. 0 or negative errno. NULL: TCP. */
	int (*transport_new)(struct listener *l, struct transport **ret);
	struct verb_table verbs; /* what is understood here; owner: the index of the role, n_roles for every listener's */
	struct verb_table elsewhere; /* what is a verb only where other roles are offered; owner: likewise */
	/* Written by reactor 0 alone. */
	atomic_bool paused;
	atomic_uint_fast64_t accepted, refused;
};

/* What the listeners of a configuration are made of. */
struct listener_plan {
	struct server *server;
	const struct settings *settings;
	struct listener *const *old; /* those there are, NULL-terminated; or NULL */
	struct inherited *inherited;
	unsigned n_inherited;
	char *why;                   /* a sentence, where something is not in order */
	size_t why_size;
};

/* Where the configured listener of that number is to be. False: it has no address. */
bool listener_address(const struct listener_plan *plan, size_t i, struct address *ret);
bool listener_same_address(const struct address *a, const struct address *b); /* and port */
bool listener_is_any(const struct address *a); /* :: */
/* Whether one at that address takes IPv4 as well: at :: it does, unless another one has an IPv4 address with that port. */
bool listener_takes_ipv4(const struct listener_plan *plan, const struct address *at);
void listener_set_options(int fd, const struct settings *settings);

/*
 * Finds a socket for the configured listener of that number: an older listener's that has it already (the very listener
 * where nothing about it changes), one that was inherited, or one that is bound now. 0 or negative errno.
 */
int listener_open(const struct listener_plan *plan, size_t i, struct listener **ret);
/* Whether those that will be no more may go. -EBUSY: the service manager has one, whose clients would wait for ever. */
int listener_check_leaving(const struct listener_plan *plan);
/* Takes over what these settings say of all sockets. */
void listener_use_settings(struct listener *l, const struct settings *settings);
struct listener *listener_ref(struct listener *l);
struct listener *listener_unref(struct listener *l); /* closes with the last one; returns NULL */
/* A NULL-terminated list, each with a reference. NULL is an empty one. */
struct listener **listener_list_copy(struct listener *const *list); /* NULL: no memory */
void listener_list_free(struct listener **list);

/* In reactor 0. */
void listener_start(struct listener *l, struct loop *loop);
void listener_stop(struct listener *l, struct loop *loop); /* no more are accepted; what waits in the backlog is refused */
void listener_drain(struct listener *l); /* accepts what waits, where another socket takes its place */
void listener_resume(struct listener *l, struct loop *loop); /* after a pause for want of descriptors */
