#pragma once
/* SPDX-License-Identifier: MIT */
/* What went wrong, for programs: with -j, the sentences on stderr are an object on stdout, too. */

/* From now on what is printed to stderr is kept as well. Where there is no memory for that, it is not. */
void json_error_capture(void);

/*
 * At the end, with the exit code: one object, {"error": ..., "exit": ..., "text": ...}, where the command failed and has
 * printed nothing. What it has printed is an answer, which some instances gave. Returns the exit code.
 */
int json_error_finish(int code);
