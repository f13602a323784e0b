/* SPDX-License-Identifier: MIT */
/* Peers that fall off the network without a word, in the middle of this and that; and one that only takes its time. */

#include "client.h"
#include "mail.h"
#include "room.h"

#include <string.h>

#define VANISH_ADDRESS "192.0.2.2"
#define VANISH_CONFIG \
	"listeners = ( { address = \"0.0.0.0\"; port = 0; roles = [ \"file\", \"chat\", \"relay\", \"compute\" ]; } );\n" \
	"limits = { peer_timeout = \"2s\"; };\n" ROOM_FAST
#define VANISH_LARGE (8U << 20)

static struct client *vanish_client(struct daemon *d, const char *address, const char *nick)
{
	struct client *c = client_new_from(d, 0, address, "192.0.2.1");
	g_autofree char *ask = g_strdup_printf("NICK,%s", nick), *ok = g_strdup_printf("OK,%s", nick);

	client_hello(c);
	client_ask(c, ask, ok);
	return c;
}

/* Room and name are free again, whatever was under way. */
static void vanish_expect_gone(struct daemon *d, const char *const *nicks, size_t n)
{
	struct client *c;

	/* The talker, who tells in the room whether there is anybody, and the one who is slow. */
	daemon_wait_sessions(d, 2);
	for (size_t i = 0; i < n; i++) {
		c = client_new_named(d, 0, nicks[i]);
		client_free(c);
	}
}

static void vanish_in_network(unsigned reactors)
{
	static const char *const nicks[] = { "silent", "member", "waiter", "reader", "writer", "half", "closing" };
	struct daemon *d = daemon_start(reactors, VANISH_CONFIG);
	g_autofree char *path = g_build_filename(d->files, "large", NULL), *noise = harness_noise(VANISH_LARGE, 3);
	struct client *c[G_N_ELEMENTS(nicks)], *talker, *slow;
	g_autofree char *got = NULL;

	harness_write_file(path, noise, VANISH_LARGE);
	for (size_t i = 0; i < G_N_ELEMENTS(nicks); i++)
		c[i] = vanish_client(d, VANISH_ADDRESS, nicks[i]);
	talker = vanish_client(d, "192.0.2.1", "talker");
	slow = vanish_client(d, "192.0.2.1", "slow");
	room_join(c[1], "den", "member", "OK,den,0,1,1");
	room_join(talker, "den", "talker", "OK,den,0,2,1");
	client_expect(c[1], "JOINED,den,talker");
	client_ask(c[2], "WAIT,on", "OK");
	client_puts(c[3], "READ,large\n");
	client_expect(c[3], "8388608");
	client_puts(c[4], "PING\nWRITE,never,10\n12345");
	client_expect(c[4], "PONG");
	client_puts(c[5], "PING\nPIN");
	client_expect(c[5], "PONG");
	/* It has ended its requests, and its answers are on their way. */
	client_puts(c[6], "READ,large\n");
	client_expect(c[6], "8388608");
	client_half_close(c[6]);
	/* This one reads nothing either, for longer, and is there. */
	client_puts(slow, "READ,large\n");
	client_expect(slow, "8388608");

	harness_lose_address();
	client_puts(talker, "SAY,den,is anybody there?\n");
	room_received(talker, "den", 1, "talker", "is anybody there?");
	client_expect(talker, "OK,1");
	(void)mail_send(talker, "waiter", "and you?");
	g_free(room_until(talker, "LEFT,den,member,"));
	vanish_expect_gone(d, nicks, G_N_ELEMENTS(nicks));

	got = client_bytes(slow, VANISH_LARGE);
	g_assert_true(memcmp(got, noise, VANISH_LARGE) == 0);
	client_ask(slow, "PING", "PONG");
	for (size_t i = 0; i < G_N_ELEMENTS(nicks); i++)
		client_free(c[i]);
	client_free(talker);
	client_free(slow);
	daemon_finish(d);
}

static void vanish(unsigned reactors)
{
	harness_run_in_network(vanish_in_network, reactors);
}

static void add_tests(void)
{
	harness_add("vanish", vanish);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, add_tests);
}
