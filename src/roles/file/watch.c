/* SPDX-License-Identifier: MIT */
/*
 * The numbers of the folder's descriptors never change. A new folder is put at the same numbers with dup3(), which is
 * one step in the kernel. So a thread that opens a file meanwhile opens it in the old folder or in the new one, and no
 * thread needs a message or a lock. Requests that are under way in the old folder end there.
 */
#include "roles/file/watch.h"

#include "base/macro.h"
#include "base/place.h"
#include "log/event.h"
#include "log/warning.h"
#include "roles/file/file.h"
#include "roles/file/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Takes the number of the staging folder while there is none. It is no folder, so no file can be made in it. stderr is
 * always open.
 */
#define FILE_WATCH_NOTHING STDERR_FILENO

#define FILE_WATCH_STATX (STATX_INO | STATX_NLINK | STATX_MNT_ID)

/* Whether the error proves nothing about the folder: a right is missing, or the system lacks memory or descriptors. */
static bool file_watch_is_inconclusive(int error)
{
	return error == EACCES || error == EINTR || error == EMFILE || error == ENFILE || error == ENOMEM;
}

static bool file_watch_is_one(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major &&
	       a->stx_dev_minor == b->stx_dev_minor &&
	       (!(a->stx_mask & b->stx_mask & STATX_MNT_ID) || a->stx_mnt_id == b->stx_mnt_id);
}

/* Compares the folder with the one at its path. 1: they are the same, or that is unknown; 0: the path leads to another
 * folder; negative errno: it leads to none. */
static int file_watch_compare(const struct file_state *s)
{
	struct statx here, there;

	if (statx(s->watch.at, s->watch.name, 0, FILE_WATCH_STATX, &there) < 0)
		return file_watch_is_inconclusive(errno) ? 1 : -errno;
	if (!S_ISDIR(there.stx_mode))
		return -ENOTDIR;
	if (statx(s->root.fd, "", AT_EMPTY_PATH, FILE_WATCH_STATX, &here) < 0)
		return file_watch_is_inconclusive(errno) ? 1 : 0;
	return here.stx_nlink > 0 && file_watch_is_one(&here, &there);
}

int file_watch_may_serve(int fd, int state_fd)
{
	int r = place_is_within(state_fd, fd);

	if (r <= 0 || place_is_hidden(state_fd, fd))
		return MIN(r, 0);
	return -EPERM;
}

