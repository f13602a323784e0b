#pragma once
/* SPDX-License-Identifier: MIT */
/* A daemon that is only its status, with something in every field, for the tests of the control room. */

#include "base/macro.h"
#include "server/status.h"

#include <string.h>

static unsigned fake_asked; /* calls of server_status() */
static int fake_error;      /* what it returns, where it is not 0 */

int server_status(_unused_ struct server *s, struct status *ret)
{
	static const struct status_listener listeners[] = {
		{ "127.0.0.1:9001", "file+chat", true, 7, 1 },
		{ "[::1]:9001", "", false, UINT64_MAX, 0 },
	};
	static const struct status_role roles[] = { { "session", 5, 1, 0 }, { "file", 6, 2, 3 } };

	fake_asked++;
	if (fake_error)
		return fake_error;
	*ret = (struct status){
		.state = "running",
		.version = "0.1.0",
		.instance = 3,
		.pid = 4711,
		.started_usec = 1,
		.uptime_usec = 2,
		.config = "/etc/ioe-\xff.conf", /* a path is no text */
		.state_dir = "/var/lib/ioe/3",
		.reactors = 1,
		.workers = 2,
		.log_level = "notice",
		.reload_usec = 3,
		.reload_ok = true,
		.reload_text = "nothing changed",
		.n_listeners = ELEMENTSOF(listeners),
		.n_roles = ELEMENTSOF(roles),
		.listeners = malloc(sizeof(listeners)),
		.roles = malloc(sizeof(roles)),
	};
	warnings_add(&ret->warnings, WARNING_STORE, "line\nbreak \xc3\xa4");
	memcpy(ret->listeners, listeners, sizeof(listeners));
	memcpy(ret->roles, roles, sizeof(roles));
	return 0;
}

void status_done(struct status *st)
{
	free(st->listeners);
	free(st->roles);
	warnings_done(&st->warnings);
}
