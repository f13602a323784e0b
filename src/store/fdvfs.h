#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * SQLite on a file that is known by its descriptor alone: no name is looked up, and nothing lies beside it. For a copy
 * that nobody else has open: there are no locks, and a write that fails in the middle is not rolled back.
 */

#define FDVFS_NAME    "ioe-fd"
#define FDVFS_URI_MAX 48

/* Before the first connection; once. */
void fdvfs_register(void);

/* What a connection with SQLITE_OPEN_URI calls the file of @fd. The descriptor stays the caller's: it is duplicated
 * when SQLite opens that. */
void fdvfs_uri(int fd, char ret[FDVFS_URI_MAX]);
