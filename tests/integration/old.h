#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The old programs, played byte for byte: what they send, in which sends, and what they make of what one recv gives
 * them.
 */

#include "client.h"

int old_connect(struct daemon *d, unsigned listener);
void old_send(int fd, const void *data, size_t n);
/* One recv, as they do it. */
size_t old_recv(int fd, void *buf, size_t n);
void old_expect(int fd, size_t recv_size, const char *want);

/* A: the connect prompt. */
void old_play_a(struct daemon *d, unsigned listener);
/* B: the file client; many commands on one connection, and each file as the first word of a connection of its own. */
void old_play_b(struct daemon *d, unsigned listener);
/* The file's size, and *ret; or 0 and NULL for an error. */
size_t old_b_read(int fd, const char *name, char **ret);
/* The header is one send, and each line of the file another. */
void old_b_write(int fd, const char *name, const char *data, size_t n);
/* C: Hello, many at a time, and again on the same connection. */
void old_play_c(struct daemon *d, unsigned listener);
/* E: a number, an answer, and gone. */
void old_play_e(struct daemon *d, unsigned listener);
/* As many digits as one recv of E's takes. */
void old_play_e_long(struct daemon *d, unsigned listener);

/* So many of them have connected, and so many answers were the right ones. */
void old_get_counts(unsigned *ret_clients, unsigned *ret_answers);
