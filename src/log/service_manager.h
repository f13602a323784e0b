#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What the service manager is told (sd_notify(3)) and what it hands over (sd_listen_fds(3)). sd_notify may hang when
 * its reader stops, so the socket is our own, nonblocking, to the same address: a message that does not fit now is
 * kept (the newest of its kind) and sent by service_manager_retry(). READY=1 is never lost.
 */

#include <stdbool.h>
#include <stdint.h>

struct service_manager;

/* NULL in *ret and 0 where nobody listens ($NOTIFY_SOCKET is not set); all calls take NULL. Unsets the variable.
 * -EINVAL: the address is none of a UNIX socket; -ENAMETOOLONG; or another negative errno. */
int service_manager_new(struct service_manager **ret);
struct service_manager *service_manager_free(struct service_manager *sm);

void service_manager_ready(struct service_manager *sm, const char *status);
void service_manager_status(struct service_manager *sm, const char *status);
void service_manager_reloading(struct service_manager *sm);
/* @usec: how long it may take, where the unit's TimeoutStopSec is shorter. */
void service_manager_stopping(struct service_manager *sm, const char *status, uint64_t usec);
void service_manager_watchdog(struct service_manager *sm); /* never kept: a late one would be a lie */

/* True while something waits to be sent: call service_manager_retry() again within 100 ms. */
bool service_manager_is_pending(const struct service_manager *sm);
void service_manager_retry(struct service_manager *sm);

/* WatchdogSec in microseconds, 0: none. Unsets the variables. */
uint64_t service_manager_watchdog_usec(void);

/* The number of sockets handed over, from 3 on (SD_LISTEN_FDS_START), now CLOEXEC, or negative errno. Unsets the
 * variables. */
int service_manager_listen_fds(void);
