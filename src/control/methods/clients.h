#pragma once
/* SPDX-License-Identifier: MIT */
/* The methods Clients and Kick. */

#include "control/method.h"
#include "server/clients.h"

int roster_clients(struct method_call *c);
int roster_kick(struct method_call *c);

/*
 * "key=value": that field is exactly so; any other text: it is part of the id, name, address, listener, dialect or state.
 * ASCII letters are the same in either case. False: a key that no client has.
 */
bool roster_filter_is_valid(const char *filter);
bool roster_filter_passes(const char *filter, const struct client *client);

/* "0.17.2041". */
#define ROSTER_ID_MAX 48
const char *roster_id(struct handle h, char dst[ROSTER_ID_MAX]);
bool roster_parse_id(const char *id, struct handle *ret);

/* As the type Client describes it. NULL: no memory. */
struct json_object *roster_report(const struct client *client);
