#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What a server sends on its own account, piece by piece: a message with some bytes that are known and some that are
 * not. A template is the known ones, with these in it. They are no ASCII, and MQTT's packets here have none of them.
 */

#include <stddef.h>
#include <stdint.h>

#define FRAME_NUMBER "\xf1" /* decimal, 1 to 19 digits: frame.number */
#define FRAME_ANY    "\xf2" /* decimal, 1 to 19 digits, whatever they say */
#define FRAME_WHO    "\xf3" /* four hexadecimal digits: frame.who */
#define FRAME_TEXT   "\xf4" /* FRAME_TEXT_BYTES bytes: frame.text points there */

#define FRAME_TEXT_BYTES 64

struct frame {
	uint64_t number;
	unsigned who;
	const char *text; /* NULL: the template has none */
};

/* 0 and the length; -EAGAIN: right so far, but not whole; -EBADMSG. */
int frame_match(const char *template, size_t template_len, const char *p, size_t n, struct frame *ret, size_t *ret_len);

/* Four hexadecimal digits, or -EBADMSG. */
int frame_who(const char *p, unsigned *ret);

/* The bytes that publisher @who says for the @number-th time: his, the number's, and the rest from everywhere. */
void frame_make_text(char text[FRAME_TEXT_BYTES], unsigned who, uint64_t number);
