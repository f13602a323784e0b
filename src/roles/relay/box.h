#pragma once
/* SPDX-License-Identifier: MIT */
/* MAILBOX: how much waits, and throwing it away. */

#include "roles/relay/session.h"

int relay_box(struct request *q, struct fields *f);
