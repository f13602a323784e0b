/* SPDX-License-Identifier: MIT */
/*
 * Rooms and mail, with clients that know what they must receive (talk_client.h). However requests, events, a slow store
 * and broken connections fall together: a message that was answered with OK is there, one that was acknowledged is not,
 * each number is received exactly once, and the order is the same for all.
 *
 * The first byte chooses how small sockets are, the rest are steps: a byte for the client and its request, and some for
 * the arguments.
 */
#include "base/clock.h"
#include "base/macro.h"
#include "fuzz/fuzz.h"
#include "fuzz/session_store.h"
#include "fuzz/talk_client.h"

#include <errno.h>
#include <string.h>

#define INPUT_MAX 1024

struct play {
	const uint8_t *data, *end;
	struct talk talk;
};

static uint8_t play_take(struct play *p)
{
	return p->data < p->end ? *p->data++ : 0;
}

static void play_ask(struct play *p, struct talk_client *c)
{
	uint8_t kind = play_take(p) % TALK_ASK_MAX, x = play_take(p);

	talk_ask(c, kind, x % 16, x / 16);
}

static void play_store(struct play *p)
{
	static const int errors[] = { STORE_E_NO_SPACE, STORE_E_NO_MEMORY, STORE_E_BUSY, STORE_E_IO };
	struct store *s = sim_server_store(p->talk.sim);
	uint8_t x = play_take(p);

	switch (x % 8) {
	case 0:
	case 1:
		p->talk.sim->store_held = true;
		break;
	case 2:
		session_store_commit(s);
		break;
	case 3:
		session_store_read(s);
		break;
	case 4:
		session_store_fail_commit(s, errors[x / 8 % ELEMENTSOF(errors)]);
		break;
	case 5:
		session_store_fail_read(s, errors[x / 8 % ELEMENTSOF(errors)]);
		break;
	case 6:
		session_store_set_busy(s, x / 8 % 2);
		break;
	default:
		sim_server_serve_store(p->talk.sim);
		break;
	}
}

static void play_step(struct play *p)
{
	static const uint64_t usecs[] = { 5 * USEC_PER_MSEC, 200 * USEC_PER_MSEC, 2 * USEC_PER_SEC, 20 * USEC_PER_SEC };
	uint8_t step = play_take(p);
	struct talk_client *c = &p->talk.clients[step % TALK_CLIENTS];

	switch (step / TALK_CLIENTS % 10) {
	case 0:
	case 1:
	case 2:
	case 3:
		play_ask(p, c);
		break;
	case 4:
		sim_server_pass(p->talk.sim);
		break;
	case 5:
		talk_receive(c, SIZE_MAX);
		break;
	case 6:
		talk_receive(c, 1 + play_take(p) * 8U);
		break;
	case 7:
		play_store(p);
		break;
	case 8:
		sim_server_sleep(p->talk.sim, usecs[play_take(p) % ELEMENTSOF(usecs)]);
		sim_server_pass(p->talk.sim);
		break;
	default:
		talk_break(c, play_take(p) & 1);
		talk_begin(c);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play p = { .data = data, .end = data + size };

	if (size < 2 || size > INPUT_MAX)
		return 0;
	talk_init(&p.talk, sim_server_get(SIM_SERVER_WIDE), play_take(&p) & 1);
	if (data[size - 1] & 1)
		sim_server_pack(p.talk.sim);
	for (unsigned i = 0; i < TALK_CLIENTS; i++)
		talk_begin(&p.talk.clients[i]);
	while (p.data < p.end)
		play_step(&p);
	talk_end(&p.talk);
	return 0;
}
