#pragma once
/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What must hold for every input; not assert(), which a release build may leave out. */
#define FUZZ_CHECK(condition)                                                                   \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);   \
			abort();                                                                \
		}                                                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
