/* SPDX-License-Identifier: MIT */
#include "client/command.h"

#include "base/clock.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CMD_PUT_PIECE     (256U << 10)

/* The answer comes once all is on the server's disk: a slow one, of this many bytes a second, is waited for. */
#define CMD_PUT_DISK_RATE (8U << 20)

/* An open file and what is to be sent of it. */
struct cmd_put_source {
	int fd;
	off_t begin;
	uint64_t size;
};

static void cmd_put_source_done(struct cmd_put_source *s)
{
	closep(&s->fd);
}

static enum exit_code cmd_put_say_file(const struct client *c, const char *file, int error)
{
	return client_say(c, EXIT_CODE_FAILED, "cannot read %s: %s", file, strerror(-error));
}

static enum exit_code cmd_put_open(const struct client *c, const char *file, struct cmd_put_source *s)
{
	struct stat st;

	/* Nonblocking: opening a FIFO would wait for a writer. */
	s->fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return cmd_put_say_file(c, file, -errno);
	if (!S_ISREG(st.st_mode))
		return client_say(c, EXIT_CODE_FAILED,
				  "%s is no regular file; what a program writes can be stored with - as FILE", file);
	s->size = (uint64_t)st.st_size;
	return EXIT_CODE_OK;
}

/* An unnamed temporary file. */
static int cmd_put_temporary(int *ret_fd)
{
	const char *folder = getenv("TMPDIR");
	_cleanup_(freep) char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/ioe-client.XXXXXX", folder && folder[0] ? folder : "/tmp") < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)unlink(path);
	*ret_fd = fd;
	return 0;
}

/* The server must be told the size first, so a stream is written down before. */
static int cmd_put_spool(struct cmd_put_source *s)
{
	_cleanup_(freep) char *piece = malloc(CMD_PUT_PIECE);
	ssize_t k;
	int r;

	if (!piece)
		return -ENOMEM;
	r = cmd_put_temporary(&s->fd);
	if (r < 0)
		return r;
	while ((k = read(STDIN_FILENO, piece, CMD_PUT_PIECE)) != 0) {
		if (k < 0)
			return -errno;
		r = io_write_all(s->fd, piece, (size_t)k);
		if (r < 0)
			return r;
		s->size += (uint64_t)k;
	}
	return 0;
}

static enum exit_code cmd_put_stdin(const struct client *c, struct cmd_put_source *s)
{
	struct stat st;
	off_t at;
	int r;

	if (c->mode != CLIENT_MODE_ONCE)
		return client_say(c, EXIT_CODE_USAGE, "- is standard input, where the commands come from: name a file");
	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode)) {
		at = lseek(STDIN_FILENO, 0, SEEK_CUR);
		s->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		if (at < 0 || s->fd < 0)
			return cmd_put_say_file(c, "standard input", -errno);
		s->begin = at;
		s->size = st.st_size > at ? (uint64_t)(st.st_size - at) : 0;
		return EXIT_CODE_OK;
	}
	r = cmd_put_spool(s);
	if (r < 0)
		return client_say(c, r == -EINTR ? EXIT_CODE_INTERRUPTED : EXIT_CODE_FAILED,
				  "cannot keep standard input in a temporary file ($TMPDIR, /tmp): %s", strerror(-r));
	return EXIT_CODE_OK;
}

/*
 * The bytes. EXIT_CODE_OK also where the answer came early (*ret_early): then not all was sent, and the connection
 * is of no more use once the answer is read.
 */
static enum exit_code cmd_put_send(struct client *c, const struct cmd_put_source *s, bool *ret_early)
{
	_cleanup_(freep) char *piece = malloc(CMD_PUT_PIECE);
	uint64_t sent = 0;
	ssize_t k;
	int r = 0;

	if (!piece)
		return client_say_broken(c, -ENOMEM);
	for (; sent < s->size && r == 0; sent += (uint64_t)k) {
		k = io_pread_full(s->fd, piece, MIN((uint64_t)CMD_PUT_PIECE, s->size - sent), s->begin + (off_t)sent);
		if (k <= 0) {
			/* A connection that breaks leaves nothing behind on the server. */
			client_lose(c);
			return client_say(c, EXIT_CODE_FAILED,
					  "read only %" PRIu64 " of %" PRIu64 " bytes (%s); nothing was stored", sent,
					  s->size, k < 0 ? strerror((int)-k) : "the file became shorter meanwhile");
		}
		r = peer_send(c->peer, piece, (size_t)k);
	}
	*ret_early = r == PEER_E_ANSWERED;
	return r < 0 ? client_say_broken(c, r) : EXIT_CODE_OK;
}

static enum exit_code cmd_put_store(struct client *c, const char *name, const struct cmd_put_source *s)
{
	char size[32];
	struct peer_reply reply;
	enum exit_code code;
	bool early = false;

	(void)snprintf(size, sizeof(size), "%" PRIu64, s->size);
	code = client_send(c, (const char *const[]){ "WRITE", name, size, NULL });
	if (code == EXIT_CODE_OK)
		code = cmd_put_send(c, s, &early);
	if (code != EXIT_CODE_OK)
		return code;
	peer_set_timeout(c->peer, c->silence_usec + s->size / CMD_PUT_DISK_RATE * USEC_PER_SEC);
	code = client_answer(c, PEER_REPLY_LINE, &reply);
	if (early && c->peer)
		client_lose(c);
	else if (c->peer)
		peer_set_timeout(c->peer, c->silence_usec);
	if (code != EXIT_CODE_OK)
		return code;
	/* OK,received,SIZE of exactly what was sent, or it is not stored. */
	if (early || reply.n_fields != 3 || reply.fields[2].len != strlen(size) ||
	    memcmp(reply.fields[2].data, size, strlen(size)) != 0)
		return client_say_broken(c, -EPROTO);
	return EXIT_CODE_OK;
}

static enum exit_code cmd_put_run(struct client *c, unsigned argc, char **argv)
{
	_cleanup_(cmd_put_source_done) struct cmd_put_source source = { .fd = -1 };
	const char *slash = strrchr(argv[1], '/');
	bool is_stdin = strcmp(argv[1], "-") == 0;
	enum exit_code code;

	if (is_stdin && argc < 3)
		return client_say(c, EXIT_CODE_USAGE, "standard input has no name: write put - NAME");
	code = is_stdin ? cmd_put_stdin(c, &source) : cmd_put_open(c, argv[1], &source);
	if (code != EXIT_CODE_OK)
		return code;
	return cmd_put_store(c, argc > 2 ? argv[2] : slash ? slash + 1 : argv[1], &source);
}

const struct command cmd_put = {
	.name = "put",
	.args = "FILE|- [NAME]",
	.help = "Stores a file; - is standard input.",
	.min = 1,
	.max = 2,
	.run = cmd_put_run,
};
