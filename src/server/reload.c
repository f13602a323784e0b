/* SPDX-License-Identifier: MIT */
#include "server/reload.h"

#include "base/clock.h"
#include "server/server.h"
#include "server/state_dir.h"
#include "session/frontend.h"
#include "session/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void reload_drop_updates(struct reactor_update **updates, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		listener_list_free(updates[i]->listeners);
		free(updates[i]);
	}
}

/* Allocates a message for each reactor before the first is sent, so that either all get one or none. */
static int reload_make_updates(struct server *s, struct listener *const *listeners, struct reactor_update **ret)
{
	unsigned n;

	for (n = 0; n < s->reactors.n; n++) {
		ret[n] = calloc(1, sizeof(*ret[n]));
		if (!ret[n])
			break;
		ret[n]->listeners = listener_list_copy(listeners);
		if (!ret[n]->listeners) {
			free(ret[n]);
			break;
		}
	}
	if (n == s->reactors.n)
		return 0;
	reload_drop_updates(ret, n);
	return -ENOMEM;
}

int server_reload(struct server *s, struct settings *settings, const char *remark, char *why, size_t why_size)
{
	struct reactor_update *updates[REACTORS_MAX];
	const struct limits_options *limits = settings_get(settings, &limits_section);
	const struct listener_plan plan = {
		.size = sizeof(struct frontend),
		.init = frontend_init,
		.userdata = &s->reactors,
		.settings = settings,
		.instance = s->args.instance,
		.peer_usec = limits->peer_usec,
		.old = s->listeners,
		.why = why,
		.why_size = why_size,
	};
	struct listener **listeners;
	int r;

	r = server_open_listeners(&plan, &listeners);
	if (r < 0)
		return r;
	r = reload_make_updates(s, listeners, updates);
	if (r < 0) {
		listener_list_free(listeners);
		return r;
	}
	/* From here on nothing can fail. */
	for (unsigned i = 0; i < s->reactors.n; i++) {
		updates[i]->settings = settings_ref(settings);
		reactor_send_update(&s->reactors.at[i], updates[i]);
	}
	for (unsigned i = 0; i < s->reactors.n_roles; i++) {
		const struct role_slot *slot = &s->reactors.roles[i];

		if (slot->role->reload)
			slot->role->reload(slot->state, settings);
	}
	server_check(s);
	for (size_t i = 0; i < settings->n_listeners; i++)
		listener_set_peer_timeout(listeners[i], limits->peer_usec);
	listener_list_free(s->listeners);
	s->listeners = listeners;
	s->n_listeners = settings->n_listeners;
	(void)settings_unref(s->settings);
	s->settings = settings_ref(settings);
	state_dir_check(s);
	s->reload_usec = clock_real_usec();
	s->reload_ok = true;
	(void)snprintf(s->reload_text, sizeof(s->reload_text), "%s", remark);
	return 0;
}

void server_reload_failed(struct server *s, const char *why)
{
	s->reload_usec = clock_real_usec();
	s->reload_ok = false;
	(void)snprintf(s->reload_text, sizeof(s->reload_text), "%s", why);
}
