#pragma once
/* SPDX-License-Identifier: MIT */
/* The method Status. */

#include "server/status.h"

#include <json-c/json.h>

/* A status as the reply of org.ioe.control.Status. 0 or -ENOMEM. The caller puts the object. */
int status_report(const struct status *st, struct json_object **ret);
