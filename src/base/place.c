/* SPDX-License-Identifier: MIT */
#include "base/place.h"

#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PLACE_DEPTH_MAX 4096 /* folders, one in the other; a path of PATH_MAX bytes has at most half as many */

/* A folder on the way up. */
struct place_step {
	int fd;
	struct statx at;
};

static int place_look(struct place_step *s)
{
	return statx(s->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &s->at) < 0 ? -errno : 0;
}

static bool place_is_same(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major && a->stx_dev_minor == b->stx_dev_minor;
}

static int place_begin(struct place_step *s, int fd)
{
	s->fd = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return s->fd < 0 ? -errno : place_look(s);
}

/* Goes to the folder above. 1; 0: there is none; negative errno. */
static int place_go_up(struct place_step *s)
{
	struct place_step up = { .fd = openat(s->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	int r = up.fd < 0 ? -errno : place_look(&up);
	/* A folder that is mounted into itself is its own parent, with another mount id. */
	bool top = r >= 0 && place_is_same(&up.at, &s->at) && up.at.stx_mnt_id == s->at.stx_mnt_id;

	if (r < 0 || top) {
		closep(&up.fd);
		return r;
	}
	closep(&s->fd);
	*s = up;
	return 1;
}

/* Calls @check for each folder from @fd up to the topmost, and ends with the first result other than 0. Returns it. */
static int place_climb(int fd, int (*check)(const struct place_step *s, void *userdata), void *userdata)
{
	struct place_step s;
	int r = place_begin(&s, fd);

	for (unsigned depth = 0; r >= 0; depth++) {
		r = depth < PLACE_DEPTH_MAX ? check(&s, userdata) : -ELOOP;
		if (r != 0)
			break;
		r = place_go_up(&s);
		if (r == 0)
			break;
	}
	closep(&s.fd);
	return r;
}

/* The path of @fd at present; empty: /proc does not show it. */
static void place_path(int fd, char ret[PATH_MAX])
{
	char link[40];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, PATH_MAX - 1);
	ret[MAX(n, 0)] = '\0';
}

struct place_privacy {
	uid_t top;  /* owner of "/": root, by the number that a user namespace shows for it */
	bool above; /* the folder itself has passed, and those above it follow */
	char *why;
	size_t why_size;
};

static int place_check_private(const struct place_step *s, void *userdata)
{
	struct place_privacy *p = userdata;
	bool ours = s->at.stx_uid == 0 || s->at.stx_uid == geteuid() || (p->above && s->at.stx_uid == p->top);
	bool shared = s->at.stx_mode & 022 && !(p->above && s->at.stx_mode & S_ISVTX);
	char path[PATH_MAX];

	p->above = true;
	if (ours && !shared)
		return 0;
	place_path(s->fd, path);
	if (!ours)
		(void)snprintf(p->why, p->why_size, "%.200s belongs to the user with the number %u", path, s->at.stx_uid);
	else
		(void)snprintf(p->why, p->why_size, "other users can write to %.200s (its mode is %04o)", path,
			       s->at.stx_mode & 07777);
	return -EPERM;
}

int place_is_private(int fd, char *why, size_t why_size)
{
	struct place_privacy p = { .why = why, .why_size = why_size };
	struct stat top;

	if (stat("/", &top) < 0)
		return -errno;
	p.top = top.st_uid;
	return place_climb(fd, place_check_private, &p);
}

static int place_check_same(const struct place_step *s, void *userdata)
{
	return place_is_same(&s->at, userdata);
}

static int place_check_name(const struct place_step *s, void *userdata)
{
	return faccessat(s->fd, userdata, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int place_is_below_name(int fd, const char *name)
{
	return place_climb(fd, place_check_name, (void *)(uintptr_t)name);
}

/* A line of mountinfo (proc(5)). */
struct place_mount {
	uint64_t id;
	char device[24];
	char root[PATH_MAX]; /* the folder of the file system that is mounted... */
	char at[PATH_MAX];   /* ... and where */
};

/* mountinfo writes a blank as "\040". */
static void place_unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

static bool place_next_mount(FILE *f, struct place_mount *m)
{
	unsigned long long id;
	int n;

	do {
		n = fscanf(f, "%llu %*u %23s %4095s %4095s%*[^\n]", &id, m->device, m->root, m->at);
		if (n == EOF)
			return false;
	} while (n != 4);
	m->id = id;
	place_unescape(m->root);
	place_unescape(m->at);
	return true;
}

/* The rest of @path behind the folder @top: "" or "/..."; NULL: @path is neither @top nor below it. */
static const char *place_rest(const char *path, const char *top)
{
	size_t n = strcmp(top, "/") == 0 ? 0 : strlen(top);

	if (strncmp(path, top, n) != 0 || (path[n] != '/' && path[n] != '\0'))
		return NULL;
	return strcmp(path + n, "/") == 0 ? path + n + 1 : path + n;
}

/* A folder's file system, and its path there. */
struct place_inside {
	char device[24], path[PATH_MAX];
};

static void place_be_inside(struct place_inside *p, const struct place_mount *m, const char *rest)
{
	memcpy(p->device, m->device, sizeof(p->device));
	if (strcmp(m->root, "/") == 0 && rest[0])
		(void)snprintf(p->path, sizeof(p->path), "%s", rest);
	else
		(void)snprintf(p->path, sizeof(p->path), "%.*s%s", (int)(sizeof(p->path) - strlen(rest) - 1), m->root, rest);
}

/* Finds the place of @fd in its file system. 1, or 0: /proc does not show it. */
static int place_find_inside(int fd, const char *path, struct place_inside *ret)
{
	_cleanup_(freep) struct place_mount *m = malloc(sizeof(*m));
	struct statx at;
	const char *rest = NULL;
	FILE *f;

	if (!m || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &at) < 0 || !(at.stx_mask & STATX_MNT_ID))
		return 0;
	f = fopen("/proc/self/mountinfo", "re");
	while (f && place_next_mount(f, m)) {
		if (m->id != at.stx_mnt_id)
			continue;
		rest = place_rest(path, m->at);
		if (rest)
			place_be_inside(ret, m, rest);
		break;
	}
	if (f)
		(void)fclose(f);
	return rest != NULL;
}

/* Whether a mount at or below @root shows the folder @inside. */
static int place_shows(int root, const char *path, const struct place_inside *inside)
{
	_cleanup_(freep) struct place_mount *m = malloc(sizeof(*m));
	struct place_inside shown;
	bool found = false;
	FILE *f;

	f = m && place_find_inside(root, path, &shown) ? fopen("/proc/self/mountinfo", "re") : NULL;
	if (!f)
		return 0;
	found = strcmp(shown.device, inside->device) == 0 && place_rest(inside->path, shown.path);
	while (!found && place_next_mount(f, m))
		found = place_rest(m->at, path) && strcmp(m->device, inside->device) == 0 && place_rest(inside->path, m->root);
	(void)fclose(f);
	return found;
}

int place_is_within(int fd, int root)
{
	struct place_step top;
	struct place_inside inside;
	char path[PATH_MAX];
	int r;

	r = place_begin(&top, root);
	if (r >= 0)
		r = place_climb(fd, place_check_same, &top.at);
	closep(&top.fd);
	if (r != 0)
		return r;
	place_path(fd, path);
	if (!place_find_inside(fd, path, &inside))
		return 0;
	place_path(root, path);
	return place_shows(root, path, &inside);
}

bool place_is_hidden(int fd, int root)
{
	char path[PATH_MAX], top[PATH_MAX];
	const char *rest;

	place_path(fd, path);
	place_path(root, top);
	rest = place_rest(path, top);
	return rest && strstr(rest, "/.");
}
