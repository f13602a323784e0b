#pragma once
/* SPDX-License-Identifier: MIT */
/* The engine that the roles chat and relay share, with the store of the state directory: see server_args. */

struct channel_engine;
struct server;

/* 0 or negative errno. It is freed with channel_engine_free(). */
int engine_new(struct server *s, struct channel_engine **ret);
