/* SPDX-License-Identifier: MIT */
/* `ioectl kick`: one call a client, so that each that has gone is told by its name. */
#include "base/macro.h"
#include "ctl/ask.h"
#include "ctl/ctl.h"
#include "ctl/failure.h"
#include "ctl/flags.h"
#include "ctl/output.h"
#include "ctl/view.h"

#include <limits.h>
#include <string.h>

static enum ctl_exit kick_done(_unused_ void *userdata, _unused_ const struct ctl_instance *i,
			       _unused_ struct json_object *answer)
{
	return CTL_OK;
}

static enum ctl_exit kick_one(const struct ctl *ctl, const char *id, const char *why)
{
	struct json_object *o = json_object_new_object();
	enum ctl_exit code;

	if (!o || json_object_object_add(o, "id", json_object_new_string(id)) < 0 ||
	    (why && json_object_object_add(o, "why", json_object_new_string(why)) < 0)) {
		(void)json_object_put(o);
		(void)fprintf(stderr, "ioectl: out of memory\n");
		return CTL_FAILED;
	}
	code = ask_each(ctl, "org.ioe.control.Kick", o, kick_done, NULL);
	(void)json_object_put(o);
	return code;
}

static int kick_run(const struct ctl *ctl, int argc, char **argv)
{
	const char *why = NULL;
	const struct flag flags[] = { { "why", &why, NULL }, { 0 } };
	struct json_object *kicked;
	enum ctl_exit code = CTL_OK, printed;
	struct output out;
	int n;

	n = flags_parse(flags, 1, INT_MAX, argc, argv);
	if (n < 0)
		return CTL_USAGE;
	if (ask_is_one(ctl, "kick") != CTL_OK)
		return CTL_USAGE;
	kicked = json_object_new_array();
	if (!kicked || output_open(&out) < 0) {
		(void)json_object_put(kicked);
		(void)fprintf(stderr, "ioectl: out of memory\n");
		return CTL_FAILED;
	}
	for (int i = 1; i <= n; i++) {
		enum ctl_exit one = kick_one(ctl, argv[i], why);

		if (one == CTL_OK)
			(void)json_object_array_add(kicked, json_object_new_string(argv[i]));
		code = failure_join(code, one, i == 1);
	}
	if (ctl->json)
		view_json(out.file, kicked);
	(void)json_object_put(kicked);
	printed = output_finish(&out);
	return (int)(printed != CTL_OK ? printed : code);
}

const struct ctl_command kick_command = {
	.name = "kick",
	.args = "[--why=TEXT] ID...",
	.help = "end clients' connections",
	.run = kick_run,
};
