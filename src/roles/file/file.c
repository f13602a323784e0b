/* SPDX-License-Identifier: MIT */
#include "roles/file/file.h"

#include "base/macro.h"
#include "log/warning.h"
#include "roles/file/list.h"
#include "roles/file/read.h"
#include "roles/file/staging.h"
#include "roles/file/upload.h"
#include "session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct option file_rows[] = {
	{ "root", OPTION_STRING, OPTION_FIELD(struct file_options, root, char *), 1, 4000, NULL,
	  OPTION_APPLY_RESTART, NULL,
	  "The folder that is served. The default is the folder files in the state directory." },
	{ "max_size", OPTION_SIZE, OPTION_FIELD(struct file_options, max_size, uint64_t), 0, 1ULL << 60, "64G",
	  OPTION_APPLY_NOW, NULL,
	  "Limit of bytes of a stored file." },
	{ "sync", OPTION_BOOL, OPTION_FIELD(struct file_options, sync, bool), 0, 1, "true", OPTION_APPLY_NOW, NULL,
	  "Whether WRITE replies OK only after the file is safe from a power cut." },
	{ "overwrite", OPTION_BOOL, OPTION_FIELD(struct file_options, overwrite, bool), 0, 1, "true",
	  OPTION_APPLY_NOW, NULL,
	  "Whether WRITE can replace an existing file." },
	{ "mode", OPTION_MODE, OPTION_FIELD(struct file_options, mode, uint64_t), 0, 0777, "0640",
	  OPTION_APPLY_NOW, NULL,
	  "The permissions of stored files." },
};

const struct option_section file_section = {
	.name = "file",
	.rows = file_rows,
	.n_rows = ELEMENTSOF(file_rows),
	.size = sizeof(struct file_options),
};

/* Logs errors of the disk and of the system, for the administrator. */
static void file_report(struct request *q, const char *name, uint64_t bytes, int error)
{
	switch (-error) {
	case ENOSPC:
	case EDQUOT:
		request_report(q, LOG_EVENT_DISK_FULL, name, bytes, "'%s' was not stored: %s", name, strerror(-error));
		break;
	case EIO:
	case EUCLEAN: /* the file system is damaged */
	case EROFS:   /* the kernel has made it read-only */
		request_report(q, LOG_EVENT_DISK_FAILED, name, bytes, "'%s': %s", name, strerror(-error));
		break;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		request_report(q, LOG_EVENT_OUT_OF_RESOURCES, name, bytes, "'%s': %s", name, strerror(-error));
		break;
	default:
		request_report(q, LOG_EVENT_REQUEST_FAILED, name, bytes, "'%s': %s", name, strerror(-error));
		break;
	}
}

