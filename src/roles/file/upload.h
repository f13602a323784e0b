#pragma once
/* SPDX-License-Identifier: MIT */
/* WRITE: a file arrives in pieces, and becomes visible whole or not at all. */

#include "session/role.h"

int upload_write(const struct call *call);
