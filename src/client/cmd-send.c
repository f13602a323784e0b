/* SPDX-License-Identifier: MIT */
/*
 * A message for a name whose user can be away. The message has a key: where the connection breaks before the answer,
 * the message is sent again with the same key, and the server holds it once.
 */
#include "client/commands.h"

#include "base/buf.h"
#include "base/clock.h"
#include "client/words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CMD_SEND_KEY_MAX   64
#define CMD_SEND_TEXT_MAX  (1U << 20) /* of standard input; the server takes less */
#define CMD_SEND_POLL_MSEC  100  /* how long until the first look whether it is delivered; then longer each time */
#define CMD_SEND_LOOK_MSEC 2000

struct cmd_send {
	struct client *client;
	const char *name, *key;
	struct buf text;
	bool wait;
	char id[32];
	unsigned data; /* the ID is of: client.data */
};

/* Whether the request can be sent again on another connection. */
static bool cmd_send_is_broken(const struct cmd_send *s, int error)
{
	return (error == -ECONNRESET || error == -EPIPE) && peer_unwanted(s->client->peer) == ERROR_MAX;
}

static int cmd_send_once(const struct cmd_send *s, struct peer_reply *ret)
{
	struct field request[] = {
		{ (char *)"SEND", strlen("SEND") },
		{ (char *)s->name, strlen(s->name) },
		{ s->text.data, s->text.len },
		{ (char *)s->key, strlen(s->key) },
	};
	int r;

	r = peer_request(s->client->peer, request, ELEMENTSOF(request));
	return r < 0 ? r : peer_reply(s->client->peer, ret);
}

/* It is not known whether the server holds the message. */
static enum exit_code cmd_send_fail_unknown(const struct cmd_send *s, enum exit_code code)
{
	client_print(
		"it is not known whether the message is held; with --key=%s it can be sent again, and is held once",
		s->key);
	return code;
}

static enum exit_code cmd_send_keep_id(struct cmd_send *s, const struct peer_reply *reply)
{
	if (reply->kind == PEER_REPLY_ERROR)
		return client_fail_refused(s->client, reply);
	if (reply->kind != PEER_REPLY_LINE || reply->n_fields < 2 || reply->fields[1].len >= sizeof(s->id) ||
	    strspn(reply->fields[1].data, "0123456789") < reply->fields[1].len)
		return client_fail_broken(s->client, -EPROTO);
	memcpy(s->id, reply->fields[1].data, reply->fields[1].len);
	s->id[reply->fields[1].len] = '\0';
	s->data = s->client->data;
	return EXIT_CODE_OK;
}

static enum exit_code cmd_send_hand_over(struct cmd_send *s)
{
	struct client *c = s->client;
	uint64_t until_usec = clock_usec() + c->timeout_usec, pause_usec = 0;
	struct peer_reply reply;
	enum exit_code code;
	int r;

	if (!client_link(c, &code))
		return code;
	for (;;) {
		r = cmd_send_once(s, &reply);
		if (r == 0 && reply.kind == PEER_REPLY_ERROR && reply.code == ERROR_BUSY && clock_usec() < until_usec &&
		    client_pause(&pause_usec) == 0)
			continue;
		if (r == 0)
			break;
		if (!cmd_send_is_broken(s, r) || clock_usec() >= until_usec)
			return cmd_send_fail_unknown(s, client_fail_broken(c, r));
		client_drop(c);
		code = client_resume(c, until_usec);
		if (code != EXIT_CODE_OK)
			return cmd_send_fail_unknown(s, code);
	}
	return cmd_send_keep_id(s, &reply);
}

/* Requests the state of the message: OK and *ret_done, or prints why it is not known. */
static enum exit_code cmd_send_look(struct cmd_send *s, bool *ret_done)
{
	const char *const status[] = { "STATUS", s->id, NULL };
	struct peer_reply reply;
	enum exit_code code;

	*ret_done = false;
	code = client_request(s->client, PEER_REPLY_LINE, status, &reply);
	if (code != EXIT_CODE_OK)
		return code;
	if (s->client->data != s->data)
		return client_fail(s->client, EXIT_CODE_FAILED, "its state cannot be known");
	if (reply.n_fields < 2)
		return client_fail_broken(s->client, -EPROTO);
	if (reply.fields[1].len == strlen("expired") && memcmp(reply.fields[1].data, "expired", strlen("expired")) == 0)
		return client_fail(s->client, EXIT_CODE_TIMED_OUT,
				   "it was dropped: nobody fetched it within the time that the server keeps messages");
	*ret_done = reply.fields[1].len == strlen("delivered") &&
		    memcmp(reply.fields[1].data, "delivered", strlen("delivered")) == 0;
	return EXIT_CODE_OK;
}

/* Polls with STATUS, as WAIT would deliver the user's own mail, too. */
static enum exit_code cmd_send_wait(struct cmd_send *s, uint64_t until_usec)
{
	struct client *c = s->client;
	int msec = CMD_SEND_POLL_MSEC, r;
	enum exit_code code;
	bool done;

