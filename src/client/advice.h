#pragma once
/* SPDX-License-Identifier: MIT */

/*
 * A server's sentence names requests, for people with netcat: "'docs' is a folder; LIST,docs shows what is in it". The
 * same with this program's commands: "...; `ls docs` shows what is in it". The caller's to free, or NULL.
 */
char *advice_translate(const char *text);
