#pragma once
/* SPDX-License-Identifier: MIT */
/* Looks up the addresses of a host, with a deadline. */

#include "peer/countdown.h"

#include <netdb.h>

/*
 * @ret_list is the caller's, for freeaddrinfo(). 0; -ENXIO: there is no such host; -EAGAIN: no name server has
 * answered, or too many that do not are waited for already; -EREMOTEIO: the name server failed; -ENOMEM; -EINTR.
 */
int resolve_host(const char *host, const char *port, struct countdown *c, struct addrinfo **ret_list);
