#pragma once
/* SPDX-License-Identifier: MIT */
/* One Varlink call to one daemon, with a deadline. */

#include <json-c/json.h>
#include <stdint.h>

struct call_reply {
	char *error;                    /* NULL: it succeeded */
	struct json_object *parameters; /* never NULL: empty where there were none */
};

/*
 * Connects, sends the call, receives the reply and closes, all before @timeout_usec is over. 0 (for error replies,
 * too); -ENOENT and -ECONNREFUSED: nothing listens there; -EACCES; -ETIMEDOUT; -ENAMETOOLONG; -ECONNRESET: closed
 * without a reply; -EPROTO: the reply is no Varlink; another negative errno.
 */
int call_once(const char *path, const char *method, struct json_object *parameters, uint64_t timeout_usec,
	      struct call_reply *ret);

/* The same for a call with several replies: each but the last goes to @page, which can end it with a negative errno.
 * The timeout is for each reply. */
typedef int (*call_page_fn)(void *userdata, struct json_object *parameters);
int call_more(const char *path, const char *method, struct json_object *parameters, uint64_t timeout_usec,
	      call_page_fn page, void *userdata, struct call_reply *ret);
void call_reply_done(struct call_reply *a);
