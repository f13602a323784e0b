/* SPDX-License-Identifier: MIT */
#include "ctl/program.h"

#include "base/macro.h"
#include "base/str.h"
#include "ctl/output.h"
#include "ctl/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PROGRAM_TEXT_MAX (1U << 20)

/* Whether @path is a program. In a build tree a folder named ioed lies beside this program. */
static bool program_is_one(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Finds ioed: where $IOED points, beside this program, or where it is installed. */
static const char *program_find(char dst[PATH_MAX])
{
	const char *named = getenv("IOED");
	char *slash = NULL;
	ssize_t n;

	if (named && *named)
		return named;
	n = readlink("/proc/self/exe", dst, PATH_MAX - sizeof("/ioed"));
	if (n > 0) {
		dst[n] = '\0';
		slash = strrchr(dst, '/');
	}
	if (slash) {
		memcpy(slash, "/ioed", sizeof("/ioed"));
		if (program_is_one(dst))
			return dst;
	}
	return IOE_SBINDIR "/ioed";
}

static void program_exec(const char *program, const char *const *argv, int out)
{
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(out, STDERR_FILENO);
	(void)unsetenv("JOURNAL_STREAM"); /* so that ioed writes to its stderr as for a terminal */
	(void)execv(program, (char *const *)argv);
	(void)dprintf(out, "ioectl: %s cannot be run: %s\n", program, strerror(errno));
	_exit(127);
}

/* Runs the program; its output goes to @output. Returns its exit status, or negative errno. */
static int program_capture(const char *program, const char *const *argv, struct buf *output)
{
	int ends[2], status;
	ssize_t n = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		(void)close(ends[0]);
		(void)close(ends[1]);
		return -errno;
	}
	if (pid == 0)
		program_exec(program, argv, ends[1]);
	(void)close(ends[1]);
	while (buf_reserve(output, PIPE_BUF) == 0 && (n = read(ends[0], output->data + output->len, PIPE_BUF)) > 0)
		output->len += (size_t)n;
	(void)close(ends[0]);
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

static enum exit_code program_print(const struct ctl *ctl, bool ok, struct buf *output)
{
	struct json_object *o = NULL;
	char text[VIEW_MAX];
	struct output out;

	if (!ctl->json && !ok) {
		for (const char *p = buf_str(output); p && *p; p += *p == '\n') {
			size_t n = strcspn(p, "\n");

			(void)fprintf(stderr, "%s\n", str_escape(text, sizeof(text), p, n));
			p += n;
		}
		return EXIT_CODE_OK;
	}
	if (output_open(&out) < 0)
		return EXIT_CODE_FAILED;
	if (ctl->json) {
		o = json_object_new_object();
		(void)json_object_object_add(o, "ok", json_object_new_boolean(ok));
		(void)json_object_object_add(o, "text", json_object_new_string_len(output->data, (int)output->len));
		view_json(out.file, o);
		(void)json_object_put(o);
	} else {
		(void)fwrite(output->data, 1, output->len, out.file);
	}
	return output_finish(&out);
}

enum exit_code program_run(const struct ctl *ctl, const char *const *argv)
{
	_cleanup_(buf_done) struct buf output = { .max = PROGRAM_TEXT_MAX };
	enum exit_code printed;
	char path[PATH_MAX];
	const char *program = program_find(path);
	int r;

	if (!program_is_one(program)) {
		(void)fprintf(stderr,
			      "ioectl: the program %s is missing: install ioed, or name its path: IOED=PATH ioectl "
			      "...\n",
			      program);
		return EXIT_CODE_FAILED;
	}
	r = program_capture(program, argv, &output);
	if (r < 0) {
		(void)fprintf(stderr, "ioectl: %s cannot be run: %s\n", program, strerror(-r));
		return EXIT_CODE_FAILED;
	}
	printed = program_print(ctl, r == 0, &output);
	return (printed != EXIT_CODE_OK ? printed : r == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED);
}
