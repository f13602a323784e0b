/* SPDX-License-Identifier: MIT */
#include "client/failure.h"

#include "base/macro.h"

#include <errno.h>
#include <string.h>

static const struct failure_row failure_rows[ERROR_MAX + 1] = {
	[ERROR_BAD_COMMAND] = { EXIT_CODE_FAILED, "the server does not know this command",
				"`raw HELP` shows what it offers" },
	[ERROR_BAD_ARGUMENT] = { EXIT_CODE_FAILED, "bad argument", NULL },
	[ERROR_TOO_LONG] = { EXIT_CODE_FAILED, "too long", NULL },
	[ERROR_NOT_FOUND] = { EXIT_CODE_NOT_FOUND, "not found", NULL },
	[ERROR_EXISTS] = { EXIT_CODE_EXISTS, "exists already", NULL },
	[ERROR_DENIED] = { EXIT_CODE_NOT_PERMITTED, "not permitted", NULL },
	[ERROR_AUTH_REQUIRED] = { EXIT_CODE_NOT_PERMITTED, "the server needs a login", NULL },
	[ERROR_AUTH_FAILED] = { EXIT_CODE_NOT_PERMITTED, "wrong user or password", NULL },
	[ERROR_TAKEN] = { EXIT_CODE_LATER, "taken", "choose another name" },
	[ERROR_TOO_LARGE] = { EXIT_CODE_LIMIT, "too large", NULL },
	[ERROR_NO_SPACE] = { EXIT_CODE_LIMIT, "the server's disk is full",
			     "delete something there, or ask its administrator" },
	[ERROR_QUOTA] = { EXIT_CODE_LIMIT, "over quota", "delete something there, or ask its administrator" },
	[ERROR_BUSY] = { EXIT_CODE_LATER, "the server is busy", "try again in a moment" },
	[ERROR_LIMIT] = { EXIT_CODE_LIMIT, "over a limit", NULL },
	[ERROR_SLOW] = { EXIT_CODE_LATER, "read too slowly", NULL },
	[ERROR_CORRUPT] = { EXIT_CODE_CORRUPT, "corrupt", "nothing of it was kept: try again" },
	[ERROR_OFFLINE] = { EXIT_CODE_FAILED, "offline", NULL },
	[ERROR_TIMEOUT] = { EXIT_CODE_TIMED_OUT, "timed out", "try again" },
	[ERROR_UNAVAILABLE] = { EXIT_CODE_FAILED, "not available", NULL },
	[ERROR_SHUTTING_DOWN] = { EXIT_CODE_LATER, "the server is shutting down", "try again in a moment" },
	[ERROR_INTERNAL] = { EXIT_CODE_FAILED, "the server failed", "its journal says why: journalctl -u 'ioe@*'" },
	[ERROR_MAX] = { EXIT_CODE_FAILED, "refused", NULL },
};

const struct failure_row *failure_from_error_code(enum error_code s)
{
	return &failure_rows[MIN((unsigned)s, (unsigned)ERROR_MAX)];
}

enum exit_code failure_from_errno(int error)
{
	switch (error) {
	case -EINTR:
		return EXIT_CODE_INTERRUPTED;
	case -ETIMEDOUT:
		return EXIT_CODE_TIMED_OUT;
	case -EBUSY:
	case -ESHUTDOWN:
		return EXIT_CODE_LATER;
	default:
		return EXIT_CODE_FAILED;
	}
}

enum exit_code failure_from_dial(int error)
{
	enum exit_code code = failure_from_errno(error);

	return code == EXIT_CODE_INTERRUPTED || code == EXIT_CODE_LATER ? code : EXIT_CODE_NO_SERVER;
}

const char *failure_errno_words(int error)
{
	switch (error) {
	case -ENXIO:
		return "there is no host of this name";
	case -EAGAIN:
		return "its name cannot be looked up: no name server answers";
	case -EREMOTEIO:
		return "its name cannot be looked up: the name server failed";
	case -ECONNREFUSED:
		return "nothing listens there";
	case -ECONNRESET:
	case -EPIPE:
		return "the server closed the connection";
	case -ETIMEDOUT:
		return "no answer in time";
	case -EPROTO:
		return "the program that answers does not speak ioe/1";
	case -EMSGSIZE:
		return "the server sent a line of over 1 MiB";
	case -EBUSY:
		return "the server is busy, or has as many sessions as it allows";
	case -ESHUTDOWN:
		return "the server is shutting down";
	case -EACCES:
		return "the server refuses this client";
	case -EINTR:
		return "interrupted";
	default:
		return strerror(-error);
	}
}
