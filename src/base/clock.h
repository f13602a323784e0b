#pragma once
/* SPDX-License-Identifier: MIT */
/* The one time unit inside the programs: microseconds, as uint64_t. Deadlines use clock_usec(), display
 * clock_real_usec(). */

#include <stdint.h>
#include <time.h>

#define USEC_PER_MSEC 1000ULL
#define USEC_PER_SEC  1000000ULL
#define USEC_NEVER    UINT64_MAX

/* Monotonic: never goes back, and stands still while the machine sleeps. */
static inline uint64_t clock_usec(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

/* As clock_usec(), but goes on while the machine sleeps. */
static inline uint64_t clock_boot_usec(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

/* The time of day, since 1970. An administrator or NTP can set it forward or back. */
static inline uint64_t clock_real_usec(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}
