/* SPDX-License-Identifier: MIT */
#include "control/service.h"

#include "control/methods/clients.h"
#include "control/methods/status.h"
#include "unit/fixture/fake_clients.h"
#include "unit/fixture/fake_status.h"
#include "loop/loop.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>

#include "unit/fixture/run.h"

static struct loop loop;
static struct service service;
static bool job_ready;

static void set_up(void)
{
	ck_assert_int_eq(loop_init(&loop), 0);
	fake_loop = &loop;
	fake_sessions = 600;
	log_set_level(LOG_LEVEL_ERR);
	service_init(&service, NULL, &fake_acts, &loop);
}

static void tear_down(void)
{
	service_done(&service);
	ck_assert_int_eq(loop_pass(&loop, 0), 0);
	ck_assert_uint_eq(fake_tasks, 0);
	loop_done(&loop);
}

static void on_ready(_unused_ struct service_job *j)
{
	job_ready = true;
}

/* All that a job answers, from where it stands. */
static void finish_job(struct service_job *j, struct buf *out)
{
	bool done = false;

	j->ready = on_ready;
	while (!done) {
		job_ready = false;
		ck_assert(service_job_is_away(j));
		ck_assert_int_eq(loop_pass(&loop, 0), 0);
		ck_assert(job_ready && !service_job_is_away(j));
		ck_assert_int_eq(service_job_answer(j, out, &done), 0);
		if (!done)
			service_job_next(j);
	}
	(void)service_job_free(j);
}

/* The answers to one call, each with its NUL. Live until the next one. */
static const struct buf *ask_all(const char *text)
{
	static struct buf answers;
	struct json_object *message = json_tokener_parse(text);
	struct service_job *job = NULL;
	struct varlink_call call;

	buf_done(&answers);
	ck_assert_ptr_nonnull(message);
	ck_assert_msg(varlink_parse_call(message, &call) == 0, "no call: %s", text);
	ck_assert_int_eq(service_answer(&service, &call, &answers, &job), 0);
	(void)json_object_put(message);
	if (job) {
		ck_assert_uint_eq(answers.len, 0);
		finish_job(job, &answers);
	}
	return &answers;
}

/* The only one. */
static const char *ask(const char *text)
{
	const struct buf *answer = ask_all(text);

	ck_assert_ptr_eq(memchr(answer->data, 0, answer->len), answer->data + answer->len - 1);
	return answer->data;
}