void file_refuse(struct request *q, const char *name, uint64_t bytes, int error)
{
	struct file_state *state = request_role_state(q);

	switch (-error) {
	case ENOENT:
	case ENOTDIR:
		request_error(q, ERROR_NOT_FOUND, "'%s' is not there; LIST shows what is", name);
		break;
	case EISDIR:
		request_error(q, ERROR_DENIED, "'%s' is a folder; LIST,%s shows what is in it", name, name);
		break;
	case ENOTSUP:
	case ENXIO: /* a UNIX socket cannot even be opened */
		request_error(q, ERROR_DENIED, "'%s' is neither a file nor a folder", name);
		break;
	case ELOOP:
		request_error(q, ERROR_DENIED, "'%s' leads over a symbolic link, and links are not followed", name);
		break;
	case ESTALE:
		if (file_watch_is_gone(&state->watch))
			request_error(q, ERROR_UNAVAILABLE,
				      "the served folder is gone on the server; its administrator can bring it back");
		else
			request_error(q, ERROR_UNAVAILABLE,
				      "the served folder was replaced by another one meanwhile; try '%s' again", name);
		break;
	case EXDEV:
		request_error(q, ERROR_DENIED, "'%s' leads out of the served folder", name);
		break;
	case EEXIST:
		request_error(q, ERROR_EXISTS, "'%s' is there, and file.overwrite is false", name);
		break;
	case EACCES:
	case EPERM:
		request_error(q, ERROR_DENIED,
			      "the server itself may not touch '%s'; its administrator can change that", name);
		break;
	case EROFS:
		/* At the start it could be written. */
		if (state->staging_fd >= 0)
			file_report(q, name, bytes, error);
		request_error(q, ERROR_DENIED, "the served folder is read-only on the server");
		break;
	case ENOSPC:
	case EDQUOT:
		atomic_store_explicit(&state->full, true, memory_order_relaxed);
		file_report(q, name, bytes, error);
		request_error(q, ERROR_NO_SPACE, "the server's disk is full; nothing of '%s' was kept", name);
		break;
	case ENOSYS:
		file_report(q, name, bytes, error);
		request_error(q, ERROR_INTERNAL,
			      "/proc is not mounted any more on the server, and nothing of '%s' was kept; "
			      "its administrator can mount it",
			      name);
		break;
	case EFBIG:
		request_error(q, ERROR_TOO_LARGE, "the server's file system takes no file that large");
		break;
	case ENAMETOOLONG:
		request_error(q, ERROR_BAD_ARGUMENT, "'%s' is too long for the server's file system", name);
		break;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		file_report(q, name, bytes, error);
		request_error(q, ERROR_BUSY, "the server is out of descriptors or memory; try again later");
		break;
	default:
		file_report(q, name, bytes, error);
		request_error(q, ERROR_INTERNAL, "'%s': %s", name, strerror(-error));
		break;
	}
}

bool file_take_name(struct request *q, const struct field *f, char ret[PATH_BYTES_MAX + 1])
{
	const char *why;

	switch (path_check(f->data, f->len, ret, &why)) {
	case 0:
		return true;
	case PATH_E_TOO_LONG:
		request_error(q, ERROR_BAD_ARGUMENT, "the name has %zu bytes: %s", f->len, why);
		return false;
	default:
		request_error(q, ERROR_DENIED, "'%.*s' is no name of a file here: %s", (int)MIN(f->len, (size_t)80),
			      f->data, why);
		return false;
	}
}

static int file_check_root(const struct file_state *s, const struct role_start *with, const char *path, char *why,
			   size_t why_size)
{
	int r = file_watch_may_serve(s->root.fd, with->state_dirfd);

	if (r != -EPERM)
		return r;
	(void)snprintf(why, why_size,
		       "file.root %s has the state directory %s in it, so that clients could read all rooms and mail: serve "
		       "another folder, or set another state_dir",
		       path, with->state_dir);
	return r;
}

static int file_open_root(struct file_state *s, const struct role_start *with, char *why, size_t why_size)
{
	const struct file_options *o = settings_get(with->settings, &file_section);
	char standard[4096];
	const char *path = o->root;
	int r;

	if (!path) {
		path = standard;
		(void)snprintf(standard, sizeof(standard), "%s/files", with->state_dir);
		/* Sync the folder above: if a new folder is lost, so are all files in it. */
		if (mkdirat(with->state_dirfd, "files", 0750) < 0 ? errno != EEXIST : fsync(with->state_dirfd) < 0) {
			r = -errno;
			(void)snprintf(why, why_size, "%s cannot be made: %s", path, strerror(-r));
			return r;
		}
	}
	s->root.fd = openat(o->root ? AT_FDCWD : with->state_dirfd, o->root ? path : "files",
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root.fd >= 0)
		return file_check_root(s, with, path, why, why_size);
	r = -errno;
	(void)snprintf(why, why_size,
		       "file.root %s cannot be opened: %s; make it, or change file.root (ioe@.service does not see "
		       "/home, /root and /tmp)",
		       path, strerror(-r));
	return r;
}

int file_root_fd(const void *state)
{
	const struct file_state *s = state;

	return s->root.fd;
}

static void file_stop(void *state)
{
	struct file_state *s = state;

	file_watch_stop(s);
	closep(&s->root.fd);
	free(s);
}

