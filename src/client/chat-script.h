#pragma once
/* SPDX-License-Identifier: MIT */
/* A chat without a terminal: each line of standard input goes to chat_line(), as fast as the server takes it. */

#include "client/chat.h"

/* Reads standard input to its end; messages of others are printed meanwhile. Prints each failure, and sets
 * ch->failed. */
void chat_script(struct chat *ch);

/* All lines of a text, which is changed. 0 or -ENOMEM. */
int chat_script_text(struct chat *ch, char *text, size_t len);
