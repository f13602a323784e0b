#pragma once
/* SPDX-License-Identifier: MIT */
/* The methods Clients and Kick. */

#include "control/method.h"
#include "server/clients.h"

int method_clients(struct method_call *c);
int method_kick(struct method_call *c);

/*
 * "key=value": that field is exactly so; any other text: it is part of the id, name, address, listener, dialect or
 * state. ASCII letters are the same in either case. False: a key that no client has.
 */
bool clients_filter_is_valid(const char *filter);
bool clients_filter_passes(const char *filter, const struct client *client);

/* "0.17.2041". */
#define CLIENTS_ID_MAX 48
const char *clients_id(struct handle h, char dst[CLIENTS_ID_MAX]);
bool clients_parse_id(const char *id, struct handle *ret);

/* As the type Client describes it. NULL: no memory. */
struct json_object *clients_report(const struct client *client);
