#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * Messages to the service manager (sd_notify(3)) and sockets from it (sd_listen_fds(3)). sd_notify() hangs when its
 * reader stops. So this is a nonblocking socket of our own to the same address. A message that cannot be sent now is
 * pending (the newest of each kind), and service_manager_retry() sends it. READY=1 is never lost. For main's thread
 * only.
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
/* @usec: the time that the stop needs at most; extends TimeoutStopSec where that is shorter. */
void service_manager_stopping(struct service_manager *sm, const char *status, uint64_t usec);
void service_manager_watchdog(struct service_manager *sm); /* never pending: a late one would be false */

/* True while a message is pending: service_manager_retry() is to be called within 100 ms. */
bool service_manager_is_pending(const struct service_manager *sm);
void service_manager_retry(struct service_manager *sm);

/* WatchdogSec in microseconds, 0: none. Unsets the variables. */
uint64_t service_manager_watchdog_usec(void);

/* The number of sockets handed over, from 3 on (SD_LISTEN_FDS_START), now CLOEXEC, or negative errno. Unsets the
 * variables. */
int service_manager_listen_fds(void);
