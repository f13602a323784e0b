#pragma once
/* SPDX-License-Identifier: MIT */
/* The verbs SEND, and STATUS, which says whether the message was delivered. */

#include "roles/relay/relay.h"
#include "wire/field.h"

int relay_send(struct request *q, struct fields *f);
int relay_status(struct request *q, struct fields *f);
