#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Reads ioe.conf(5): parses the file and its drop-ins, applies the group of the instance, and checks all of it against
 * the option rows. Only config/ uses libconfig. Starts nothing and logs nothing. Reading files blocks: only main calls
 * this, at the start and for a reload.
 */

#include "base/buf.h"
#include "base/option.h"

#ifdef IOE_SYSCONFDIR
#define CONFIG_PATH IOE_SYSCONFDIR "/ioe.conf"
#else
#define CONFIG_PATH "/etc/ioe.conf"
#endif

/*
 * Loads @path and PATH.d/ *.conf. @path NULL: the default file, and if that does not exist, the built-in defaults; any
 * other path must exist. 0; -EINVAL: the text has faults; another negative errno: a file cannot be read. On failure
 * @why has all faults (of the syntax, the first one of each file), a sentence a line, with FILE:LINE where there is
 * one. *ret is a reference of the caller's.
 */
int config_load(const char *path, unsigned instance, const struct option_schema *schema, struct settings **ret,
		struct buf *why);

/* The same from text, for tests and the fuzz target. Messages have @name in the place of the file's. */
int config_parse(const char *text, size_t len, const char *name, unsigned instance, const struct option_schema *schema,
		 struct settings **ret, struct buf *why);

/* Compares the rows that only a restart applies. @a is in force. Appends a sentence to @ret for each row that differs
 * in @b, and returns their number. */
int config_restart_needed(const struct settings *a, const struct settings *b, struct buf *ret);

/*
 * Calls @fn for each option that @fresh changes, with both values as they would stand in the file ("": not set). The
 * old value is that in force: of @started for a row that only a restart applies, else of @now. 0 or -ENOMEM.
 */
typedef void (*config_change_fn)(void *userdata, const char *option, const char *from, const char *to, bool restart);
int config_changes(const struct settings *started, const struct settings *now, const struct settings *fresh,
		   config_change_fn fn, void *userdata);

/* Writes etc/ioe.conf: every row of every section with its sentence, commented out, at its default. A test compares it
 * with the file. 0 or negative errno. */
int config_write_example(const struct option_schema *schema, struct buf *ret);
