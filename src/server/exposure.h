#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Listeners that others than this machine can reach. This version asks nobody for a password, so whoever reaches one
 * may do all that its roles do; the administrator is told so, in one sentence a listener, wherever he looks.
 */

#include <stdbool.h>

struct listener;
struct listener_options;
struct role;

#define EXPOSURE_MAX 512

/* The sentence: who may do what, and what to do about it. False: only this machine reaches the listener. */
bool exposure_of_listener(const struct listener *l, const struct role *const *roles, char dst[EXPOSURE_MAX]);

/* The same before it is bound; @roles: NULL-terminated, in the order of the bits in @o->roles. */
bool exposure_of_options(const struct listener_options *o, const struct role *const *roles, unsigned instance,
			 char dst[EXPOSURE_MAX]);
