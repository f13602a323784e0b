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

/* The state that the modules of the role share. After the start only watch.c changes it, but for `full`. */
struct file_state {
	struct path_root root;
	atomic_int staging_fd; /* ROOT/.ioe (staging.h); -1: the root cannot be written */
	bool no_proc;        /* no /proc at the start: a file without a name could not be given one */
	struct file_watch watch;
	atomic_bool full;    /* the disk was full at the last attempt to store a file */
};

/* The folder that is served, of the role's state: the state's own descriptor. */
int file_root_fd(const void *state);

struct request;

/* Answers with the error that this errno is to a client who asked for @name, and logs what is the server's trouble.
 * @bytes: of the file, 0 where that says nothing. */
void file_refuse(struct request *q, const char *name, uint64_t bytes, int error);

/* Checks a name; answers with the error where it is none. False: answered. */
bool file_take_name(struct request *q, const struct field *f, char ret[PATH_BYTES_MAX + 1]);
