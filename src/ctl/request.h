#pragma once
/* SPDX-License-Identifier: MIT */
/* One request to each instance that a command is sent to. */

#include "ctl/ctl.h"

#include <json-c/json.h>

/* Receives the answer of an instance. EXIT_CODE_OK, or the exit code of the command for this instance; has printed
 * why. */
typedef enum exit_code (*request_fn)(void *userdata, const struct ctl_instance *i, struct json_object *answer);

/*
 * Sends the request to one instance after the other; @parameters are not consumed. Prints each failure to stderr.
 * Returns the code in which all end, else EXIT_CODE_SOME_FAILED; EXIT_CODE_NO_SERVER where no instance runs.
 */
enum exit_code request_each(const struct ctl *ctl, const char *method, struct json_object *parameters, request_fn fn,
			    void *userdata);
/* The same for an answer in several replies: @fn is called with each. */
enum exit_code request_each_more(const struct ctl *ctl, const char *method, struct json_object *parameters,
				 request_fn fn, void *userdata);

/* As request_each(), with a timeout for a task that takes long. */
enum exit_code request_each_long(const struct ctl *ctl, const char *method, struct json_object *parameters,
				 uint64_t timeout_usec, request_fn fn, void *userdata);

/* For a command that is sent to one instance only: EXIT_CODE_OK where there is one; else prints what to do. */
enum exit_code request_is_one(const struct ctl *ctl, const char *command);
