#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The Varlink service of one daemon, interface org.ioe.control, on control.sock, in main's loop. Decides nothing: it
 * asks whoever owns the answer. Root, the daemon's own user and members of ioe-admin may call; others get
 * org.varlink.service.PermissionDenied.
 */

#include "base/log.h"
#include "config/config.h"
#include "daemon/loop.h"
#include "daemon/option.h"

struct control;
struct server;

/* What only main can do, in its thread. */
struct control_acts {
	/*
	 * As SIGHUP; @check: all of it but the change. @change is told of each option that changes. 0: @said may hold
	 * remarks; negative errno, and nothing was changed: @said holds why, a sentence a line.
	 */
	int (*reload)(void *userdata, bool check, config_change_fn change, void *change_data, struct buf *said);
	enum log_level (*log_level)(void *userdata); /* the configured one */
	void *userdata;
};

struct control_options {
	uint64_t connections;  /* at once, in all */
	uint64_t per_user;     /* of one uid, root and the daemon's own exempt */
	uint64_t timeout_usec; /* a peer that neither asks nor reads is closed */
};
extern const struct option_section control_section;

/*
 * Binds RUNTIME/control.sock (0660, group ioe-admin where there is one), replacing one nobody listens on. 0, -EADDRINUSE
 * where a daemon does, another negative errno with a sentence in @why. @server is asked through status.h and clients.h; @acts is copied. Looks the
 * group up, which may block: before the loop runs.
 */
int control_new(struct control **ret, struct loop *l, const char *runtime_dir, const struct settings *settings,
		struct server *server, const struct control_acts *acts, char *why, size_t why_size);
struct control *control_free(struct control *c); /* unlinks the socket */
