#pragma once
/* SPDX-License-Identifier: MIT */
/* The method Status. */

#include "server/status.h"

#include <json-c/json.h>

/* Makes the reply of org.ioe.control.Status. 0 or -ENOMEM. The caller frees it with json_object_put(). */
int status_report(const struct status *st, struct json_object **ret);
