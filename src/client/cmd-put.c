/* SPDX-License-Identifier: MIT */
/*
 * put FILE, put FILE NAME, put FILE... FOLDER/. A shell makes "put a.txt b.txt" of "put *.txt": so a NAME that is a
 * file here needs a confirmation, and is refused without a terminal.
 */
#include "client/commands.h"

#include "base/clock.h"
#include "cli/show.h"
#include "client/interrupt.h"
#include "client/outgoing.h"
#include "client/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CMD_PUT_CHUNK     (256U << 10)

/* The answer comes once all is on the server's disk: a slow one, of this many bytes a second, is waited for. */
#define CMD_PUT_DISK_RATE (8U << 20)

static bool cmd_put_is_stdin(const char *file)
{
	return strcmp(file, "-") == 0;
}

static bool cmd_put_is_folder(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && name[n - 1] == '/';
}

/* The served folder itself: "/", or as it is called here. */
static bool cmd_put_is_root(const char *folder)
{
	return strspn(folder, "/") == strlen(folder) || strcmp(folder, "./") == 0;
}

static const char *cmd_put_base(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

static enum exit_code cmd_put_fail_file(const struct client *c, const char *file, int r, int error)
{
	switch (r) {
	case OUTGOING_E_FOLDER:
		return client_fail(c, EXIT_CODE_FAILED, "%s is a folder: name the files in it, as in `put %s%s* /`",
				   file, file, cmd_put_is_folder(file) ? "" : "/");
	case OUTGOING_E_NO_FILE:
		return client_fail(c, EXIT_CODE_FAILED,
				   "%s is no regular file; what a program writes can be stored with `put - NAME`",
				   file);
	case OUTGOING_E_NO_TEMPORARY:
		return client_fail(c, failure_from_errno(error),
				   "cannot store %s in a temporary file ($TMPDIR, /tmp): %s", file, strerror(-error));
	default:
		return client_fail(c, failure_from_errno(r), "cannot read %s: %s", file, strerror(-r));
	}
}

static enum exit_code cmd_put_open(const struct client *c, const char *file, struct outgoing *ret)
{
	int r, error = 0;

	if (!cmd_put_is_stdin(file)) {
		r = outgoing_open(ret, file, &error);
	} else if (c->mode != CLIENT_MODE_ONCE) {
		return client_fail(c, EXIT_CODE_USAGE,
				   "- is standard input, where the commands come from: name a file");
	} else {
		file = "standard input";
		r = outgoing_open_fd(ret, STDIN_FILENO, &error);
	}
	return r == 0 ? EXIT_CODE_OK : cmd_put_fail_file(c, file, r, error);
}

/*
 * The bytes. EXIT_CODE_OK also where the answer came early (*ret_early): then not all was sent, and the connection
 * is of no more use once the answer is read.
 */
static enum exit_code cmd_put_send(struct client *c, const struct outgoing *s, struct progress *progress, bool *ret_early)
{
	_cleanup_(freep) char *chunk = malloc(CMD_PUT_CHUNK);
	uint64_t sent = 0;
	ssize_t k;
	int r = 0;

	if (!chunk)
		return client_fail_broken(c, -ENOMEM);
	for (; sent < s->size && r == 0; sent += (uint64_t)k) {
		k = outgoing_read(s, sent, chunk, CMD_PUT_CHUNK);
		if (k <= 0) {
			progress_end(progress);
			/* A connection that breaks leaves nothing behind on the server. */
			client_drop(c);
			return client_fail(c, EXIT_CODE_FAILED,
					   "read only %" PRIu64 " of %" PRIu64 " bytes (%s); nothing was stored", sent,
					   s->size, k < 0 ? strerror((int)-k) : "the file became shorter meanwhile");
		}
		progress_step(progress, sent);
		r = peer_send(c->peer, chunk, (size_t)k);
	}
	*ret_early = r == PEER_E_ANSWERED;
	if (r >= 0)
		return EXIT_CODE_OK;
	progress_end(progress);
	return client_fail_broken(c, r);
}

static enum exit_code cmd_put_store(struct client *c, const char *name, const struct outgoing *s)
{
	_cleanup_(progress_end) struct progress progress = { 0 };
	char size[32];
	struct peer_reply reply;
	enum exit_code code;
	bool early = false;

	(void)snprintf(size, sizeof(size), "%" PRIu64, s->size);
	code = client_send(c, (const char *const[]){ "WRITE", name, size, NULL });
	if (code != EXIT_CODE_OK)
		return code;
	progress_begin(&progress, c, "nothing was stored", s->size);
	code = cmd_put_send(c, s, &progress, &early);
	if (code != EXIT_CODE_OK)
		return code;
	progress_wait(&progress, "it is not known whether it was stored; `ls` shows it");
	peer_set_timeout(c->peer, c->timeout_usec + s->size / CMD_PUT_DISK_RATE * USEC_PER_SEC);
	code = client_answer(c, PEER_REPLY_LINE, &reply);
	if (early && c->peer)
		client_drop(c);
	else if (c->peer)
		peer_set_timeout(c->peer, c->timeout_usec);
	if (code != EXIT_CODE_OK)
		return code;
	/* OK,received,SIZE of exactly what was sent, or it is not stored. */
	if (early || reply.n_fields != 3 || reply.fields[2].len != strlen(size) ||
	    memcmp(reply.fields[2].data, size, strlen(size)) != 0)
		return client_fail_broken(c, -EPROTO);
	return EXIT_CODE_OK;
}

static enum exit_code cmd_put_one(struct client *c, const char *file, const char *name)
{
	_cleanup_(outgoing_done) struct outgoing source = OUTGOING_INERT;
	enum exit_code code;

	code = cmd_put_open(c, file, &source);
	return code == EXIT_CODE_OK ? cmd_put_store(c, name, &source) : code;
}

static int cmd_put_compare(const void *a, const void *b)
{
	return strcmp(cmd_put_base(*(char *const *)a), cmd_put_base(*(char *const *)b));
}

/* Two files must not be stored under one name, where the second would replace the first. */
static enum exit_code cmd_put_check_names(const struct client *c, unsigned n, char **files)
{
	_cleanup_(freep) char **sorted = reallocarray(NULL, n, sizeof(*sorted));

	if (!sorted)
		return client_fail(c, EXIT_CODE_FAILED, "%s", strerror(ENOMEM));
	memcpy(sorted, files, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), cmd_put_compare);
	for (unsigned i = 0; i < n; i++) {
		if (cmd_put_is_stdin(sorted[i]))
			return client_fail(c, EXIT_CODE_USAGE, "standard input has no name: write put - NAME");
		if (i > 0 && cmd_put_compare(&sorted[i - 1], &sorted[i]) == 0)
			return client_fail(c, EXIT_CODE_USAGE,
					   "%s and %s would have the same name there: store one of them with --as=NAME",
					   sorted[i - 1], sorted[i]);
	}
	return EXIT_CODE_OK;
}

