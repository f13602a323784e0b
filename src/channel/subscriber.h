#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The origin's side of channels: requests on their way out and back, subscriptions, and the walk over all channels. All
 * functions here must be called in the thread of the origin, the reactor of the session that asks.
 */

#include "channel/channel.h"

/* Requests. */

/*
 * Fills the struct anew for the session's request @q, and defers that (request_defer()). The role sets its own members
 * of @rq afterwards: kind, on_complete, create and message. @name is copied, and cut at CHANNEL_NAME_MAX bytes.
 */
void channel_request_init(struct channel_request *rq, struct channel_engine *engine, const struct channel_policy *p,
			  struct request *q, const char *name, size_t name_len);
/* The same without a session's request. @s can be NULL. */
void channel_request_init_alone(struct channel_request *rq, struct channel_engine *engine,
				const struct channel_policy *p, struct reactor *origin, struct session *s,
				const char *name, size_t name_len);
/* Stamps the request with the time and the limits, and sends it to the owner. on_complete() can be called, and can free
 * the request, before this returns. */
void channel_submit(struct channel_request *rq);
/* The session that asked. NULL: it has ended. */
struct session *channel_request_session(struct channel_request *rq);

/*
 * Subscriptions. A subscription is begun before the request that enters is submitted. When that request is
 * complete, the subscription either goes on (channel_subscription_go()) or is ended. A session that ends leaves all its
 * channels by itself.
 *
 * The engine owns a subscription. In on_complete() of the request that entered it is valid until
 * channel_subscription_end(), which frees it. Elsewhere use only a pointer that channel_subscription_find() or _next()
 * has just returned: after a channel_submit(), or in a later call from the loop, it can be freed.
 */
struct channel_subscription;
/* NULL and *ret_outcome: CHANNEL_E_MEMBER, CHANNEL_E_SUBSCRIPTIONS or -ENOMEM. */
struct channel_subscription *channel_subscription_begin(struct channel_request *rq, int *ret_outcome);
/*
 * In on_complete() of the request that entered, after it was answered. The session receives all messages with a number
 * above @after, in order, each once: first the kept ones, page by page from the store as the session's output drains,
 * then the live ones. @after = rq->counts.last: nothing of the past.
 */
void channel_subscription_go(struct channel_subscription *sub, struct channel_request *rq, uint64_t after);
/* In on_complete(): the session has left, or could not enter, and the owner knows. Does nothing where the session has
 * ended meanwhile, as _go() does: then the engine has left the channel for it. */
void channel_subscription_end(struct channel_subscription *sub);
struct channel_subscription *channel_subscription_find(struct session *s, const struct channel_policy *p,
						       const char *name, size_t len);
/* The session's subscriptions to channels of the policy; NULL for @sub: the first. */
struct channel_subscription *channel_subscription_next(struct session *s, const struct channel_policy *p,
						       const struct channel_subscription *sub);
const char *channel_subscription_name(const struct channel_subscription *sub, size_t *ret_len);

/* Formats one event for one session and queues it. 0, or -EPIPE: the session takes no more. */
int channel_send(struct session *s, const struct channel_policy *p, const struct channel_event *e);

/* A walk over all channels of a kind that are in memory. Embedded by the caller, who owns it, and who must not touch it
 * until on_complete() is called. */
struct channel_walk {
	/* The caller sets these. */
	struct channel_engine *engine;
	uint8_t kind;
	struct reactor *origin;
	/* Called once for each channel, in the thread of its owner. Reactors are visited one after the other, so each()
	 * can use the memory of the walk without a lock. It changes neither the channel nor its members. */
	void (*each)(struct channel_walk *w, struct channel *c);
	void (*on_complete)(struct channel_walk *w); /* origin */

	/* The bus's. */
	struct msg msg;
	unsigned at; /* index of the next reactor */
};
/* on_complete() can be called before this returns. */
void channel_walk(struct channel_walk *w);
