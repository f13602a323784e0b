#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The owner's side of channels: the functions that act() of a role's request calls, and the members as the owner knows
 * them. All functions here must be called in the thread of the channel's owner: in act(), in the next() of a store
 * call, in each() of a walk (subscriber.h), or in a function of the policy whose comment says "Owner".
 *
 * These functions read no clock and no settings. But some results do not follow from the requests alone:
 *
 *	- the store gives a durable message its time when it writes the message
 *	- the numbers of ephemeral messages come from ranges that the store of this machine has reserved
 *	- channel_limits.open bounds the memory of this process, and each reactor has an equal share of it
 *	- an idle channel leaves the memory of this process, and its volatile attributes are lost then
 *	- a failure of the store, and a lack of memory, is a failure of this machine
 */

#include "channel/channel.h"

/*
 * In act() or next(): sends the request back to its origin. @result is 0, an enum channel_outcome, an outcome of the
 * role's own, or a negative errno. A session that became a member by this request receives the notifications that come
 * after this call, and none of those before. The request must not be used after this call. Nor must the channel, unless
 * it has a member or another request: without both it is idle, and can be freed before this call returns.
 */
void channel_finish(struct channel_request *rq, int result);

/*
 * Store calls. When the store has answered, rq->result is 0, an enum channel_outcome or a negative errno, rq->call
 * holds the answer, and next() goes on in the owner's thread. Without next() (NULL) the request is finished with
 * rq->result. Both can happen before the call returns, so the caller must not use @rq afterwards, and the channel only
 * as after channel_finish(). Meanwhile the owner acts on other requests to the channel. Store calls are carried out in
 * the order in which they were made.
 *
 * The caller sets members of rq->call before the call: for a durable channel_append() the key, max_messages and
 * max_bytes of .append; for the other two those of .remove or .set, but not the channel. All memory that these members
 * point to, such as a name and a value, must live until next() is called or the request is finished.
 *
 * channel_append() gives rq->message a number and queues it to all subscribers before next(). With @durable the message
 * is on disk first. Without, it gets a number from a range that is reserved on disk, and is kept nowhere. After an
 * error nothing is queued, nor where rq->call.append.repeated is set.
 */
void channel_append(struct channel *c, struct channel_request *rq, bool durable, channel_act_fn next);
void channel_remove(struct channel *c, struct channel_request *rq, channel_act_fn next);
void channel_set(struct channel *c, struct channel_request *rq, channel_act_fn next);

/* Sets an attribute beside the request: no request waits for it, and a failure is not reported. All is copied. Like
 * channel_set(), it is in memory once it is on disk. */
void channel_set_also(struct channel *c, const char *name, size_t name_len, const char *value, size_t value_len,
		      uint64_t until_msec);

/* Ephemeral messages will follow (policy.ephemeral). Reserves a range of numbers for them, once for the whole
 * daemon. */
void channel_expect_ephemeral(struct channel *c);

/* State of the channel. */
/* The time by which attributes end: channel_request.age_msec of the request that is acted on. In each() and left(), of
 * the request that was acted on last. */
uint64_t channel_msec(const struct channel *c);
const struct store_counts *channel_counts(const struct channel *c);
const char *channel_name(const struct channel *c, size_t *ret_len);
struct reactor *channel_reactor(struct channel *c);
/* An attribute. NULL: there is none, or it has ended. Valid until the next store call or channel_set_volatile(), and
 * not after act() or next() has returned: the end of an earlier store call can free it, too. */
const struct store_attribute *channel_attribute(struct channel *c, const char *name, size_t len);
/* All attributes, one after the other; NULL for @n: the first. No attribute can be set in between. */
const struct store_attribute *channel_next_attribute(struct channel *c, const struct store_attribute *n);
/* Sets an attribute in memory only, for as long as the channel is there. An empty value removes it. 0 or
 * -ENOMEM. */
int channel_set_volatile(struct channel *c, const char *name, size_t name_len, const char *value, size_t value_len,
			 uint64_t until_msec);

/* Queues the message, without a number, to all subscribers. The caller keeps its reference. Without memory the message
 * is lost, without an error. */
void channel_notify(struct channel *c, struct channel_message *m);
/* The same to one member. */
void channel_notify_member(struct channel *c, struct channel_member *to, struct channel_message *m);

/* A session in a channel, as the owner knows it. The channel owns it: channel_leave() and channel_expel() end it, and
 * so does the return of left(). */
struct channel_member {
	struct handle session;
	struct address address;
	uint8_t name_len;
	char name[STORE_NAME_MAX]; /* without NUL; the role can change it */
	unsigned flags;            /* the role's */

	/* The engine's. */
	struct list link;
	struct map_node node;
	struct msg msg;                   /* expelled: the way to its origin */
	struct channel_message *farewell; /* expelled: the last message it receives, or NULL */
	struct channel_engine *engine;
	const struct channel_policy *policy;
	uint8_t channel_len;
	char channel[STORE_NAME_MAX];
	bool catching_up;     /* not live yet: the replay buffer keeps what is sent meanwhile */
	unsigned replay_from; /* index of the first message in the replay buffer that is for it */
	uint64_t replay_last; /* the channel's last number at that moment */
};
unsigned channel_n_members(const struct channel *c);
struct channel_member *channel_next_member(struct channel *c, const struct channel_member *m); /* NULL: the first */
struct channel_member *channel_find_member(struct channel *c, struct handle session);
/* Compares without case. Several members can have the name: the one that entered first is returned. NULL: none. */
struct channel_member *channel_find_name(struct channel *c, const char *name, size_t len);
/*
 * Makes the request's session a member. 0, CHANNEL_E_MEMBER, _MEMBERS, or -ENOMEM. Its origin must have begun a
 * subscription (channel_subscription_begin() in subscriber.h). The session receives what is sent after
 * channel_finish(); a request that finishes with an error removes the member again.
 */
int channel_enter(struct channel *c, struct channel_request *rq, const char *name, size_t name_len,
		  const struct address *address, struct channel_member **ret);
/* Removes the member and frees it. */
void channel_leave(struct channel *c, struct channel_member *m);
/*
 * Removes the member, and has its origin end the subscription; the caller must not use @m afterwards. The session
 * receives @message as its last one from the channel, so a session that has received it is out and can enter again. The
 * caller notifies the others, after this call. The caller keeps its reference; @message can be NULL: there was no
 * memory.
 */
void channel_expel(struct channel *c, struct channel_member *m, struct channel_message *message);
