#pragma once
/* SPDX-License-Identifier: MIT */
/* Names of rooms and members, and the keys of moderation entries. No state; any thread. */

#include "session/identity.h"

#include <stdbool.h>
#include <stddef.h>

#define CHAT_ROOM_MAX 64
#define CHAT_KEY_MAX  80

/* 1 to 64 of a-z 0-9 . _ - */
bool chat_name_is_room(const char *s, size_t n);

/* Whether the text can be a member's name: it has the characters of a nick, or is an address. */
bool chat_name_is_member(const char *s, size_t n);

/* Whether the text is an address, which is the name of a session without a nick. @ret can be NULL. */
bool chat_name_is_address(const char *s, size_t n, struct address *ret);

/* Writes "KIND:name" in lower case, since names are compared without case. Returns the length; @n is at most
 * IDENTITY_NAME_MAX. */
size_t chat_name_key(char dst[CHAT_KEY_MAX], const char *kind, const char *name, size_t n);

/* Writes "KIND@address". For IPv6 it has the /64, since one user has all addresses in it. Returns the length, 0: a
 * loopback address, which has no entry. */
size_t chat_name_address_key(char dst[CHAT_KEY_MAX], const char *kind, const struct address *a);
