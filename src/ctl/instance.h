#pragma once
/* SPDX-License-Identifier: MIT */
/* The daemons that a command is sent to. */

#include "ctl/ctl.h"

#include <json-c/json.h>

/* Each adds to @ctl. 0 or negative errno; instance_find() leaves none where there is no folder. */
int instance_add_number(struct ctl *ctl, const char *number);
int instance_add_path(struct ctl *ctl, const char *path);

/* All that have a control.sock below ctl->dir, in the order of their numbers. */
int instance_find(struct ctl *ctl);

/* Its number, for JSON: a string where the folder is named otherwise. NULL: no memory. */
struct json_object *instance_json(const struct ctl_instance *i);

void instance_done(struct ctl *ctl);
