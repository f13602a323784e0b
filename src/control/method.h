#pragma once
/* SPDX-License-Identifier: MIT */
/* The arguments of a method, and the replies that all methods use. */

#include "control/service.h"

struct method_call {
	struct service *service;
	struct json_object *parameters; /* checked against the method's row; NULL: none */
	bool more, oneway;
	struct buf *out;
	struct service_job *job; /* set by a method that answers later */
};

/* The value of a parameter. If it was not given: NULL, @otherwise or false. */
const char *method_string(const struct method_call *c, const char *key);
int64_t method_int(const struct method_call *c, const char *key, int64_t otherwise);
bool method_flag(const struct method_call *c, const char *key);

/* Append a reply to @out. All consume the object; NULL: there was no memory for it. 0 or negative errno. */
int method_reply(struct buf *out, struct json_object *parameters, bool continues);
int method_error(struct buf *out, const char *error, const char *key, struct json_object *value);
int method_invalid(struct buf *out, const char *parameter);
