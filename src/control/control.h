#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The Varlink service of the daemon: interface org.ioe.control on control.sock, in main's loop. The module that owns
 * the data makes each answer. Root, the daemon's own user and members of the group ioe-admin are allowed to call
 * methods; other users get org.varlink.service.PermissionDenied.
 */

#include "base/buf.h"
#include "base/log.h"
#include "base/option.h"
#include "config/config.h"
#include "loop/loop.h"
#include "server/clients.h"

struct control;
struct server;

struct control_backup {
	struct server_task task; /* first */
	char why[512];           /* not empty: why it failed */
};

/* Acts that only main can do, in its thread. */
struct control_acts {
	/*
	 * Reloads as SIGHUP does; with @check it only checks. Calls @change for each option that changes. 0: @sentences
	 * has remarks, or is empty; negative errno: nothing was changed, and @sentences has the reasons, a sentence a
	 * line.
	 */
	int (*reload)(void *userdata, bool check, config_change_fn change, void *change_data, struct buf *sentences);
	enum log_level (*log_level)(void *userdata); /* the configured level */
	/* Starts a copy of the store as DIR/store.db at once. NULL: no memory. */
	struct control_backup *(*backup)(void *userdata, const char *dir, void (*on_arrival)(struct server_task *e),
					 void *on_arrival_data);
	void *userdata;
};

struct control_options {
	uint64_t connections;  /* of all users, at the same time */
	uint64_t per_user;     /* of one uid; root and the daemon's own user have no such limit */
	uint64_t timeout_usec; /* a peer that neither calls nor reads for this time is closed */
};
extern const struct option_section control_section;

/*
 * Binds RUNTIME/control.sock (mode 0660; group ioe-admin, if there is one), in the place of a socket without a
 * listener. 0; -EADDRINUSE: another daemon listens there; or another negative errno; with a sentence in @why. @acts is
 * copied; @server must outlive the control socket. The search for the group can block, so this is called before the
 * loop runs.
 */
int control_new(struct control **ret, struct loop *l, const char *runtime_dir, const struct settings *settings,
		struct server *server, const struct control_acts *acts, char *why, size_t why_size);
struct control *control_free(struct control *c); /* unlinks the socket */
