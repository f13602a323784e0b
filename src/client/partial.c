/* SPDX-License-Identifier: MIT */
#include "client/partial.h"

#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Global because a signal handler has no other way to it. Changed only while signals are held off. */
static const char *partial_under_way;

void partial_remove(void)
{
	if (partial_under_way)
		(void)unlink(partial_under_way);
}

static void partial_hold_signals(sigset_t *ret_before)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, ret_before);
}

/* The mode of the new file: that of the file it replaces, else as open(2) would make it. */
static int partial_mode(const char *target, mode_t *ret)
{
	struct stat st;
	mode_t mask;

	if (lstat(target, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return -EISDIR;
		if (!S_ISREG(st.st_mode))
			return -ENOTSUP;
		*ret = st.st_mode & 0777;
		return 0;
	}
	if (errno != ENOENT)
		return -errno;
	mask = umask(0);
	(void)umask(mask);
	*ret = 0666 & ~mask;
	return 0;
}

int partial_begin(struct partial *p, const char *target)
{
	const char *slash = strrchr(target, '/');
	int folder = slash ? (int)(slash + 1 - target) : 0, n;
	sigset_t before;
	mode_t mode = 0600;
	int r;

	r = partial_mode(target, &mode);
	if (r < 0)
		return r;
	n = snprintf(p->temp, sizeof(p->temp), "%.*s.ioe-client.XXXXXX", folder, target);
	if (n < 0 || (size_t)n >= sizeof(p->temp))
		return -ENAMETOOLONG;
	p->target = target;

	partial_hold_signals(&before);
	p->fd = mkostemp(p->temp, O_CLOEXEC);
	r = p->fd < 0 ? -errno : 0;
	partial_under_way = r == 0 ? p->temp : NULL;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (r == 0 && fchmod(p->fd, mode) < 0) {
		r = -errno;
		partial_done(p);
	}
	return r;
}

/* In a folder of other users the name can lead to another file by now. */
static int partial_check(const struct partial *p)
{
	struct stat made, named;

	if (fstat(p->fd, &made) < 0 || lstat(p->temp, &named) < 0)
		return -errno;
	return made.st_dev == named.st_dev && made.st_ino == named.st_ino ? 0 : -ESTALE;
}

int partial_finish(struct partial *p)
{
	sigset_t before;
	int r;

	r = partial_check(p);
	/* Some file systems report a full disk only here. */
	if (close(STEAL_FD(p->fd)) < 0 && r == 0)
		r = -errno;
	partial_hold_signals(&before);
	if (r == 0 && rename(p->temp, p->target) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(p->temp);
	partial_under_way = NULL;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

void partial_done(struct partial *p)
{
	sigset_t before;

	if (p->fd < 0)
		return;
	(void)close(STEAL_FD(p->fd));
	partial_hold_signals(&before);
	(void)unlink(p->temp);
	partial_under_way = NULL;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}
