#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The backup of the store that the control socket asks for: see control_acts. It is not written where clients of the
 * role file could read it. In main's thread.
 */

#include "control/control.h"

struct control_backup *backup_start(struct server *s, const char *dir, void (*on_arrival)(struct server_task *e),
				    void *on_arrival_data);
