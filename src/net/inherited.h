#pragma once
/* SPDX-License-Identifier: MIT */
/* Sockets that the service manager has bound and passed to the daemon (sd_listen_fds(3)). */

#include "base/address.h"

#include <stdbool.h>

struct listener_plan;

struct inherited {
	int fd; /* -1: taken */
	struct address at;
	bool ipv6_only;
};

/* Looks at the descriptors from @first on, as many as the plan has, and takes them over. 0 or negative errno. */
int inherited_take(const struct listener_plan *plan, int first);
/* Each must have its listener, and be as that is to be. Before anything is bound, which it may be in the way of. */
int inherited_check(const struct listener_plan *plan);
/* The socket of that address, which the caller owns from now on. -1: there is none. */
int inherited_pick(const struct listener_plan *plan, const struct address *at);
/* Closes what is left. */
void inherited_done(struct inherited *in, unsigned n);
