#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A role for the tests of channels, on a server of their own: rooms as plain as can be, in which everybody may do
 * everything. What is said is heard as "room number from text", who comes as "room +name ", who leaves as "room -name why";
 * what fails is answered by the error's name.
 */

#include "channel/channel.h"
#include "base/option.h"
#include "session/role.h"

#include <stddef.h>

extern const struct channel_policy channel_fixture_policy;
extern const struct option_schema channel_fixture_schema;
extern const struct role *const channel_fixture_roles[];

/* Read when they are needed: a test may change them. */
extern struct channel_limits channel_fixture_limits;

/* _i of the loop tests: with one reactor or four. */
#define CHANNEL_FIXTURE_WAYS 2
/* For serve_start(); in @state "%s" stands for the server's own folder. */
const char *channel_fixture_configure(int way, const char *state, const char *output);
/* So, with limits that nobody meets. */
void channel_fixture_start_in(int way, const char *state, const char *output);
void channel_fixture_start(int way);

int channel_fixture_connect(const char *name);
/* The number of what is said in room "r"; 0: the line is something else. */
unsigned channel_fixture_line_number(const char *line);
