/* SPDX-License-Identifier: MIT */
#include "ioed/engine.h"

#include "base/log.h"
#include "channel/engine.h"
#include "server/server.h"
#include "server/state_dir.h"
#include "store/store.h"

/* A client names a message by STORE and number. A copy of the data gives some numbers again, so it needs a new
 * STORE. */
static int engine_renew_store_id(void *userdata)
{
	struct server *s = userdata;
	int r = state_dir_renew_store_id(s);

	if (r >= 0)
		log_notice("a copy of rooms and mailboxes was restored: it has a new STORE, %s", s->reactors.store_id);
	return r;
}

int engine_new(struct server *s, struct channel_engine **ret)
{
	const struct channel_engine_args args = {
		.reactors = &s->reactors,
		.store_ops = &store_sqlite_ops,
		.state_dir = s->state_dir,
		.renew_store_id = engine_renew_store_id,
		.userdata = s,
	};

	return channel_engine_new(ret, &args);
}
