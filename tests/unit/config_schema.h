#pragma once
/* SPDX-License-Identifier: MIT */
/* A schema like the daemon's, with every type of row, for the tests of the configuration. */

#include "base/clock.h"
#include "base/macro.h"
#include "base/option.h"

#include <errno.h>
#include <stdio.h>

struct top_values {
	uint64_t reactors, workers, stop_timeout_usec, legacy_wait_usec;
	char *state_dir, *runtime_dir;
};

struct limits_values {
	uint64_t connections, per_address, line, output, pipeline, idle_usec, line_time_usec, memory;
};

struct file_values {
	char *root;
	uint64_t max_size, overwrite, mode;
	bool sync;
};

struct log_values {
	uint64_t level;
};

struct listener_values {
	char *address;
	uint64_t port, port_base, roles;
	bool raw;
};

#define TOP(m, t)      OPTION_FIELD(struct top_values, m, t)
#define LIMITS(m)      OPTION_FIELD(struct limits_values, m, uint64_t)
#define IN_FILE(m, t)  OPTION_FIELD(struct file_values, m, t)
#define LISTENER(m, t) OPTION_FIELD(struct listener_values, m, t)
#define NOW            OPTION_APPLY_NOW
#define SESSIONS       OPTION_APPLY_SESSIONS
#define RESTART        OPTION_APPLY_RESTART

static const struct option top_rows[] = {
	{ "reactors", OPTION_INT, TOP(reactors, uint64_t), 1, 64, "1", RESTART, NULL, "Threads that serve sessions." },
	{ "workers", OPTION_INT, TOP(workers, uint64_t), 1, 64, "2", RESTART, NULL, "Threads that may block." },
	{ "state_dir", OPTION_STRING, TOP(state_dir, char *), 1, 100, "/var/lib/ioe/%i", RESTART, NULL, "What is kept." },
	{ "runtime_dir", OPTION_STRING, TOP(runtime_dir, char *), 1, 100, "/run/ioe/%i", RESTART, NULL, "The socket's place." },
	{ "stop_timeout", OPTION_TIME, TOP(stop_timeout_usec, uint64_t), 0, 3600 * USEC_PER_SEC, "10s", NOW, NULL,
	  "How long stopping may take." },
	{ "legacy_wait", OPTION_TIME, TOP(legacy_wait_usec, uint64_t), USEC_PER_MSEC, 10 * USEC_PER_SEC, "50ms", SESSIONS,
	  NULL, "Silence that ends what an old client says." },
};

static const struct option limits_rows[] = {
	{ "connections", OPTION_INT, LIMITS(connections), 1, 1000000, "16384", NOW, NULL, "Sessions in all." },
	{ "per_address", OPTION_INT, LIMITS(per_address), 1, 1000000, "1024", NOW, NULL, "Sessions from one address." },
	{ "line", OPTION_SIZE, LIMITS(line), 64, 16 << 20, "64K", NOW, NULL, "Bytes in a line." },
	{ "output", OPTION_SIZE, LIMITS(output), 4096, 1 << 30, "256K", NOW, NULL, "Bytes that wait for a session." },
	{ "pipeline", OPTION_INT, LIMITS(pipeline), 1, 65536, "128", NOW, NULL, "Requests under way." },
	{ "idle", OPTION_TIME, LIMITS(idle_usec), USEC_PER_SEC, 365 * 86400 * USEC_PER_SEC, "1d", NOW, NULL,
	  "A session that says nothing and is told nothing for so long that nobody can be there any more is closed." },
	{ "line_time", OPTION_TIME, LIMITS(line_time_usec), USEC_PER_SEC, 86400 * USEC_PER_SEC, "30s", NOW, NULL,
	  "From a line's first byte to its last." },
};

/* A second owner of the same group. */
static const struct option memory_rows[] = {
	{ "memory", OPTION_SIZE, LIMITS(memory), 1 << 20, 1ULL << 40, "256M", NOW, NULL, "Bytes for all sessions." },
};

