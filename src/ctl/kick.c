/* SPDX-License-Identifier: MIT */
/*
 * `ioectl kick`: a name or an address is looked up first, and then there is one call for each connection. A connection
 * that ends or begins in between is not counted.
 */
#include "base/clock.h"
#include "base/macro.h"
#include "base/str.h"
#include "ctl/call.h"
#include "ctl/ctl.h"
#include "ctl/failure.h"
#include "ctl/output.h"
#include "ctl/request.h"
#include "ctl/view.h"

#include <arpa/inet.h>
#include <limits.h>
#include <string.h>

#define KICK_NAME_MAX   32 /* bytes of a nick */
#define KICK_FILTER_MAX 96 /* of a filter for one of these: an address with its port is shorter */

struct kick {
	const struct ctl *ctl;
	const char *why; /* NULL: the daemon's own words */
	FILE *f;
	struct json_object *kicked; /* ids */
};

/*
 * Whether @who has the form of an id, such as "0.17.2041". A nick can have this form, too ("0.1.70000"), but is never
 * looked up as a nick: else the id of a client that has gone could end another client's connection.
 */
static bool kick_is_id(const char *who)
{
	const char *first = strchr(who, '.'), *second = first ? strchr(first + 1, '.') : NULL;

	return second && !strchr(second + 1, '.') && strspn(who, "0123456789.") == strlen(who);
}

/* "192.0.2.7:50312" or "[::1]:50312"; @ip gets the address, in brackets or not. */
static bool kick_is_address(const char *who, char ip[INET6_ADDRSTRLEN])
{
	const char *end = who[0] == '[' ? strchr(who, ']') : strrchr(who, ':'), *port;
	size_t skip = who[0] == '[';
	uint64_t n;

	if (!end || end == who || (size_t)(end - who) - skip >= INET6_ADDRSTRLEN)
		return false;
	port = end + skip;
	if (*port != ':' || str_to_u64(port + 1, strlen(port + 1), 1, 65535, &n) < 0)
		return false;
	memcpy(ip, who + skip, (size_t)(end - who) - skip);
	ip[(size_t)(end - who) - skip] = '\0';
	return inet_pton(skip ? AF_INET6 : AF_INET, ip, (unsigned char[sizeof(struct in6_addr)]){ 0 }) == 1;
}

static bool kick_is_name(const char *who)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = strlen(who);

	return n >= 1 && n <= KICK_NAME_MAX && strspn(who, letters) == n;
}

/* Writes an IP address in the form that the daemon uses. */
static const char *kick_ip(const char *who, char dst[INET6_ADDRSTRLEN])
{
	unsigned char bytes[sizeof(struct in6_addr)];

	for (int i = 0; i < 2; i++) {
		int family = i == 0 ? AF_INET : AF_INET6;

		if (inet_pton(family, who, bytes) == 1)
			return inet_ntop(family, bytes, dst, INET6_ADDRSTRLEN);
	}
	return NULL;
}

/* Makes a filter of Clients from @who. False: @who is no client's. */
static bool kick_filter(const char *who, char dst[KICK_FILTER_MAX])
{
	char ip[INET6_ADDRSTRLEN], shown[INET6_ADDRSTRLEN];
	const char *port;

	if (kick_ip(who, shown)) {
		(void)snprintf(dst, KICK_FILTER_MAX, "ip=%s", shown);
	} else if (kick_is_address(who, ip) && kick_ip(ip, shown)) {
		port = strrchr(who, ':');
		(void)snprintf(dst, KICK_FILTER_MAX, who[0] == '[' ? "address=[%s]%s" : "address=%s%s", shown, port);
	} else if (kick_is_name(who)) {
		(void)snprintf(dst, KICK_FILTER_MAX, "name=%s", who);
	} else {
		return false;
	}
	return true;
}

static enum exit_code kick_done(void *userdata, _unused_ const struct ctl_instance *i, _unused_ struct json_object *answer)
{
	*(bool *)userdata = true;
	return EXIT_CODE_OK;
}

/* Ends one connection; *ret_ended: it existed. With @of_several, a connection that has gone already is no failure. */
static enum exit_code kick_id(struct kick *k, const char *id, bool of_several, bool *ret_ended)
{
	struct json_object *o = json_object_new_object();
	enum exit_code code;

