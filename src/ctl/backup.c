/* SPDX-License-Identifier: MIT */
/* `ioectl backup`. */
#include "base/clock.h"
#include "base/macro.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "ctl/request.h"
#include "ctl/view.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

/* The time limit of a backup, which reads and writes the whole database once. */
#define BACKUP_USEC (24 * 3600 * USEC_PER_SEC)

#define BACKUP_DATE_MAX 32

struct backup {
	const struct ctl *ctl;
	FILE *f;
};

static enum exit_code backup_done(void *userdata, const struct ctl_instance *i, struct json_object *answer)
{
	const struct backup *b = userdata;
	char file[VIEW_MAX];

	if (b->ctl->json)
		view_json(b->f, answer);
	else
		(void)fprintf(b->f, "%s: the database of rooms and mailboxes is copied to %s\n", i->name,
			      view_text(file, answer, "file"));
	return EXIT_CODE_OK;
}

/* "-2026-11-21T033000", so that each copy has a folder of its own. A copy that exists is never replaced. */
static int backup_date(char dst[BACKUP_DATE_MAX])
{
	time_t now = time(NULL);
	struct tm tm;

	return localtime_r(&now, &tm) && strftime(dst, BACKUP_DATE_MAX, "-%Y-%m-%dT%H%M%S", &tm) > 0 ? 0 : -EOVERFLOW;
}

/* Makes the path absolute, as the daemon has another working folder. 0 or negative errno. */
static int backup_path(const char *dir, bool dated, char ret[PATH_MAX])
{
	char here[PATH_MAX] = "", date[BACKUP_DATE_MAX] = "";
	size_t n = strlen(dir);

	if (n == 0)
		return -EINVAL;
	if (dir[0] != '/' && !getcwd(here, sizeof(here)))
		return -errno;
	if (dated) {
		while (n > 1 && dir[n - 1] == '/')
			n--;
		if (backup_date(date) < 0)
			return -EOVERFLOW;
	}
	if ((size_t)snprintf(ret, PATH_MAX, "%s%s%.*s%s", here, here[0] ? "/" : "", (int)MIN(n, (size_t)PATH_MAX), dir,
			     date) >= PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

static enum exit_code backup_request(struct backup *b, const char *path)
{
	struct json_object *o = json_object_new_object();
	enum exit_code requested, printed;
	struct output out;

	if (!o || json_object_object_add(o, "dir", json_object_new_string(path)) < 0 || output_open(&out) < 0) {
		(void)json_object_put(o);
		return output_fail_memory();
	}
	b->f = out.file;
	requested = request_each_long(b->ctl, "org.ioe.control.Backup", o, BACKUP_USEC, backup_done, b);
	(void)json_object_put(o);
	printed = output_finish(&out);
	return printed != EXIT_CODE_OK ? printed : requested;
}

static enum exit_code backup_run(const struct ctl *ctl, const struct args *a)
{
	struct backup b = { .ctl = ctl };
	char path[PATH_MAX];
	int r;

	if (request_is_one(ctl, "backup") != EXIT_CODE_OK)
		return EXIT_CODE_USAGE;
	r = backup_path(a->words[0], args_has(a, "dated"), path);
	if (r < 0) {
		(void)fprintf(stderr, "ioectl: '%s' is no folder's path: %s\n", a->words[0], strerror(-r));
		return EXIT_CODE_USAGE;
	}
	return backup_request(&b, path);
}

static const struct flag backup_flags[] = {
	{ "dated", NULL, NULL },
	{ 0 },
};

const struct ctl_command backup_command = {
	.row = {
		.name = "backup",
		.args = "[--dated] DIR",
		.help = "copy the database of rooms and mail",
		.flags = backup_flags,
		.min = 1,
		.max = 1,
	},
	.run = backup_run,
};
