#pragma once
/* SPDX-License-Identifier: MIT */
/* The methods Rooms, Mailboxes and Backup. The lists and the copy come from control_acts. */

#include "control/method.h"

int method_rooms(struct method_call *c);
int method_mailboxes(struct method_call *c);
int method_backup(struct method_call *c);
