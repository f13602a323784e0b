#pragma once
/* SPDX-License-Identifier: MIT */
/* The method Metrics: a status as metric families of OpenMetrics, each with its samples. */

#include "server/status.h"

#include <json-c/json.h>

/* Makes the reply of org.ioe.control.Metrics. 0 or -ENOMEM. The caller frees it with json_object_put(). */
int metrics_report(const struct status *st, struct json_object **ret);
