#pragma once
/* SPDX-License-Identifier: MIT */
/* `ioed -r COPY`: puts a copy of rooms and mailboxes in the place of those of an instance that does not run. */

#include "base/option.h"

/* Prints the result, on standard output or standard error. Returns the exit status. */
int restore_copy(const struct settings *settings, unsigned instance, const char *file);
