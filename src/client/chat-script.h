#pragma once
/* SPDX-License-Identifier: MIT */
/* What is said that nobody types: each line goes to chat_line(), as fast as the server takes them. */

#include "client/chat.h"

/* Standard input to its end; what others say is printed meanwhile. Failures are said, and ch->failed. */
void chat_script(struct chat *ch);

/* All lines of a text, which is changed. 0 or -ENOMEM. */
int chat_script_text(struct chat *ch, char *text, size_t len);
