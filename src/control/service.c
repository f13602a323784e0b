/* SPDX-License-Identifier: MIT */
/*
 * A method is one row: dispatch, the check of its parameters and, by a test, the description of its interface read
 * it. Parameters are checked before the method runs, and it may rely on them.
 */
#include "control/service.h"

#include "base/macro.h"
#include "control/report.h"

#include <errno.h>
#include <string.h>

struct service_method {
	const char *interface;
	const char *name;
	const char *parameter; /* the one string it takes; NULL: none */
	int (*act)(struct server *server, struct json_object *parameters, struct buf *out);
};

struct service_interface {
	const char *name;
	const char *text;
};

/* The texts are the installed files, turned into C by the build. */
static const struct service_interface service_interfaces[] = {
	{ "org.varlink.service",
#include "control/org.varlink.service.inc"
	},
	{ "org.ioe.control",
#include "control/org.ioe.control.inc"
	},
};

static void service_putp(struct json_object **o)
{
	(void)json_object_put(*o);
}

const char *service_description(const char *interface)
{
	for (size_t i = 0; i < ELEMENTSOF(service_interfaces); i++)
		if (strcmp(service_interfaces[i].name, interface) == 0)
			return service_interfaces[i].text;
	return NULL;
}

/* Consumes @value in any case. */
static int service_add(struct json_object *o, const char *key, struct json_object *value)
{
	if (!value || json_object_object_add(o, key, value) < 0) {
		(void)json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

/* An error whose parameters are one value, consumed in any case. */
static int service_error(struct buf *out, const char *error, const char *key, struct json_object *value)
{
	_cleanup_(service_putp) struct json_object *parameters = json_object_new_object();
	int r;

	if (!parameters) {
		(void)json_object_put(value);
		return -ENOMEM;
	}
	r = service_add(parameters, key, value);
	return r < 0 ? r : varlink_put_error(out, error, parameters);
}

static int service_invalid(struct buf *out, const char *parameter)
{
	return service_error(out, "org.varlink.service.InvalidParameter", "parameter",
			     json_object_new_string(parameter));
}

static int service_get_info(_unused_ struct server *server, _unused_ struct json_object *parameters, struct buf *out)
{
	_cleanup_(service_putp) struct json_object *o = json_object_new_object();
	struct json_object *names = json_object_new_array();
	int r;

	if (!o || !names) {
		(void)json_object_put(names);
		return -ENOMEM;
	}
	/* From here on @names is @o's. */
	r = service_add(o, "interfaces", names);
	for (size_t i = 0; r == 0 && i < ELEMENTSOF(service_interfaces); i++) {
		struct json_object *name = json_object_new_string(service_interfaces[i].name);

		if (!name || json_object_array_add(names, name) < 0) {
			(void)json_object_put(name);
			r = -ENOMEM;
		}
	}
	if (r == 0)
		r = service_add(o, "vendor", json_object_new_string("ioe"));
	if (r == 0)
		r = service_add(o, "product", json_object_new_string("ioed"));
	if (r == 0)
		r = service_add(o, "version", json_object_new_string(PACKAGE_VERSION));
	if (r == 0)
		r = service_add(o, "url", json_object_new_string(PACKAGE_URL));
	return r < 0 ? r : varlink_put_reply(out, o, false);
}

static int service_get_description(_unused_ struct server *server, struct json_object *parameters, struct buf *out)
{
	_cleanup_(service_putp) struct json_object *o = NULL;
	const char *interface = json_object_get_string(json_object_object_get(parameters, "interface"));
	const char *text = service_description(interface);
	int r;

	if (!text)
		return service_error(out, "org.varlink.service.InterfaceNotFound", "interface",
				     json_object_new_string(interface));
	o = json_object_new_object();
	if (!o)
		return -ENOMEM;
	r = service_add(o, "description", json_object_new_string(text));
	return r < 0 ? r : varlink_put_reply(out, o, false);
}

static int service_status(struct server *server, _unused_ struct json_object *parameters, struct buf *out)
{
	_cleanup_(service_putp) struct json_object *o = NULL;
	struct status st;
	int r;

	r = server_status(server, &st);
	if (r < 0)
		return r;
	r = report_status(&st, &o);
	status_done(&st);
	return r < 0 ? r : varlink_put_reply(out, o, false);
}

static const struct service_method service_methods[] = {
	{ "org.varlink.service", "GetInfo", NULL, service_get_info },
	{ "org.varlink.service", "GetInterfaceDescription", "interface", service_get_description },
	{ "org.ioe.control", "Status", NULL, service_status },
};

static const struct service_method *service_find(const char *interface, const char *name)
{
	for (size_t i = 0; i < ELEMENTSOF(service_methods); i++)
		if (strcmp(service_methods[i].interface, interface) == 0 && strcmp(service_methods[i].name, name) == 0)
			return &service_methods[i];
	return NULL;
}

/* The first parameter that is missing, unknown or not as it should be; NULL: all are right. */
static const char *service_check(const struct service_method *m, struct json_object *parameters)
{
	bool found = false;

	if (parameters) {
		json_object_object_foreach(parameters, key, value) {
			if (!m->parameter || strcmp(key, m->parameter) != 0)
				return key;
			/* A NUL in it would hide the rest from what compares C strings. */
			if (!json_object_is_type(value, json_type_string) ||
			    strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
				return key;
			found = true;
		}
	}
	return m->parameter && !found ? m->parameter : NULL;
}

static int service_run(struct server *server, const struct varlink_call *call, struct buf *out)
{
	_cleanup_(freep) char *interface = NULL;
	const char *dot = strrchr(call->method, '.');
	const struct service_method *m;
	const char *wrong;

	if (!dot)
		return service_invalid(out, "method");
	interface = strndup(call->method, (size_t)(dot - call->method));
	if (!interface)
		return -ENOMEM;
	if (!service_description(interface))
		return service_error(out, "org.varlink.service.InterfaceNotFound", "interface",
				     json_object_new_string(interface));
	m = service_find(interface, dot + 1);
	if (!m)
		return service_error(out, "org.varlink.service.MethodNotFound", "method",
				     json_object_new_string(call->method));
	if (call->upgrade)
		return service_error(out, "org.varlink.service.MethodNotImplemented", "method",
				     json_object_new_string(call->method));
	wrong = service_check(m, call->parameters);
	return wrong ? service_invalid(out, wrong) : m->act(server, call->parameters, out);
}

int service_answer(struct server *server, const struct varlink_call *call, struct buf *out)
{
	size_t before = out->len;
	int r;

	r = service_run(server, call, out);
	if (call->oneway)
		out->len = before;
	return r;
}

int service_deny(struct buf *out)
{
	return varlink_put_error(out, "org.varlink.service.PermissionDenied", NULL);
}

int service_refuse(uint64_t limit, struct buf *out)
{
	return service_error(out, "org.ioe.control.TooManyConnections", "limit",
			     json_object_new_int64((int64_t)MIN(limit, (uint64_t)INT64_MAX)));
}
