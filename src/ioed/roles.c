/* SPDX-License-Identifier: MIT */
#include "ioed/roles.h"

#include "control/control.h"
#include "daemon/journal.h"
#include "daemon/limits.h"
#include "daemon/listener.h"
#include "daemon/server.h"
#include "roles/chat.h"
#include "roles/compute.h"
#include "roles/file.h"
#include "roles/relay.h"

const struct role *const ioed_roles[] = { &file_role, &chat_role, &relay_role, &compute_role, NULL };

/* In the same order: listeners[].roles are bits of it. */
static const char *const ioed_role_names[] = { "file", "chat", "relay", "compute", NULL };

static const struct option_section *const ioed_sections[] = {
	&server_section, &limits_section, &file_section, &chat_section, &relay_section, &log_section, &control_section, NULL,
};

const struct option_schema ioed_schema = {
	.sections = ioed_sections,
	.listener = &listener_section,
	.roles = ioed_role_names,
	.listeners_default = LISTENERS_DEFAULT,
};
