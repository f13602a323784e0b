#pragma once
/* SPDX-License-Identifier: MIT */
/* A listener with the roles that it offers, and the verbs that its sessions understand. */

#include "base/macro.h"
#include "net/listener.h"
#include "wire/verb.h"

struct frontend {
	struct listener listener; /* first; its references count for the frontend */
	char roles[80];           /* "file+chat" */
	unsigned n_roles;
	struct verb_table verbs;  /* owner: the index of the role in the set, n_roles of the set for every listener's */
	struct verb_table elsewhere; /* verbs of roles that only other listeners offer; owner: likewise */
};

/* The frontend of a listener; each listener of a server has one. */
static inline struct frontend *frontend_of(const struct listener *l)
{
	return container_of(l, struct frontend, listener);
}

/* For struct listener_plan, with a struct reactor_set * as its userdata. 0 or negative errno. */
int frontend_init(struct listener *l, void *set);
