#pragma once
/* SPDX-License-Identifier: MIT */
/* Names in rooms: how a room may be called, and under which words a room keeps what it knows of somebody. */

#include "base/address.h"

#include <stdbool.h>
#include <stddef.h>

#define CHAT_ROOM_MAX 64
#define CHAT_NAME_MAX 64 /* a nick, or an address as text */
#define CHAT_KEY_MAX  80

/* 1 to 64 of a-z 0-9 . _ - */
bool chat_name_is_room(const char *s, size_t n);

/* What may stand where a member's name is wanted: a nick's characters, or an address. */
bool chat_name_is_member(const char *s, size_t n);

/* It is an address, so whoever has it has no nick. @ret may be NULL. */
bool chat_name_is_address(const char *s, size_t n, struct address *ret);

/* "KIND:name", in lower case, since names are compared without case. Returns the length; @n is at most CHAT_NAME_MAX. */
size_t chat_name_key(char dst[CHAT_KEY_MAX], const char *kind, const char *name, size_t n);

/* "KIND@address"; in IPv6 a /64 is one, as many addresses as anybody likes are in it. 0: loopback, which is nobody's. */
size_t chat_name_address_key(char dst[CHAT_KEY_MAX], const char *kind, const struct address *a);
