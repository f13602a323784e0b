#pragma once
/* SPDX-License-Identifier: MIT */
/* The deadlines of a session, and what happens when it misses one. For the files of session/ only. */

struct session;
struct timer;

/* The deadline may have come nearer. */
void deadline_touch(struct session *s);

/* The kernel has bytes for the peer: after a while the session looks whether the peer has taken them. A peer that was
 * just read from is there. */
void deadline_watch_peer(struct session *s);

/* Of the session's timer. */
void deadline_fire(struct timer *t);
