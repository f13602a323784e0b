#pragma once
/* SPDX-License-Identifier: MIT */
/* What is wrong with a configuration, a sentence a line, each told once. */

#include "base/buf.h"

#define FAULT_MAX 100 /* told; the rest are only mentioned */

/* Inert when zero apart from why. */
struct faults {
	struct buf *why; /* the caller's; what does not fit below its ceiling is left out */
	size_t begin;    /* where the first sentence begins in why */
	unsigned n;
	int error;       /* 0: only the text has faults; negative errno: a file cannot be read, or -ENOMEM */
};

void fault_init(struct faults *f, struct buf *why);

/* "FILE:LINE: sentence"; @line 0: none. */
void fault_add(struct faults *f, const char *file, unsigned line, const char *fmt, ...) _printf_(4, 5);

/* As above, for a file that cannot be had: remembers the first @error, a negative errno. */
void fault_add_error(struct faults *f, int error, const char *file, const char *fmt, ...) _printf_(4, 5);

/* 0 where nothing is wrong, else -EINVAL or f->error. */
int fault_result(const struct faults *f);
