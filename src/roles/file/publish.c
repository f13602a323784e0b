/* SPDX-License-Identifier: MIT */
#include "roles/file/publish.h"

#include "base/io.h"
#include "base/macro.h"
#include "roles/file/file.h"
#include "roles/file/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PUBLISH_COPY (256U << 10)

/* A name that no other daemon uses, as several daemons can share a staging folder. */
static void publish_name_staged(struct publish *p)
{
	static atomic_uint_fast64_t next;

	(void)snprintf(p->staged, sizeof(p->staged), "%d-%llx", getpid(),
		       (unsigned long long)atomic_fetch_add_explicit(&next, 1, memory_order_relaxed));
}

/* Whether the error means that the file system has no O_TMPFILE; there are several (open(2)). */
static bool publish_has_no_tmpfile(int error)
{
	return error == EOPNOTSUPP || error == EISDIR || error == ENOENT;
}

/* Keeps a descriptor of its own, as another root can take the place of this one. */
static int publish_use_root_staging(struct publish *p, const struct file_state *state)
{
	int fd = state->staging_fd;

	if (fd < 0)
		return -EROFS;
	p->staging_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return p->staging_fd < 0 ? -errno : 0;
}

/* A rename cannot cross mounts. So a folder on another mount has a staging folder of its own. */
static int publish_use_own_staging(struct publish *p)
{
	closep(&p->staging_fd);
	p->staging_fd = staging_open(p->dir_fd);
	return MIN(p->staging_fd, 0);
}

/* If the kernel does not report mounts, the folder counts as on the same one. */
static bool publish_is_elsewhere(const struct publish *p, const struct file_state *state)
{
	struct statx dir, staging;

	return statx(p->dir_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &dir) == 0 && dir.stx_mask & STATX_MNT_ID &&
	       statx(state->staging_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &staging) == 0 &&
	       staging.stx_mask & STATX_MNT_ID && dir.stx_mnt_id != staging.stx_mnt_id;
}

