#pragma once
/* SPDX-License-Identifier: MIT */
/* What had been spent at one moment, by the server and by ourselves. Figures are the difference of two. */

#include <stdint.h>

struct hist;
struct load_args;
struct proc_tree;

struct mark {
	uint64_t usec;
	uint64_t server_nsec;
	uint64_t load_nsec;
};

/* The server's share is 0 where @server is empty. Prints a sentence where it fails. */
int mark_take(const struct load_args *args, const struct proc_tree *server, struct mark *ret);

/* Of one thing that was done: answered, heard, stored. */
struct mark_figures {
	double rate;        /* a second */
	double server_usec; /* CPU each */
	double load_usec;
	uint64_t p50_usec, p99_usec; /* 0 where no histogram was kept */
};

/* Of @n that were done between the two; @hist may be NULL. */
void mark_compare(const struct mark *from, const struct mark *to, double n, const struct hist *hist,
		  struct mark_figures *ret);

/* The line that table.awk reads. */
void mark_print(const struct mark_figures *f);
