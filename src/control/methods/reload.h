#pragma once
/* SPDX-License-Identifier: MIT */
/* The methods Reload and LogLevel. */

#include "control/method.h"

int method_reload(struct method_call *c);
int method_log_level(struct method_call *c);
void method_level_over(struct timer *t); /* service.level_timer */
