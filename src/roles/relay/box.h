#pragma once
/* SPDX-License-Identifier: MIT */
/* The verb MAILBOX: counts the messages of a mailbox, or removes them all. */

#include "roles/relay/session.h"

int relay_box(const struct call *call);
