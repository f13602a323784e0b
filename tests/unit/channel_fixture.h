#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The channel fixture: a role for the tests of channel/, in a server of its own. In its rooms everybody may do
 * everything. A message is sent as "room number from text", a member that enters as "room +name ", one that leaves as
 * "room -name why". A request that fails is answered with the error's name.
 */

#include "channel/owner.h"
#include "channel/subscriber.h"
#include "base/option.h"
#include "session/role.h"

#include <stddef.h>

extern const struct channel_policy channel_fixture_policy;
extern const struct option_schema channel_fixture_schema;
extern const struct role *const channel_fixture_roles[];

/* Read at each use, so a test can change them. */
extern struct channel_limits channel_fixture_limits;

/* _i of the loop tests: with one reactor or four. */
#define CHANNEL_FIXTURE_WAYS 2
/* For serve_start(); in @state "%s" stands for the server's own folder. */
const char *channel_fixture_configure(int way, const char *state, const char *output);
/* Starts the server, with limits that no test reaches. */
void channel_fixture_start_in(int way, const char *state, const char *output);
void channel_fixture_start(int way);

int channel_fixture_connect(const char *name);
/* The number of a message in room "r"; 0: the line is something else. */
unsigned channel_fixture_line_number(const char *line);
