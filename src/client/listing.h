#pragma once
/* SPDX-License-Identifier: MIT */
/* A sized answer that is text, a line at a time. */

#include "peer/peer.h"

/* @fn can change @line. 0, or negative errno: the rest is not read. */
typedef int (*listing_fn)(void *userdata, char *line, size_t len);

/* All of it. 0; -EMSGSIZE for a line of over 1 MiB; another negative errno; what @fn returned. */
int listing_read(struct peer *p, listing_fn fn, void *userdata);
