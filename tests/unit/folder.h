#pragma once
/* SPDX-License-Identifier: MIT */
/* A temporary folder, and what is in it. */

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder_path[64];
static int folder_fd = -1;

static inline void folder_make(void)
{
	(void)snprintf(folder_path, sizeof(folder_path), "/tmp/ioe-check.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder_path));
	folder_fd = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder_fd, 0);
}

static inline int folder_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void folder_remove(void)
{
	(void)close(folder_fd);
	(void)nftw(folder_path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void folder_put(const char *name, const char *text)
{
	int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_msg(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "cannot write %s", name);
	(void)close(fd);
}

static inline void folder_mkdir(const char *name)
{
	ck_assert_int_eq(mkdirat(folder_fd, name, 0755), 0);
}

/* The file must hold exactly this; NULL: must not be there. */
static inline void folder_expect(const char *name, const char *text)
{
	int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char got[4096];
	ssize_t n;

	if (!text) {
		ck_assert_msg(fd < 0, "%s is there", name);
		return;
	}
	ck_assert_msg(fd >= 0, "%s is not there", name);
	n = read(fd, got, sizeof(got) - 1);
	got[n > 0 ? n : 0] = '\0';
	ck_assert_str_eq(got, text);
	(void)close(fd);
}

/* How many names are in a folder below ("." for the whole), hidden ones included. */
static inline unsigned folder_count(const char *name)
{
	int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)))
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	(void)closedir(d);
	return n;
}
