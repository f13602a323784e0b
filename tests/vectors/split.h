#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Where an old WRITE's size ends and its file begins: what comes, cut as the recvs cut it, the pauses between, and what
 * must be stored and answered. The unit test feeds them to the rules without sockets; the integration test sends them.
 */

#include <stddef.h>

enum vector_pause {
	VECTOR_GO_ON = 0, /* the next piece is another recv, at once */
	VECTOR_QUIET,     /* longer than legacy_wait, shorter than 1 s */
	VECTOR_LONG,      /* longer than 1 s */
	VECTOR_EOF,       /* the client shuts its side */
};

struct vector_piece {
	const char *bytes;
	enum vector_pause then;
};

struct split_vector {
	const char *name;
	struct vector_piece pieces[6];
	const char *stored;   /* the file, NULL: none */
	const char *answered; /* all of it */
	int raw_already;      /* the session has said LIST as an old client before */
};

static const struct split_vector split_vectors[] = {
	/* Old clients: the header is a send of its own, and then a line a send. */
	{ "a text file", { { "WRITE,f,12", 0 }, { "hello\n", 0 }, { "world\n", VECTOR_QUIET } }, "hello\nworld\n", "OK,received,12", 0 },
	{ "a text file in one piece", { { "WRITE,f,12hello\nworld\n", VECTOR_LONG } }, "hello\nworld\n", "OK,received,12", 0 },
	{ "begins with digits", { { "WRITE,f,10", 0 }, { "12345\n", 0 }, { "abc\n", VECTOR_QUIET } }, "12345\nabc\n", "OK,received,10", 0 },
	{ "begins with digits, one piece", { { "WRITE,f,1012345\nabc\n", VECTOR_LONG } }, "12345\nabc\n", "OK,received,10", 0 },
	{ "only digits", { { "WRITE,f,10", 0 }, { "0123456789", VECTOR_QUIET } }, "0123456789", "OK,received,10", 0 },
	{ "only digits, one piece", { { "WRITE,f,100123456789", VECTOR_LONG } }, "0123456789", "OK,received,10", 0 },
	{ "only digits, cut in the size", { { "WRITE,f,1", 0 }, { "00123456789", VECTOR_LONG } }, "0123456789", "OK,received,10", 0 },
	{ "digits and a line's end", { { "WRITE,f,2", 0 }, { "2\n", VECTOR_QUIET } }, "2\n", "OK,received,2", 0 },
	{ "an empty line first", { { "WRITE,f,5", 0 }, { "\n", 0 }, { "foo\n", VECTOR_LONG } }, "\nfoo\n", "OK,received,5", 0 },
	{ "an empty line first, one piece", { { "WRITE,f,5\nfoo\n", VECTOR_LONG } }, "\nfoo\n", "OK,received,5", 0 },
	{ "an empty CR LF line first", { { "WRITE,f,7", 0 }, { "\r\n", 0 }, { "foo\r\n", VECTOR_LONG } }, "\r\nfoo\r\n", "OK,received,7", 0 },
	{ "a lone line's end", { { "WRITE,f,1", 0 }, { "\n", VECTOR_LONG } }, "\n", "OK,received,1", 0 },
	{ "empty", { { "WRITE,f,0", VECTOR_QUIET } }, "", "OK,received,0", 0 },
	{ "one byte", { { "WRITE,f,1", 0 }, { "x", VECTOR_QUIET } }, "x", "OK,received,1", 0 },
	{ "one digit", { { "WRITE,f,1", 0 }, { "7", VECTOR_QUIET } }, "7", "OK,received,1", 0 },
	{ "no line's end at all", { { "WRITE,f,3", 0 }, { "abc", VECTOR_QUIET } }, "abc", "OK,received,3", 0 },
	{ "ends with the connection", { { "WRITE,f,3", 0 }, { "abc", VECTOR_EOF } }, "abc", "OK,received,3", 0 },
	{ "breaks off", { { "WRITE,f,30", 0 }, { "abc", VECTOR_EOF } }, NULL, "ERROR: bad-argument: what came behind the name is no size and a file of that size", 0 },
	{ "a pause inside the file", { { "WRITE,f,6", 0 }, { "abc", VECTOR_LONG }, { "def", VECTOR_QUIET } }, "abcdef", "OK,received,6", 0 },
	{ "looks like a person's until it goes on", { { "WRITE,f,12", 0 }, { "3\n", 0 }, { "4567890123", VECTOR_QUIET } }, "3\n4567890123", "OK,received,12", 0 },
	{ "a comma in the file", { { "WRITE,f,6", 0 }, { ",1,2\n\n", VECTOR_LONG } }, ",1,2\n\n", "OK,received,6", 0 },

	/* The first line of a table ends as a header does whose name has a comma. */
	{ "a table", { { "WRITE,f,12", 0 }, { "1,2,3\n", 0 }, { "4,5,6\n", VECTOR_QUIET } }, "1,2,3\n4,5,6\n", "OK,received,12", 0 },
	{ "a table in one piece", { { "WRITE,f,121,2,3\n4,5,6\n", VECTOR_LONG } }, "1,2,3\n4,5,6\n", "OK,received,12", 0 },
	{ "a table that pauses", { { "WRITE,f,12", 0 }, { "1,2,3\n", VECTOR_LONG }, { "4,5,6\n", VECTOR_QUIET } }, "1,2,3\n4,5,6\n", "OK,received,12", 0 },
	{ "a table, and the end", { { "WRITE,f,121,2,3\n4,5,6\n", VECTOR_EOF } }, "1,2,3\n4,5,6\n", "OK,received,12", 0 },

	/* People and programs that end the line. */
	{ "a person, the file at once", { { "WRITE,f,5\nhello", VECTOR_GO_ON } }, "hello", "OK,received,5\n", 0 },
	{ "a person, the file later", { { "WRITE,f,5\n", VECTOR_LONG }, { "hello", VECTOR_GO_ON } }, "hello", "OK,received,5\n", 0 },
	{ "a person, CR LF", { { "WRITE,f,5\r\n", VECTOR_LONG }, { "hello", VECTOR_GO_ON } }, "hello", "OK,received,5\n", 0 },
	{ "a person, two digits", { { "WRITE,f,22\n", VECTOR_LONG }, { "abcdefghijklmnopqrstuv", VECTOR_GO_ON } }, "abcdefghijklmnopqrstuv", "OK,received,22\n", 0 },
	{ "a person, the file slowly", { { "WRITE,f,6\n", VECTOR_LONG }, { "abc", VECTOR_LONG }, { "def", VECTOR_GO_ON } }, "abcdef", "OK,received,6\n", 0 },
	{ "a person, then more", { { "WRITE,f,5\nhelloPING\n", VECTOR_GO_ON } }, "hello", "OK,received,5\nPONG\n", 0 },
	{ "a person, an empty file", { { "WRITE,f,0\nPING\n", VECTOR_GO_ON } }, "", "OK,received,0\nPONG\n", 0 },
	{ "a person, a file of digits", { { "WRITE,f,5\n", VECTOR_QUIET }, { "12345", VECTOR_GO_ON } }, "12345", "OK,received,5\n", 0 },
	{ "a person, a file that is a line's end", { { "WRITE,f,1\n", VECTOR_QUIET }, { "\n", VECTOR_GO_ON } }, "\n", "OK,received,1\n", 0 },
	{ "a person, cut inside the digits", { { "WRITE,f,1", 0 }, { "0\n", 0 }, { "0123456789", VECTOR_GO_ON } }, "0123456789", "OK,received,10\n", 0 },
	{ "a person, cut before the LF", { { "WRITE,f,10", 0 }, { "\n", VECTOR_QUIET }, { "0123456789", VECTOR_GO_ON } }, "0123456789", "OK,received,10\n", 0 },
	{ "a person, too few and gone", { { "WRITE,f,9\n", VECTOR_QUIET }, { "abc", VECTOR_EOF } }, NULL, "ERROR: bad-argument: the connection ended after 3 of 9 bytes; nothing was kept\n", 0 },

	/* A session that is raw already. */
	{ "raw: a text file", { { "WRITE,f,6", 0 }, { "hello\n", VECTOR_QUIET } }, "hello\n", "OK,received,6", 1 },
	{ "raw: begins with digits", { { "WRITE,f,3", 0 }, { "12\n", VECTOR_QUIET } }, "12\n", "OK,received,3", 1 },
	{ "raw: a lone line's end", { { "WRITE,f,1", 0 }, { "\n", VECTOR_LONG } }, "\n", "OK,received,1", 1 },
	{ "raw: digits and a line's end, one piece", { { "WRITE,f,22\n", VECTOR_LONG } }, "2\n", "OK,received,2", 1 },
	{ "raw: an empty line first, one piece", { { "WRITE,f,5\nfoo\n", VECTOR_LONG } }, "\nfoo\n", "OK,received,5", 1 },
	{ "raw: empty", { { "WRITE,f,0", VECTOR_QUIET } }, "", "OK,received,0", 1 },
	{ "raw: too much", { { "WRITE,f,3abcdef", VECTOR_GO_ON } }, NULL, "ERROR: bad-argument: what came behind the name is no size and a file of that size", 1 },
};
