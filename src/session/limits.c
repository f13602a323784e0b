/* SPDX-License-Identifier: MIT */
#include "session/limits.h"

#include "base/clock.h"
#include "base/macro.h"

#define FIELD(member) OPTION_FIELD(struct limits_options, member, uint64_t)

static const struct option limits_rows[] = {
	{ "connections", OPTION_INT, FIELD(connections), 1, 1000000, "16384", OPTION_APPLY_NOW, NULL,
	  "Sessions at once, in all. One more is told so and closed." },
	{ "per_address", OPTION_INT, FIELD(per_address), 1, 1000000, "1024", OPTION_APPLY_NOW, NULL,
	  "Sessions at once from one address (IPv6: from one /64). Loopback is exempt." },
	{ "line", OPTION_SIZE, FIELD(line), 64, 16 << 20, "64K", OPTION_APPLY_NOW, NULL,
	  "Bytes in a request line. A longer one is an error and is skipped." },
	{ "output", OPTION_SIZE, FIELD(output), 4096, 1 << 30, "256K", OPTION_APPLY_NOW, NULL,
	  "Bytes of answers that may wait for a session; from there on its requests wait unread. One that lets more than that "
	  "wait of what it is told unasked, as in a room, is cut off; one message alone may be longer." },
	{ "pipeline", OPTION_INT, FIELD(pipeline), 1, 65536, "128", OPTION_APPLY_NOW, NULL,
	  "Requests that a session may have under way; further ones wait unread." },
	{ "idle", OPTION_TIME, FIELD(idle_usec), USEC_PER_SEC / 10, 365 * 86400 * USEC_PER_SEC, "1d", OPTION_APPLY_NOW, NULL,
	  "A session without a byte either way for so long is closed." },
	{ "line_time", OPTION_TIME, FIELD(line_time_usec), USEC_PER_SEC / 10, 86400 * USEC_PER_SEC, "30s", OPTION_APPLY_NOW, NULL,
	  "A line that was begun must be ended within this time, or its session is closed." },
	{ "stall_time", OPTION_TIME, FIELD(stall_usec), USEC_PER_SEC / 10, 86400 * USEC_PER_SEC, "5m", OPTION_APPLY_NOW, NULL,
	  "A session that neither sends the bytes it promised nor takes those it asked for, for so long, is closed." },
	{ "peer_timeout", OPTION_TIME, FIELD(peer_usec), 2 * USEC_PER_SEC, 3600 * USEC_PER_SEC, "2m", OPTION_APPLY_NOW, NULL,
	  "A peer whose system answers nothing for so long has vanished, and its session ends, whatever is under way." },
	{ "memory", OPTION_SIZE, FIELD(memory), 1 << 20, 1ULL << 40, "256M", OPTION_APPLY_NOW, NULL,
	  "Bytes held in memory for all sessions together: unfinished lines, uploads, answers." },
};

const struct option_section limits_section = {
	.name = "limits",
	.rows = limits_rows,
	.n_rows = ELEMENTSOF(limits_rows),
	.size = sizeof(struct limits_options),
};
