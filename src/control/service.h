#pragma once
/* SPDX-License-Identifier: MIT */
/* What a call is answered: the methods of org.ioe.control and org.varlink.service. Knows no connection. */

#include "base/buf.h"
#include "wire/varlink.h"

struct server;

/* Appends the answer to @out; nothing where the call is oneway. 0; -ENOMEM or -ENOBUFS where there is none to give. */
int service_answer(struct server *server, const struct varlink_call *call, struct buf *out);

/* The answer to whoever may not ask, whatever he asked; and to one connection too many. As service_answer(). */
int service_deny(struct buf *out);
int service_refuse(uint64_t limit, struct buf *out);

/* The text of an interface, NULL where it is none of ours. */
const char *service_description(const char *interface);
