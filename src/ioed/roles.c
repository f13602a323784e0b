/* SPDX-License-Identifier: MIT */
#include "ioed/roles.h"

#include "control/control.h"
#include "log/journal.h"
#include "net/listener.h"
#include "roles/chat/chat.h"
#include "roles/compute/compute.h"
#include "roles/file/file.h"
#include "roles/relay/relay.h"
#include "server/server.h"
#include "session/limits.h"

const struct role *const ioed_roles[] = { &file_role, &chat_role, &relay_role, &compute_role, NULL };

/* In the order of ioed_roles: the bits of listeners[].roles are numbers of this array. */
static const char *const ioed_role_names[] = { "file", "chat", "relay", "compute", NULL };

static const struct option_section *const ioed_sections[] = {
	&server_section, &legacy_section, &limits_section, &file_section, &chat_section, &relay_section, &log_section, &control_section, NULL,
};

const struct option_schema ioed_schema = {
	.sections = ioed_sections,
	.listener = &listener_section,
	.roles = ioed_role_names,
	.listeners_default = LISTENERS_DEFAULT,
};
