#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A search for the first server of a list that answers. A thread can do it, so that the prompt is not held up. The
 * struct is counted: caller and thread each hold a reference, so the caller can leave at any time.
 */

#include "base/buf.h"
#include "client/servers.h"
#include "peer/peer.h"

#include <stdatomic.h>

struct search {
	struct servers list;   /* its own */
	bool is_back;          /* the first server is the last one used: it is taken with any data; */
	char *store;           /* the others only with this STORE. NULL: with any */
	uint64_t connect_usec; /* limit for all silent servers together, and again for the HELLO of one that is there */

	/* The result, once search_is_over(). */
	struct peer *peer; /* NULL: none has answered */
	size_t found;      /* which */
	int error;         /* where peer is NULL: -EINTR; -EBUSY, where a server can accept later; -ENOTCONN */
	struct buf why;    /* the failures of the servers before it; "" where there were none */

	atomic_uint refs;
	atomic_bool over;
	int done_fd;
};

/* Inert but for what is above; 0 or negative errno. */
int search_new(struct search **ret);
struct search *search_unref(struct search *s);

/* Searches here; or starts a thread: 0 or negative errno. */
void search_run(struct search *s);
int search_start(struct search *s);

/* Readable once it is over. */
int search_fd(const struct search *s);
bool search_is_over(const struct search *s);
