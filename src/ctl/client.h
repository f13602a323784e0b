#pragma once
/* SPDX-License-Identifier: MIT */
/* One Varlink call to one daemon. */

#include <json-c/json.h>
#include <stdint.h>

struct client_answer {
	char *error;                    /* NULL: it succeeded */
	struct json_object *parameters; /* never NULL: empty where there were none */
};

/*
 * Connects, asks, is answered, closes, all before @timeout_usec is over. 0 (error replies too); -ENOENT and
 * -ECONNREFUSED: nobody is there; -EACCES; -ETIMEDOUT; -ENAMETOOLONG; -ECONNRESET: closed without an answer; -EPROTO:
 * what answered speaks no Varlink; another negative errno.
 */
int client_ask(const char *path, const char *method, struct json_object *parameters, uint64_t timeout_usec,
	       struct client_answer *ret);

/* The same for an answer of several replies: each but the last goes to @page, which may end it by a negative errno. The
 * time is that for each reply. */
typedef int (*client_page_fn)(void *userdata, struct json_object *parameters);
int client_ask_more(const char *path, const char *method, struct json_object *parameters, uint64_t timeout_usec,
		    client_page_fn page, void *userdata, struct client_answer *ret);
void client_answer_done(struct client_answer *a);
