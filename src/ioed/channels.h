#pragma once
/* SPDX-License-Identifier: MIT */
/* The acts of the control socket on rooms, mailboxes and the store (control_acts). In main's thread. */

#include "control/control.h"

struct control_channels *channels_new(struct server *s, enum control_kind kind,
				      void (*on_arrival)(struct server_task *e), void *on_arrival_data);
void channels_next(struct control_channels *c);
struct control_backup *channels_backup(struct server *s, const char *dir, void (*on_arrival)(struct server_task *e),
				       void *on_arrival_data);
