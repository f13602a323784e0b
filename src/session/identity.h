#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The identity of a session: its address and its name. Code that needs a name calls session_identity(). An identity
 * never changes: a session with a new name has a new identity. Any thread may take and release references, so an
 * identity can travel with a request that outlives the name or the session.
 */

#include "base/address.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the longest name, with its NUL: a nick (session/name.h), or an address as text. */
#define IDENTITY_NAME_MAX 64

struct identity {
	atomic_uint refs;
	struct address address;
	const char *address_text; /* without port */
	const char *nick;         /* NULL: none */
	const char *name;         /* that other users see: the nick, else the address */
	size_t name_len;          /* below IDENTITY_NAME_MAX */
	char bytes[];
};

/* Returns the caller's reference. Both are copied; @nick is NULL or has passed name_is_valid(). NULL: out of memory. */
struct identity *identity_new(const struct address *address, const char *nick);
struct identity *identity_ref(struct identity *i);
/* NULL is allowed. Returns NULL. */
struct identity *identity_unref(struct identity *i);
