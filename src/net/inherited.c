/* SPDX-License-Identifier: MIT */
/*
 * A socket unit and the configuration are two files, often written by two people. Where they do not fit together, the
 * error says what to write, and in which of the two.
 */
#include "net/inherited.h"

#include "base/macro.h"
#include "base/option.h"
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static bool inherited_is_tcp(int fd, int family)
{
	int type = 0, listening = 0;
	socklen_t type_len = sizeof(type), listening_len = sizeof(listening);

	return (family == AF_INET || family == AF_INET6) &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &listening_len) == 0 && listening;
}

int inherited_take(const struct listener_plan *plan, int first)
{
	struct inherited *in = plan->inherited;

	for (unsigned i = 0; i < plan->n_inherited; i++)
		in[i] = (struct inherited){ .fd = first + (int)i };
	for (unsigned i = 0; i < plan->n_inherited; i++) {
		struct sockaddr_storage sa = {};
		socklen_t len = sizeof(sa), only_len = sizeof(int);
		int fd = in[i].fd, only = 0;

		if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0 || !inherited_is_tcp(fd, sa.ss_family)) {
			(void)snprintf(plan->why, plan->why_size,
				       "the descriptor %d that was passed in is no listening TCP socket; in "
				       "ioe@.socket, use only ListenStream= lines with an address and a port",
				       fd);
			return -EINVAL;
		}
		if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			return -errno;
		listener_set_options(fd, plan->peer_usec);
		address_from_sockaddr(&in[i].at, &sa);
		in[i].ipv6_only = getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &only_len) == 0 && only;
	}
	return 0;
}

/* As ListenStream= has it. */
static const char *inherited_text(const struct address *at, char *dst, size_t size)
{
	char text[ADDRESS_TEXT_MAX];

	(void)snprintf(dst, size, IN6_IS_ADDR_V4MAPPED(&at->ip) ? "%s:%u" : "[%s]:%u", address_text(at, text),
		       at->port);
	return dst;
}

/* No listener has its address. One that has its port is what was meant, and could not be bound beside it. */
static int inherited_refuse(const struct listener_plan *plan, const struct inherited *in)
{
	unsigned instance = plan->instance;
	char has[64], wanted[64], remedy[160] = "add the listener";
	struct address at;

	for (size_t i = 0; i < plan->settings->n_listeners; i++)
		if (listener_address(plan, i, &at) && at.port == in->at.port)
			(void)snprintf(remedy, sizeof(remedy),
				       "systemctl edit ioe@%u.socket, and write [Socket] ListenStream= and ListenStream=%s, a line each",
				       instance, inherited_text(&at, wanted, sizeof(wanted)));
	(void)snprintf(plan->why, plan->why_size,
		       "systemd passed in the socket %s of ioe@%u.socket, and no listener in the configuration has it; "
		       "systemctl disable --now ioe@%u.socket, or %s",
		       inherited_text(&in->at, has, sizeof(has)), instance, instance, remedy);
	return -EINVAL;
}

/* The bind decided whether a socket takes IPv4. */
static int inherited_check_ipv4(const struct listener_plan *plan, const struct inherited *in)
{
	bool wanted = listener_takes_ipv4(plan, &in->at);
	unsigned instance = plan->instance;
	char has[64];

	if (!listener_is_any(&in->at) || wanted == !in->ipv6_only)
		return 0;
	(void)inherited_text(&in->at, has, sizeof(has));
	if (wanted)
		(void)snprintf(plan->why, plan->why_size,
			       "systemd passed in the socket %s of ioe@%u.socket for IPv6 alone, and the listener there is for IPv4 "
			       "as well; systemctl edit ioe@%u.socket, and write [Socket] and BindIPv6Only=both, a line each; or "
			       "add a listener with address = \"0.0.0.0\" and that port",
			       has, instance, instance);
	else
		(void)snprintf(plan->why, plan->why_size,
			       "systemd passed in the socket %s of ioe@%u.socket for IPv4 as well, and another listener has an IPv4 "
			       "address with that port; systemctl edit ioe@%u.socket, and write [Socket] and "
			       "BindIPv6Only=ipv6-only, a line each; or take that listener out",
			       has, instance, instance);
	return -EINVAL;
}

int inherited_check(const struct listener_plan *plan)
{
	int r = 0;

	for (unsigned i = 0; i < plan->n_inherited && r >= 0; i++) {
		const struct inherited *in = &plan->inherited[i];
		struct address at;
		size_t k = 0;

		while (k < plan->settings->n_listeners &&
		       !(listener_address(plan, k, &at) && listener_same_address(&at, &in->at)))
			k++;
		r = k == plan->settings->n_listeners ? inherited_refuse(plan, in) : inherited_check_ipv4(plan, in);
	}
	return r;
}

int inherited_pick(const struct listener_plan *plan, const struct address *at)
{
	for (unsigned i = 0; i < plan->n_inherited; i++)
		if (plan->inherited[i].fd >= 0 && listener_same_address(&plan->inherited[i].at, at))
			return STEAL_FD(plan->inherited[i].fd);
	return -1;
}

void inherited_done(struct inherited *in, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		closep(&in[i].fd);
}
