/* SPDX-License-Identifier: MIT */
#include "control/method.h"

#include "control/reply.h"

#include <errno.h>

const char *method_string(const struct method_call *c, const char *key)
{
	return json_object_get_string(json_object_object_get(c->parameters, key));
}

int64_t method_int(const struct method_call *c, const char *key, int64_t otherwise)
{
	struct json_object *v = json_object_object_get(c->parameters, key);

	return v ? json_object_get_int64(v) : otherwise;
}

bool method_flag(const struct method_call *c, const char *key)
{
	return json_object_get_boolean(json_object_object_get(c->parameters, key));
}

int method_reply(struct buf *out, struct json_object *parameters, bool continues)
{
	int r = -ENOMEM;

	if (parameters)
		r = varlink_put_reply(out, parameters, continues);
	(void)json_object_put(parameters);
	return r;
}

int method_error(struct buf *out, const char *error, const char *key, struct json_object *value)
{
	struct json_object *parameters = json_object_new_object();
	int r = 0;

	reply_add(parameters, key, value, &r);
	if (r == 0)
		r = varlink_put_error(out, error, parameters);
	(void)json_object_put(parameters);
	return r;
}

int method_invalid(struct buf *out, const char *parameter)
{
	return method_error(out, "org.varlink.service.InvalidParameter", "parameter",
			    json_object_new_string(parameter));
}
