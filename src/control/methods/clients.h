#pragma once
/* SPDX-License-Identifier: MIT */
/* The methods Clients and Kick. */

#include "control/method.h"
#include "server/clients.h"

int method_clients(struct method_call *c);
int method_kick(struct method_call *c);

/*
 * Whether a filter is valid. "key=value" selects clients whose field is equal to the value. Any other text selects
 * those that have it in their id, name, address, listener, dialect or state. Upper and lower case of ASCII letters are
 * equal. False: no client has such a key.
 */
bool clients_filter_is_valid(const char *filter);
bool clients_filter_passes(const char *filter, const struct client *client);

/* "0.17.2041". */
#define CLIENTS_ID_MAX 48
const char *clients_id(struct handle h, char dst[CLIENTS_ID_MAX]);
bool clients_parse_id(const char *id, struct handle *ret);

/* A client as the type Client of org.ioe.control. NULL: no memory. The caller frees it with json_object_put(). */
struct json_object *clients_report(const struct client *client);
