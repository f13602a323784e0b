#pragma once
/* SPDX-License-Identifier: MIT */
/* LIST: the names in a folder, sorted. */

#include "session/role.h"

int file_list(const struct call *call);
