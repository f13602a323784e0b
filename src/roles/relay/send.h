#pragma once
/* SPDX-License-Identifier: MIT */
/* The verbs SEND, and STATUS, which says whether the message was delivered. */

#include "roles/relay/relay.h"
#include "wire/field.h"

int relay_send(const struct call *call);
int relay_status(const struct call *call);
