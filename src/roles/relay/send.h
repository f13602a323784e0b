#pragma once
/* SPDX-License-Identifier: MIT */
/* SEND, and STATUS: what became of it. */

#include "roles/relay/relay.h"
#include "wire/field.h"

int relay_send(struct request *q, struct fields *f);
int relay_status(struct request *q, struct fields *f);
