#pragma once
/* SPDX-License-Identifier: MIT */
/* Completion of a command that is being typed at the prompt. */

#include "base/buf.h"
#include "client/client.h"

#include <stddef.h>

/*
 * Appends to @insert the text that belongs behind @text, quoted as words.h reads it; to @shown the candidates, where
 * there are several and nothing can be inserted. Sends a request to the server only on a connection that is there.
 */
void complete_command(struct client *c, const char *text, size_t len, struct buf *insert, struct buf *shown);
