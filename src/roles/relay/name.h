#pragma once
/* SPDX-License-Identifier: MIT */
/* The name of a mailbox: an address or a nick, in the one form that all its spellings have in common. */

#include "session/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct relay_name {
	bool is_address;
	uint8_t len;
	char text[IDENTITY_NAME_MAX]; /* without NUL */
};

/* Reads a name. 0, or -EINVAL: no session can have that name. */
int relay_name_parse(const char *s, size_t n, struct relay_name *ret);
void relay_name_set_address(const struct address *a, struct relay_name *ret);
bool relay_name_is(const struct relay_name *a, const char *s, size_t n);