static int publish_open_staged(struct publish *p, const struct file_state *state, unsigned mode)
{
	int r = publish_is_elsewhere(p, state) ? publish_use_own_staging(p) : publish_use_root_staging(p, state);

	if (r < 0)
		return r;
	publish_name_staged(p);
	p->fd = openat(p->staging_fd, p->staged, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (p->fd >= 0)
		return 0;
	p->staged[0] = '\0';
	return -errno;
}

static int publish_open_folder(struct publish *p, const struct file_state *state, const char *path)
{
	const char *base;

	if (state->staging_fd < 0)
		return -EROFS;
	p->dir_fd = path_open_parent(&state->root, path, &base);
	if (p->dir_fd < 0)
		return p->dir_fd;
	(void)snprintf(p->base, sizeof(p->base), "%s", base);
	return 0;
}

/* Only a regular file can be replaced. */
static int publish_check_target(const struct publish *p, bool overwrite)
{
	struct stat st;

	if (fstatat(p->dir_fd, p->base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!overwrite)
		return -EEXIST;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	return S_ISREG(st.st_mode) ? 0 : -ENOTSUP;
}

void publish_abandon(struct publish *p)
{
	if (p->staged[0])
		(void)unlinkat(p->staging_fd, p->staged, 0);
	closep(&p->fd);
	closep(&p->dir_fd);
	closep(&p->staging_fd);
	*p = (struct publish)PUBLISH_INERT;
}

int publish_look(const struct file_state *state, const char *path, bool overwrite)
{
	struct publish p = PUBLISH_INERT;
	int r;

	r = publish_open_folder(&p, state, path);
	if (r >= 0)
		r = publish_check_target(&p, overwrite);
	publish_abandon(&p);
	return r;
}

int publish_open(struct publish *p, const struct file_state *state, const char *path, unsigned mode)
{
	int r;

	r = publish_open_folder(p, state, path);
	if (r < 0)
		return r;
	if (!state->no_proc)
		p->fd = openat(p->dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (p->fd < 0)
		r = state->no_proc || publish_has_no_tmpfile(errno) ? publish_open_staged(p, state, mode) : -errno;
	/* The mode does not depend on the umask. */
	if (r >= 0 && fchmod(p->fd, mode) < 0)
		r = -errno;
	return r;
}

int publish_write(struct publish *p, const void *data, size_t n, uint64_t off)
{
	return io_pwrite_all(p->fd, data, n, (off_t)off);
}

static int publish_move(const struct publish *p, char *buf, uint64_t from, uint64_t to, size_t n)
{
	ssize_t got = io_pread_full(p->fd, buf, n, (off_t)from);

	if (got < 0)
		return (int)got;
	return (size_t)got < n ? -EIO : io_pwrite_all(p->fd, buf, n, (off_t)to);
}

int publish_put_in_front(struct publish *p, uint64_t n, const char *front, size_t n_front)
{
	_cleanup_(freep) char *buf = malloc(PUBLISH_COPY);
	int r = 0;

	if (!buf)
		return -ENOMEM;
	/* Move from the end to the front, so that no byte is overwritten before it was moved. */
	while (n > 0 && r >= 0) {
		size_t piece = MIN(n, (uint64_t)PUBLISH_COPY);

		n -= piece;
		r = publish_move(p, buf, n, n + n_front, piece);
	}
	return r < 0 ? r : io_pwrite_all(p->fd, front, n_front, 0);
}

static int publish_link(const struct publish *p, int dir_fd, const char *name)
{
	char self[64];

	/* AT_EMPTY_PATH would need a capability before Linux 6.10. */
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", p->fd);
	if (linkat(AT_FDCWD, self, dir_fd, name, AT_SYMLINK_FOLLOW) >= 0)
		return 0;
	/* Unmounted since the start, or the folder is gone. */
	return errno == ENOENT && access("/proc/self/fd", F_OK) < 0 ? -ENOSYS : -errno;
}

/* A subvolume or a project quota can refuse a rename, too; that is seen only here. */
static int publish_link_staged(struct publish *p, const struct file_state *state)
{
	int r = publish_use_root_staging(p, state);

	if (r < 0)
		return r;
	publish_name_staged(p);
	r = publish_link(p, p->staging_fd, p->staged);
	if (r == -EXDEV) {
		r = publish_use_own_staging(p);
		if (r >= 0)
			r = publish_link(p, p->staging_fd, p->staged);
	}
	if (r < 0)
		p->staged[0] = '\0';
	return r;
}

/* Gives the file a name in the staging folder and renames it: so an old file is replaced in one step, and no link is
 * followed. */
static int publish_replace(struct publish *p, const struct file_state *state)
{
	int r;

	r = publish_check_target(p, true);
	if (r < 0)
		return r;
	if (!p->staged[0])
		r = publish_link_staged(p, state);
	if (r < 0)
		return r;
	if (renameat(p->staging_fd, p->staged, p->dir_fd, p->base) < 0)
		return -errno;
	p->staged[0] = '\0';
	return 0;
}

static int publish_create(struct publish *p)
{
	if (!p->staged[0])
		return publish_link(p, p->dir_fd, p->base);
	/* A file system without O_TMPFILE can be without hard links, too; NFS has them, but not this flag. */
	if (renameat2(p->staging_fd, p->staged, p->dir_fd, p->base, RENAME_NOREPLACE) < 0) {
		if (errno != EINVAL)
			return -errno;
		if (linkat(p->staging_fd, p->staged, p->dir_fd, p->base, 0) < 0)
			return -errno;
		(void)unlinkat(p->staging_fd, p->staged, 0);
	}
	p->staged[0] = '\0';
	return 0;
}

int publish_commit(struct publish *p, const struct file_state *state, bool sync, bool overwrite)
{
	int r;

	/* Sync before the file has a name: after a loss of power no name must lead to a file with holes. */
	if (sync && fsync(p->fd) < 0)
		return -errno;
	r = publish_create(p);
	if (r == -EEXIST && overwrite)
		r = publish_replace(p, state);
	if (r < 0)
		return r;
	/* close() reports a late error of the disk. The name exists by now, so "nothing was kept" would be false. */
	if (sync && fsync(p->dir_fd) < 0)
		return -EIO;
	return 0;
}
