#pragma once
/* SPDX-License-Identifier: MIT */
/* The deadlines of a session, and what happens when it misses one. For the files of session/ only. */

struct session;
struct timer;

/* To be called when the next deadline can be nearer than before. */
void deadline_touch(struct session *s);

/* To be called when the kernel has bytes for the peer: after a while the session looks whether the peer has taken them.
 * A peer from which bytes were just read is there. */
void deadline_watch_peer(struct session *s);

/* The callback of the session's timer. */
void deadline_fire(struct timer *t);
