#pragma once
/* SPDX-License-Identifier: MIT */
/* How a line of a chat looks. */

#include "client/chat.h"

/*
 * Appends "bob: text" or "* bob joined", with the room where there are several. At a terminal the time stands before
 * it; in messages of others the user's own nick is bold, where the terminal can do that, and a new message with it
 * rings the bell. Elsewhere only lines of the history have a time. 0 or negative errno.
 */
int chat_show(const struct chat *ch, const struct news *n, struct buf *line);
