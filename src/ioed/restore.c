/* SPDX-License-Identifier: MIT */
#include "ioed/restore.h"

#include "base/macro.h"
#include "server/server.h"
#include "server/state_dir.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

int restore_copy(const struct settings *settings, unsigned instance, const char *file)
{
	struct server s = { .args.instance = instance, .state_fd = -1, .lock_fd = -1 };
	struct store_restore q = { .file = file };
	int r;

	r = state_dir_open_stopped(&s, settings_get(settings, &server_section), q.why, sizeof(q.why));
	if (r >= 0) {
		q.dirfd = s.state_fd;
		q.dir = s.state_dir;
		r = store_restore(&q);
	}
	if (r < 0)
		(void)fprintf(stderr, "%s\n", *q.why ? q.why : strerror(-r));
	else if (*q.kept)
		(void)printf("instance %u has the rooms and mailboxes of %s now; the old ones are kept in %s/%s\n", instance, file,
			     q.dir, q.kept);
	else
		(void)printf("instance %u has the rooms and mailboxes of %s now; there were none before\n", instance, file);
	state_dir_close(&s);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
