#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Who a session is. Whoever needs a name asks session_identity() for the identity and takes it from there. An identity
 * does not change: a session that has a new name has a new one. It is counted, by any thread, so it can travel with a
 * request that outlives the name, or the session.
 */

#include "base/address.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* What a name takes, with its NUL: a nick (session/name.h), or an address as text. */
#define IDENTITY_NAME_MAX 64

struct identity {
	atomic_uint refs;
	struct address address;
	const char *address_text; /* without port */
	const char *nick;         /* NULL: none */
	const char *name;         /* by which others know the session: the nick, else the address */
	size_t name_len;          /* below IDENTITY_NAME_MAX */
	char bytes[];
};

/* @nick is NULL or valid. NULL: out of memory. */
struct identity *identity_new(const struct address *address, const char *nick);
struct identity *identity_ref(struct identity *i);
/* NULL is allowed. Returns NULL. */
struct identity *identity_unref(struct identity *i);
