#pragma once
/* SPDX-License-Identifier: MIT */
/* `ioectl status`: prints the answers of org.ioe.control.Status. */

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/* One instance on one screen. */
void status_print_one(FILE *f, struct json_object *o, bool colour);

/* Several, a line each. */
void status_print_table(FILE *f, struct json_object *array, bool colour, bool no_headers);
