/* SPDX-License-Identifier: MIT */
/* `ioectl rooms` and `ioectl mailboxes`. */
#include "base/macro.h"
#include "ctl/ctl.h"
#include "ctl/list.h"
#include "ctl/view.h"

static const struct list_column channels_rooms[] = {
	{ NULL, "ROOM", "name", view_text },
	{ NULL, "MEMBERS", "members", view_number },
	{ NULL, "MESSAGES", "messages", view_number },
	{ NULL, "SIZE", "bytes", view_size },
	{ NULL, "LAST", "last", view_number },
	{ NULL, "TOPIC", "topic", view_text_if_any },
};

static const struct list_column channels_mailboxes[] = {
	{ NULL, "MAILBOX", "name", view_text },
	{ NULL, "READERS", "readers", view_number },
	{ NULL, "MESSAGES", "messages", view_number },
	{ NULL, "SIZE", "bytes", view_size },
	{ NULL, "EVER", "last", view_number },
};

static enum exit_code channels_print(struct list *l, const struct list_column *columns, size_t n)
{
	if (l->ctl->n_instances > 1)
		(void)list_add_column(l, &list_instance);
	for (size_t i = 0; i < n; i++)
		(void)list_add_column(l, &columns[i]);
	return list_print(l, NULL);
}

static enum exit_code channels_run_rooms(const struct ctl *ctl, const struct args *a)
{
	struct list l = { .ctl = ctl, .method = "org.ioe.control.Rooms", .key = "rooms" };

	l.no_headers = args_has(a, "no-headers");
	return channels_print(&l, channels_rooms, ELEMENTSOF(channels_rooms));
}

static enum exit_code channels_run_mailboxes(const struct ctl *ctl, const struct args *a)
{
	struct list l = { .ctl = ctl, .method = "org.ioe.control.Mailboxes", .key = "mailboxes" };

	l.no_headers = args_has(a, "no-headers");
	return channels_print(&l, channels_mailboxes, ELEMENTSOF(channels_mailboxes));
}

static const struct flag channels_flags[] = {
	{ "no-headers", NULL, NULL },
	{ 0 },
};

const struct ctl_command rooms_command = {
	.row = {
		.name = "rooms",
		.args = "[--no-headers]",
		.help = "list the rooms",
		.flags = channels_flags,
	},
	.run = channels_run_rooms,
};

const struct ctl_command mailboxes_command = {
	.row = {
		.name = "mailboxes",
		.args = "[--no-headers]",
		.help = "list the mailboxes with messages",
		.flags = channels_flags,
	},
	.run = channels_run_mailboxes,
};
