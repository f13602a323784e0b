/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into ioed: fails the N-th call of one function, as a test wants it. The plan is in a file that both map,
 * so one daemon serves a whole sweep: the test writes a plan, arms it, plays its scenario, and reads how often the
 * function was called and failed. Nothing is counted while the plan is not armed.
 *
 * Some things are so all the time: a kernel without openat2(), a file system without O_TMPFILE, a disk that is
 * always cold, and the deliberate mistake of a program that leaves fsync() out.
 */
#include "faults/fail.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The function that would have been called without us. */
#define FAIL_NEXT(name)                                                                  \
	({                                                                               \
		static __typeof__(&name) next_;                                          \
		if (!next_)                                                              \
			next_ = (__typeof__(&name))dlsym(RTLD_NEXT, #name);              \
		next_;                                                                   \
	})

static struct fail_plan *fail_plan;

static void __attribute__((constructor)) fail_init(void)
{
	const char *path = getenv(FAIL_VARIABLE);
	void *at = MAP_FAILED;
	int fd;

	if (!path)
		return;
	fd = FAIL_NEXT(openat)(AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		at = mmap(NULL, sizeof(*fail_plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	/* A sweep that injects nothing would pass everything. */
	if (at == MAP_FAILED)
		abort();
	(void)FAIL_NEXT(close)(fd);
	fail_plan = at;
}

static bool fail_always(enum fail_always what)
{
	return fail_plan && atomic_load(&fail_plan->always) & what;
}

/* 0, or how this call has to fail. */
static int fail_how(enum fail_function function)
{
	struct fail_plan *p = fail_plan;
	unsigned n;

	if (!p || !atomic_load(&p->armed) || p->function != function)
		return 0;
	n = atomic_fetch_add(&p->calls, 1) + 1;
	if (n < p->nth || (n > p->nth && !p->on))
		return 0;
	(void)atomic_fetch_add(&p->injected, 1);
	return p->error;
}

/* For functions that know no half. */
static bool fail_now(enum fail_function function)
{
	int how = fail_how(function);

	if (how == 0)
		return false;
	errno = how == FAIL_SHORT ? EIO : how;
	return true;
}

/* For those that do: cuts @n, but not to nothing, which would be another answer. */
static bool fail_or_cut(enum fail_function function, size_t *n)
{
	int how = fail_how(function);

	if (how == 0)
		return false;
	if (how == FAIL_SHORT) {
		*n = *n > 1 ? *n / 2 : *n;
		return false;
	}
	errno = how;
	return true;
}

/* Only the first piece, cut. */
static bool fail_or_cut_pieces(enum fail_function function, const struct iovec **iov, int *n_iov, struct iovec *one)
{
	int how = *n_iov > 0 ? fail_how(function) : 0;

	if (how == 0)
		return false;
	if (how == FAIL_SHORT) {
		*one = **iov;
		one->iov_len = one->iov_len > 1 ? one->iov_len / 2 : one->iov_len;
		*iov = one;
		*n_iov = 1;
		return false;
	}
	errno = how;
	return true;
}

static bool fail_is_kind(int fd, mode_t kind)
{
	struct stat st;

	return FAIL_NEXT(fstat)(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

/* Opening and naming */

static int fail_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	if ((flags & O_TMPFILE) == O_TMPFILE && fail_always(FAIL_NO_TMPFILE)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (fail_now(FAIL_OPENAT))
		return -1;
	return FAIL_NEXT(openat)(dirfd, path, flags, mode);
}

int openat(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {
		va_list ap;

		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return fail_openat(dirfd, path, flags, mode);
}

/* What openat() becomes under _FORTIFY_SOURCE where there is no mode. */
int __openat_2(int dirfd, const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags)
{
	return fail_openat(dirfd, path, flags, 0);
}

long syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);

	if (number == SYS_openat2) {
		const struct open_how *how = (const struct open_how *)a[2];

		if (fail_always(FAIL_NO_OPENAT2)) {
			errno = ENOSYS;
			return -1;
		}
		if (how->resolve & RESOLVE_CACHED && fail_always(FAIL_COLD)) {
			errno = EAGAIN;
			return -1;
		}
		if (fail_now(FAIL_OPENAT2))
			return -1;
	}
	return FAIL_NEXT(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int linkat(int from, const char *name, int to, const char *as, int flags)
{
	return fail_now(FAIL_LINKAT) ? -1 : FAIL_NEXT(linkat)(from, name, to, as, flags);
}

int renameat(int from, const char *name, int to, const char *as)
{
	return fail_now(FAIL_RENAMEAT) ? -1 : FAIL_NEXT(renameat)(from, name, to, as);
}

int renameat2(int from, const char *name, int to, const char *as, unsigned flags)
{
	return fail_now(FAIL_RENAMEAT) ? -1 : FAIL_NEXT(renameat2)(from, name, to, as, flags);
}

int unlinkat(int dirfd, const char *name, int flags)
{
	return fail_now(FAIL_UNLINKAT) ? -1 : FAIL_NEXT(unlinkat)(dirfd, name, flags);
}

int mkdirat(int dirfd, const char *name, mode_t mode)
{
	return fail_now(FAIL_MKDIRAT) ? -1 : FAIL_NEXT(mkdirat)(dirfd, name, mode);
}

DIR *fdopendir(int fd)
{
	return fail_now(FAIL_FDOPENDIR) ? NULL : FAIL_NEXT(fdopendir)(fd);
}

struct dirent *readdir(DIR *d)
{
	return fail_now(FAIL_READDIR) ? NULL : FAIL_NEXT(readdir)(d);
}

/* What is known of a file, and changed about it */

int fstat(int fd, struct stat *st)
{
	return fail_now(FAIL_FSTAT) ? -1 : FAIL_NEXT(fstat)(fd, st);
}

int fstatat(int dirfd, const char *name, struct stat *st, int flags)
{
	return fail_now(FAIL_FSTATAT) ? -1 : FAIL_NEXT(fstatat)(dirfd, name, st, flags);
}

int fchmod(int fd, mode_t mode)
{
	return fail_now(FAIL_FCHMOD) ? -1 : FAIL_NEXT(fchmod)(fd, mode);
}

int ftruncate(int fd, off_t size)
{
	return fail_now(FAIL_FTRUNCATE) ? -1 : FAIL_NEXT(ftruncate)(fd, size);
}

int fallocate(int fd, int mode, off_t off, off_t n)
{
	return fail_now(FAIL_FALLOCATE) ? -1 : FAIL_NEXT(fallocate)(fd, mode, off, n);
}

int posix_fallocate(int fd, off_t off, off_t n)
{
	return fail_now(FAIL_FALLOCATE) ? errno : FAIL_NEXT(posix_fallocate)(fd, off, n);
}

int fcntl(int fd, int command, ...)
{
	va_list ap;
	long arg;

	va_start(ap, command);
	arg = va_arg(ap, long);
	va_end(ap);
	if ((command == F_DUPFD_CLOEXEC || command == F_DUPFD) && fail_now(FAIL_FCNTL))
		return -1;
	return FAIL_NEXT(fcntl)(fd, command, arg);
}

/* The kernel closes it even where it says that it failed. */
int close(int fd)
{
	bool failed = fail_now(FAIL_CLOSE);
	int error = errno, r = FAIL_NEXT(close)(fd);

	if (!failed)
		return r;
	errno = error;
	return -1;
}

/* Bytes of files */

ssize_t pwrite(int fd, const void *p, size_t n, off_t off)
{
	return fail_or_cut(FAIL_PWRITE, &n) ? -1 : FAIL_NEXT(pwrite)(fd, p, n, off);
}

ssize_t pwritev(int fd, const struct iovec *iov, int n_iov, off_t off)
{
	struct iovec one;

	return fail_or_cut_pieces(FAIL_PWRITE, &iov, &n_iov, &one) ? -1 : FAIL_NEXT(pwritev)(fd, iov, n_iov, off);
}

ssize_t write(int fd, const void *p, size_t n)
{
	if (fail_is_kind(fd, S_IFREG) && fail_or_cut(FAIL_WRITE, &n))
		return -1;
	return FAIL_NEXT(write)(fd, p, n);
}

ssize_t writev(int fd, const struct iovec *iov, int n_iov)
{
	struct iovec one;

	if (fail_is_kind(fd, S_IFREG) && fail_or_cut_pieces(FAIL_WRITE, &iov, &n_iov, &one))
		return -1;
	return FAIL_NEXT(writev)(fd, iov, n_iov);
}

ssize_t splice(int in, off_t *in_off, int out, off_t *out_off, size_t n, unsigned flags)
{
	return fail_or_cut(FAIL_SPLICE, &n) ? -1 : FAIL_NEXT(splice)(in, in_off, out, out_off, n, flags);
}

ssize_t pread(int fd, void *p, size_t n, off_t off)
{
	return fail_or_cut(FAIL_PREAD, &n) ? -1 : FAIL_NEXT(pread)(fd, p, n, off);
}

ssize_t pread64(int fd, void *p, size_t n, off64_t off)
{
	return fail_or_cut(FAIL_PREAD64, &n) ? -1 : FAIL_NEXT(pread64)(fd, p, n, off);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t off)
{
	return fail_or_cut(FAIL_PWRITE64, &n) ? -1 : FAIL_NEXT(pwrite64)(fd, p, n, off);
}

ssize_t preadv2(int fd, const struct iovec *iov, int n_iov, off_t off, int flags)
{
	struct iovec one;

	if (flags & RWF_NOWAIT && fail_always(FAIL_COLD)) {
		errno = EAGAIN;
		return -1;
	}
	if (fail_or_cut_pieces(FAIL_PREADV2, &iov, &n_iov, &one))
		return -1;
	return FAIL_NEXT(preadv2)(fd, iov, n_iov, off, flags);
}

ssize_t sendfile(int out, int in, off_t *off, size_t n)
{
	return fail_or_cut(FAIL_SENDFILE, &n) ? -1 : FAIL_NEXT(sendfile)(out, in, off, n);
}

/* Whether the caller is to believe that it is on disk. */
static bool fail_unsynced(int fd)
{
	if (fail_always(FAIL_FILES_UNSYNCED) && fail_always(FAIL_DIRS_UNSYNCED))
		return true;
	if (!fail_always(FAIL_FILES_UNSYNCED | FAIL_DIRS_UNSYNCED))
		return false;
	return fail_always(FAIL_DIRS_UNSYNCED) == fail_is_kind(fd, S_IFDIR);
}

int fsync(int fd)
{
	if (fail_now(FAIL_FSYNC))
		return -1;
	return fail_unsynced(fd) ? 0 : FAIL_NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
	if (fail_now(FAIL_FSYNC))
		return -1;
	return fail_unsynced(fd) ? 0 : FAIL_NEXT(fdatasync)(fd);
}

/* It does the work of both: a program that leaves one out has to leave this out, too. */
int syncfs(int fd)
{
	if (fail_now(FAIL_FSYNC))
		return -1;
	return fail_always(FAIL_FILES_UNSYNCED | FAIL_DIRS_UNSYNCED) ? 0 : FAIL_NEXT(syncfs)(fd);
}

/* Sessions */

ssize_t recv(int fd, void *p, size_t n, int flags)
{
	return fail_or_cut(FAIL_RECV, &n) ? -1 : FAIL_NEXT(recv)(fd, p, n, flags);
}

ssize_t send(int fd, const void *p, size_t n, int flags)
{
	return fail_or_cut(FAIL_SEND, &n) ? -1 : FAIL_NEXT(send)(fd, p, n, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	const struct iovec *iov = msg->msg_iov;
	int n_iov = (int)msg->msg_iovlen;
	struct msghdr cut = *msg;
	struct iovec one;

	if (fail_or_cut_pieces(FAIL_SEND, &iov, &n_iov, &one))
		return -1;
	cut.msg_iov = (struct iovec *)iov;
	cut.msg_iovlen = (size_t)n_iov;
	return FAIL_NEXT(sendmsg)(fd, &cut, flags);
}

int accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
	return fail_now(FAIL_ACCEPT4) ? -1 : FAIL_NEXT(accept4)(fd, sa, len, flags);
}

int epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *e)
{
	/* Taking away needs nothing, and cannot fail. */
	if (op != EPOLL_CTL_DEL && fail_now(FAIL_EPOLL_CTL))
		return -1;
	return FAIL_NEXT(epoll_ctl)(epoll_fd, op, fd, e);
}

/* Memory */

static void *fail_count(void *p)
{
	if (p && fail_plan)
		(void)atomic_fetch_add(&fail_plan->blocks, 1);
	return p;
}

void *malloc(size_t n)
{
	return fail_now(FAIL_MALLOC) ? NULL : fail_count(FAIL_NEXT(malloc)(n));
}

void *calloc(size_t n, size_t size)
{
	return fail_now(FAIL_MALLOC) ? NULL : fail_count(FAIL_NEXT(calloc)(n, size));
}

void *realloc(void *p, size_t n)
{
	void *q;

	if (fail_now(FAIL_MALLOC))
		return NULL;
	q = FAIL_NEXT(realloc)(p, n);
	return p ? q : fail_count(q);
}

void free(void *p)
{
	static void (*next)(void *p);
	static bool resolving;
	static void *left;

	/* dlsym() may free what an earlier one left, and come here again. That is at the start, with one thread. */
	if (!next) {
		if (resolving) {
			left = p;
			return;
		}
		resolving = true;
		next = FAIL_NEXT(free);
		next(left);
	}
	if (p && fail_plan)
		(void)atomic_fetch_sub(&fail_plan->blocks, 1);
	next(p);
}
