#pragma once
/* SPDX-License-Identifier: MIT */
/* READ: a file's bytes. */

#include "session/role.h"

int read_file(const struct call *call);
