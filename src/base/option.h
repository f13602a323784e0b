#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * An option is one row, in the module that reads its value. The loader (config/), `ioed -t` and the tests of
 * etc/ioe.conf and ioe.conf(5) all walk the rows; no switch repeats them.
 *
 * A section is the rows of one module, and the struct that their values go to. A loaded configuration is a
 * `struct settings`: it never changes, counts its references, and is shared by all threads.
 */

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_BOOL,   /* bool */
	OPTION_INT,    /* uint64_t; a small integer in the file */
	OPTION_SIZE,   /* uint64_t bytes; a string like "64K", or a small integer */
	OPTION_TIME,   /* uint64_t microseconds; a string like "50ms" */
	OPTION_STRING, /* char *, owned by the settings; "%i" in it is the instance number */
	OPTION_MODE,   /* uint64_t; a string of octal digits, "0640" */
	OPTION_WORD,   /* uint64_t; index into words[] */
	OPTION_ROLES,  /* uint64_t; list of role names as bits in the order of the schema's roles[] */
	OPTION_TYPE_MAX,
};

enum option_apply {
	OPTION_APPLY_NOW,      /* a reload changes it for everyone */
	OPTION_APPLY_SESSIONS, /* a reload changes it for new sessions */
	OPTION_APPLY_RESTART,
};

struct option {
	const char *path;         /* within its section: "line" in section "limits" */
	enum option_type type;
	size_t offset;            /* in the section's struct: OPTION_FIELD() checks the type */
	uint64_t min, max;        /* of the numbers; of a string's length in bytes */
	const char *value;        /* the default, as it stands in a file without quotes; NULL: none, not set */
	enum option_apply apply;
	const char *const *words; /* OPTION_WORD: NULL-terminated */
	const char *doc;          /* a sentence, for etc/ioe.conf and the manual */
};

#define OPTION_FIELD(struct_type, member, c_type) \
	(offsetof(struct_type, member) + 0 * sizeof(&((struct_type *)0)->member == (c_type *)0))

struct option_section {
	const char *name; /* "limits"; "" for top-level keys */
	const struct option *rows;
	size_t n_rows;
	size_t size; /* of the struct */
	/* Checks what several values must fulfil together; NULL: nothing. 0, or -EINVAL with a sentence in @why. */
	int (*check)(const void *values, char *why, size_t why_size);
};

/* All options that a configuration can have. The arrays are static. */
struct option_schema {
	const struct option_section *const *sections; /* NULL-terminated */
	const struct option_section *listener;        /* the rows of one group in `listeners` */
	const char *const *roles;                     /* NULL-terminated, at most 64 */
	const char *listeners_default;                /* the list's text, in the file's syntax */
};

struct settings {
	atomic_uint refs;
	unsigned instance;
	const struct option_schema *schema;
	void **values;    /* one struct a section, in the schema's order */
	void **listeners; /* one struct of the listener section each */
	size_t n_listeners;
	char *source;     /* the path of the file, or "built-in defaults" */
};

/* Any thread may take and release references. The last settings_unref() frees the values. */
struct settings *settings_ref(struct settings *s);
struct settings *settings_unref(struct settings *s); /* returns NULL */
static inline void settings_unrefp(struct settings **s)
{
	if (*s)
		(void)settings_unref(*s);
}

/* The values of one section: a pointer to its struct, valid as long as the settings. NULL: the section is not in their
 * schema. */
const void *settings_get(const struct settings *s, const struct option_section *section);

/* Frees a section's struct and its strings; @values can be NULL. Returns NULL. For config/, which builds settings. */
void *option_values_free(const struct option_section *section, void *values);
