#pragma once
/* SPDX-License-Identifier: MIT */
/* What somebody may have meant who wrote a word that is none. */

/* The name that is nearest to @word, of those that @at gives for 0, 1, ... up to a NULL; NULL: none is near. */
const char *suggest(const char *word, const char *(*at)(unsigned i));
