#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The Varlink service of one daemon, interface org.ioe.control, on control.sock, in main's loop. Decides nothing: it
 * asks whoever owns the answer. Root, the daemon's own user and members of ioe-admin may call; others get
 * org.varlink.service.PermissionDenied.
 */

#include "daemon/loop.h"
#include "daemon/option.h"

struct control;
struct server;

struct control_options {
	uint64_t connections;  /* at once, in all */
	uint64_t per_user;     /* of one uid, root and the daemon's own exempt */
	uint64_t timeout_usec; /* a peer that neither asks nor reads is closed */
};
extern const struct option_section control_section;

/*
 * Binds RUNTIME/control.sock (0660, group ioe-admin where there is one), replacing one nobody listens on. 0, -EADDRINUSE
 * where a daemon does, another negative errno with a sentence in @why. @server is asked through status.h. Looks the
 * group up, which may block: before the loop runs.
 */
int control_new(struct control **ret, struct loop *l, const char *runtime_dir, const struct settings *settings,
		struct server *server, char *why, size_t why_size);
struct control *control_free(struct control *c); /* unlinks the socket */
