/* SPDX-License-Identifier: MIT */
#include "ctl/output.h"

#include "base/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool output_printed;

int output_open(struct output *ret)
{
	*ret = (struct output){ 0 };
	ret->file = open_memstream(&ret->text, &ret->len);
	return ret->file ? 0 : -ENOMEM;
}

int output_close(struct output *o)
{
	bool failed = ferror(o->file);

	failed |= fclose(o->file) != 0;
	o->file = NULL;
	return failed ? -ENOMEM : 0;
}

enum exit_code output_finish(struct output *o)
{
	int r = output_close(o);

	if (r == 0 && o->len > 0) {
		output_printed = true;
		r = io_write_all(STDOUT_FILENO, o->text, o->len);
	}
	free(o->text);
	if (r < 0 && r != -EPIPE)
		(void)fprintf(stderr, "ioectl: standard output cannot be written: %s\n", strerror(-r));
	return r < 0 ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

bool output_has_printed(void)
{
	return output_printed;
}

enum exit_code output_fail_memory(void)
{
	(void)fprintf(stderr, "ioectl: out of memory\n");
	return EXIT_CODE_FAILED;
}