/* Each under its own name in the server's @folder, which ends in '/', or is "": the served folder itself. */
static enum exit_code cmd_put_each(struct client *c, unsigned n, char **files, const char *folder)
{
	unsigned failed = 0;
	enum exit_code code;

	code = cmd_put_check_names(c, n, files);
	if (code != EXIT_CODE_OK)
		return code;
	for (unsigned i = 0; i < n; i++) {
		_cleanup_(freep) char *name = NULL;

		client_label(c, "put", files[i]);
		if (asprintf(&name, "%s%s", folder, cmd_put_base(files[i])) < 0) {
			name = NULL;
			return client_fail(c, EXIT_CODE_FAILED, "%s", strerror(ENOMEM));
		}
		code = cmd_put_one(c, files[i], name);
		if (code == EXIT_CODE_NO_SERVER || code == EXIT_CODE_INTERRUPTED)
			return code;
		failed += code != EXIT_CODE_OK;
	}
	return failed == 0 ? EXIT_CODE_OK : n > 1 ? EXIT_CODE_SOME_FAILED : code;
}

/* Whether @name is another file here. */
static bool cmd_put_is_local(const char *file, const char *name)
{
	struct stat a, b;

	return stat(name, &b) == 0 && S_ISREG(b.st_mode) &&
	       !(stat(file, &a) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

/* One byte of the terminal, without stdio, which libedit does not use. False: its end, or a SIGINT. */
static bool cmd_put_read_byte(char *ret)
{
	struct pollfd from = { .fd = STDIN_FILENO, .events = POLLIN };
	int r;

	do
		r = interrupt_poll(&from, 1, -1);
	while (r < 0 && errno == EINTR && !interrupt_is_seen()); /* the terminal has another size */
	return r > 0 && read(STDIN_FILENO, ret, 1) == 1;
}

/* Reads one line of the terminal. */
static bool cmd_put_is_yes(void)
{
	char first = '\0', byte;

	while (cmd_put_read_byte(&byte) && byte != '\n')
		first = first ? first : byte;
	return first == 'y' || first == 'Y';
}

static enum exit_code cmd_put_confirm(const struct client *c, const char *file, const char *name)
{
	char shown[SHOW_NAME_MAX], shown_file[SHOW_NAME_MAX];

	(void)show_name(shown, sizeof(shown), name);
	(void)show_name(shown_file, sizeof(shown_file), file);
	if (c->mode == CLIENT_MODE_SCRIPT || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return client_fail(
			c, EXIT_CODE_USAGE,
			"'%s' is a file here, too: write `put --as=%s %s` to store the one under that name, or "
			"`put %s %s /` to store both",
			name, name, file, file, name);
	(void)fprintf(stderr, "%s is a file here, too. Store %s under that name? (y/N) ", shown, shown_file);
	(void)fflush(stderr);
	if (cmd_put_is_yes())
		return EXIT_CODE_OK;
	return client_fail(c, EXIT_CODE_USAGE, "nothing was stored; `put %s %s /` stores both", file, name);
}

static enum exit_code cmd_put_words(struct client *c, unsigned n, char **words, const char *as)
{
	const char *last = words[n - 1], *name = as ? as : n == 2 ? last : cmd_put_base(words[0]);
	enum exit_code code;

	if (!as && n > 1 && cmd_put_is_folder(last))
		return cmd_put_each(c, n - 1, words, cmd_put_is_root(last) ? "" : last);
	if (!as && n > 2)
		return cmd_put_each(c, n, words, "");
	if (cmd_put_is_stdin(words[0]) && !as && n < 2)
		return client_fail(c, EXIT_CODE_USAGE, "standard input has no name: write put - NAME");
	code = n == 2 && !cmd_put_is_stdin(words[0]) && cmd_put_is_local(words[0], last) ?
		       cmd_put_confirm(c, words[0], last) : EXIT_CODE_OK;
	return code == EXIT_CODE_OK ? cmd_put_one(c, words[0], name) : code;
}

static enum exit_code cmd_put_run(struct client *c, const struct args *a)
{
	const char *as = args_get(a, "as");

	if (as && a->n > 1)
		return client_fail(c, EXIT_CODE_USAGE, "--as=NAME names one file: write put --as=NAME FILE");
	return cmd_put_words(c, a->n, a->words, as);
}

static const struct flag cmd_put_flags[] = {
	{ "as", "NAME", "under this name, of one file" },
	{ 0 },
};

const struct client_command cmd_put = {
	.row = {
		.name = "put",
		.args = "FILE... [NAME|FOLDER/]",
		.help = "Stores files; - is standard input.",
		.flags = cmd_put_flags,
		.min = 1,
		.max = UINT32_MAX,
	},
	.words = { COMMAND_WORD_LOCAL, COMMAND_WORD_LOCAL },
	.role = "file",
	.run = cmd_put_run,
};
