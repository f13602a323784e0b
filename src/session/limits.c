/* SPDX-License-Identifier: MIT */
#include "session/limits.h"

#include "base/clock.h"
#include "base/macro.h"

#define FIELD(member) OPTION_FIELD(struct limits_options, member, uint64_t)

static const struct option limits_rows[] = {
	{ "connections", OPTION_INT, FIELD(connections), 1, 1000000, "16384", OPTION_APPLY_NOW, NULL,
	  "Limit of sessions at the same time. A further connection gets an error and is closed." },
	{ "per_address", OPTION_INT, FIELD(per_address), 1, 1000000, "1024", OPTION_APPLY_NOW, NULL,
	  "Limit of sessions at the same time from one address (IPv6: from one /64). Loopback has no such limit." },
	{ "line", OPTION_SIZE, FIELD(line), 64, 16 << 20, "64K", OPTION_APPLY_NOW, NULL,
	  "Limit of bytes of a request line. The reply to a longer line is an error, and the line is skipped." },
	{ "output", OPTION_SIZE, FIELD(output), 4096, 1 << 30, "256K", OPTION_APPLY_NOW, NULL,
	  "Limit of bytes of output that wait for a session. While more bytes of replies wait, the daemon does not "
	  "read from the session. When more bytes of events wait, the daemon drops the session as slow. A single event "
	  "can be longer." },
	{ "pipeline", OPTION_INT, FIELD(pipeline), 1, 65536, "128", OPTION_APPLY_NOW, NULL,
	  "Limit of open requests of a session. While it has that many, the daemon does not read from it." },
	{ "idle", OPTION_TIME, FIELD(idle_usec), USEC_PER_SEC / 10, 365 * 86400 * USEC_PER_SEC, "1d",
	  OPTION_APPLY_NOW, NULL,
	  "The daemon closes a session when no byte was sent or received for this time." },
	{ "line_time", OPTION_TIME, FIELD(line_time_usec), USEC_PER_SEC / 10, 86400 * USEC_PER_SEC, "30s",
	  OPTION_APPLY_NOW, NULL,
	  "The daemon closes a session when the end of a line does not arrive within this time." },
	{ "stall_time", OPTION_TIME, FIELD(stall_usec), USEC_PER_SEC / 10, 86400 * USEC_PER_SEC, "5m",
	  OPTION_APPLY_NOW, NULL,
	  "The daemon closes a session that for this time neither sends its announced bytes nor takes its replies." },
	{ "peer_timeout", OPTION_TIME, FIELD(peer_usec), 2 * USEC_PER_SEC, 3600 * USEC_PER_SEC, "2m",
	  OPTION_APPLY_NOW, NULL,
	  "The daemon closes a session when the peer's system has answered nothing for this time." },
	{ "memory", OPTION_SIZE, FIELD(memory), 1 << 20, 1ULL << 40, "256M", OPTION_APPLY_NOW, NULL,
	  "Limit of bytes in memory for all sessions together: unfinished lines, uploads, replies." },
};

const struct option_section limits_section = {
	.name = "limits",
	.rows = limits_rows,
	.n_rows = ELEMENTSOF(limits_rows),
	.size = sizeof(struct limits_options),
};

static const struct option legacy_rows[] = {
	{ "legacy_wait", OPTION_TIME, OPTION_FIELD(struct legacy_options, wait_usec, uint64_t), USEC_PER_MSEC,
	  10 * USEC_PER_SEC, "50ms", OPTION_APPLY_SESSIONS, NULL,
	  "The pause that ends a command of an old client, which sends no line end." },
};

const struct option_section legacy_section = {
	.name = "",
	.rows = legacy_rows,
	.n_rows = ELEMENTSOF(legacy_rows),
	.size = sizeof(struct legacy_options),
};
