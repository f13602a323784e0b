#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The arguments of one command: its flags, which are rows of the command (--nick=bob, --nick bob, --keep), and the
 * words that are left. A command asks for a flag by the name in its row. Nothing is printed here: each tool has
 * sentences of its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARGS_FLAGS_MAX 8

/* A row; the list ends with a NULL name. */
struct flag {
	const char *name;  /* without its dashes */
	const char *value; /* the word for its value in the help: "NAME"; NULL: the flag takes none */
	const char *help;  /* for the help of the command; NULL: it is not listed there */
};

/* Nothing is copied: the strings are those of argv. */
struct args {
	const struct flag *flags;
	const char *values[ARGS_FLAGS_MAX]; /* in the order of the rows; NULL: not given */
	unsigned n;
	char **words; /* @n, then a NULL */
};

enum args_order {
	ARGS_FLAGS_FIRST,    /* the first word ends the flags: it begins a text */
	ARGS_FLAGS_ANYWHERE, /* flags and words in any order */
};

/* The positive results of args_parse(). */
enum {
	ARGS_E_UNKNOWN = 1, /* no row has this name */
	ARGS_E_SHORT,       /* one dash: commands have no such flags (only with ARGS_FLAGS_ANYWHERE) */
	ARGS_E_VALUE,       /* the flag takes no value, and has one */
	ARGS_E_NO_VALUE,    /* the flag takes a value, and has none */
};

/*
 * Reads argv[1..argc - 1]; argv[argc] is NULL. "--" ends the flags. @flags NULL: all are words, whatever they begin
 * with. The words are moved to the front of @argv, from argv[1] on. 0; or one of the above, and *ret_at is the argument
 * that is wrong.
 */
int args_parse(struct args *ret, const struct flag *flags, enum args_order order, unsigned argc, char **argv,
	       const char **ret_at);

/* The value of the flag @name, which a row of the command has; "": the flag takes none; NULL: it was not given. */
const char *args_get(const struct args *a, const char *name);
bool args_has(const struct args *a, const char *name);

/* The value of a flag that was given, as a number; as a time, such as 90s. 0, or -EINVAL and a sentence in @why. */
int args_number(const struct args *a, const char *name, uint64_t min, uint64_t max, uint64_t *ret, char *why,
		size_t why_size);
int args_time(const char *name, const char *value, uint64_t *ret_usec, char *why, size_t why_size);
