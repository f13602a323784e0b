#pragma once
/* SPDX-License-Identifier: MIT */
/* Collects the faults of a configuration as text: a sentence a line, each fault once. */

#include "base/buf.h"

#define FAULT_MAX 100 /* sentences; for more faults than that there is one last line */

/* Inert when zero apart from why. */
struct faults {
	struct buf *why; /* the caller's; a sentence that does not fit below its max is left out */
	size_t begin;    /* offset in why of the first sentence */
	unsigned n;
	int error;       /* 0: only the text has faults; negative errno: a file cannot be read, or -ENOMEM */
};

void fault_init(struct faults *f, struct buf *why);

/* Adds "FILE:LINE: sentence"; @line 0: without a line. */
void fault_add(struct faults *f, const char *file, unsigned line, const char *fmt, ...) _printf_(4, 5);

/* The same for a file that cannot be read. @error is a negative errno; f->error keeps the first one. */
void fault_add_error(struct faults *f, int error, const char *file, const char *fmt, ...) _printf_(4, 5);

/* 0: no fault was added; else f->error, or -EINVAL if only the text has faults. */
int fault_result(const struct faults *f);
