#pragma once
/* SPDX-License-Identifier: MIT */
/* "did you mean": the known name that is nearest to a word that is none. */

/*
 * @at gives the names for 0, 1, ... up to a NULL. NULL: no name is near. A name that begins with @word is nearest; else
 * the one that needs the fewest changes, at most one in a word of three letters and two in a longer one.
 */
const char *suggest(const char *word, const char *(*at)(unsigned i));