	for (;; msec = MIN(2 * msec, CMD_SEND_LOOK_MSEC)) {
		code = cmd_send_look(s, &done);
		if (c->state == CLIENT_STATE_BROKEN && code != EXIT_CODE_INTERRUPTED)
			code = client_resume(c, clock_usec() + c->timeout_usec);
		if (code != EXIT_CODE_OK || done)
			return code;
		if (clock_usec() >= until_usec)
			return client_fail(c, EXIT_CODE_TIMED_OUT, "not delivered yet; it is still held");
		r = client_listen(c, msec);
		if (r == -EINTR)
			return client_fail(c, EXIT_CODE_INTERRUPTED, "interrupted; it is still held");
		if (r < 0 && peer_unwanted(c->peer) != ERROR_MAX)
			return client_fail_broken(c, r);
		if (r < 0) {
			client_drop(c);
			code = client_resume(c, clock_usec() + c->timeout_usec);
			if (code != EXIT_CODE_OK)
				return code;
		}
	}
}

static enum exit_code cmd_send_all(struct cmd_send *s, uint64_t seconds)
{
	enum exit_code code;

	code = cmd_send_hand_over(s);
	if (code != EXIT_CODE_OK)
		return code;
	(void)puts(s->id);
	code = client_flush(s->client, code);
	if (code == EXIT_CODE_OK && s->wait)
		code = cmd_send_wait(s, seconds > 0 ? clock_usec() + seconds * USEC_PER_SEC : USEC_NEVER);
	return code;
}

/* Reads all of standard input; a line end behind it is dropped. */
static enum exit_code cmd_send_read(struct cmd_send *s)
{
	struct client *c = s->client;
	ssize_t k = 1;
	int r = 0;

	if (c->mode != CLIENT_MODE_ONCE)
		return client_fail(c, EXIT_CODE_USAGE,
				   "- is standard input, where the commands come from: write the text");
	s->text.max = CMD_SEND_TEXT_MAX + 1;
	while (r == 0 && k > 0) {
		r = buf_reserve(&s->text, 1);
		k = r == 0 ? read(STDIN_FILENO, s->text.data + s->text.len, s->text.cap - s->text.len) : 0;
		s->text.len += k > 0 ? (size_t)k : 0;
	}
	if (k < 0)
		return client_fail(c, failure_from_errno(-errno), "cannot read standard input: %s", strerror(errno));
	if (r == -ENOBUFS)
		return client_fail(
			c, EXIT_CODE_LIMIT,
			"standard input has over 1 MiB; a message can be as long as a line of the server (limits.line, "
			"by default 64 KiB): `put - NAME` stores it as a file");
	if (r < 0)
		return client_fail(c, EXIT_CODE_FAILED, "%s", strerror(-r));
	if (s->text.len > 0 && s->text.data[s->text.len - 1] == '\n')
		s->text.len--;
	if (s->text.len == 0)
		return client_fail(c, EXIT_CODE_FAILED, "standard input is empty; nothing was sent");
	if (memchr(s->text.data, '\0', s->text.len))
		return client_fail(c, EXIT_CODE_FAILED,
				   "standard input holds a NUL byte, and a message is text; nothing was sent");
	return EXIT_CODE_OK;
}

static enum exit_code cmd_send_take_text(struct cmd_send *s, unsigned n, char **words)
{
	if (n == 1 && strcmp(words[0], "-") == 0)
		return cmd_send_read(s);
	if (words_join(&s->text, n, words) < 0)
		return client_fail(s->client, EXIT_CODE_FAILED, "%s", strerror(ENOMEM));
	return EXIT_CODE_OK;
}

/* A key that no other message has. */
static void cmd_send_make_key(char key[CMD_SEND_KEY_MAX + 1])
{
	(void)snprintf(key, CMD_SEND_KEY_MAX + 1, "%08" PRIx32 "%08" PRIx32 "%08" PRIx32 "%08" PRIx32, arc4random(),
		       arc4random(), arc4random(), arc4random());
}

static enum exit_code cmd_send_run(struct client *c, const struct args *a)
{
	char key[CMD_SEND_KEY_MAX + 1], why[256];
	struct cmd_send s = { .client = c, .name = a->words[0], .key = args_get(a, "key") };
	uint64_t seconds = 0;
	enum exit_code code;

	if (args_has(a, "for") && args_number(a, "for", 1, 86400, &seconds, why, sizeof(why)) < 0)
		return client_fail(c, EXIT_CODE_USAGE, "%s", why);
	s.wait = args_has(a, "wait") || args_has(a, "for");
	if (!s.key) {
		cmd_send_make_key(key);
		s.key = key;
	}
	code = client_set_nick(c, args_get(a, "nick"));
	if (code == EXIT_CODE_OK)
		code = cmd_send_take_text(&s, a->n - 1, a->words + 1);
	if (code == EXIT_CODE_OK)
		code = cmd_send_all(&s, seconds);
	buf_done(&s.text);
	return code;
}

static const struct flag cmd_send_flags[] = {
	COMMANDS_FLAG_NICK,
	{ "key", "KEY", "the same message again is stored once" },
	{ "wait", NULL, "until NAME has taken it" },
	{ "for", "SECONDS", "so long at most" },
	{ 0 },
};

const struct client_command cmd_send = {
	.row = {
		.name = "send",
		.args = "[OPTION...] NAME TEXT|-",
		.help = "Leaves a message for NAME and prints its ID.",
		.flags = cmd_send_flags,
		.min = 2,
		.max = UINT32_MAX,
	},
	.words = { COMMAND_WORD_NAME },
	.role = "relay",
	.needs_name = true,
	.run = cmd_send_run,
};
