/* SPDX-License-Identifier: MIT */
/*
 * A method is one row. Dispatch reads it, so does the check of parameters, and a test compares it with the description
 * of the interface. Parameters are checked before the method runs, so the method need not check their types.
 */
#include "control/service.h"

#include "base/macro.h"
#include "control/method.h"
#include "control/methods/channels.h"
#include "control/methods/clients.h"
#include "control/methods/metrics.h"
#include "control/methods/reload.h"
#include "control/methods/status.h"
#include "control/reply.h"
#include "loop/loop.h"

#include <errno.h>
#include <string.h>

struct service_parameter {
	const char *name; /* NULL: the end of a list that does not fill its array */
	enum json_type type;
	bool optional;
};

#define SERVICE_PARAMETERS_MAX 2

struct service_method {
	const char *interface;
	const char *name;
	int (*act)(struct method_call *c);
	struct service_parameter parameters[SERVICE_PARAMETERS_MAX];
};

struct service_interface {
	const char *name;
	const char *text;
};

/* The descriptions are the installed files, which the build turns into C. */
static const struct service_interface service_interfaces[] = {
	{ "org.varlink.service",
#include "control/org.varlink.service.inc"
	},
	{ "org.ioe.control",
#include "control/org.ioe.control.inc"
	},
};

const char *service_description(const char *interface)
{
	for (size_t i = 0; i < ELEMENTSOF(service_interfaces); i++)
		if (strcmp(service_interfaces[i].name, interface) == 0)
			return service_interfaces[i].text;
	return NULL;
}

static int service_get_info(struct method_call *c)
{
	struct json_object *o = json_object_new_object(), *names = json_object_new_array();
	int r = 0;

	for (size_t i = 0; i < ELEMENTSOF(service_interfaces); i++)
		reply_append(names, json_object_new_string(service_interfaces[i].name), &r);
	reply_add(o, "interfaces", names, &r);
	reply_text(o, "vendor", "ioe", &r);
	reply_text(o, "product", "ioed", &r);
	reply_text(o, "version", PACKAGE_VERSION, &r);
	reply_text(o, "url", PACKAGE_URL, &r);
	if (r < 0) {
		(void)json_object_put(o);
		return r;
	}
	return method_reply(c->out, o, false);
}

static int service_get_description(struct method_call *c)
{
	const char *interface = method_string(c, "interface"), *text = service_description(interface);
	struct json_object *o;
	int r = 0;

	if (!text)
		return method_error(c->out, "org.varlink.service.InterfaceNotFound", "interface",
				    json_object_new_string(interface));
	o = json_object_new_object();
	reply_text(o, "description", text, &r);
	if (r < 0) {
		(void)json_object_put(o);
		return r;
	}
	return method_reply(c->out, o, false);
}

static int service_report(struct method_call *c, int (*report)(const struct status *st, struct json_object **ret))
{
	struct json_object *o;
	struct status st;
	int r;

	r = server_status(c->service->server, &st);
	if (r < 0)
		return r;
	r = report(&st, &o);
	status_done(&st);
	return r < 0 ? r : method_reply(c->out, o, false);
}

static int service_status(struct method_call *c)
{
	return service_report(c, status_report);
}

static int service_metrics(struct method_call *c)
{
	return service_report(c, metrics_report);
}

static const struct service_method service_methods[] = {
	{ "org.varlink.service", "GetInfo", service_get_info, { { 0 } } },
	{ "org.varlink.service",
	  "GetInterfaceDescription",
	  service_get_description,
	  { { "interface", json_type_string, false } } },
	{ "org.ioe.control", "Status", service_status, { { 0 } } },
	{ "org.ioe.control", "Clients", method_clients, { { "filter", json_type_string, true } } },
	{ "org.ioe.control",
	  "Kick",
	  method_kick,
	  { { "id", json_type_string, false }, { "why", json_type_string, true } } },
	{ "org.ioe.control", "Reload", method_reload, { { "check", json_type_boolean, true } } },
	{ "org.ioe.control",
	  "LogLevel",
	  method_log_level,
	  { { "level", json_type_string, true }, { "for_usec", json_type_int, true } } },
	{ "org.ioe.control", "Metrics", service_metrics, { { 0 } } },
	{ "org.ioe.control", "Rooms", method_rooms, { { 0 } } },
	{ "org.ioe.control", "Mailboxes", method_mailboxes, { { 0 } } },
	{ "org.ioe.control", "Backup", method_backup, { { "dir", json_type_string, false } } },
};

void service_init(struct service *s, struct server *server, const struct control_acts *acts, struct loop *l)
{
	*s = (struct service){ .server = server, .acts = *acts, .loop = l, .level_timer.fire = method_level_over };
}

