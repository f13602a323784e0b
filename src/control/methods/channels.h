#pragma once
/* SPDX-License-Identifier: MIT */
/* The methods Rooms, Mailboxes and Backup: what is kept in the store, as others tell of it (control_acts). */

#include "control/method.h"

int method_rooms(struct method_call *c);
int method_mailboxes(struct method_call *c);
int method_backup(struct method_call *c);
