/* SPDX-License-Identifier: MIT */
#include "ctl/instance.h"

#include "base/macro.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Consumes the strings, on failure, too. The first two are NULL if there was no memory for them. */
static int instance_add(struct ctl *ctl, char *name, char *path, char *number)
{
	struct ctl_instance *more = NULL;

	if (name && path)
		more = reallocarray(ctl->instances, ctl->n_instances + 1, sizeof(*more));
	if (!more) {
		free(name);
		free(path);
		free(number);
		return -ENOMEM;
	}
	more[ctl->n_instances++] = (struct ctl_instance){ name, path, number };
	ctl->instances = more;
	return 0;
}

int instance_add_number(struct ctl *ctl, const char *number)
{
	char *name, *path, *own = strdup(number);

	if (!own)
		return -ENOMEM;
	if (asprintf(&name, "Instance %s", number) < 0)
		name = NULL;
	if (asprintf(&path, "%s/%s/control.sock", ctl->dir, number) < 0)
		path = NULL;
	return instance_add(ctl, name, path, own);
}

int instance_add_path(struct ctl *ctl, const char *path)
{
	return instance_add(ctl, strdup("The daemon"), strdup(path), NULL);
}

/* A socket in a folder that is closed to the user counts: the request to it tells the user what to do. */
static bool instance_has_socket(const char *dir, const char *name)
{
	_cleanup_(freep) char *path = NULL;
	struct stat st;

	if (asprintf(&path, "%s/%s/control.sock", dir, name) < 0) {
		path = NULL;
		return false;
	}
	return lstat(path, &st) == 0 ? S_ISSOCK(st.st_mode) : errno == EACCES;
}

int instance_find(struct ctl *ctl)
{
	struct dirent **entries;
	int n, r = 0;

	n = scandir(ctl->dir, &entries, NULL, versionsort);
	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (r == 0 && name[0] != '.' && instance_has_socket(ctl->dir, name))
			r = instance_add_number(ctl, name);
		free(entries[i]);
	}
	free(entries);
	return r;
}

struct json_object *instance_json(const struct ctl_instance *i)
{
	uint64_t n;

	if (!i->number)
		return json_object_new_string(i->path);
	if (str_to_u64(i->number, strlen(i->number), 1, 9999, &n) < 0)
		return json_object_new_string(i->number);
	return json_object_new_int((int)n);
}

void instance_done(struct ctl *ctl)
{
	for (size_t i = 0; i < ctl->n_instances; i++) {
		free(ctl->instances[i].name);
		free(ctl->instances[i].path);
		free(ctl->instances[i].number);
	}
	free(ctl->instances);
	ctl->instances = NULL;
	ctl->n_instances = 0;
}
