#pragma once
/* SPDX-License-Identifier: MIT */
/* A status as the reply of org.ioe.control.Status. */

#include "daemon/status.h"

#include <json-c/json.h>

/* 0 or -ENOMEM. The caller puts it. */
int report_status(const struct status *st, struct json_object **ret);
