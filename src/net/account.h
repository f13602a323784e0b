#pragma once
/* SPDX-License-Identifier: MIT */
/* How many sessions there are, in all and from each address. Reactor 0's, which accepts. */

#include "base/address.h"
#include "base/map.h"

#include <stdint.h>

struct limits_options;

struct account {
	struct map map;
	uint64_t sessions;
};

enum account_verdict {
	ACCOUNT_OK,
	ACCOUNT_FULL,        /* limits.connections */
	ACCOUNT_ADDRESS_FULL,/* limits.per_address */
	ACCOUNT_NO_MEMORY,
};

int account_init(struct account *a);
void account_done(struct account *a);

/* Counts one in where the limits let it, to be taken back by account_leave(). */
enum account_verdict account_enter(struct account *a, const struct address *from, const struct limits_options *limits);
void account_leave(struct account *a, const struct address *from);