	*ret_ended = false;
	(void)json_object_object_add(o, "id", json_object_new_string(id));
	if (k->why)
		(void)json_object_object_add(o, "why", json_object_new_string(k->why));
	if (of_several) {
		_cleanup_(call_reply_done) struct call_reply a = { 0 };
		int r = call_once(k->ctl->instances[0].path, "org.ioe.control.Kick", o, CTL_TIMEOUT_SEC * USEC_PER_SEC,
				  &a);

		code = failure_of(r, &a);
		*ret_ended = code == EXIT_CODE_OK;
		code = code == EXIT_CODE_NOT_FOUND ? EXIT_CODE_OK : failure_print(&k->ctl->instances[0], r, &a);
	} else {
		code = request_each(k->ctl, "org.ioe.control.Kick", o, kick_done, ret_ended);
	}
	if (*ret_ended)
		(void)json_object_array_add(k->kicked, json_object_new_string(id));
	(void)json_object_put(o);
	return code;
}

static enum exit_code kick_found(void *userdata, _unused_ const struct ctl_instance *i, struct json_object *answer)
{
	struct json_object *page = view_array(answer, "clients"), *id;

	for (size_t k = 0; k < view_count(page); k++)
		if (json_object_object_get_ex(json_object_array_get_idx(page, k), "id", &id) &&
		    json_object_is_type(id, json_type_string))
			(void)json_object_array_add(userdata, json_object_get(id));
	return EXIT_CODE_OK;
}

/* Ends all connections that pass @filter. */
static enum exit_code kick_all(struct kick *k, const char *who, const char *filter)
{
	struct json_object *o = json_object_new_object(), *ids = json_object_new_array();
	enum exit_code code;
	size_t ended = 0;

	(void)json_object_object_add(o, "filter", json_object_new_string(filter));
	code = request_each_more(k->ctl, "org.ioe.control.Clients", o, kick_found, ids);
	for (size_t i = 0; code == EXIT_CODE_OK && i < view_count(ids); i++) {
		bool one;

		code = kick_id(k, json_object_get_string(json_object_array_get_idx(ids, i)), true, &one);
		ended += one;
	}
	(void)json_object_put(ids);
	(void)json_object_put(o);
	if (code == EXIT_CODE_OK && ended == 0) {
		(void)fprintf(stderr, "%s has no client '%s': it has gone, or never existed\n", k->ctl->instances[0].name, who);
		return EXIT_CODE_NOT_FOUND;
	}
	if (ended > 0 && !k->ctl->json)
		(void)fprintf(k->f, "%s: %zu connection%s ended\n", who, ended, ended == 1 ? " is" : "s are");
	return code;
}

static enum exit_code kick_one(struct kick *k, const char *who)
{
	char filter[KICK_FILTER_MAX], text[VIEW_MAX];
	bool ended;

	if (kick_is_id(who))
		return kick_id(k, who, false, &ended);
	if (kick_filter(who, filter))
		return kick_all(k, who, filter);
	(void)fprintf(stderr,
		      "ioectl: '%s' is no client's id, name or address: ioectl clients shows them, and an address is "
		      "192.0.2.7, 192.0.2.7:50312 or [::1]:50312\n",
		      str_escape(text, sizeof(text), who, strlen(who)));
	return EXIT_CODE_USAGE;
}

static enum exit_code kick_run(const struct ctl *ctl, const struct args *a)
{
	struct kick k = { .ctl = ctl, .why = args_get(a, "why") };
	enum exit_code code = EXIT_CODE_OK, printed;
	struct output out;

	if (request_is_one(ctl, "kick") != EXIT_CODE_OK)
		return EXIT_CODE_USAGE;
	k.kicked = json_object_new_array();
	if (!k.kicked || output_open(&out) < 0) {
		(void)json_object_put(k.kicked);
		return output_fail_memory();
	}
	k.f = out.file;
	for (unsigned i = 0; i < a->n; i++)
		code = exit_join(code, kick_one(&k, a->words[i]), i == 0);
	if (ctl->json && view_count(k.kicked) > 0)
		view_json(out.file, k.kicked);
	(void)json_object_put(k.kicked);
	printed = output_finish(&out);
	return (printed != EXIT_CODE_OK ? printed : code);
}

static const struct flag kick_flags[] = {
	{ "why", "TEXT", NULL },
	{ 0 },
};

const struct ctl_command kick_command = {
	.row = {
		.name = "kick",
		.args = "[--why=TEXT] ID|NAME|ADDRESS...",
		.help = "end clients' connections",
		.flags = kick_flags,
		.min = 1,
		.max = UINT_MAX,
	},
	.run = kick_run,
};
