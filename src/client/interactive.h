#pragma once
/* SPDX-License-Identifier: MIT */
/* Commands typed at a prompt. */

#include "client/client.h"

/* Until exit or end of file. EXIT_CODE_OK, whatever the commands said: they said it. */
enum exit_code interactive_run(struct client *c);
