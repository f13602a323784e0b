#pragma once
/* SPDX-License-Identifier: MIT */
/* The commands of a chat, which begin with a slash, and their completion. */

#include "client/chat.h"

/* @line is behind the slash, and is changed. */
enum exit_code chat_command_run(struct chat *ch, char *line);

/* typing_ops.complete; @userdata is the chat. */
void chat_command_complete(void *userdata, const char *text, size_t len, struct buf *insert);
