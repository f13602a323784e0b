/* SPDX-License-Identifier: MIT */
#include "ftp.h"

#include "base/macro.h"
#include "conn.h"
#include "pattern.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Whether the reply ends here: "226 text" does, "226-text" goes on (RFC 959, 4.2). */
static bool ftp_is_whole(const char *buf, size_t n)
{
	const char *line;

	if (n < 6 || buf[n - 1] != '\n')
		return false;

	line = memrchr(buf, '\n', n - 1);
	line = line ? line + 1 : buf;
	return buf + n - line > 4 && line[3] == ' ';
}

/* We say nothing before the answer to the last has come: what is received is one reply, or the beginning of one. */
static int ftp_hear(int fd, const char *code, char *buf, size_t cap)
{
	size_t len = 0;
	ssize_t n;

	do {
		if (len + 1 >= cap)
			return -EMSGSIZE;
		n = recv(fd, buf + len, cap - len - 1, 0);
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		len += (size_t)n;
	} while (!ftp_is_whole(buf, len));

	buf[len] = '\0';
	return strncmp(buf, code, strlen(code)) == 0 ? 0 : -EBADMSG;
}

static int ftp_say(int fd, const char *verb, const char *argument)
{
	char line[512];
	int n;

	n = snprintf(line, sizeof(line), "%s%s%s\r\n", verb, *argument ? " " : "", argument);
	if (n < 0 || (size_t)n >= sizeof(line))
		return -EMSGSIZE;
	return conn_send(fd, line, (size_t)n, false);
}

static int ftp_do(int fd, const char *verb, const char *argument, const char *code)
{
	char buf[4096];
	int r;

	r = ftp_say(fd, verb, argument);
	if (r < 0)
		return r;
	return ftp_hear(fd, code, buf, sizeof(buf));
}

int ftp_log_in(int fd)
{
	char buf[4096];
	int r;

	r = ftp_hear(fd, "220", buf, sizeof(buf));
	if (r >= 0)
		r = ftp_do(fd, "USER", FTP_USER, "331");
	if (r >= 0)
		r = ftp_do(fd, "PASS", FTP_PASSWORD, "230");
	if (r >= 0)
		r = ftp_do(fd, "TYPE", "I", "200");
	return r;
}

/* "227 Entering Passive Mode (127,0,0,1,p1,p2)" */
static int ftp_open_data(int fd, int *ret_fd)
{
	char buf[4096], *p;
	unsigned high, low;
	int r;

	r = ftp_say(fd, "PASV", "");
	if (r < 0)
		return r;
	r = ftp_hear(fd, "227", buf, sizeof(buf));
	if (r < 0)
		return r;

	p = strchr(buf, '(');
	if (!p || sscanf(p, "(127,0,0,1,%u,%u)", &high, &low) != 2 || high > 255 || low > 255)
		return -EBADMSG;
	return conn_try((uint16_t)(high << 8 | low), ret_fd);
}

int ftp_put(int fd, const char *name, uint64_t size)
{
	_cleanup_(closep) int data = -1;
	char buf[4096];
	uint64_t pos;
	int r;

	r = ftp_open_data(fd, &data);
	if (r < 0)
		return r;
	r = conn_set_patience(data, CONN_FILE_SEC);
	if (r >= 0)
		r = ftp_do(fd, "STOR", name, "150");
	for (pos = 0; r >= 0 && pos < size; pos += PATTERN_PIECE)
		r = conn_send(data, pattern_at(pos), MIN((uint64_t)PATTERN_PIECE, size - pos), false);
	if (r < 0)
		return r;

	/* its end is the file's */
	closep(&data);
	data = -1;
	return ftp_hear(fd, "226", buf, sizeof(buf));
}