static const char *const overwrite_words[] = { "no", "yes", "owner", NULL };

static const struct option file_rows[] = {
	{ "root", OPTION_STRING, IN_FILE(root, char *), 1, 4000, NULL, RESTART, NULL, "The folder of the files." },
	{ "max_size", OPTION_SIZE, IN_FILE(max_size, uint64_t), 0, UINT64_MAX, "1G", SESSIONS, NULL, "Bytes in a file." },
	{ "sync", OPTION_BOOL, IN_FILE(sync, bool), 0, 1, "true", NOW, NULL, "Whether files are synced." },
	{ "overwrite", OPTION_WORD, IN_FILE(overwrite, uint64_t), 0, 0, "yes", NOW, overwrite_words, "Whether to replace." },
	{ "mode", OPTION_MODE, IN_FILE(mode, uint64_t), 0400, 0777, "0640", NOW, NULL, "Mode of new files." },
};

static const char *const log_words[] = { "err", "warning", "notice", "info", "debug", NULL };

static const struct option log_rows[] = {
	{ "level", OPTION_WORD, OPTION_FIELD(struct log_values, level, uint64_t), 0, 0, "info", NOW, log_words,
	  "What is logged." },
};

static const struct option listener_rows[] = {
	{ "address", OPTION_STRING, LISTENER(address, char *), 1, 45, "127.0.0.1", RESTART, NULL, "Where to listen." },
	{ "port", OPTION_INT, LISTENER(port, uint64_t), 0, 65535, NULL, RESTART, NULL, "The port; 0: the kernel's choice." },
	{ "port_base", OPTION_INT, LISTENER(port_base, uint64_t), 0, 65534, NULL, RESTART, NULL, "The instance is added." },
	{ "roles", OPTION_ROLES, LISTENER(roles, uint64_t), 0, 0, NULL, RESTART, NULL, "What is offered there." },
	{ "raw", OPTION_BOOL, LISTENER(raw, bool), 0, 1, "true", RESTART, NULL, "Whether old clients are understood." },
};

static int limits_check(const void *values, char *why, size_t why_size)
{
	const struct limits_values *v = values;

	if (v->output >= v->line)
		return 0;
	(void)snprintf(why, why_size, "limits.output is smaller than limits.line");
	return -EINVAL;
}

static int listener_check(const void *values, char *why, size_t why_size)
{
	const struct listener_values *v = values;

	if (v->port != 80)
		return 0;
	(void)snprintf(why, why_size, "listeners.port = 80 is not for us");
	return -EINVAL;
}

#undef TOP
#undef LIMITS
#undef IN_FILE
#undef LISTENER
#undef NOW
#undef SESSIONS
#undef RESTART

#define SECTION(section, section_name, check_fn)                                                       \
	static const struct option_section section##_section = {                                       \
		.name = section_name, .rows = section##_rows, .n_rows = ELEMENTSOF(section##_rows),    \
		.size = sizeof(struct section##_values), .check = check_fn,                            \
	}

#define memory_values limits_values /* of which it fills another field */
SECTION(top, "", NULL);
SECTION(limits, "limits", limits_check);
SECTION(file, "file", NULL);
SECTION(memory, "limits", NULL);
SECTION(log, "log", NULL);
SECTION(listener, "listeners", listener_check);
#undef memory_values
#undef SECTION

static const struct option_section *const schema_sections[] = { &top_section,    &limits_section, &file_section,
								&memory_section, &log_section,    NULL };
static const char *const schema_roles[] = { "file", "chat", "relay", "compute", NULL };

static const struct option_schema schema = {
	.sections = schema_sections,
	.listener = &listener_section,
	.roles = schema_roles,
	.listeners_default = "(\n"
			     "\t{ port_base = 9000; roles = [ \"file\", \"chat\", \"relay\", \"compute\" ]; },\n"
			     "\t{ port_base = 11825; address = \"127.0.0.1\"; roles = [ \"chat\" ]; }\n"
			     ")",
};
