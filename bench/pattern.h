#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What files hold: letters that repeat after a prime number of bytes. A piece that is missing, sent twice or from
 * another place cannot go unnoticed, and every byte is known without a file to compare it with.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_PERIOD 65521U
#define PATTERN_PIECE  (256U << 10)

/* Once, before any thread is started. */
void pattern_init(void);

/* The bytes from @off on, PATTERN_PIECE of them. */
const char *pattern_at(uint64_t off);

bool pattern_matches(uint64_t off, const char *p, size_t n);
