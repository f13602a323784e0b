#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What a test and the library that it preloads into ioed tell each other, in memory that both map: which call of
 * which function is to fail, how, and what came of it. See fail.c.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Names the file that holds the plan. */
#define FAIL_VARIABLE "IOE_FAIL_PLAN"

/* Instead of an errno: the call does only half of what it was asked for. */
#define FAIL_SHORT (-1)

#define FAIL_FUNCTIONS(X)                                                                                              \
	X(OPENAT, "openat")                                                                                            \
	X(OPENAT2, "openat2")                                                                                          \
	X(PWRITE, "pwrite")                                                                                            \
	X(WRITE, "write") /* to files; an eventfd's cannot fail, and nobody asks */                                    \
	X(FSYNC, "fsync")                                                                                              \
	X(LINKAT, "linkat")                                                                                            \
	X(RENAMEAT, "renameat")                                                                                        \
	X(UNLINKAT, "unlinkat")                                                                                        \
	X(FTRUNCATE, "ftruncate")                                                                                      \
	X(FALLOCATE, "fallocate")                                                                                      \
	X(FCHMOD, "fchmod")                                                                                            \
	X(FSTAT, "fstat")                                                                                              \
	X(FSTATAT, "fstatat")                                                                                          \
	X(PREADV2, "preadv2")                                                                                          \
	X(PREAD, "pread")                                                                                              \
	X(PREAD64, "pread64") /* the same, as SQLite has it: files of the role file are read by the other */           \
	X(PWRITE64, "pwrite64")                                                                                        \
	X(SENDFILE, "sendfile")                                                                                        \
	X(SPLICE, "splice")                                                                                            \
	X(FDOPENDIR, "fdopendir")                                                                                      \
	X(READDIR, "readdir")                                                                                          \
	X(MKDIRAT, "mkdirat")                                                                                          \
	X(FCNTL, "fcntl")                                                                                              \
	X(RECV, "recv")                                                                                                \
	X(SEND, "send")                                                                                                \
	X(ACCEPT4, "accept4")                                                                                          \
	X(EPOLL_CTL, "epoll_ctl")                                                                                      \
	X(MALLOC, "malloc")                                                                                            \
	X(CLOSE, "close")

enum fail_function {
#define FAIL_ENUM(id, name) FAIL_##id,
	FAIL_FUNCTIONS(FAIL_ENUM)
#undef FAIL_ENUM
	FAIL_FUNCTION_MAX,
};

/* What is so all the time, armed or not. */
enum fail_always {
	FAIL_NO_TMPFILE = 1 << 0,     /* the file system knows no O_TMPFILE */
	FAIL_NO_OPENAT2 = 1 << 1,     /* the kernel, or a filter, knows no openat2() */
	FAIL_COLD = 1 << 2,           /* nothing is in memory: what may not wait gets EAGAIN */
	FAIL_FILES_UNSYNCED = 1 << 3, /* fsync() of what is no folder returns 0 and does nothing */
	FAIL_DIRS_UNSYNCED = 1 << 4,  /* and that of folders */
};

struct fail_plan {
	atomic_uint always;
	/* Of these, the test writes only while it is not armed. */
	uint32_t function;
	int32_t error;        /* an errno, or FAIL_SHORT */
	uint32_t nth;         /* the first call that fails, from 1 on */
	bool on;              /* and all behind it, too */
	atomic_bool armed;
	atomic_uint calls;    /* of that function, while armed */
	atomic_uint injected; /* of them, those that failed */
	atomic_llong blocks;  /* that malloc() and its kin have out, since some moment */
};