#define INVALID(parameter) \
	"{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"" parameter "\"}}"

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
		{ "{\"method\":\"org.ioe.control.Clients\",\"parameters\":{\"filter\":\"nothing=x\"}}",
		  INVALID("filter") },
		{ "{\"method\":\"org.ioe.control.Clients\",\"parameters\":{\"filter\":1}}", INVALID("filter") },
		{ "{\"method\":\"org.ioe.control.Clients\",\"parameters\":{\"filter\":[\"x\"]}}", INVALID("filter") },
		{ "{\"method\":\"org.ioe.control.Clients\",\"parameters\":{\"filter\":\"a\\u0000b\"}}", INVALID("filter") },
		{ "{\"method\":\"org.ioe.control.Kick\"}", INVALID("id") },
		{ "{\"method\":\"org.ioe.control.Kick\",\"parameters\":{\"id\":null}}", INVALID("id") },
		{ "{\"method\":\"org.ioe.control.Kick\",\"parameters\":{\"id\":\"1.2\"}}", INVALID("id") },
		{ "{\"method\":\"org.ioe.control.Kick\",\"parameters\":{\"id\":\"01.2.3\"}}", INVALID("id") },
		{ "{\"method\":\"org.ioe.control.Kick\",\"parameters\":{\"id\":\"1.2.3.4\"}}", INVALID("id") },
		{ "{\"method\":\"org.ioe.control.Kick\",\"parameters\":{\"id\":\"1.2.99999999999999999999\"}}", INVALID("id") },
		{ "{\"method\":\"org.ioe.control.Kick\",\"parameters\":{\"id\":\"1.2.3\",\"why\":true}}", INVALID("why") },
		{ "{\"method\":\"org.ioe.control.Kick\",\"parameters\":{\"id\":\"1.2.3\",\"why\":\"a\\nb\"}}", INVALID("why") },
		{ "{\"method\":\"org.ioe.control.Kick\",\"parameters\":{\"id\":\"1.0.1\"}}",
		  "{\"error\":\"org.ioe.control.NotFound\",\"parameters\":{\"id\":\"1.0.1\"}}" },
		{ "{\"method\":\"org.ioe.control.Kick\",\"parameters\":{\"id\":\"1.2.3\",\"why\":\"x\",\"more\":1}}",
		  INVALID("more") },
		{ "{\"method\":\"org.ioe.control.Reload\",\"parameters\":{\"check\":\"yes\"}}", INVALID("check") },
		{ "{\"method\":\"org.ioe.control.LogLevel\",\"parameters\":{\"for_usec\":1000}}", INVALID("level") },
		{ "{\"method\":\"org.ioe.control.LogLevel\",\"parameters\":{\"level\":\"loud\"}}", INVALID("level") },
		{ "{\"method\":\"org.ioe.control.LogLevel\",\"parameters\":{\"level\":\"info\",\"for_usec\":-1}}",
		  INVALID("for_usec") },
		{ "{\"method\":\"org.ioe.control.LogLevel\",\"parameters\":{\"level\":\"info\",\"for_usec\":1.5}}",
		  INVALID("for_usec") },
		{ "{\"method\":\"org.ioe.control.LogLevel\",\"parameters\":{\"level\":\"info\","
		  "\"for_usec\":9223372036854775807}}", INVALID("for_usec") },
		{ "{\"method\":\"org.ioe.control.Metrics\",\"parameters\":{\"level\":\"info\"}}", INVALID("level") },
		{ "{\"method\":\"org.ioe.control.Status\",\"upgrade\":true}",
		  "{\"error\":\"org.varlink.service.MethodNotImplemented\",\"parameters\":"
		  "{\"method\":\"org.ioe.control.Status\"}}" },
	};

	for (size_t i = 0; i < ELEMENTSOF(rows); i++)
		ck_assert_str_eq(ask(rows[i].call), rows[i].answer);
	ck_assert_uint_eq(fake_asked, 0);
	ck_assert_uint_eq(fake_pages, 0);
	ck_assert_uint_eq(fake_reloads + fake_checks, 0);
	ck_assert_int_eq(log_get_level(), LOG_LEVEL_ERR);
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
	struct service_job *job;
	struct buf answers = { 0 };

	ck_assert_int_eq(service_deny(&answers), 0);
	ck_assert_int_eq(service_answer(&service, &call, &answers, &job), 0);
	ck_assert_uint_eq(fake_asked, 1);
	ck_assert_uint_eq(answers.len, sizeof("{\"error\":\"org.varlink.service.PermissionDenied\"}"));
	buf_done(&answers);
}
END_TEST

/* Out of memory, or no room: handed up, and nothing half there. */
START_TEST(test_fails)
{
	struct varlink_call call = { .method = "org.ioe.control.Status" };
	struct service_job *job;
	struct buf answers = { .max = 100 };

	fake_error = -ENOMEM;
	ck_assert_int_eq(service_answer(&service, &call, &answers, &job), -ENOMEM);
	fake_error = 0;
	ck_assert_int_eq(service_answer(&service, &call, &answers, &job), -ENOBUFS);
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
	} else if (strcmp(type, "float") == 0) {
		ck_assert_msg(json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double),
			      "%s is no number", name);
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
		if (*type == '?' && !json_object_object_get_ex(o, name, NULL))
			continue;
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
		ck_assert_int_eq(status_report(&st, &o), 0);
		check_object("method Status() -> (", o);
		(void)json_object_put(o);
	}
	/* What never happened is not told. */
	st.reload_usec = 0;
	ck_assert_int_eq(status_report(&st, &o), 0);
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

/* Each method that is understood is described. */
START_TEST(test_methods_are_described)
{
	const char *interface, *name;
	size_t n = 0;

	for (; service_method_at(n, &interface, &name); n++) {
		const char *text = service_description(interface);
		char head[128];

		(void)snprintf(head, sizeof(head), "\nmethod %s(", name);
		ck_assert_msg(text && strstr(text, head), "%s.%s is not described", interface, name);
	}
	ck_assert_uint_gt(n, 0);
}
END_TEST

/* One reply's parameters, of those in @answers; NULL behind the last. The caller puts them. */
static struct json_object *take(const struct buf *answers, size_t *at, bool *ret_continues)
{
	struct json_object *message, *p;
	struct varlink_reply reply;

