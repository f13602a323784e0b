#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A listening socket, and the options that it was made from. Main binds it, because a start or a reload can still fail
 * there when a port is in use; the acceptor accepts there. A listener does not change once the acceptor has it: a
 * reload that changes its options makes a new listener with the same socket, and connections keep the listener that
 * accepted them. Main's list, the list of each reactor and each session hold a reference.
 */

#include "base/address.h"
#include "base/option.h"
#include "loop/loop.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Connections that wait to be accepted. */
#define LISTENER_BACKLOG 4096

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

struct acceptor;
struct inherited;
struct transport;

struct listener {
	atomic_uint refs;
	struct watch watch;
	struct acceptor *acceptor; /* in its thread, while it accepts here */
	struct address at;      /* as configured: with port 0 where the kernel chose */
	struct listener *older; /* a reference: was in its place, and hands its counters over when this one starts */
	struct address bound;   /* as it is: with the port that it has */
	char address[64];  /* the same as text: "127.0.0.1:9001" */
	uint64_t role_bits; /* of its options, for the layer above, as is raw */
	bool raw;
	bool ipv4;         /* is at :: and takes IPv4 as well */
	bool passed;       /* its socket is the service manager's, who keeps it, too */
	/* Makes the transport of a connection that was accepted here, in the thread that serves it. 0 or negative
	 * errno. NULL: TCP. */
	int (*transport_new)(struct listener *l, struct transport **ret);
	/* Written in the thread of the acceptor alone. */
	atomic_bool paused;
	atomic_uint_fast64_t accepted, refused;
};

/* All that is needed to open the listeners of a configuration. */
struct listener_plan {
	/* A listener is the first member of a struct of @size bytes, whose rest is zero; @init fills that, with the
	 * listener's options known. 0 or negative errno. Nothing is called when it is freed. */
	size_t size;
	int (*init)(struct listener *l, void *userdata);
	void *userdata;
	const struct settings *settings;
	unsigned instance;
	uint64_t peer_usec; /* how long a peer's kernel can be silent */
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
/* Whether one at that address takes IPv4 as well: at :: it does, unless another one has an IPv4 address with that
 * port. */
bool listener_takes_ipv4(const struct listener_plan *plan, const struct address *at);
void listener_set_options(int fd, uint64_t peer_usec);

/*
 * Finds a socket for the configured listener of that number: that of an older listener (or the older listener itself,
 * if nothing changes), an inherited one, or a new one. 0 or negative errno.
 */
int listener_open(const struct listener_plan *plan, size_t i, struct listener **ret);
/* Whether the old listeners that are no longer configured can be closed. -EBUSY: the service manager keeps the socket
 * of one open, and its clients would wait for ever. */
int listener_check_leaving(const struct listener_plan *plan);
void listener_set_peer_timeout(struct listener *l, uint64_t peer_usec);
struct listener *listener_ref(struct listener *l);
struct listener *listener_unref(struct listener *l); /* the last reference closes the socket; returns NULL */
/* A NULL-terminated list, each with a reference. NULL is an empty one. */
struct listener **listener_list_copy(struct listener *const *list); /* NULL: no memory */
void listener_list_free(struct listener **list);
