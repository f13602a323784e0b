#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Warns of listeners that other machines can reach. This version asks no client for a password, so everybody who
 * reaches a listener can use all that its roles offer. The log, the status and `ioed -t` say so, in one sentence for
 * each listener.
 */

#include <stdbool.h>

struct listener;
struct listener_options;
struct role;

#define EXPOSURE_MAX 512

/* Writes the sentence: what everybody can do there, and how to change that. False: only this machine can reach the
 * listener. */
bool exposure_of_listener(const struct listener *l, const struct role *const *roles, char dst[EXPOSURE_MAX]);

/* The same before it is bound; @roles: NULL-terminated, in the order of the bits in @o->roles. */
bool exposure_of_options(const struct listener_options *o, const struct role *const *roles, unsigned instance,
			 char dst[EXPOSURE_MAX]);
