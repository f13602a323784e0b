#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A second opinion: what a session in dialect line must be answered, told by its bytes alone. It knows PING, DOUBLE,
 * bare numbers, LIST, READ, WRITE and BYE, and a folder; it has no pieces, no queues, no workers and no time.
 */

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct model_file {
	char *name;
	const char *data;
	size_t size;
	bool is_written;
};

struct model {
	/* What the listener and its limits are. */
	bool has_file, has_compute, is_alone;
	size_t line_max;
	uint64_t max_size;

	/* The folder: files in it and in its folder "sub". What is in them is not copied. */
	struct model_file *files;
	size_t n_files;

	/* The answers. Where an error's sentence stands, which is nobody's to rely on, there is MODEL_SENTENCE. */
	struct buf answers;

	bool is_over, is_unknown;
};

#define MODEL_SENTENCE '\1' /* never in an answer that is no error: no input of the target has it */

struct model_file *model_add_file(struct model *m, const char *name, size_t name_len, const char *data, size_t size);
void model_done(struct model *m);

/* Reads all that a session says, to its end of file. False: it says what is not known here. */
bool model_read(struct model *m, const char *p, size_t n);

/* Whether these are the answers. */
bool model_agrees(const struct model *m, const char *p, size_t n);
