/* SPDX-License-Identifier: MIT */
#include "channel/channel-private.h"

#include "base/clock.h"
#include "base/log.h"
#include "log/event.h"
#include "log/warning.h"
#include "server/state_dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Of what waits to be written; from there on: busy. */
#define HUB_QUEUED_MAX (64U << 20)

/* Names that the disk remembers, of a kind. */
#define HUB_CHANNELS_MAX 1000000

/* A commit that takes so long says something about the disk. */
#define HUB_SLOW_USEC (10 * USEC_PER_SEC)

/* What a thread of the store has to come back from the kernel. */
#define HUB_GIVE_UP_USEC (5 * USEC_PER_SEC)

void channel_key_set(struct channel_key *k, const struct channel_policy *p, const char *name, size_t len)
{
	*k = (struct channel_key){ .len = (uint8_t)(len + 1) };
	k->bytes[0] = (char)p->kind;
	memcpy(k->bytes + 1, name, len);
}

struct channel_shard *channel_hub_shard(struct channel_hub *h, const struct reactor *r)
{
	return &h->shards[r->index];
}

struct channel_shard *channel_hub_owner(struct channel_hub *h, const struct channel_key *k)
{
	return channel_hub_shard(h, server_owner(h->server, k->bytes, k->len));
}

struct store *channel_hub_store(struct channel_hub *h)
{
	return h->store;
}

const char *channel_hub_why(struct channel_hub *h, char *dst, size_t size)
{
	struct store_state state = {};

	if (h->store)
		store_get_state(h->store, clock_usec(), &state);
	if (h->store && !state.closed && !state.damaged)
		(void)snprintf(dst, size, "the disk failed, and the server's log says how; try again later");
	else
		(void)snprintf(dst, size, "%s", h->store ? state.why : h->why);
	return dst;
}

void channel_hub_look(struct channel_hub *h)
{
	if (h->store)
		store_look(h->store);
}

uint64_t channel_hub_expired(struct channel_hub *h, unsigned kind)
{
	struct store_state state = {};

	if (h->store)
		store_get_state(h->store, clock_usec(), &state);
	return state.expired[kind];
}

uint64_t channel_hub_msec(const struct channel_hub *h)
{
	return h->store ? store_age_msec(h->store) : clock_boot_usec() / USEC_PER_MSEC;
}

/* Who asks how things are may have just changed them: the next answer tells. */
void channel_hub_warn(struct channel_hub *h, struct warnings *to)
{
	struct store_state state = {};

	channel_hub_look(h);
	if (h->store)
		store_get_state(h->store, clock_usec(), &state);
	if (!h->store || state.closed || state.damaged)
		warnings_add(to, WARNING_STORE, "rooms and mailboxes cannot be %s: %s", state.closed || !h->store ? "kept" : "read",
			     h->store ? state.why : h->why);
	if (state.full)
		warnings_add(to, WARNING_DISK_FULL,
			     "the disk that state_dir is on was full when a message was last to be kept: make room, and it goes "
			     "on by itself");
	if (state.busy_usec > HUB_SLOW_USEC)
		warnings_add(to, WARNING_DISK_SLOW,
			     "the store has been waiting for the disk for %llu s: look at the disk that state_dir is on",
			     (unsigned long long)(state.busy_usec / USEC_PER_SEC));
}

static int hub_init(struct channel_hub *h)
{
	int r = 0;

	for (unsigned i = 0; i < h->n_shards && r >= 0; i++) {
		struct channel_shard *s = &h->shards[i];

		s->hub = h;
		s->index = i;
		list_init(&s->idle);
		list_init(&s->telling);
		s->tell.run = branch_run_some;
		r = map_init(&s->channels);
		if (r >= 0)
			r = map_init(&s->branches);
	}
	return r;
}

/* Clients know what was said by STORE and number. */
static int hub_renew(void *userdata)
{
	struct channel_hub *h = userdata;
	int r = state_renew_store_id(h->server);

	if (r >= 0)
		log_notice("a copy of rooms and mailboxes was put back: it is served as a new STORE, %s", h->server->store_id);
	return r;
}

static void hub_open_store(struct channel_hub *h, const struct role_start *with)
{
	struct store_args args = {
		.dir = with->state_dir,
		.max_queued_bytes = HUB_QUEUED_MAX,
		.max_channels = HUB_CHANNELS_MAX,
		.renew = hub_renew,
		.userdata = h,
	};

	if (store_new(&h->store, &args, h->why, sizeof(h->why)) < 0) {
		log_event(LOG_EVENT_STORE_CLOSED, NULL, 0,
			  "%s. Until then what must not be lost is refused; all else is served", h->why);
		return;
	}
	for (unsigned i = 0; i < h->n_shards; i++)
		h->shards[i].floor = store_floor(h->store);
}

int channel_hub_ref(const struct role_start *with, struct channel_hub **ret)
{
	const struct server_options *o = settings_get(with->settings, &server_section);
	struct channel_hub *h = *with->shared;
	int r;

	if (!h) {
		h = calloc(1, sizeof(*h) + o->reactors * sizeof(h->shards[0]));
		if (!h)
			return -ENOMEM;
		h->server = with->server;
		h->n_shards = (unsigned)o->reactors;
		r = hub_init(h);
		if (r < 0) {
			free(h);
			return r;
		}
		hub_open_store(h, with);
		*with->shared = h;
	}
	h->refs++;
	*ret = h;
	return 0;
}

static void hub_free_shard(struct channel_shard *s)
{
	struct map_node *n;

	while ((n = map_next(&s->channels, NULL)))
		channel_free(container_of(n, struct channel, node));
	map_done(&s->channels);
	map_done(&s->branches);
	buf_done(&s->scratch);
}

void channel_hub_unref(struct channel_hub *h)
{
	if (!h || --h->refs > 0)
		return;
	if (store_free(h->store, clock_usec() + HUB_GIVE_UP_USEC) > 0)
		log_warning("the store does not come back from the disk; it is left behind");
	h->store = NULL;
	for (unsigned i = 0; i < h->n_shards; i++)
		hub_free_shard(&h->shards[i]);
	free(h);
}
