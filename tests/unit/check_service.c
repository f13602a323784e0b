/* SPDX-License-Identifier: MIT */
#include "control/service.h"

#include "control/report.h"
#include "fake_status.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>

/* The answer to one call, without its NUL; NULL: it is no call. Lives until the next one. */
static const char *ask(const char *text)
{
	static struct buf answer;
	struct json_object *message = json_tokener_parse(text);
	struct varlink_call call;

	buf_done(&answer);
	ck_assert_ptr_nonnull(message);
	ck_assert_msg(varlink_parse_call(message, &call) == 0, "no call: %s", text);
	ck_assert_int_eq(service_answer(NULL, &call, &answer), 0);
	(void)json_object_put(message);
	/* One message, and its NUL is the only one. */
	ck_assert_ptr_eq(memchr(answer.data, 0, answer.len), answer.data + answer.len - 1);
	return answer.data;
}

START_TEST(test_calls)
{
	static const struct {
		const char *call, *answer;
	} rows[] = {
		{ "{\"method\":\"org.varlink.service.GetInfo\"}",
		  "{\"parameters\":{\"interfaces\":[\"org.varlink.service\",\"org.ioe.control\"],\"vendor\":\"ioe\","
		  "\"product\":\"ioed\",\"version\":\"" PACKAGE_VERSION "\",\"url\":\"" PACKAGE_URL "\"}}" },
		{ "{\"method\":\"org.ioe.control.Nothing\"}",
		  "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":"
		  "{\"method\":\"org.ioe.control.Nothing\"}}" },
		{ "{\"method\":\"org.ioe.control.\"}",
		  "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{\"method\":\"org.ioe.control.\"}}" },
		{ "{\"method\":\"org.ioe.control.status\"}",
		  "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":"
		  "{\"method\":\"org.ioe.control.status\"}}" },
		{ "{\"method\":\"org.else.Status\"}",
		  "{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":{\"interface\":\"org.else\"}}" },
		{ "{\"method\":\".Status\"}",
		  "{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":{\"interface\":\"\"}}" },
		{ "{\"method\":\"Status\"}",
		  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"method\"}}" },
		{ "{\"method\":\"\"}",
		  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"method\"}}" },
		{ "{\"method\":\"org.ioe.control.Status\",\"parameters\":{\"x\":1}}",
		  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"x\"}}" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\"}",
		  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"interface\"}}" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":1}}",
		  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"interface\"}}" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":null}}",
		  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"interface\"}}" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":"
		  "{\"interface\":\"org.ioe.control\\u0000x\"}}",
		  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"interface\"}}" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":"
		  "{\"interface\":\"org.ioe.control\",\"also\":\"this\"}}",
		  "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"also\"}}" },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"a/b\"}}",
		  "{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":{\"interface\":\"a/b\"}}" },
		{ "{\"method\":\"org.ioe.control.Status\",\"upgrade\":true}",
		  "{\"error\":\"org.varlink.service.MethodNotImplemented\",\"parameters\":"
		  "{\"method\":\"org.ioe.control.Status\"}}" },
	};

	for (size_t i = 0; i < ELEMENTSOF(rows); i++)
		ck_assert_str_eq(ask(rows[i].call), rows[i].answer);
	ck_assert_uint_eq(fake_asked, 0);
}
END_TEST

START_TEST(test_status)
{
	struct json_object *o = json_tokener_parse(ask("{\"method\":\"org.ioe.control.Status\"}")), *p;

	p = json_object_object_get(o, "parameters");
	ck_assert_int_eq(json_object_get_int(json_object_object_get(p, "instance")), 3);
	ck_assert_str_eq(json_object_get_string(json_object_object_get(p, "state")), "running");
	ck_assert_str_eq(json_object_get_string(json_object_object_get(p, "config")), "/etc/ioe-?.conf");
	p = json_object_object_get(p, "listeners");
	ck_assert_str_eq(json_object_to_json_string_ext(json_object_array_get_idx(p, 0), JSON_C_TO_STRING_PLAIN),
			 "{\"address\":\"127.0.0.1:9001\",\"roles\":[\"file\",\"chat\"],\"paused\":true,\"accepted\":7,"
			 "\"refused\":1}");
	ck_assert_str_eq(json_object_to_json_string_ext(json_object_array_get_idx(p, 1), JSON_C_TO_STRING_PLAIN),
			 "{\"address\":\"[::1]:9001\",\"roles\":[],\"paused\":false,\"accepted\":9223372036854775807,"
			 "\"refused\":0}");
	(void)json_object_put(o);
}
END_TEST

/* It is done and not answered; what is in the buffer already stays. */
START_TEST(test_oneway)
{
	struct varlink_call call = { .method = "org.ioe.control.Status", .oneway = true };
	struct buf answers = { 0 };

	ck_assert_int_eq(service_deny(&answers), 0);
	ck_assert_int_eq(service_answer(NULL, &call, &answers), 0);
	ck_assert_uint_eq(fake_asked, 1);
	ck_assert_uint_eq(answers.len, sizeof("{\"error\":\"org.varlink.service.PermissionDenied\"}"));
	buf_done(&answers);
}
END_TEST

/* Out of memory, or no room: handed up, and nothing half there. */
START_TEST(test_fails)
{
	struct varlink_call call = { .method = "org.ioe.control.Status" };
	struct buf answers = { .max = 100 };

	fake_error = -ENOMEM;
	ck_assert_int_eq(service_answer(NULL, &call, &answers), -ENOMEM);
	fake_error = 0;
	ck_assert_int_eq(service_answer(NULL, &call, &answers), -ENOBUFS);
	ck_assert_uint_eq(answers.len, 0);
	buf_done(&answers);
}
END_TEST

/* The text between the brackets behind @head, comments taken out. Owned by the caller. */
static char *members(const char *head)
{
	char *text = strdup(service_description("org.ioe.control")), *at, *end, *ret;

	for (at = text; (at = strchr(at, '#')); )
		while (*at && *at != '\n')
			*at++ = ' ';
	at = strstr(text, head);
	ck_assert_msg(at != NULL, "the description has no %s", head);
	at += strlen(head);
	end = strchr(at, ')');
	ck_assert_ptr_nonnull(end);
	ret = strndup(at, (size_t)(end - at));
	free(text);
	return ret;
}

static void check_object(const char *head, struct json_object *o);

static void check_value(const char *name, const char *type, struct json_object *v)
{
	char head[80];

	if (*type == '?') {
		check_value(name, type + 1, v);
	} else if (strncmp(type, "[]", 2) == 0) {
		ck_assert_msg(json_object_is_type(v, json_type_array), "%s is no array", name);
		ck_assert_uint_gt(json_object_array_length(v), 0);
		check_value(name, type + 2, json_object_array_get_idx(v, 0));
	} else if (strcmp(type, "string") == 0) {
		ck_assert_msg(json_object_is_type(v, json_type_string), "%s is no string", name);
	} else if (strcmp(type, "int") == 0) {
		ck_assert_msg(json_object_is_type(v, json_type_int), "%s is no int", name);
	} else if (strcmp(type, "bool") == 0) {
		ck_assert_msg(json_object_is_type(v, json_type_boolean), "%s is no bool", name);
	} else {
		(void)snprintf(head, sizeof(head), "type %s (", type);
		check_object(head, v);
	}
}

/* An enum (names only) or a struct (name: type): each member is in @o, and @o holds nothing else. */
static void check_object(const char *head, struct json_object *o)
{
	char *text = members(head), *save = NULL;
	bool is_enum = !strchr(text, ':'), found = false;
	size_t n = 0;

	for (char *m = strtok_r(text, ",", &save); m; m = strtok_r(NULL, ",", &save)) {
		char name[64], type[64];
		struct json_object *v;

		if (is_enum) {
			ck_assert_int_eq(sscanf(m, " %63s", name), 1);
			found |= strcmp(name, json_object_get_string(o)) == 0;
			continue;
		}
		ck_assert_msg(sscanf(m, " %63[a-z_]: %63s", name, type) == 2, "no member: %s", m);
		ck_assert_msg(json_object_object_get_ex(o, name, &v), "described and not answered: %s%s", head, name);
		check_value(name, type, v);
		n++;
	}
	if (is_enum)
		ck_assert_msg(found, "%s has no %s", head, json_object_get_string(o));
	else
		ck_assert_msg(n == (size_t)json_object_object_length(o), "answered and not described: %s%s", head,
			      json_object_to_json_string(o));
	free(text);
}

START_TEST(test_description_of_status)
{
	static const char *const states[] = { "starting", "running", "degraded", "stopping" };
	struct json_object *o;
	struct status st;

	ck_assert_int_eq(server_status(NULL, &st), 0);
	for (size_t i = 0; i < ELEMENTSOF(states); i++) {
		st.state = states[i];
		ck_assert_int_eq(report_status(&st, &o), 0);
		check_object("method Status() -> (", o);
		(void)json_object_put(o);
	}
	/* What never happened is not told. */
	st.reload_usec = 0;
	ck_assert_int_eq(report_status(&st, &o), 0);
	ck_assert(!json_object_object_get_ex(o, "reload", NULL));
	(void)json_object_put(o);
	status_done(&st);
}
END_TEST

/* What is told of an interface is that interface, and each of its methods is understood. */
START_TEST(test_descriptions)
{
	static const char *const interfaces[] = { "org.varlink.service", "org.ioe.control" };

	for (size_t i = 0; i < ELEMENTSOF(interfaces); i++) {
		char call[256], head[128], method[64], name[128];
		struct json_object *o;
		char *text;

		(void)snprintf(call, sizeof(call), "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
			       "\"parameters\":{\"interface\":\"%s\"}}", interfaces[i]);
		o = json_tokener_parse(ask(call));
		text = strdup(json_object_get_string(
			json_object_object_get(json_object_object_get(o, "parameters"), "description")));
		(void)json_object_put(o);
		ck_assert_str_eq(text, service_description(interfaces[i]));
		(void)snprintf(head, sizeof(head), "\ninterface %s\n", interfaces[i]);
		ck_assert_ptr_nonnull(strstr(text, head));
		for (char *at = text; (at = strstr(at, "\nmethod ")); at++) {
			ck_assert_int_eq(sscanf(at, "\nmethod %63[A-Za-z]", method), 1);
			(void)snprintf(name, sizeof(name), "%s.%s", interfaces[i], method);
			(void)snprintf(call, sizeof(call), "{\"method\":\"%s\"}", name);
			ck_assert_ptr_null(strstr(ask(call), "MethodNotFound"));
		}
		free(text);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("service");
	TCase *t = tcase_create("service");
	SRunner *sr;
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, test_calls);
	tcase_add_test(t, test_status);
	tcase_add_test(t, test_oneway);
	tcase_add_test(t, test_fails);
	tcase_add_test(t, test_description_of_status);
	tcase_add_test(t, test_descriptions);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