	if (*at == answers->len)
		return NULL;
	message = json_tokener_parse(answers->data + *at);
	*at += strlen(answers->data + *at) + 1;
	ck_assert_int_eq(varlink_parse_reply(message, &reply), 0);
	ck_assert_ptr_null(reply.error);
	*ret_continues = reply.continues;
	p = json_object_get(reply.parameters);
	(void)json_object_put(message);
	return p;
}

static const char *member(struct json_object *o, const char *key)
{
	return json_object_get_string(json_object_object_get(o, key));
}

/* In pages, in order, each once, and only the last does not go on. */
START_TEST(test_clients_more)
{
	const struct buf *answers = ask_all("{\"method\":\"org.ioe.control.Clients\",\"more\":true}");
	struct json_object *p;
	bool continues = true;
	unsigned n = 0;

	for (size_t at = 0; (p = take(answers, &at, &continues)); (void)json_object_put(p)) {
		struct json_object *page = json_object_object_get(p, "clients");

		ck_assert(!json_object_get_boolean(json_object_object_get(p, "truncated")));
		ck_assert_uint_le(json_object_array_length(page), CLIENTS_PAGE);
		for (size_t i = 0; i < json_object_array_length(page); i++, n++) {
			char id[CLIENTS_ID_MAX];

			ck_assert_str_eq(member(json_object_array_get_idx(page, i), "id"),
					 clients_id((struct handle){ 1, n, 1000 + n }, id));
		}
		ck_assert(continues == (n < fake_sessions));
	}
	ck_assert_uint_eq(n, fake_sessions);
	ck_assert_uint_eq(fake_pages, 3);
}
END_TEST

START_TEST(test_clients_once)
{
	struct json_object *o, *page;

	o = json_tokener_parse(ask("{\"method\":\"org.ioe.control.Clients\"}"));
	page = json_object_object_get(json_object_object_get(o, "parameters"), "clients");
	ck_assert_uint_eq(json_object_array_length(page), CLIENTS_PAGE);
	ck_assert(json_object_get_boolean(json_object_object_get(json_object_object_get(o, "parameters"), "truncated")));
	(void)json_object_put(o);

	fake_sessions = 0;
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Clients\"}"),
			 "{\"parameters\":{\"clients\":[],\"truncated\":false}}");
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Clients\",\"more\":true}"),
			 "{\"parameters\":{\"clients\":[],\"truncated\":false}}");
}
END_TEST

/* All pages are looked through, whatever the number of replies. */
START_TEST(test_clients_filter)
{
	static const struct {
		const char *filter;
		size_t n;
	} rows[] = {
		{ "tenth", 60 }, { "TENTH59", 1 }, { "TENTH5", 11 }, { "name=tenth590", 1 }, { "name=tenth59", 0 }, { "name=", 540 },
		{ "id=1.599.1599", 1 }, { "id=1.599.1598", 0 }, { "address=[::]:600", 1 }, { "ip=::", 600 },
		{ "requests=2", 200 }, { "dialect=line", 600 }, { "dialect=raw", 0 }, { "state=busy", 150 },
		{ "stalled", 150 }, { "listener=127.0.0.1:9001", 600 }, { "", 600 }, { "no such thing", 0 },
	};

	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		char call[256];
		const struct buf *answers;
		struct json_object *p;
		bool continues;
		size_t n = 0;

		(void)snprintf(call, sizeof(call),
			       "{\"method\":\"org.ioe.control.Clients\",\"more\":true,\"parameters\":{\"filter\":\"%s\"}}",
			       rows[i].filter);
		answers = ask_all(call);
		for (size_t at = 0; (p = take(answers, &at, &continues)); (void)json_object_put(p))
			n += json_object_array_length(json_object_object_get(p, "clients"));
		ck_assert_msg(n == rows[i].n, "%s: %zu clients instead of %zu", rows[i].filter, n, rows[i].n);
	}
}
END_TEST

START_TEST(test_kick)
{
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Kick\",\"parameters\":{\"id\":\"1.7.1007\",\"why\":\"go, away\"}}"),
			 "{\"parameters\":{}}");
	ck_assert(handle_equal(fake_kicked, (struct handle){ 1, 7, 1007 }));
	ck_assert_str_eq(fake_why, "go, away");
	(void)ask("{\"method\":\"org.ioe.control.Kick\",\"parameters\":{\"id\":\"1.7.1007\",\"why\":null}}");
	ck_assert_str_eq(fake_why, "ended by an administrator");
}
END_TEST

