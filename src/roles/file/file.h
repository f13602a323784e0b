#pragma once
/* SPDX-License-Identifier: MIT */
/* The role file: a folder that clients list, read and write. */

#include "roles/file/path.h"
#include "roles/file/watch.h"
#include "session/role.h"

struct file_options {
	char *root; /* NULL: STATE/files */
	uint64_t max_size;
	bool sync, overwrite;
	uint64_t mode;
};
extern const struct option_section file_section;

extern const struct role file_role;

/* The state that the modules of the role share. After the start only watch.c changes it; every thread may set
 * `full`. */
struct file_state {
	struct path_root root;
	atomic_int staging_fd; /* ROOT/.ioe (staging.h); -1: the root cannot be written */
	bool no_proc;        /* /proc was missing at the start: an O_TMPFILE file could not get a name */
	struct file_watch watch;
	atomic_bool full;    /* the disk was full at the last attempt to store a file */
};

/* The descriptor of the served folder; the state owns it. */
int file_root_fd(const void *state);

struct request;

/* Replies with the error for this errno to a request for @name, and logs errors of the server's own. @bytes: the size
 * of the file; 0: unknown. */
void file_refuse(struct request *q, const char *name, uint64_t bytes, int error);

/* Checks a name. False: it is not valid, and the error was sent. */
bool file_take_name(struct request *q, const struct field *f, char ret[PATH_BYTES_MAX + 1]);
