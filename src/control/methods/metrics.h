#pragma once
/* SPDX-License-Identifier: MIT */
/* A status as metrics: families as OpenMetrics knows them, each with its samples. */

#include "server/status.h"

#include <json-c/json.h>

/* The reply of org.ioe.control.Metrics. 0 or -ENOMEM. The caller puts it. */
int metrics_report(const struct status *st, struct json_object **ret);
