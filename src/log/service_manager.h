#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What the service manager is told (sd_notify(3)) and what it hands over (sd_listen_fds(3)). sd_notify may hang when
 * its reader stops, so the socket is our own, nonblocking, to the same address: a message that does not fit now is
 * kept (the newest of its kind) and sent by notify_retry(). READY=1 is never lost.
 */

#include <stdbool.h>
#include <stdint.h>

struct notify;

/* NULL in *ret and 0 where nobody listens ($NOTIFY_SOCKET is not set); all calls take NULL. Unsets the variable.
 * -EINVAL: the address is none of a UNIX socket; -ENAMETOOLONG; or another negative errno. */
int notify_new(struct notify **ret);
struct notify *notify_free(struct notify *n);

void notify_ready(struct notify *n, const char *status);
void notify_status(struct notify *n, const char *status);
void notify_reloading(struct notify *n);
/* @usec: how long it may take, where the unit's TimeoutStopSec is shorter. */
void notify_stopping(struct notify *n, const char *status, uint64_t usec);
void notify_watchdog(struct notify *n); /* never kept: a late one would be a lie */

/* True while something waits to be sent: call notify_retry() again within 100 ms. */
bool notify_is_pending(const struct notify *n);
void notify_retry(struct notify *n);

/* WatchdogSec in microseconds, 0: none. Unsets the variables. */
uint64_t notify_watchdog_usec(void);

/* The number of sockets handed over, from 3 on (SD_LISTEN_FDS_START), now CLOEXEC, or negative errno. Unsets the
 * variables. */
int notify_listen_fds(void);
