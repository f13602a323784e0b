/* SPDX-License-Identifier: MIT */
#include "server/state_dir.h"

#include "base/io.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/place.h"
#include "server/server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

/* systemd can name several directories, separated by colons; the first is the one to use. */
static char *state_dir_path(const char *variable, const char *option)
{
	const char *env = getenv(variable);

	if (!env || env[0] != '/')
		return strdup(option);
	return strndup(env, strcspn(env, ":"));
}

/* Makes the directory, and its parents. */
static int state_dir_make(const char *path, mode_t mode)
{
	_cleanup_(freep) char *p = strdup(path);

	if (!p)
		return -ENOMEM;
	for (char *slash = strchr(p + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(p, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(p, mode) < 0 && errno != EEXIST ? -errno : 0;
}

static int state_dir_open_folder(struct server *s, char *why, size_t why_size)
{
	int r = state_dir_make(s->state_dir, 0700);

	if (r >= 0) {
		s->state_fd = open(s->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = s->state_fd < 0 ? -errno : 0;
	}
	if (r >= 0 && faccessat(s->state_fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		r = -errno;
	if (r < 0)
		(void)snprintf(why, why_size,
			       "the state directory %s cannot be written: %s; make it writable for the user that ioed runs "
			       "as (systemctl start ioe@%u does), or set state_dir",
			       s->state_dir, strerror(-r), s->args.instance);
	return r;
}

/* Writes into @why which process has the lock. That process has written its number into the file. */
static void state_dir_name_holder(struct server *s, char *why, size_t why_size)
{
	char text[64] = "";
	ssize_t n = pread(s->lock_fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? strcspn(text, "\n") : 0] = '\0';
	(void)snprintf(why, why_size,
		       "the state directory %s is locked by another ioed (%s); stop that one, or give this one a "
		       "state_dir of its own",
		       s->state_dir, *text ? text : "its number is unknown");
}

static int state_dir_lock(struct server *s, char *why, size_t why_size)
{
	char text[64];
	int n, r;

	s->lock_fd = openat(s->state_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (s->lock_fd < 0) {
		r = -errno;
		(void)snprintf(why, why_size, "%s/lock cannot be opened: %s", s->state_dir, strerror(-r));
		return r;
	}
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		r = -errno;
		state_dir_name_holder(s, why, why_size);
		return r;
	}
	/* The text is for people only, as the kernel keeps the lock. So a full disk does not prevent the start. */
	n = snprintf(text, sizeof(text), "instance %u, process %d\n", s->args.instance, getpid());
	if (ftruncate(s->lock_fd, 0) == 0)
		(void)io_pwrite_all(s->lock_fd, text, (size_t)n, 0);
	return 0;
}

static bool state_dir_is_store_id(const struct buf *b)
{
	return b->len == 33 && b->data[32] == '\n' && strspn(b->data, "0123456789abcdef") == 32;
}

int state_dir_renew_store_id(struct server *s)
{
	unsigned char random[16];
	char text[34];
	int r;

	if (getrandom(random, sizeof(random), 0) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(text + 2 * i, 3, "%02x", random[i]);
	text[32] = '\n';
	r = io_replace_file(s->state_fd, "store-id", text, 33, 0600);
	if (r >= 0)
		memcpy(s->reactors.store_id, text, 32);
	return r;
}

/* Servers with the same store id have the same data. So the id is made with the data, and stays with it. */
static int state_dir_read_store_id(struct server *s, char *why, size_t why_size)
{
	struct buf b = { .max = 64 };
	int r;

	r = io_read_file(s->state_fd, "store-id", &b);
	if (r >= 0 && b.len > 0 && state_dir_is_store_id(&b)) {
		memcpy(s->reactors.store_id, b.data, 32);
	} else if (r == -ENOENT) {
		r = state_dir_renew_store_id(s);
	} else if (r >= 0 || r == -ENOBUFS) {
		r = -EBADMSG;
	}
	buf_done(&b);
	if (r < 0)
		(void)snprintf(why, why_size, "%s/store-id cannot be read or made: %s; if it is damaged, remove it", s->state_dir,
			       strerror(-r));
	return r < 0 ? r : 0;
}

void state_dir_check(struct server *s)
{
	char why[320];
	struct stat st;
	int r = place_is_private(s->state_fd, why, sizeof(why));

	s->state_shared[0] = '\0';
	if (r == -EPERM)
		(void)snprintf(s->state_shared, sizeof(s->state_shared),
			       "%s, so other users could replace the state directory; 'chmod go-w' and 'chown' change "
			       "that",
			       why);
	else if (fstat(s->state_fd, &st) == 0 && st.st_mode & 007)
		(void)snprintf(s->state_shared, sizeof(s->state_shared),
			       "everybody can enter the state directory %.200s (its mode is %04o); 'chmod 700' changes "
			       "that",
			       s->state_dir, st.st_mode & 07777);
}

/* 1: other users could read the file; 0: they could not; negative errno. Only before this process has locks on the
 * file: to close a descriptor releases them. */
static int state_dir_restrict_file(int dirfd, const char *name)
{
	_cleanup_(closep) int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 077))
		return 0;
	return fchmod(fd, st.st_mode & 0700) < 0 ? -errno : 1;
}

/* The files of the directory are for the daemon only: they have users' mail. A file that was made with another umask,
 * or that is a restored copy, can have a mode that lets others read it. */
static void state_dir_restrict(struct server *s)
{
	int fd = openat(s->state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (!d)
		closep(&fd);
	while (d && (e = readdir(d))) {
		if (e->d_type != DT_REG && e->d_type != DT_UNKNOWN)
			continue;
		r = state_dir_restrict_file(s->state_fd, e->d_name);
		if (r > 0)
			log_warning("other users could read or write %s/%s; from now on only ioed's user can", s->state_dir,
				    e->d_name);
		else if (r == -EPERM)
			log_warning("other users can read or write %s/%s, which belongs to another user; 'chown' and "
				    "'chmod 600' change that",
				    s->state_dir, e->d_name);
	}
	if (d)
		(void)closedir(d);
}

int state_dir_open(struct server *s, const struct server_options *o, char *why, size_t why_size)
{
	int r;

	s->state_dir = state_dir_path("STATE_DIRECTORY", o->state_dir);
	s->runtime_dir = state_dir_path("RUNTIME_DIRECTORY", o->runtime_dir);
	if (!s->state_dir || !s->runtime_dir)
		return -ENOMEM;
	r = state_dir_open_folder(s, why, why_size);
	if (r >= 0)
		r = state_dir_lock(s, why, why_size);
	if (r >= 0)
		r = state_dir_read_store_id(s, why, why_size);
	if (r < 0)
		return r;
	state_dir_restrict(s);
	state_dir_check(s);
	if (s->state_shared[0])
		log_warning("%s", s->state_shared);
	r = state_dir_make(s->runtime_dir, 0755);
	if (r < 0)
		(void)snprintf(why, why_size,
			       "the runtime directory %s cannot be made: %s; run ioed as a user that can make it, or "
			       "set runtime_dir",
			       s->runtime_dir, strerror(-r));
	return r;
}

static int state_dir_lock_stopped(struct server *s)
{
	struct stat dir;

	s->lock_fd = openat(s->state_fd, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (s->lock_fd < 0 && errno == ENOENT) {
		s->lock_fd = openat(s->state_fd, "lock", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (s->lock_fd >= 0 && geteuid() == 0 &&
		    (fstat(s->state_fd, &dir) < 0 || fchown(s->lock_fd, dir.st_uid, dir.st_gid) < 0))
			return -errno;
	}
	return s->lock_fd < 0 || flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

int state_dir_open_stopped(struct server *s, const struct server_options *o, char *why, size_t why_size)
{
	int r;

	s->state_dir = state_dir_path("STATE_DIRECTORY", o->state_dir);
	if (!s->state_dir)
		return -ENOMEM;
	s->state_fd = open(s->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = s->state_fd < 0 ? -errno : state_dir_lock_stopped(s);
	if (r == -EWOULDBLOCK)
		(void)snprintf(why, why_size, "instance %u runs: stop it first (systemctl stop ioe@%u), its state directory %s is in use",
			       s->args.instance, s->args.instance, s->state_dir);
	else if (r == -ENOENT)
		(void)snprintf(why, why_size,
			       "there is no state directory %s: start the instance once, so that it is made for the right user, and "
			       "stop it; or name another one",
			       s->state_dir);
	else if (r < 0)
		(void)snprintf(why, why_size, "the state directory %s cannot be used: %s; be root, or the user that ioed runs as",
			       s->state_dir, strerror(-r));
	return r;
}

void state_dir_close(struct server *s)
{
	closep(&s->lock_fd);
	closep(&s->state_fd);
	free(s->state_dir);
	free(s->runtime_dir);
}