void service_done(struct service *s)
{
	loop_no_timer(s->loop, &s->level_timer);
}

bool service_method_at(size_t i, const char **ret_interface, const char **ret_name)
{
	if (i >= ELEMENTSOF(service_methods))
		return false;
	*ret_interface = service_methods[i].interface;
	*ret_name = service_methods[i].name;
	return true;
}

static const struct service_method *service_find(const char *interface, const char *name)
{
	for (size_t i = 0; i < ELEMENTSOF(service_methods); i++)
		if (strcmp(service_methods[i].interface, interface) == 0 && strcmp(service_methods[i].name, name) == 0)
			return &service_methods[i];
	return NULL;
}

static bool service_is_right(const struct service_parameter *p, struct json_object *value)
{
	if (!value)
		return p->optional;
	if (!json_object_is_type(value, p->type))
		return false;
	/* Functions that compare C strings would not see the rest behind a NUL. */
	return p->type != json_type_string ||
	       strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value);
}

static size_t service_n_parameters(const struct service_method *m)
{
	size_t n = 0;

	while (n < ELEMENTSOF(m->parameters) && m->parameters[n].name)
		n++;
	return n;
}

static const struct service_parameter *service_find_parameter(const struct service_method *m, const char *name)
{
	size_t n = service_n_parameters(m);

	for (size_t i = 0; i < n; i++)
		if (strcmp(m->parameters[i].name, name) == 0)
			return &m->parameters[i];
	return NULL;
}

/* The name of the first parameter that is unknown, missing or of the wrong type; NULL: all are right. */
static const char *service_check(const struct service_method *m, struct json_object *parameters)
{
	size_t n = service_n_parameters(m);

	if (parameters) {
		json_object_object_foreach(parameters, key, value) {
			const struct service_parameter *p = service_find_parameter(m, key);

			if (!p || !service_is_right(p, value))
				return key;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (!m->parameters[i].optional &&
		    !json_object_object_get_ex(parameters, m->parameters[i].name, NULL))
			return m->parameters[i].name;
	return NULL;
}

static int service_run(struct method_call *c, const struct varlink_call *call)
{
	_cleanup_(freep) char *interface = NULL;
	const char *dot = strrchr(call->method, '.');
	const struct service_method *m;
	const char *wrong;

	if (!dot)
		return method_invalid(c->out, "method");
	interface = strndup(call->method, (size_t)(dot - call->method));
	if (!interface)
		return -ENOMEM;
	if (!service_description(interface))
		return method_error(c->out, "org.varlink.service.InterfaceNotFound", "interface",
				    json_object_new_string(interface));
	m = service_find(interface, dot + 1);
	if (!m)
		return method_error(c->out, "org.varlink.service.MethodNotFound", "method",
				    json_object_new_string(call->method));
	if (call->upgrade)
		return method_error(c->out, "org.varlink.service.MethodNotImplemented", "method",
				    json_object_new_string(call->method));
	wrong = service_check(m, call->parameters);
	return wrong ? method_invalid(c->out, wrong) : m->act(c);
}

int service_answer(struct service *s, const struct varlink_call *call, struct buf *out, struct service_job **ret_job)
{
	struct method_call c = {
		.service = s,
		.parameters = call->parameters,
		.more = call->more,
		.oneway = call->oneway,
		.out = out,
	};
	size_t before = out->len;
	int r;

	r = service_run(&c, call);
	if (call->oneway)
		out->len = before;
	if (c.job) {
		c.job->service = s;
		c.job->more = call->more;
		c.job->oneway = call->oneway;
	}
	*ret_job = c.job;
	return r;
}

int service_job_answer(struct service_job *j, struct buf *out, bool *ret_done)
{
	size_t before = out->len;
	int r;

	r = j->act(j, out, ret_done);
	if (j->oneway)
		out->len = before;
	return r;
}

void service_job_next(struct service_job *j)
{
	j->next(j);
}

bool service_job_is_away(const struct service_job *j)
{
	return j->task->away;
}

struct service_job *service_job_free(struct service_job *j)
{
	if (j) {
		(void)server_task_free(j->task);
		j->free(j);
	}
	return NULL;
}

int service_deny(struct buf *out)
{
	return varlink_put_error(out, "org.varlink.service.PermissionDenied", NULL);
}

int service_refuse(uint64_t limit, struct buf *out)
{
	return method_error(out, "org.ioe.control.TooManyConnections", "limit",
			     json_object_new_int64((int64_t)MIN(limit, (uint64_t)INT64_MAX)));
}
