/* SPDX-License-Identifier: MIT */
#include "roles/compute/compute.h"

#include "session/session.h"
#include "wire/number.h"

#include <errno.h>

/* The old number client shows this text to its users. */
#define COMPUTE_NO_NUMBER "Received data is not a valid integer"

/* Replies with the double. 0; -EINVAL: the text is no number, and there is no reply yet; -ENOMEM. */
static int compute_double(struct request *q, const char *s, size_t n)
{
	char small[64];
	char *to = small;
	long len;

	if (number_check(s, n) < 0)
		return -EINVAL;
	if (n + 1 > sizeof(small)) {
		to = malloc(n + 1);
		if (!to)
			return -ENOMEM;
	}
	len = number_double(to, s, n);
	request_line(q, to, (size_t)len);
	if (to != small)
		free(to);
	return 0;
}

static int compute_verb(const struct call *call)
{
	const struct field *n = &call->fields->at[0];
	int r = compute_double(call->request, n->data, n->len);

	if (r != -EINVAL)
		return r;
	request_error(call->request, ERROR_BAD_ARGUMENT, "'%.*s' is no decimal integer", (int)MIN(n->len, (size_t)40),
		      n->data);
	return ACT_ANSWERED;
}

static int compute_refuse(const struct call *call)
{
	request_line(call->request, COMPUTE_NO_NUMBER, sizeof(COMPUTE_NO_NUMBER) - 1);
	return ACT_ANSWERED;
}

static int compute_line(const struct call *call, bool alone)
{
	const struct field *line = &call->fields->at[0];

	if (number_check(line->data, line->len) == 0)
		return request_act(call->request, "DOUBLE", call->fields, compute_verb);
	if (!alone || !dialect_traits(call->dialect)->has_bare_lines)
		return ACT_PASSED;
	return request_act(call->request, "DOUBLE", call->fields, compute_refuse);
}

/* The answer to an old client whose user typed no number. */
static void compute_unmatched(const struct call *call)
{
	(void)request_act(call->request, "DOUBLE", call->fields, compute_refuse);
}

static const struct role_verb compute_verbs[] = {
	{ { "DOUBLE", "DOUBLE,n", "Doubles a whole number; so does the bare number.", 1, 1,
	    VERB_CONCURRENT, ACCESS_COMPUTE, 0 }, compute_verb },
};

const struct role compute_role = {
	.name = "compute",
	.verbs = compute_verbs,
	.n_verbs = ELEMENTSOF(compute_verbs),
	.exposed = "have numbers doubled",
	.line = compute_line,
	.unmatched = compute_unmatched,
};
