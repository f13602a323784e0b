#pragma once
/* SPDX-License-Identifier: MIT */
/* ioectl ($IOECTL) against daemons that answer what the test wants, the impossible included. */

#include "base/buf.h"

#include <check.h>
#include <stddef.h>
#include <string.h>

/* Runs a suite of one case, in which each test has a folder of its own, and no daemon yet. For main(). */
int ioectl_run_suite(const char *name, void (*add)(TCase *tc));

/* $IOE_RUNTIME_DIR: where the instances have their sockets. */
extern char ioectl_dir[64];

/* The socket of an instance that is not there. */
int ioectl_listen(unsigned instance);

/* An instance, in a child: takes a call, gives it to @act with the connection, closes, and so on. */
typedef void (*ioectl_act_fn)(int fd, const void *arg, size_t len);
void ioectl_daemon(unsigned instance, ioectl_act_fn act, const void *arg, size_t len);
void ioectl_answering(unsigned instance, const char *text);
void ioectl_end_last(void);

void ioectl_act_answer(int fd, const void *arg, size_t len);
/* Byte by byte: a tool must not take a piece for the whole. */
void ioectl_act_trickle(int fd, const void *arg, size_t len);

/* How it ended, and what it said. */
struct ioectl_got {
	int status;
	struct buf out, err;
};
extern struct ioectl_got ioectl_got;

/* Runs it with these arguments. */
void ioectl_args(const char *const *args);
void ioectl_closed(const char *const *args); /* into a pipe that nobody reads any more */
void ioectl_full(const char *const *args);   /* into a full disk */
#define ioectl(...) ioectl_args((const char *const[]){ __VA_ARGS__, NULL })

#define ioectl_said(expected) \
	ck_assert_msg(strstr(ioectl_got.err.data, (expected)), "it said: %s", ioectl_got.err.data)

/* All there is. */
void ioectl_read(int fd, struct buf *ret);
