#pragma once
/* SPDX-License-Identifier: MIT */
/* For "did you mean": finds the known name that is nearest to an unknown word. */

/*
 * @at returns the names for 0, 1, ..., and then NULL. Returns NULL if no name is near. A name that begins with @word is
 * nearest; else the one that needs the fewest changes, at most one in a word of three letters and two in a longer one.
 */
const char *suggest(const char *word, const char *(*at)(unsigned i));
