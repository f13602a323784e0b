/* SPDX-License-Identifier: MIT */
#include "session/admin.h"

#include "base/log.h"
#include "session/session-private.h"
#include "wire/field.h"

#include <string.h>

/* The word tells a client not to connect again by itself, as it does after a server has stopped. */
#define ADMIN_KICKED "kicked: "

static enum client_state admin_state(const struct session *s)
{
	if (session_is_closing(s))
		return CLIENT_ENDING;
	if (s->conn.full)
		return CLIENT_STALLED;
	return s->n_requests > 0 ? CLIENT_BUSY : CLIENT_IDLE;
}

void admin_describe(const struct session *s, uint64_t now_usec, uint64_t real_usec, struct client *ret)
{
	*ret = (struct client){
		.handle = s->handle,
		.address = s->address,
		.dialect = s->dialect,
		.state = admin_state(s),
		.requests = s->n_requests,
		.connected_usec = real_usec - MIN(now_usec - s->since_usec, real_usec),
		/* A session that was adopted in this pass can have a later time. */
		.idle_usec = now_usec - MIN(now_usec, s->active_usec),
		.bytes_in = s->conn.received,
		.bytes_out = s->conn.sent,
	};
	memcpy(ret->listener, s->listener->address, sizeof(ret->listener));
	/* A session whose identity was never made has no nick. A list makes no identities. */
	if (s->identity && s->identity->nick)
		memcpy(ret->name, s->identity->nick, s->identity->name_len + 1);
}

static void admin_log_kick(struct session *s, const char *why)
{
	struct log_field fields[SESSION_FIELDS_MAX];
	struct session_words words;
	size_t n = session_fields(s, &words, fields);

	log_full(LOG_LEVEL_NOTICE, fields, n, "session %s of %s was kicked: %s", words.id, words.name, why);
}

void admin_kick(struct session *s, const char *why)
{
	char text[sizeof(ADMIN_KICKED) + 3 * ADMIN_WHY_MAX] = ADMIN_KICKED;
	size_t n = strlen(text);

	text[n + field_encode(text + n, why, MIN(strlen(why), (size_t)ADMIN_WHY_MAX))] = '\0';
	admin_log_kick(s, why);
	session_goaway(s, text);
}

void admin_drop(struct session *s)
{
	session_end(s, "kicked");
}
