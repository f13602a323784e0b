#pragma once
/* SPDX-License-Identifier: MIT */
/* One Varlink call to one daemon. */

#include <json-c/json.h>
#include <stdint.h>

struct call_reply {
	char *error;                    /* NULL: it succeeded */
	struct json_object *parameters; /* never NULL: empty where there were none */
};

/*
 * Connects, asks, is answered, closes, all before @timeout_usec is over. 0 (error replies too); -ENOENT and
 * -ECONNREFUSED: nobody is there; -EACCES; -ETIMEDOUT; -ENAMETOOLONG; -ECONNRESET: closed without an answer; -EPROTO:
 * what answered speaks no Varlink; another negative errno.
 */
int call_once(const char *path, const char *method, struct json_object *parameters, uint64_t timeout_usec,
	       struct call_reply *ret);

/* The same for an answer of several replies: each but the last goes to @page, which may end it by a negative errno. The
 * time is that for each reply. */
typedef int (*call_page_fn)(void *userdata, struct json_object *parameters);
int call_more(const char *path, const char *method, struct json_object *parameters, uint64_t timeout_usec,
		    call_page_fn page, void *userdata, struct call_reply *ret);
void call_reply_done(struct call_reply *a);
