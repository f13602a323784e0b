#pragma once
/* SPDX-License-Identifier: MIT */
/* The limits on all that a client can make grow, and the options for old clients: sections limits and legacy. */

#include "base/option.h"

struct limits_options {
	uint64_t connections;    /* sessions in all */
	uint64_t per_address;    /* of them from one address */
	uint64_t line;           /* bytes of a request line */
	uint64_t output;         /* bytes of output that wait for a session; above it its requests wait, too */
	uint64_t pipeline;       /* open requests of a session */
	uint64_t idle_usec;      /* without a byte either way */
	uint64_t line_time_usec; /* from a line's first byte to its end */
	uint64_t stall_usec;     /* without progress while a body or an answer is on its way */
	uint64_t peer_usec;      /* without a sign of life from the peer's kernel */
	uint64_t memory;         /* bytes in memory for all sessions together */
};

extern const struct option_section limits_section;

/* The option for old clients. */
struct legacy_options {
	uint64_t wait_usec; /* the pause that ends a command of an old client */
};

extern const struct option_section legacy_section;
