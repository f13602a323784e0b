/* SPDX-License-Identifier: MIT */
/*
 * The methods Clients and Kick. Both ask the reactors, and answer when the task has come back. Clients fetches page by
 * page, and the next page only when the peer has taken the last one. So a peer that never reads costs the memory of one
 * page, and delays nobody.
 */
#include "control/methods/clients.h"

#include "base/macro.h"
#include "base/str.h"
#include "control/reply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CLIENTS_ADDRESS_MAX (ADDRESS_TEXT_MAX + 8)

const char *clients_id(struct handle h, char dst[CLIENTS_ID_MAX])
{
	size_t n = str_put_u64(dst, h.reactor);

	dst[n++] = '.';
	n += str_put_u64(dst + n, h.slot);
	dst[n++] = '.';
	n += str_put_u64(dst + n, h.generation);
	dst[n] = '\0';
	return dst;
}

bool clients_parse_id(const char *id, struct handle *ret)
{
	char again[CLIENTS_ID_MAX];
	uint64_t n[3] = { 0 };
	const char *p = id;

	for (size_t i = 0; i < ELEMENTSOF(n); i++) {
		size_t len = strcspn(p, ".");

		if (str_to_u64(p, len, 0, i < 2 ? UINT32_MAX : UINT64_MAX, &n[i]) < 0)
			return false;
		p += len;
		if (*p != (i < 2 ? '.' : '\0'))
			return false;
		p++;
	}
	*ret = (struct handle){ (uint32_t)n[0], (uint32_t)n[1], n[2] };
	return strcmp(clients_id(*ret, again), id) == 0; /* refuses other ways to write the same id */
}

static const char *clients_state(enum client_state s)
{
	switch (s) {
	case CLIENT_IDLE:
		return "idle";
	case CLIENT_BUSY:
		return "busy";
	case CLIENT_STALLED:
		return "stalled";
	case CLIENT_ENDING:
		return "ending";
	case CLIENT_STATE_MAX:
		break;
	}
	return "?";
}

/* "127.0.0.1:50312", "[::1]:50312". */
static const char *clients_address(const struct client *c, char dst[CLIENTS_ADDRESS_MAX])
{
	char ip[ADDRESS_TEXT_MAX];
	size_t n;

	(void)address_text(&c->address, ip);
	n = (size_t)snprintf(dst, CLIENTS_ADDRESS_MAX, strchr(ip, ':') ? "[%s]:" : "%s:", ip);
	dst[n + str_put_u64(dst + n, c->address.port)] = '\0';
	return dst;
}

/* A field that a filter can search, as text. */
struct clients_key {
	const char *name;
	bool searched; /* a filter without a key searches it, too */
	const char *(*text)(const struct client *c, char dst[CLIENTS_ADDRESS_MAX]);
};

static const char *clients_key_id(const struct client *c, char dst[CLIENTS_ADDRESS_MAX])
{
	return clients_id(c->handle, dst);
}

static const char *clients_key_name(const struct client *c, _unused_ char dst[CLIENTS_ADDRESS_MAX])
{
	return c->name;
}

static const char *clients_key_ip(const struct client *c, char dst[CLIENTS_ADDRESS_MAX])
{
	return address_text(&c->address, dst);
}

static const char *clients_key_listener(const struct client *c, _unused_ char dst[CLIENTS_ADDRESS_MAX])
{
	return c->listener;
}

static const char *clients_key_dialect(const struct client *c, _unused_ char dst[CLIENTS_ADDRESS_MAX])
{
	return dialect_name(c->dialect);
}

static const char *clients_key_state(const struct client *c, _unused_ char dst[CLIENTS_ADDRESS_MAX])
{
	return clients_state(c->state);
}

static const char *clients_key_requests(const struct client *c, char dst[CLIENTS_ADDRESS_MAX])
{
	dst[str_put_u64(dst, c->requests)] = '\0';
	return dst;
}

_Static_assert(CLIENTS_ID_MAX <= CLIENTS_ADDRESS_MAX, "an id fits where an address does");

static const struct clients_key clients_keys[] = {
	{ "id", true, clients_key_id },
	{ "name", true, clients_key_name },
	{ "address", true, clients_address },
	{ "ip", false, clients_key_ip },
	{ "listener", true, clients_key_listener },
	{ "dialect", true, clients_key_dialect },
	{ "state", true, clients_key_state },
	{ "requests", false, clients_key_requests },
};

/* Finds the key of a filter; NULL: there is no such key. *ret_value: the text behind the '='. */
static const struct clients_key *clients_find_key(const char *filter, const char **ret_value)
{
	size_t len = strcspn(filter, "=");

	for (size_t i = 0; i < ELEMENTSOF(clients_keys); i++)
		if (strlen(clients_keys[i].name) == len && memcmp(clients_keys[i].name, filter, len) == 0) {
			*ret_value = filter + len + 1;
			return &clients_keys[i];
		}
	return NULL;
}

bool clients_filter_is_valid(const char *filter)
{
	const char *value;

	return !strchr(filter, '=') || clients_find_key(filter, &value);
}

bool clients_filter_passes(const char *filter, const struct client *client)
{
	char text[CLIENTS_ADDRESS_MAX];
	const struct clients_key *key;
	const char *value;

	if (strchr(filter, '=')) {
		key = clients_find_key(filter, &value);
		if (!key)
			return false;
		filter = key->text(client, text);
		return str_casecmp(filter, strlen(filter), value, strlen(value)) == 0;
	}
	for (size_t i = 0; i < ELEMENTSOF(clients_keys); i++)
		if (clients_keys[i].searched && strcasestr(clients_keys[i].text(client, text), filter))
			return true;
	return false;
}

