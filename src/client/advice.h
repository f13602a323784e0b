#pragma once
/* SPDX-License-Identifier: MIT */

/*
 * A server's sentence names requests, for users of netcat: "'docs' is a folder; LIST,docs shows what is in it". This
 * function puts the commands of this program in their place: "...; `ls docs` shows what is in it". The caller frees the
 * result. NULL: no memory.
 */
char *advice_translate(const char *text);