static int file_start(const struct role_start *with, void **ret_state, char *why, size_t why_size)
{
	struct file_state *s = malloc(sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	*s = (struct file_state){ .root.fd = -1, .staging_fd = -1, .watch = { .staging_slot = -1 } };
	r = file_open_root(s, with, why, why_size);
	if (r < 0) {
		file_stop(s);
		return r;
	}
	path_probe(&s->root);
	s->no_proc = access("/proc/self/fd", F_OK) < 0;
	r = file_watch_start(s, settings_get(with->settings, &file_section), with);
	if (r < 0) {
		file_stop(s);
		return r;
	}
	*ret_state = s;
	return 0;
}

static void file_check(void *state)
{
	file_watch_check(state);
}

/* The administrator has perhaps just repaired the folder: check it, so that the next status shows that. */
static void file_warn(void *state, struct warnings *to)
{
	struct file_state *s = state;

	file_watch_check(s);
	file_watch_warn(s, to);
	if (atomic_load_explicit(&s->full, memory_order_relaxed))
		warnings_add(to, WARNING_DISK_FULL,
			     "the disk of the served folder %s was full when the last file was to be stored: free some "
			     "space, and ioed goes on by itself",
			     s->watch.path);
}

/*
 * Every verb for which a worker can be needed is a barrier. So a session has one such request under way, and can
 * neither collect many replies that its client has not read, nor fill the queue of the workers. A READ of a file in
 * memory never waits for a worker.
 */
static const struct role_verb file_verbs[] = {
	{ { "LIST", "LIST[,folder]", "Names in a folder, a line each; folders end in /.", 0, 1,
	    VERB_BARRIER, ACCESS_FILE_READ, 1 }, file_list },
	{ { "DIR", "DIR[,folder]", "As LIST, with kind, size and time.", 0, 1,
	    VERB_NOT_YET, ACCESS_FILE_READ, 1 }, NULL },
	{ { "STAT", "STAT,name", "Kind, size and time of a file.", 1, 1, VERB_NOT_YET, ACCESS_FILE_READ, 1 }, NULL },
	{ { "READ", "READ,name", "A file's size, and its bytes.", 1, 1,
	    VERB_BARRIER | VERB_PADDED, ACCESS_FILE_READ, 1 }, read_file },
	{ { "RANGE", "RANGE,name,offset,length", "A part of a file.", 3, 3, VERB_NOT_YET, ACCESS_FILE_READ, 1 }, NULL },
	{ { "SUM", "SUM,name", "A file's SHA-256.", 1, 1, VERB_NOT_YET, ACCESS_FILE_READ, 1 }, NULL },
	{ { "WRITE", "WRITE,name,size", "Stores the bytes that follow: OK once on disk.", 2, 2,
	    VERB_BARRIER | VERB_LAST_COMMA | VERB_BODY, ACCESS_FILE_ADD, 1 }, upload_write },
	{ { "UPLOAD", "UPLOAD,name,size,sha256", "Stores a file, and goes on where it broke off.", 3, 3,
	    VERB_BARRIER | VERB_NOT_YET, ACCESS_FILE_ADD, 1 }, NULL },
	{ { "DELETE", "DELETE,name", "Deletes a file.", 1, 1,
	    VERB_BARRIER | VERB_NOT_YET, ACCESS_FILE_CHANGE, 1 }, NULL },
	{ { "RENAME", "RENAME,from,to", "Gives a file another name.", 2, 2,
	    VERB_BARRIER | VERB_NOT_YET, ACCESS_FILE_CHANGE, 2 }, NULL },
	{ { "MKDIR", "MKDIR,name", "Makes a folder.", 1, 1, VERB_BARRIER | VERB_NOT_YET, ACCESS_FILE_ADD, 1 }, NULL },
};

const struct role file_role = {
	.name = "file",
	.verbs = file_verbs,
	.n_verbs = ELEMENTSOF(file_verbs),
	.exposed = "read, store and replace files",
	.options = &file_section,
	.start = file_start,
	.stop = file_stop,
	.check = file_check,
	.warn = file_warn,
};
