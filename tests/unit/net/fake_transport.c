/* SPDX-License-Identifier: MIT */
#include "unit/net/fake_transport.h"

#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_KEPT_MAX  7 /* of ours, not given to the kernel yet */
#define FAKE_HELD_MAX  1000
#define FAKE_KEPT_FOR  3 /* calls */
#define FAKE_HANDSHAKE 4 /* rounds, that wait for bytes and for room in turn */

struct fake {
	struct transport transport;
	unsigned ways;
	unsigned handshake; /* rounds left */
	unsigned kept_for;  /* calls left before the kernel is given what is kept */
	bool again;         /* the next call is refused */
	bool shut;
	char in[100], out[FAKE_HELD_MAX];
	size_t n_in, n_out;
};

static unsigned fake_ways, fake_break_at;
static atomic_uint fake_calls, fake_live;
static atomic_bool fake_held;

/* At the beginning of each call: 0, -EAGAIN, or the error it breaks with. */
static int fake_step(struct fake *f)
{
	if (atomic_fetch_add(&fake_calls, 1) + 1 == fake_break_at)
		return -EPROTO;
	f->again = f->ways & FAKE_SLOW && !f->again;
	return f->again ? -EAGAIN : 0;
}

static int fake_handshake(struct transport *t, _unused_ int fd)
{
	struct fake *f = container_of(t, struct fake, transport);
	int r;

	r = fake_step(f);
	if (r < 0 && r != -EAGAIN)
		return r;
	if (f->handshake == 0)
		return 0;
	return f->handshake-- % 2 ? TRANSPORT_E_FULL : -EAGAIN;
}

static ssize_t fake_read(struct transport *t, int fd, void *buf, size_t n)
{
	struct fake *f = container_of(t, struct fake, transport);
	ssize_t k;
	int r;

	ck_assert_uint_eq(f->handshake, 0);
	r = fake_step(f);
	if (r < 0)
		return r;
	if (f->n_in == 0) {
		k = tcp_read(fd, f->in, f->ways & FAKE_KEEP ? sizeof(f->in) : 1);
		if (k <= 0)
			return k;
		f->n_in = (size_t)k;
	}
	ck_assert_uint_gt(n, 0);
	*(char *)buf = f->in[0];
	memmove(f->in, f->in + 1, --f->n_in);
	return 1;
}

static size_t fake_pending(const struct transport *t)
{
	return container_of(t, const struct fake, transport)->n_in;
}

/* Gives the kernel one byte of those that are kept, if their time has come. 0: none is left. */
static int fake_push(struct fake *f, int fd)
{
	ssize_t k;

	if (f->n_out == 0)
		return 0;
	if (atomic_load(&fake_held))
		return -EAGAIN;
	if (f->kept_for > 0) {
		f->kept_for--;
		return -EAGAIN;
	}
	k = tcp_write(fd, f->out, 1);
	if (k < 0)
		return (int)k;
	memmove(f->out, f->out + 1, --f->n_out);
	return f->n_out > 0 ? -EAGAIN : 0;
}

/* Bytes at @p: one, or as many as can be kept. */
static ssize_t fake_take(struct fake *f, int fd, const char *p, size_t n)
{
	if (!(f->ways & FAKE_KEEP))
		return tcp_write(fd, p, 1);
	n = MIN(n, atomic_load(&fake_held) ? sizeof(f->out) - f->n_out : (size_t)FAKE_KEPT_MAX);
	memcpy(f->out + f->n_out, p, n);
	f->n_out += n;
	f->kept_for = FAKE_KEPT_FOR;
	return (ssize_t)n;
}

static ssize_t fake_writev(struct transport *t, int fd, const struct iovec *iov, unsigned n, _unused_ bool more)
{
	struct fake *f = container_of(t, struct fake, transport);
	int r;

	ck_assert_uint_eq(f->handshake, 0);
	ck_assert(!f->shut);
	r = fake_step(f);
	if (r >= 0 && (n == 0 || !atomic_load(&fake_held)))
		r = fake_push(f, fd);
	if (r < 0)
		return r;
	while (n > 0 && iov->iov_len == 0) {
		iov++;
		n--;
	}
	return n > 0 ? fake_take(f, fd, iov->iov_base, iov->iov_len) : 0;
}

static ssize_t fake_sendfile(struct transport *t, int fd, int file, uint64_t off, _unused_ size_t n)
{
	struct fake *f = container_of(t, struct fake, transport);
	char byte;
	ssize_t k;
	int r;

	ck_assert(!f->shut);
	r = fake_step(f);
	if (r >= 0)
		r = fake_push(f, fd);
	if (r < 0)
		return r;
	k = pread(file, &byte, 1, (off_t)off);
	return k > 0 ? fake_take(f, fd, &byte, 1) : k;
}

static int fake_shutdown(struct transport *t, int fd)
{
	struct fake *f = container_of(t, struct fake, transport);
	int r;

	ck_assert_uint_eq(f->n_out, 0);
	ck_assert(!f->shut);
	r = fake_step(f);
	if (r < 0)
		return r;
	f->shut = true;
	return tcp_shutdown(fd);
}

static int fake_unacked(const struct transport *t, int fd, uint64_t *ret)
{
	const struct fake *f = container_of(t, const struct fake, transport);
	int r;

	r = tcp_unacked(fd, ret);
	if (r < 0)
		return r;
	*ret += f->n_out;
	return 0;
}

static bool fake_is_private(_unused_ const struct transport *t)
{
	return false;
}

static void fake_free(struct transport *t, int fd)
{
	ck_assert_int_ge(fd, 0);
	free(container_of(t, struct fake, transport));
	atomic_fetch_sub(&fake_live, 1);
}

#define FAKE_OPS                                                                                                     \
	.handshake = fake_handshake, .read = fake_read, .pending = fake_pending, .writev = fake_writev,              \
	.shutdown = fake_shutdown, .unacked = fake_unacked, .is_private = fake_is_private, .free = fake_free

static const struct transport_ops fake_ops = { FAKE_OPS };
static const struct transport_ops fake_sendfile_ops = { FAKE_OPS, .sendfile = fake_sendfile };

void fake_transport_set(unsigned ways, unsigned break_at)
{
	fake_ways = ways;
	fake_break_at = break_at;
	atomic_store(&fake_calls, 0);
}

int fake_transport_new(struct transport **ret)
{
	struct fake *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->transport.ops = fake_ways & FAKE_SENDFILE ? &fake_sendfile_ops : &fake_ops;
	f->ways = fake_ways;
	f->handshake = FAKE_HANDSHAKE;
	atomic_fetch_add(&fake_live, 1);
	*ret = &f->transport;
	return 0;
}

void fake_transport_hold(bool on)
{
	atomic_store(&fake_held, on);
}

unsigned fake_transport_count_calls(void)
{
	return atomic_load(&fake_calls);
}

unsigned fake_transport_count(void)
{
	return atomic_load(&fake_live);
}
