#pragma once
/* SPDX-License-Identifier: MIT */
/* One question to all instances that a command is for. */

#include "ctl/ctl.h"

#include <json-c/json.h>

/* What an instance answered. EXIT_CODE_OK, or how the command ends for it; has said why. */
typedef enum exit_code (*request_fn)(void *userdata, const struct ctl_instance *i, struct json_object *answer);

/*
 * Asks one after the other; @parameters are not consumed. Whatever fails is said on stderr. Theirs where all end the
 * same way, else EXIT_CODE_SOME_FAILED; EXIT_CODE_NO_SERVER where none runs.
 */
enum exit_code request_each(const struct ctl *ctl, const char *method, struct json_object *parameters, request_fn fn, void *userdata);
/* The same for an answer in several replies: @fn is called with each. */
enum exit_code request_each_more(const struct ctl *ctl, const char *method, struct json_object *parameters, request_fn fn,
			    void *userdata);

/* As request_each(), for what takes its time: this long, from the question to the answer. */
enum exit_code request_each_long(const struct ctl *ctl, const char *method, struct json_object *parameters,
			    uint64_t timeout_usec, request_fn fn, void *userdata);

/* Of a command that is for one instance alone: EXIT_CODE_OK where there is one, else says what to do. */
enum exit_code request_is_one(const struct ctl *ctl, const char *command);
