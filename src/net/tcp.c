/* SPDX-License-Identifier: MIT */
#include "net/tcp.h"

#include "base/clock.h"

#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>

#include <linux/sockios.h>
#include <linux/tcp.h> /* the kernel's tcp_info is longer than that of the C library */

ssize_t tcp_writev(int fd, const struct iovec *iov, unsigned n, bool more)
{
	const struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = n };
	ssize_t r;

	r = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0));
	return r < 0 ? -errno : r;
}

ssize_t tcp_sendfile(int fd, int file, uint64_t off, size_t n)
{
	off_t at = (off_t)off;
	ssize_t r;

	r = sendfile(fd, file, &at, n);
	return r < 0 ? -errno : r;
}

int tcp_shutdown(int fd)
{
	return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
}

int tcp_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error ? -error : -ECONNRESET;
}

bool tcp_has_input(int fd)
{
	int n = 0;

	return ioctl(fd, FIONREAD, &n) == 0 && n > 0;
}

int tcp_unacked(int fd, uint64_t *ret)
{
	int n = 0;

	if (ioctl(fd, SIOCOUTQ, &n) < 0)
		return -errno;
	*ret = (uint64_t)n;
	return 0;
}

static int tcp_get_info(int fd, struct tcp_info *ret)
{
	socklen_t len = sizeof(*ret);

	*ret = (struct tcp_info){};
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret, &len) < 0 ? -errno : 0;
}

int tcp_rtt(int fd, uint64_t *ret_usec)
{
	struct tcp_info info;
	int r;

	r = tcp_get_info(fd, &info);
	if (r < 0)
		return r;
	*ret_usec = info.tcpi_rtt;
	return 0;
}

int tcp_local(int fd, struct address *ret)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return -errno;
	address_from_sockaddr(ret, &sa);
	return 0;
}

struct tcp_peer tcp_peer(int fd)
{
	struct tcp_info info;

	if (tcp_get_info(fd, &info) < 0)
		return (struct tcp_peer){};
	return (struct tcp_peer){
		.outstanding = info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0,
		.unanswered = info.tcpi_retransmits > 0 || info.tcpi_probes > 0,
		.idle_usec = (uint64_t)MIN(info.tcpi_last_ack_recv, info.tcpi_last_data_recv) * USEC_PER_MSEC,
	};
}

void tcp_set_keepalive(int fd, int idle_sec, int interval_sec, int count)
{
	const struct {
		int level, name, value;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, idle_sec },
		{ IPPROTO_TCP, TCP_KEEPINTVL, interval_sec },
		{ IPPROTO_TCP, TCP_KEEPCNT, count },
	};

	for (size_t i = 0; i < ELEMENTSOF(options); i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}
