/* SPDX-License-Identifier: MIT */
/*
 * Whole sessions, from their clients' ends. The first byte chooses the server and how small sockets are, the second the
 * listener. What follows is said as it stands by the client that is at the helm, but for these bytes:
 *
 *   01 X     the next client is at the helm, at listener X if it has to connect first
 *   02       sends what was said so far
 *   03       sends it, and lets a pass go by
 *   04 X     some time goes by, from a millisecond to two days
 *   05 X     a worker takes the X-th job that waits
 *   06 X     reads at most 16 * X + 1 bytes
 *   07       reads all there is
 *   08       half-closes
 *   0e       closes
 *   0f X Y   says X 256 * Y times
 *   10 X     something about the store: see play_store()
 *   1b X     says X, whatever it is
 *
 * Reads are never done for the client: one that does not ask for it is a reader that never reads.
 */
#include "base/clock.h"
#include "base/macro.h"
#include "fuzz/fuzz.h"
#include "fuzz/session_client.h"
#include "fuzz/session_store.h"

#include <errno.h>
#include <string.h>

#define CLIENTS   4
#define HOSTS     2
#define INPUT_MAX 4096         /* bounds what can be made with it: names in a folder, clients, answers */
#define RUNS_MAX  (192U << 10) /* bytes that 0f may say in all; an LF, which is an answer each, is dearer */

struct play {
	const uint8_t *data, *end;
	struct sim_server *sim;
	bool small_buffers;
	struct client clients[CLIENTS];
	unsigned helm;
	char said[16 << 10];
	size_t n_said, runs_left;
};

static uint8_t play_take(struct play *p)
{
	return p->data < p->end ? *p->data++ : 0;
}

static struct client *play_helm(struct play *p)
{
	return &p->clients[p->helm];
}

static void play_send(struct play *p)
{
	(void)client_say(play_helm(p), p->said, p->n_said);
	p->n_said = 0;
}

static void play_say(struct play *p, char c)
{
	if (p->n_said == sizeof(p->said))
		play_send(p);
	p->said[p->n_said++] = c;
}

static void play_run_of(struct play *p, char c, size_t n)
{
	size_t price = c == '\n' ? 64 : 1;

	play_send(p);
	n = MIN(n, p->runs_left / price);
	p->runs_left -= n * price;
	memset(p->said, c, sizeof(p->said));
	for (size_t k; n > 0; n -= k) {
		k = MIN(n, sizeof(p->said));
		if (client_say(play_helm(p), p->said, k) < k)
			break;
	}
}

static void play_next(struct play *p, uint8_t listener)
{
	p->helm = (p->helm + 1) % CLIENTS;
	if (play_helm(p)->fd < 0)
		(void)client_open(play_helm(p), p->sim, listener % SIM_SERVER_LISTENERS, p->helm % HOSTS,
				  p->small_buffers);
}

static void play_sleep(struct play *p, uint8_t x)
{
	static const uint64_t usecs[] = {
		USEC_PER_MSEC,        20 * USEC_PER_MSEC,       51 * USEC_PER_MSEC, 101 * USEC_PER_MSEC,
		1001 * USEC_PER_MSEC, 2001 * USEC_PER_MSEC,     6 * USEC_PER_SEC,   31 * USEC_PER_SEC,
		301 * USEC_PER_SEC,   48 * 3600 * USEC_PER_SEC,
	};

	sim_server_sleep(p->sim, usecs[x % ELEMENTSOF(usecs)]);
	sim_server_pass(p->sim);
}

static void play_store(struct play *p, uint8_t x)
{
	static const int errors[] = { STORE_E_NO_SPACE, STORE_E_IO, STORE_E_NO_MEMORY, STORE_E_BUSY };
	struct store *s = sim_server_store(p->sim);

	switch (x % 8) {
	case 0: /* it is slow from now on, and does only what it is told to */
		p->sim->store_held = true;
		break;
	case 1:
		session_store_commit(s);
		break;
	case 2:
		session_store_read(s);
		break;
	case 3:
		session_store_fail_commit(s, errors[x / 8 % ELEMENTSOF(errors)]);
		break;
	case 4:
		session_store_fail_read(s, errors[x / 8 % ELEMENTSOF(errors)]);
		break;
	case 5:
		session_store_set_busy(s, x / 8 % 2);
		break;
	case 6:
		session_store_sweep(s);
		break;
	default:
		sim_server_serve_store(p->sim);
		break;
	}
}

static void play_step(struct play *p)
{
	uint8_t op = play_take(p), x;

	switch (op) {
	case 0x01:
		play_send(p);
		play_next(p, play_take(p));
		break;
	case 0x02:
		play_send(p);
		break;
	case 0x03:
		play_send(p);
		sim_server_pass(p->sim);
		break;
	case 0x04:
		play_send(p);
		play_sleep(p, play_take(p));
		break;
	case 0x05:
		sim_server_work(p->sim, play_take(p));
		break;
	case 0x06:
		(void)client_hear(play_helm(p), 16 * (size_t)play_take(p) + 1);
		break;
	case 0x07:
		while (client_hear(play_helm(p), SIZE_MAX) > 0)
			;
		break;
	case 0x08:
		play_send(p);
		client_end(play_helm(p));
		break;
	case 0x0e:
		play_send(p);
		client_close(play_helm(p));
		break;
	case 0x0f:
		x = play_take(p);
		play_run_of(p, (char)x, 256 * (size_t)play_take(p));
		break;
	case 0x10:
		play_store(p, play_take(p));
		break;
	case 0x1b:
		play_say(p, (char)play_take(p));
		break;
	default:
		play_say(p, (char)op);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play p = { .data = data, .end = data + size, .runs_left = RUNS_MAX };
	uint8_t options;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	options = play_take(&p);
	p.sim = sim_server_get(options & 1 ? SIM_SERVER_NARROW : SIM_SERVER_WIDE);
	p.small_buffers = options & 2;
	if (data[size - 1] & 1)
		sim_server_pack(p.sim);
	for (unsigned i = 0; i < CLIENTS; i++)
		p.clients[i].fd = -1;
	p.helm = CLIENTS - 1;
	play_next(&p, play_take(&p));
	while (p.data < p.end)
		play_step(&p);
	play_send(&p);
	for (unsigned i = 0; i < CLIENTS; i++)
		if (p.clients[i].fd >= 0)
			client_finish(&p.clients[i]);
	sim_server_check_empty(p.sim);
	return 0;
}
