#pragma once
/* SPDX-License-Identifier: MIT */
/* Failures for programs: with -j, the sentences on stderr are printed to stdout as a JSON object, too. */

/* From now on text printed to stderr is kept as well. Without memory it is only printed. */
void json_error_capture(void);

/*
 * To be called at the end, with the exit code. Prints one object, {"error": ..., "exit": ..., "text": ...}, where the
 * command failed and has printed nothing: else the output is the answer of some instances. Returns the exit code.
 */
int json_error_finish(int code);
