#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * The system calls on a connected stream socket: a TCP socket, or a Unix socket, for which the kernel reports less. No
 * call blocks. The socket stays the caller's. transport.h says when these functions are called.
 */

#include "base/address.h"
#include "base/macro.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Bytes, 0 at the end of the stream, or negative errno. */
static inline ssize_t tcp_read(int fd, void *buf, size_t n)
{
	ssize_t r;

	do
		r = recv(fd, buf, n, MSG_DONTWAIT);
	while (unlikely(r < 0) && errno == EINTR);
	return unlikely(r < 0) ? -errno : r;
}

/* Bytes that the kernel took, or negative errno. The kernel has less to do for it than for tcp_writev(). */
static inline ssize_t tcp_write(int fd, const void *p, size_t n)
{
	ssize_t r = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	return unlikely(r < 0) ? -errno : r;
}

/* Likewise. @more: the bytes may wait for those of the next call, to share a packet. */
ssize_t tcp_writev(int fd, const struct iovec *iov, unsigned n, bool more);

/* Bytes of @file that the kernel took, 0 at the end of @file, or negative errno. Waits for the disk where the file
 * is not resident. */
ssize_t tcp_sendfile(int fd, int file, uint64_t off, size_t n);

/* Ends our direction: the peer reads the end of the stream behind the last byte. */
int tcp_shutdown(int fd);

/* Why the connection broke: a negative errno. */
int tcp_error(int fd);

/* Whether the kernel has bytes for tcp_read(). */
bool tcp_has_input(int fd);

/* 0 or negative errno. The first: bytes that the peer's kernel has not acknowledged, or that are not sent yet. */
int tcp_unacked(int fd, uint64_t *ret);
int tcp_rtt(int fd, uint64_t *ret_usec); /* smoothed */
int tcp_local(int fd, struct address *ret);

/* The kernel's knowledge of the peer. All is zero for a socket that is not TCP's. */
struct tcp_peer {
	bool outstanding;       /* some bytes are not acknowledged, or not even sent */
	bool unanswered;        /* bytes were sent again, or a full window was probed, and no answer has come since */
	uint64_t idle_usec;     /* since the kernel last received anything from the peer */
};
struct tcp_peer tcp_peer(int fd);

/* Best effort; accepted sockets inherit them. The first probe after @idle_sec, then one each @interval_sec: after
 * @count without an answer the connection breaks. */
void tcp_set_keepalive(int fd, int idle_sec, int interval_sec, int count);
