#pragma once
/* SPDX-License-Identifier: MIT */
/* What had been spent at one moment, by the server and by ourselves. Figures are the difference of two. */

#include <stdint.h>

struct proc_tree;

struct mark {
	uint64_t usec;
	uint64_t server_nsec;
	uint64_t load_nsec;
};

/* The server's share is 0 where @server is empty. */
int mark_take(const struct proc_tree *server, struct mark *ret);
