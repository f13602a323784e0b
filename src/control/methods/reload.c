/* SPDX-License-Identifier: MIT */
#include "control/methods/reload.h"

#include "base/clock.h"
#include "base/macro.h"
#include "control/reply.h"
#include "loop/loop.h"

#include <errno.h>
#include <string.h>

#define RELOAD_SENTENCES_MAX       (64U << 10)
#define RELOAD_LEVEL_USEC_MAX (366 * 24 * 3600 * USEC_PER_SEC)

struct reload_changes {
	struct json_object *array;
	int r;
};

static void reload_change(void *userdata, const char *option, const char *from, const char *to, bool restart)
{
	struct reload_changes *all = userdata;
	struct json_object *o = json_object_new_object();

	reply_text(o, "option", option, &all->r);
	reply_text(o, "from", from, &all->r);
	reply_text(o, "to", to, &all->r);
	reply_flag(o, "restart", restart, &all->r);
	reply_append(all->array, o, &all->r);
}

int method_reload(struct method_call *c)
{
	const struct control_acts *acts = &c->service->acts;
	struct reload_changes all = { .array = json_object_new_array() };
	_cleanup_(buf_done) struct buf sentences = { .max = RELOAD_SENTENCES_MAX };
	struct json_object *o;
	const char *text;
	int r;

	r = acts->reload(acts->userdata, method_flag(c, "check"), reload_change, &all, &sentences);
	text = buf_str(&sentences);
	if (r < 0) {
		(void)json_object_put(all.array);
		if (!text || !*text)
			text = strerror(-r);
		return method_error(c->out, "org.ioe.control.ReloadRefused", "text", reply_string(text, strlen(text)));
	}
	o = json_object_new_object();
	reply_add(o, "changes", all.array, &all.r);
	reply_text(o, "text", text ? text : "", &all.r);
	if (all.r < 0) {
		(void)json_object_put(o);
		return all.r;
	}
	return method_reply(c->out, o, false);
}

static bool reload_find_level(const char *name, enum log_level *ret)
{
	for (int l = LOG_LEVEL_ERR; l < LOG_LEVEL_MAX; l++)
		if (strcmp(log_level_name((enum log_level)l), name) == 0) {
			*ret = (enum log_level)l;
			return true;
		}
	return false;
}

void method_level_over(struct timer *t)
{
	struct service *s = container_of(t, struct service, level_timer);

	log_set_level(s->acts.log_level(s->acts.userdata));
	log_notice("the log level is the configured one again: %s", log_level_name(log_get_level()));
}

static int reload_report_level(struct method_call *c)
{
	const struct control_acts *acts = &c->service->acts;
	struct json_object *o = json_object_new_object();
	int r = 0;

	reply_text(o, "level", log_level_name(log_get_level()), &r);
	reply_text(o, "configured", log_level_name(acts->log_level(acts->userdata)), &r);
	if (r < 0) {
		(void)json_object_put(o);
		return r;
	}
	return method_reply(c->out, o, false);
}

int method_log_level(struct method_call *c)
{
	struct service *s = c->service;
	int64_t usec = method_int(c, "for_usec", 0);
	const char *name = method_string(c, "level");
	enum log_level level;

	if (!name)
		return usec == 0 ? reload_report_level(c) : method_invalid(c->out, "level");
	if (!reload_find_level(name, &level))
		return method_invalid(c->out, "level");
	if (usec < 0 || (uint64_t)usec > RELOAD_LEVEL_USEC_MAX)
		return method_invalid(c->out, "for_usec");
	loop_no_timer(s->loop, &s->level_timer);
	if (usec > 0)
		loop_timer(s->loop, &s->level_timer, clock_usec() + (uint64_t)usec);
	log_set_level(level);
	log_notice("the log level is %s%s", name, usec > 0 ? " for a while" : " until the next reload");
	return reload_report_level(c);
}
