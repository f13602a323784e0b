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

static int compute_verb(struct request *q, struct fields *f)
{
	int r = compute_double(q, f->at[0].data, f->at[0].len);

	if (r != -EINVAL)
		return r;
	request_error(q, ERROR_BAD_ARGUMENT, "'%.*s' is no decimal integer", (int)MIN(f->at[0].len, (size_t)40),
		      f->at[0].data);
	return ACT_ANSWERED;
}

static int compute_line(struct request *q, char *line, size_t len, bool alone)
{
	int r = compute_double(q, line, len);

	if (r == 0)
		return 1;
	if (r == -ENOMEM) {
		request_error(q, ERROR_BUSY, "out of memory; try again later");
		return 1;
	}
	if (!alone || request_dialect(q) == DIALECT_IOE1)
		return 0;
	request_line(q, COMPUTE_NO_NUMBER, sizeof(COMPUTE_NO_NUMBER) - 1);
	return 1;
}

/* The answer to an old client whose user typed no number. */
static void compute_unmatched(struct request *q)
{
	request_line(q, COMPUTE_NO_NUMBER, sizeof(COMPUTE_NO_NUMBER) - 1);
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