/* Nobody is answered, and it is done all the same; a job that is given up leaves nothing behind. */
START_TEST(test_jobs)
{
	struct json_object *o = json_tokener_parse("{\"id\":\"1.3.1003\"}");
	struct varlink_call call = { .method = "org.ioe.control.Kick", .parameters = o, .oneway = true };
	struct buf answers = { 0 };
	struct service_job *job;

	ck_assert_int_eq(service_answer(&service, &call, &answers, &job), 0);
	finish_job(job, &answers);
	ck_assert_uint_eq(answers.len, 0);
	ck_assert(handle_equal(fake_kicked, (struct handle){ 1, 3, 1003 }));

	job_ready = false;
	call.oneway = false;
	ck_assert_int_eq(service_answer(&service, &call, &answers, &job), 0);
	job->ready = on_ready;
	(void)service_job_free(job);
	ck_assert_int_eq(loop_pass(&loop, 0), 0);
	ck_assert(!job_ready);
	(void)json_object_put(o);
	buf_done(&answers);
}
END_TEST

START_TEST(test_reload)
{
	struct json_object *o;

	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Reload\",\"parameters\":{\"check\":true}}"),
			 "{\"parameters\":{\"changes\":["
			 "{\"option\":\"limits.line\",\"from\":\"\\\"64K\\\"\",\"to\":\"\\\"32K\\\"\",\"restart\":false},"
			 "{\"option\":\"file.root\",\"from\":\"\",\"to\":\"\\\"/srv/?\\\"\",\"restart\":true}],"
			 "\"text\":\"a remark\\n\"}}");
	ck_assert_uint_eq(fake_checks, 1);
	ck_assert_uint_eq(fake_reloads, 0);
	o = json_tokener_parse(ask("{\"method\":\"org.ioe.control.Reload\"}"));
	check_object("method Reload(check: ?bool) -> (", json_object_object_get(o, "parameters"));
	(void)json_object_put(o);
	ck_assert_uint_eq(fake_reloads, 1);
	fake_reload_error = -EINVAL;
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Reload\"}"),
			 "{\"error\":\"org.ioe.control.ReloadRefused\",\"parameters\":"
			 "{\"text\":\"ioe.conf:3: no such thing ?.?\"}}");
	fake_reload_error = 0;
}
END_TEST

START_TEST(test_log_level)
{
	log_set_level(LOG_LEVEL_DEBUG);
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.LogLevel\"}"),
			 "{\"parameters\":{\"level\":\"debug\",\"configured\":\"warning\"}}");
	ck_assert_int_eq(log_get_level(), LOG_LEVEL_DEBUG);
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.LogLevel\",\"parameters\":{\"level\":\"err\",\"for_usec\":1000}}"),
			 "{\"parameters\":{\"level\":\"err\",\"configured\":\"warning\"}}");
	ck_assert_int_eq(log_get_level(), LOG_LEVEL_ERR);
	while (log_get_level() == LOG_LEVEL_ERR)
		ck_assert_int_eq(loop_pass(&loop, 100), 0);
	ck_assert_int_eq(log_get_level(), LOG_LEVEL_WARNING);

	/* Without a time it stays, and the time of an earlier call does not end it. */
	(void)ask("{\"method\":\"org.ioe.control.LogLevel\",\"parameters\":{\"level\":\"err\",\"for_usec\":2000}}");
	(void)ask("{\"method\":\"org.ioe.control.LogLevel\",\"parameters\":{\"level\":\"err\"}}");
	ck_assert_int_eq(loop_pass(&loop, 20), 0);
	ck_assert_int_eq(loop_pass(&loop, 0), 0);
	ck_assert_int_eq(log_get_level(), LOG_LEVEL_ERR);
}
END_TEST

