#pragma once
/* SPDX-License-Identifier: MIT */
/* `ioectl metrics`: prints the answers of org.ioe.control.Metrics. */

#include <json-c/json.h>
#include <stdio.h>

/* @all: the answers, each with "instance" where it has a number. Ends in "# EOF". */
void metrics_print(FILE *f, struct json_object *all);
