#pragma once
/* SPDX-License-Identifier: MIT */
/* The texts of a configuration: the file, its drop-ins, the built-in listeners. Each is parsed alone, so that each
 * setting keeps its file and line. */

#include "config/fault.h"

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#define SOURCE_BYTES_MAX    (1024 * 1024)
#define SOURCE_DROP_INS_MAX 256

struct source {
	char *name;    /* for messages */
	bool parsed;   /* tree is valid; if not, a fault says why */
	config_t tree;
};

struct sources {
	struct source **v; /* later ones override; pointers, as a config_t cannot be moved */
	size_t n;
};

/* All add one source (or none, with a fault) and return 0 or -ENOMEM. */
int sources_add_text(struct sources *s, const char *name, const char *text, size_t len, struct faults *faults);
/* @required: a missing file is a fault. */
int sources_add_file(struct sources *s, const char *path, bool required, struct faults *faults);
/* PATH.d/ *.conf, in byte order of their names, hidden ones left out. */
int sources_add_drop_ins(struct sources *s, const char *path, struct faults *faults);

void sources_done(struct sources *s);
