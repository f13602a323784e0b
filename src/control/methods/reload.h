#pragma once
/* SPDX-License-Identifier: MIT */
/* The methods Reload and LogLevel. */

#include "control/method.h"

int upkeep_reload(struct method_call *c);
int upkeep_log_level(struct method_call *c);
void upkeep_level_over(struct timer *t); /* service.level_timer */
