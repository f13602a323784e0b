#pragma once
/* SPDX-License-Identifier: MIT */
/* Commands typed at a prompt. */

#include "client/client.h"

/* Runs until exit or the end of file. Returns EXIT_CODE_OK whether or not commands failed: each has printed that. */
enum exit_code interactive_run(struct client *c);
