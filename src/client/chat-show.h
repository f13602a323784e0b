#pragma once
/* SPDX-License-Identifier: MIT */
/* How a line of a chat looks. */

#include "client/chat.h"

/*
 * Appends "bob: text" or "* bob joined", with the room where there are several. At a terminal a time stands before it,
 * the user's own name in what others say is bold where the terminal can do that, and rings its bell where it is said now.
 * Elsewhere only lines of the history have a time. 0 or negative errno.
 */
int chat_show(const struct chat *ch, const struct news *n, struct buf *line);
