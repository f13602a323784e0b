/* SPDX-License-Identifier: MIT */
#include "session/elsewhere.h"

#include "base/macro.h"
#include "session/dispatch.h"
#include "session/session-private.h"

#include <string.h>

const struct verb_entry *elsewhere_find(const struct session *s, const char *name, size_t len)
{
	return verb_table_find(&frontend_of(s->listener)->elsewhere, name, len);
}

static size_t elsewhere_name_len(const char *line, size_t len)
{
	const char *comma = len > 0 ? memchr(line, ',', len) : NULL;

	return comma ? (size_t)(comma - line) : len;
}

static bool elsewhere_fits(const struct verb *v, enum dialect d, const char *rest, size_t len)
{
	enum field_rule rule = v->flags & VERB_LAST_COMMA ? FIELD_RULE_LAST_COMMA : FIELD_RULE_REST;
	struct fields f = { .n = 0 };

	/* In line and raw the fields are not decoded, so the line is unchanged. */
	if (rest && v->max > 0 && field_split((char *)(uintptr_t)rest, len, d, rule, v->max, &f) != FIELD_OK)
		return false;
	return f.n >= v->min && (!rest || v->max > 0);
}

/* Finds the verb of a line. *ret_rest: the bytes behind its comma; NULL: there is no comma. */
static const struct verb_entry *elsewhere_parse(const struct session *s, const char *line, size_t len,
					       const char **ret_rest, size_t *ret_len)
{
	size_t name_len = elsewhere_name_len(line, len);
	const struct verb_entry *e = elsewhere_find(s, line, name_len);

	if (!e)
		return NULL;
	*ret_rest = name_len < len ? line + name_len + 1 : NULL;
	*ret_len = *ret_rest ? len - name_len - 1 : 0;
	if (dialect_traits(s->dialect)->has_bare_lines && !elsewhere_fits(e->verb, s->dialect, *ret_rest, *ret_len))
		return NULL;
	return e;
}

bool elsewhere_has(const struct session *s, const char *line, size_t len)
{
	const char *rest;
	size_t n;

	return elsewhere_parse(s, line, len, &rest, &n) != NULL;
}

/* Whether the listener is bound to all addresses: 0.0.0.0 or ::. */
static bool elsewhere_is_any(const struct address *a)
{
	static const struct in6_addr any_ipv4 = { { { [10] = 0xff, [11] = 0xff } } };

	return IN6_IS_ADDR_UNSPECIFIED(&a->ip) || memcmp(&a->ip, &any_ipv4, sizeof(any_ipv4)) == 0;
}

/* Whether the listener has the address to which the session has connected. Then a client needs only its port. */
static bool elsewhere_is_beside(const struct session *s, const struct listener *l)
{
	return elsewhere_is_any(&l->bound) || memcmp(&l->bound.ip, &s->listener->bound.ip, sizeof(l->bound.ip)) == 0;
}

/* The listener that offers the role: best one beside the session's own, and none that its machine cannot reach.
 * NULL: no such listener. */
static const struct listener *elsewhere_listener(const struct session *s, unsigned role)
{
	bool is_here = address_is_loopback(&s->address);
	const struct listener *found = NULL;

	for (struct listener **l = s->reactor->listeners; *l; l++) {
		if (!((*l)->role_bits & 1ULL << role) || (!is_here && address_is_loopback(&(*l)->bound)))
			continue;
		if (elsewhere_is_beside(s, *l))
			return *l;
		if (!found)
			found = *l;
	}
	return found;
}

/* Old clients of READ show only the beginning of the text. */
void elsewhere_answer(struct request *q, const struct verb_entry *e)
{
	const struct session *s = q->session;
	const struct listener *at = elsewhere_listener(s, e->owner);
	const char *name = e->verb->name, *here = frontend_of(s->listener)->roles;

	if (e->verb->flags & VERB_NOT_YET)
		request_error(q, ERROR_UNAVAILABLE, "%s is not in this version of ioed", name);
	else if (!at)
		request_error(
			q, ERROR_UNAVAILABLE,
			"%s is served on no port of this server that you can reach: none of them offers %s; this one "
			"offers %s",
			name, s->reactor->set->roles[e->owner].role->name, here);
	else if (elsewhere_is_beside(s, at))
		request_error(q, ERROR_UNAVAILABLE, "%s is served on port %u; this port offers %s", name,
			      at->bound.port, here);
	else
		request_error(q, ERROR_UNAVAILABLE, "%s is served on %s; this port offers %s", name, at->address, here);
}

/*
 * The bytes behind a WRITE are neither requests nor texts. An old client ends them only by being idle. Digits that are
 * no size are an old client's, too: then the begin of its next command is unknown, so the session ends.
 */
static void elsewhere_skip_body(struct request *q, const struct verb *v, const char *rest, size_t len)
{
	const char *comma = rest ? memrchr(rest, ',', len) : NULL;
	const struct dialect_ops *ops = dialect_get(q->dialect);
	bool digit = comma && comma + 1 < rest + len && comma[1] >= '0' && comma[1] <= '9';
	bool has_bare_lines = dialect_traits(q->dialect)->has_bare_lines;

	if (!(v->flags & VERB_BODY))
		return;
	if (!ops->has_counted_body || (!dispatch_skip_body(q, v, rest, len) && digit && has_bare_lines))
		session_finish(q->session);
}

bool elsewhere_refuse(struct session *s, const char *line, size_t len)
{
	const char *rest;
	size_t n;
	const struct verb_entry *e = elsewhere_parse(s, line, len, &rest, &n);
	struct request *q;

	if (!e)
		return false;
	q = request_new(s, container_of(e->verb, struct role_verb, verb), s->reactor->set->n_roles);
	if (!q) {
		session_end(s, "out of memory");
		return true;
	}
	elsewhere_skip_body(q, e->verb, rest, n);
	if (!session_has_ended(s))
		elsewhere_answer(q, e);
	return true;
}
