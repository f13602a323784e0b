#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Reading ioe.conf(5): parse, merge the drop-ins and the instance's group over it, check all of it against the rows.
 * The only libconfig. Starts nothing, logs nothing.
 */

#include "base/buf.h"
#include "base/option.h"

#ifdef IOE_SYSCONFDIR
#define CONFIG_PATH IOE_SYSCONFDIR "/ioe.conf"
#else
#define CONFIG_PATH "/etc/ioe.conf"
#endif

/*
 * Loads @path and PATH.d/ *.conf. @path NULL: the default file, and where that does not exist the built-in defaults; a
 * path that was asked for must exist. 0; -EINVAL where the text is at fault; another negative errno where a file
 * cannot be read. On failure @why holds a sentence a line, each with FILE:LINE where there is one, all faults at
 * once (the first syntax error of each file).
 */
int config_load(const char *path, unsigned instance, const struct option_schema *schema, struct settings **ret,
		struct buf *why);

/* From text, for tests and the fuzz target; @name stands in messages for the file. */
int config_parse(const char *text, size_t len, const char *name, unsigned instance, const struct option_schema *schema,
		 struct settings **ret, struct buf *why);

/* How many rows that only a restart applies differ from @a (in force) to @b; a sentence a row goes to @ret. */
int config_restart_needed(const struct settings *a, const struct settings *b, struct buf *ret);

/*
 * Each option whose value in @fresh is another one than now, as it would stand in the file ("" where there is none):
 * for a row that only a restart applies @started has what is in force, else @now. 0 or -ENOMEM.
 */
typedef void (*config_change_fn)(void *userdata, const char *option, const char *from, const char *to, bool restart);
int config_changes(const struct settings *started, const struct settings *now, const struct settings *fresh,
		   config_change_fn fn, void *userdata);

/* Every row of every section, commented out, at its default, with its sentence: etc/ioe.conf is exactly this (a test
 * compares). 0 or negative errno. */
int config_write_example(const struct option_schema *schema, struct buf *ret);
