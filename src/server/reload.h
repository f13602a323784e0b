#pragma once
/* SPDX-License-Identifier: MIT */
/* New settings for a server that runs. In main. */

#include <stddef.h>

struct server;
struct settings;

/*
 * Makes all threads use these settings, listeners included; takes a reference. 0, or negative errno with a sentence in
 * @why: nothing was changed. @remark: a remark for the status.
 */
int server_reload(struct server *s, struct settings *settings, const char *remark, char *why, size_t why_size);
void server_reload_failed(struct server *s, const char *why);
