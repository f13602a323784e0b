#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The bus: the ways between the origin of a request, the owner of the channel, and the reactors of its subscribers. The
 * engine has chosen one, and nothing else in channel/ knows how a request travels. Only files of channel/ and tests
 * include this. The functions that are called at the other end (owner_..., subscription_..., fanout_...) are in
 * channel-private.h.
 *
 * Two orders hold. The requests of one origin to one channel arrive in the order in which they were submitted. All that
 * an owner sends to one reactor (replies, messages, notices, expelled members) arrives in the order in which it was
 * sent.
 */

#include <stddef.h>

struct channel;
struct channel_member;
struct channel_message;
struct channel_request;
struct channel_shard;
struct channel_subscription;
struct channel_walk;

struct channel_bus_ops {
	/* Origin: the request goes to the owner of its channel, where owner_receive() is called. */
	void (*submit)(struct channel_request *rq);
	/* Owner: the request goes back to its origin, where subscription_receive() is called. */
	void (*reply)(struct channel_shard *from, struct channel_request *rq);

	/* Origin: the session of this subscription has ended. The owner removes the member, owner_session_ended(), and
	 * the subscription comes back: subscription_left(). */
	void (*leave)(struct channel_subscription *sub);
	/* Owner: a member that was removed goes to its origin, where subscription_expelled() frees it. */
	void (*expel)(struct channel *c, struct channel_member *m);

	/* Owner: the message goes to the fan-out of the reactor @to, fanout_push(). This is never the owner's own
	 * reactor: the owner calls fanout_push() itself. The caller has prepared the message
	 * (channel_message_prepare()), and keeps its reference; the bus takes one of its own for the way. */
	void (*deliver)(struct channel *c, struct channel_message *m, struct channel_shard *to);
	/* Owner: the message goes to one member, subscription_notify(). Without memory it is lost. The bus takes a
	 * reference of its own. */
	void (*notify)(struct channel *c, struct channel_member *to, struct channel_message *m);

	/* Origin: the walk goes to each owner, owner_visit(), and comes back: its on_complete() is called. */
	void (*walk)(struct channel_walk *w);
};

/*
 * A request as bytes, for a bus that leaves the process: the numbers of its policy and its kind, the name of the
 * channel, the handle of the session, channel_request.create, the time and the limits that it was stamped with, its
 * message, and the role's arguments. Not its results, and nothing else of the origin's.
 */
struct buf;
int channel_request_pack(const struct channel_request *rq, struct buf *to); /* 0, -ENOMEM or -ENOBUFS */
/* Sets all of that in @rq, whose engine, policy and kind are set. Its message is released first (NULL: it has none);
 * the new one is copied. Texts among the role's arguments point into @bytes, which must live as long as they are used.
 * 0, -ENOMEM, or -EBADMSG: the bytes are no request of this kind. Where it fails, the arguments are undefined, and the
 * message is NULL or a reference. */
int channel_request_unpack(struct channel_request *rq, const char *bytes, size_t n);
/* The same for channel_bus_ops.leave(): the channel, the session, and why it has ended. */
int channel_leave_pack(const struct channel_subscription *sub, struct buf *to);
int channel_leave_unpack(struct channel_subscription *sub, const char *bytes, size_t n);

/* Within one process: messages between reactors. Nothing is packed. Between a reactor and itself there is a call in
 * place of a message, so on_complete() of a request can run inside channel_submit(). */
extern const struct channel_bus_ops channel_bus_local;
