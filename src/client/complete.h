#pragma once
/* SPDX-License-Identifier: MIT */
/* What the tabulator makes of a command that is being typed at the prompt. */

#include "base/buf.h"
#include "client/client.h"

#include <stddef.h>

/*
 * Appends to @insert what goes behind @text, quoted so that words.h reads it as the name it is; to @shown the candidates,
 * where there are several and nothing can be inserted. A server is asked where the connection is there.
 */
void complete_command(struct client *c, const char *text, size_t len, struct buf *insert, struct buf *shown);
