#pragma once
/* SPDX-License-Identifier: MIT */
/* What begins with a slash in a chat, and what the tabulator makes of it. */

#include "client/chat.h"

/* @line is behind the slash, and is changed. */
enum exit_code chat_command_run(struct chat *ch, char *line);

/* typing_ops.complete; @userdata is the chat. */
void chat_command_complete(void *userdata, const char *text, size_t len, struct buf *insert);