/* Opens the folder that is at the path now, in the same way as at the start. */
static int file_watch_take(struct file_state *s)
{
	_cleanup_(closep) int fd = openat(s->watch.at, s->watch.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : file_watch_may_serve(fd, s->watch.state_fd);

	if (r < 0)
		return r;
	if (dup3(fd, s->root.fd, O_CLOEXEC) < 0)
		return -errno;
	/* The number rises last: a thread that reads the new number finds the new folder. */
	atomic_fetch_add(&s->watch.turn, 1);
	return 0;
}

static bool file_watch_has_staging(const struct file_state *s)
{
	struct stat st;

	return s->staging_fd >= 0 && fstat(s->staging_fd, &st) == 0 && st.st_nlink > 0;
}

/* 0, or the errno that says why nothing can be put into the folder. */
static int file_watch_open_staging(struct file_state *s, bool anew)
{
	_cleanup_(closep) int fd = -1;

	if (!anew && file_watch_has_staging(s))
		return 0;
	fd = staging_open(s->root.fd);
	if (dup3(fd < 0 ? FILE_WATCH_NOTHING : fd, s->watch.staging_slot, O_CLOEXEC) < 0)
		return errno;
	atomic_store(&s->staging_fd, fd < 0 ? -1 : s->watch.staging_slot);
	return fd < 0 ? -fd : 0;
}

static int file_watch_try_writing(struct file_state *s, bool anew)
{
	int error = file_watch_open_staging(s, anew);

	if (error != 0)
		return error;
	if (faccessat(s->root.fd, ".", W_OK | X_OK, 0) < 0 || faccessat(s->staging_fd, ".", W_OK | X_OK, 0) < 0)
		return errno;
	return 0;
}

/* Sentences, for the log and for the status. */
static const char *file_watch_write_missing(const struct file_state *s, int error, char dst[static 1024])
{
	if (error == EPERM)
		(void)snprintf(dst, 1024,
			       "the folder that is now at %.400s has the state directory in it, so it is not served: "
			       "put the right folder there",
			       s->watch.path);
	else
		(void)snprintf(dst, 1024,
			       "the served folder %.400s is gone (%s): requests for files are refused until it is "
			       "back; mount it, or make it again",
			       s->watch.path, strerror(error));
	return dst;
}

/* Under the unit's ProtectSystem=strict only the state directory can be written. */
static const char *file_watch_write_unwritable(const struct file_state *s, int error, char dst[static 1024])
{
	const char *path = s->watch.path;

	if (error == EROFS)
		(void)snprintf(dst, 1024,
			       "the served folder %.300s cannot be written: %s; files can be read only. If ioed runs under "
			       "systemd: systemctl edit ioe@N, and there [Service] ReadWritePaths=%.300s; then restart it",
			       path, strerror(error), path);
	else
		(void)snprintf(dst, 1024,
			       "the served folder %.400s cannot be written: %s; files can be read only. Make it, and .ioe in it, "
			       "writable for the user that ioed runs as (ioe under systemd); ioed notices that by "
			       "itself",
			       path, strerror(error));
	return dst;
}

/* Logs each change once. */
static void file_watch_set_missing(struct file_state *s, int error, bool taken)
{
	int before = atomic_exchange(&s->watch.missing, error);
	char text[1024];

	if (error != 0 && before == 0)
		log_event(LOG_EVENT_ROOT_GONE, NULL, 0, "%s", file_watch_write_missing(s, error, text));
	else if (error == 0 && taken)
		log_event(LOG_EVENT_ROOT_BACK, NULL, 0,
			  "the served folder was replaced: the folder that is now at %s is served from here on",
			  s->watch.path);
	else if (error == 0 && before != 0)
		log_event(LOG_EVENT_ROOT_BACK, NULL, 0, "the served folder %s is back", s->watch.path);
}

static void file_watch_set_unwritable(struct file_state *s, int error)
{
	int before = atomic_exchange(&s->watch.unwritable, error);
	char text[1024];

	if (error != 0 && before != error)
		log_event(LOG_EVENT_ROOT_READ_ONLY, NULL, 0, "%s", file_watch_write_unwritable(s, error, text));
	else if (error == 0 && before != 0)
		log_event(LOG_EVENT_ROOT_BACK, NULL, 0, "the served folder %s can be written again", s->watch.path);
}

static void file_watch_look(struct file_state *s)
{
	int r;

	(void)pthread_mutex_lock(&s->watch.lock);
	r = file_watch_compare(s);
	if (r == 0) {
		r = file_watch_take(s);
		if (r == 0)
			file_watch_set_unwritable(s, file_watch_try_writing(s, true));
		file_watch_set_missing(s, -r, true);
	} else {
		if (r > 0)
			file_watch_set_unwritable(s, file_watch_try_writing(s, false));
		file_watch_set_missing(s, r < 0 ? -r : 0, false);
	}
	(void)pthread_mutex_unlock(&s->watch.lock);
}

bool file_watch_is_doubtful(const struct file_state *s)
{
	struct statx st;

	/* AT_STATX_DONT_SYNC: only what this machine knows, without a request to a file server. */
	return file_watch_is_gone(&s->watch) ||
	       (statx(s->root.fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_NLINK, &st) == 0 && st.stx_nlink == 0);
}

int file_watch_recheck(struct file_state *s)
{
	unsigned turn = file_watch_turn(&s->watch);
	bool was_gone = file_watch_is_gone(&s->watch);

	if (!file_watch_is_doubtful(s))
		return 0;
	file_watch_look(s);
	if (file_watch_is_gone(&s->watch))
		return -ESTALE;
	return was_gone || turn != file_watch_turn(&s->watch);
}

int file_watch_confirm(struct file_state *s, unsigned turn)
{
	if (file_watch_compare(s) != 1)
		file_watch_look(s);
	return file_watch_is_gone(&s->watch) || turn != file_watch_turn(&s->watch) ? -ESTALE : 0;
}

static void file_watch_run(struct job *j)
{
	struct file_watch *w = container_of(j, struct file_watch, job);

	file_watch_look(container_of(w, struct file_state, watch));
}

static void file_watch_done(struct job *j)
{
	struct file_watch *w = container_of(j, struct file_watch, job);

	w->away = false;
	if (w->again)
		file_watch_check(container_of(w, struct file_state, watch));
}

void file_watch_check(struct file_state *s)
{
	struct file_watch *w = &s->watch;

	/* A check that is under way can have looked before the event for which this one is wanted: check once more. */
	w->again = w->away;
	if (w->away)
		return;
	w->away = true;
	w->job = (struct job){ .run = file_watch_run, .on_complete = file_watch_done };
	worker_submit(w->workers, w->loop, &w->job);
}

void file_watch_warn(struct file_state *s, struct warnings *to)
{
	int missing = atomic_load(&s->watch.missing), unwritable = atomic_load(&s->watch.unwritable);
	char text[1024];

	if (missing != 0)
		warnings_add(to, WARNING_ROOT_GONE, "%s", file_watch_write_missing(s, missing, text));
	else if (unwritable != 0)
		warnings_add(to, WARNING_ROOT_READ_ONLY, "%s", file_watch_write_unwritable(s, unwritable, text));
}

int file_watch_start(struct file_state *s, const struct file_options *o, const struct role_start *with)
{
	struct file_watch *w = &s->watch;

	w->path = o->root ? strdup(o->root) : NULL;
	if (!o->root && asprintf(&w->path, "%s/files", with->state_dir) < 0)
		w->path = NULL;
	if (!w->path)
		return -ENOMEM;
	w->state_fd = with->state_dirfd;
	w->at = o->root ? AT_FDCWD : w->state_fd;
	w->name = o->root ? w->path : w->path + strlen(w->path) - strlen("files");
	w->workers = with->workers;
	w->loop = with->loop;
	w->staging_slot = fcntl(FILE_WATCH_NOTHING, F_DUPFD_CLOEXEC, 0);
	if (w->staging_slot < 0)
		return -errno;
	(void)pthread_mutex_init(&w->lock, NULL);
	file_watch_set_unwritable(s, file_watch_try_writing(s, true));
	return 0;
}

void file_watch_stop(struct file_state *s)
{
	closep(&s->watch.staging_slot);
	free(s->watch.path);
}
