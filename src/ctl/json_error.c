/* SPDX-License-Identifier: MIT */
#include "ctl/json_error.h"

#include "base/buf.h"
#include "base/io.h"
#include "base/macro.h"
#include "base/str.h"
#include "ctl/ctl.h"
#include "ctl/output.h"
#include "ctl/view.h"

#include <string.h>
#include <unistd.h>

static struct buf json_error_text = { .max = 64U << 10 };

static ssize_t json_error_write(_unused_ void *cookie, const char *p, size_t n)
{
	(void)buf_append(&json_error_text, p, n);
	(void)io_write_all(STDERR_FILENO, p, n);
	return (ssize_t)n;
}

void json_error_capture(void)
{
	/* glibc's stderr is a variable, so that getopt's sentences are kept, too. */
	FILE *f = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = json_error_write });

	if (!f)
		return;
	(void)setvbuf(f, NULL, _IOLBF, 0);
	stderr = f;
}

/* Only text, whatever an argument or an answer had in it: JSON is UTF-8. In place, a line at a time. */
static size_t json_error_make_harmless(char *text, size_t len)
{
	size_t n = 0;

	for (size_t at = 0; at < len;) {
		size_t line = strcspn(text + at, "\n");

		n += str_harmless(text + n, text + at, line);
		at += line + 1;
		if (at < len)
			text[n++] = '\n';
	}
	return n;
}

int json_error_finish(int code)
{
	char *text;
	struct json_object *o;
	struct output out;

	(void)fflush(stderr);
	if (code == EXIT_CODE_OK || output_has_printed())
		return code;
	text = buf_str(&json_error_text);
	o = json_object_new_object();
	if (text && o && output_open(&out) == 0) {
		size_t n = json_error_make_harmless(text, strlen(text));

		(void)json_object_object_add(o, "error", json_object_new_string(exit_name(code)));
		(void)json_object_object_add(o, "exit", json_object_new_int(code));
		(void)json_object_object_add(o, "text", json_object_new_string_len(text, (int)n));
		view_json(out.file, o);
		(void)output_finish(&out);
	}
	(void)json_object_put(o);
	return code;
}
