#pragma once
/* SPDX-License-Identifier: MIT */
/* As much of an FTP client as it takes to upload: log in, and per file PASV and STOR over a blocking connection. */

#include <stdint.h>

/* The one user that bench/run makes. */
#define FTP_USER     "bench"
#define FTP_PASSWORD "bench"

/* Takes the greeting, logs in, and asks for binary. -EBADMSG: another answer than expected; -ECONNRESET, -EAGAIN. */
int ftp_log_in(int fd);

/* Stores the pattern under @name, and waits until the server has it. */
int ftp_put(int fd, const char *name, uint64_t size);