START_TEST(test_description_of_the_rest)
{
	static const char *const states[] = { "idle", "busy", "stalled", "ending" };
	struct json_object *o, *families;

	o = json_tokener_parse(ask("{\"method\":\"org.ioe.control.Clients\"}"));
	check_object("method Clients(filter: ?string) -> (", json_object_object_get(o, "parameters"));
	for (size_t i = 0; i < ELEMENTSOF(states); i++) {
		struct json_object *page = json_object_object_get(json_object_object_get(o, "parameters"), "clients");

		ck_assert_str_eq(member(json_object_array_get_idx(page, i), "state"), states[i]);
		check_object("type Client (", json_object_array_get_idx(page, i));
	}
	(void)json_object_put(o);
	o = json_tokener_parse(ask("{\"method\":\"org.ioe.control.Metrics\"}"));
	check_object("method Metrics() -> (", json_object_object_get(o, "parameters"));
	families = json_object_object_get(json_object_object_get(o, "parameters"), "metrics");
	for (size_t i = 0; i < json_object_array_length(families); i++)
		check_object("type Family (", json_object_array_get_idx(families, i));
	(void)json_object_put(o);
	o = json_tokener_parse(ask("{\"method\":\"org.ioe.control.LogLevel\",\"parameters\":{\"level\":\"err\"}}"));
	check_object("method LogLevel(level: ?string, for_usec: ?int) -> (", json_object_object_get(o, "parameters"));
	(void)json_object_put(o);
}
END_TEST

START_TEST(test_channels)
{
	const struct buf *answers;
	unsigned n = 0;

	fake_store_why = "";
	fake_channels = 0;
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Rooms\"}"),
			 "{\"parameters\":{\"rooms\":[],\"truncated\":false}}");
	fake_channels = 2;
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Rooms\"}"),
			 "{\"parameters\":{\"rooms\":["
			 "{\"name\":\"c0\",\"members\":1,\"messages\":0,\"bytes\":2,\"last\":9223372036854775807},"
			 "{\"name\":\"c1\",\"members\":1,\"messages\":1,\"bytes\":2,\"last\":9223372036854775807,"
			 "\"topic\":\"?\"}],\"truncated\":false}}");
	fake_channels = 1;
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Mailboxes\"}"),
			 "{\"parameters\":{\"mailboxes\":["
			 "{\"name\":\"c0\",\"readers\":1,\"messages\":0,\"bytes\":2,\"last\":9223372036854775807}],"
			 "\"truncated\":false}}");
	fake_channels = 2 * CONTROL_CHANNELS_PAGE + 1;
	ck_assert_ptr_nonnull(strstr(ask("{\"method\":\"org.ioe.control.Mailboxes\"}"), "\"truncated\":true"));
	answers = ask_all("{\"method\":\"org.ioe.control.Mailboxes\",\"more\":true}");
	for (size_t i = 0; i < answers->len; i++)
		n += answers->data[i] == '\0';
	ck_assert_uint_eq(n, 3);
	ck_assert_ptr_nonnull(strstr(answers->data, "\"continues\":true"));

	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Backup\",\"parameters\":{\"dir\":\"/a/b\"}}"),
			 "{\"parameters\":{\"file\":\"/a/b/store.db\"}}");
	ck_assert_str_eq(fake_dir, "/a/b");
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Backup\"}"), INVALID("dir"));
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Backup\",\"parameters\":{\"dir\":\"a/b\"}}"),
			 INVALID("dir"));
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Backup\",\"parameters\":{\"dir\":\"/a\\n\"}}"),
			 INVALID("dir"));
	fake_store_why = "the disk is gone";
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Rooms\",\"more\":true}"),
			 "{\"error\":\"org.ioe.control.StoreFailed\",\"parameters\":{\"text\":\"the disk is gone\"}}");
	ck_assert_str_eq(ask("{\"method\":\"org.ioe.control.Backup\",\"parameters\":{\"dir\":\"/a/b\"}}"),
			 "{\"error\":\"org.ioe.control.StoreFailed\",\"parameters\":{\"text\":\"the disk is gone\"}}");
	fake_store_why = "";
}
END_TEST

int main(void)
{
	Suite *s = suite_create("service");
	TCase *t = tcase_create("service");

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, test_clients_more);
	tcase_add_test(t, test_clients_once);
	tcase_add_test(t, test_clients_filter);
	tcase_add_test(t, test_kick);
	tcase_add_test(t, test_jobs);
	tcase_add_test(t, test_reload);
	tcase_add_test(t, test_log_level);
	tcase_add_test(t, test_description_of_the_rest);
	tcase_add_test(t, test_calls);
	tcase_add_test(t, test_status);
	tcase_add_test(t, test_oneway);
	tcase_add_test(t, test_fails);
	tcase_add_test(t, test_description_of_status);
	tcase_add_test(t, test_descriptions);
	tcase_add_test(t, test_methods_are_described);
	tcase_add_test(t, test_channels);
	return run_suite(s);
}