struct json_object *clients_report(const struct client *c)
{
	struct json_object *o = json_object_new_object();
	char text[CLIENTS_ADDRESS_MAX];
	int r = 0;

	reply_text(o, "id", clients_id(c->handle, text), &r);
	if (c->name[0])
		reply_text(o, "name", c->name, &r);
	reply_text(o, "address", clients_address(c, text), &r);
	reply_text(o, "listener", c->listener, &r);
	reply_text(o, "dialect", dialect_name(c->dialect), &r);
	reply_text(o, "state", clients_state(c->state), &r);
	reply_number(o, "connected_usec", c->connected_usec, &r);
	reply_number(o, "idle_usec", c->idle_usec, &r);
	reply_number(o, "requests", c->requests, &r);
	reply_number(o, "bytes_in", c->bytes_in, &r);
	reply_number(o, "bytes_out", c->bytes_out, &r);
	if (r == 0)
		return o;
	(void)json_object_put(o);
	return NULL;
}

static void clients_arrived(struct server_task *e)
{
	struct service_job *j = e->userdata;

	j->ready(j);
}

struct clients_clients_job {
	struct service_job job;
	struct json_object *page; /* clients that no reply has yet */
	char *filter;             /* NULL: all */
};

/* Adds the clients of a page that pass the filter. False: the reply has no room for all of them. */
static bool clients_collect(struct clients_clients_job *j, const struct clients *c, int *r)
{
	for (size_t i = 0; i < c->n; i++) {
		if (j->filter && !clients_filter_passes(j->filter, &c->page[i]))
			continue;
		if (json_object_array_length(j->page) == CLIENTS_PAGE)
			return false;
		reply_append(j->page, clients_report(&c->page[i]), r);
	}
	return true;
}

static int clients_clients_act(struct service_job *job, struct buf *out, bool *ret_done)
{
	struct clients_clients_job *j = container_of(job, struct clients_clients_job, job);
	struct clients *c = container_of(job->task, struct clients, task);
	struct json_object *o;
	bool all;
	int r = 0;

	all = clients_collect(j, c, &r);
	if (r < 0)
		return r;
	*ret_done = c->done || !all;
	/* With "more", each page is a reply of its own, except a page that the filter has emptied. */
	if (!*ret_done && !(job->more && json_object_array_length(j->page) > 0))
		return 0;
	o = json_object_new_object();
	reply_add(o, "clients", STEAL_PTR(j->page), &r);
	reply_flag(o, "truncated", !all, &r);
	if (!*ret_done)
		j->page = json_object_new_array();
	if (r < 0 || (!*ret_done && !j->page)) {
		(void)json_object_put(o);
		return -ENOMEM;
	}
	return method_reply(out, o, !*ret_done);
}

static void clients_clients_next(struct service_job *job)
{
	clients_next(container_of(job->task, struct clients, task));
}

static void clients_clients_free(struct service_job *job)
{
	struct clients_clients_job *j = container_of(job, struct clients_clients_job, job);

	(void)json_object_put(j->page);
	free(j->filter);
	free(j);
}

int method_clients(struct method_call *c)
{
	const char *filter = method_string(c, "filter");
	struct clients_clients_job *j;
	struct clients *clients;

	if (filter && !clients_filter_is_valid(filter))
		return method_invalid(c->out, "filter");
	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->job = (struct service_job){
		.act = clients_clients_act,
		.next = clients_clients_next,
		.free = clients_clients_free,
	};
	j->page = json_object_new_array();
	if (filter && *filter)
		j->filter = strdup(filter);
	clients = clients_new(c->service->server, clients_arrived, &j->job);
	if (!j->page || (filter && *filter && !j->filter) || !clients) {
		free(clients);
		clients_clients_free(&j->job);
		return -ENOMEM;
	}
	j->job.task = &clients->task;
	clients_next(clients);
	c->job = &j->job;
	return 0;
}

struct clients_kick_job {
	struct service_job job;
	char id[CLIENTS_ID_MAX];
};

static int clients_kick_act(struct service_job *job, struct buf *out, bool *ret_done)
{
	struct clients_kick_job *j = container_of(job, struct clients_kick_job, job);

	*ret_done = true;
	if (container_of(job->task, struct clients_kick, task)->found)
		return method_reply(out, json_object_new_object(), false);
	return method_error(out, "org.ioe.control.NotFound", "id", json_object_new_string(j->id));
}

static void clients_kick_free(struct service_job *job)
{
	free(container_of(job, struct clients_kick_job, job));
}

int method_kick(struct method_call *c)
{
	const char *id = method_string(c, "id"), *why = method_string(c, "why");
	struct clients_kick_job *j;
	struct clients_kick *k;
	struct handle h;

	if (!clients_parse_id(id, &h))
		return method_invalid(c->out, "id");
	if (why && (strlen(why) > ADMIN_WHY_MAX || str_has_control(why, strlen(why)) || !str_is_utf8(why, strlen(why))))
		return method_invalid(c->out, "why");
	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	j->job = (struct service_job){ .act = clients_kick_act, .free = clients_kick_free };
	(void)clients_id(h, j->id);
	k = clients_kick_new(c->service->server, h, why && *why ? why : "ended by an administrator", clients_arrived,
			     &j->job);
	if (!k) {
		free(j);
		return -ENOMEM;
	}
	j->job.task = &k->task;
	c->job = &j->job;
	return 0;
}
