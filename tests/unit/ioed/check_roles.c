/* SPDX-License-Identifier: MIT */
/*
 * The rows of verbs, of every role: what a verb needs fits its role, and the fields that it says are objects are those
 * that the manual calls a file, a folder or a room.
 */
#include "base/macro.h"
#include "ioed/roles.h"

#include "session/builtin.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

static const struct {
	const char *role;
	enum verb_access first, last;
	const char *objects; /* how the syntax calls them */
} families[] = {
	{ "file", ACCESS_FILE_READ, ACCESS_FILE_CHANGE, " name folder from to " },
	{ "chat", ACCESS_CHAT_READ, ACCESS_CHAT_SAY, " room " },
	{ "relay", ACCESS_RELAY_SEND, ACCESS_RELAY_RECEIVE, "" },
	{ "compute", ACCESS_COMPUTE, ACCESS_COMPUTE, "" },
	{ "every", ACCESS_NONE, ACCESS_NONE, "" },
};

/* Fields of the syntax that are objects, from the first on; all behind them are not. */
static unsigned count_objects(const struct verb *v, const char *objects)
{
	char syntax[128], word[64], *field, *rest = syntax;
	unsigned n = 0, i = 0;

	ck_assert_uint_lt(strlen(v->syntax), sizeof(syntax));
	memcpy(syntax, v->syntax, strlen(v->syntax) + 1);
	(void)strsep(&rest, ",");
	while ((field = strsep(&rest, ","))) {
		(void)snprintf(word, sizeof(word), " %.*s ", (int)strcspn(field, "[]"), field);
		if (strstr(objects, word)) {
			ck_assert_msg(n == i, "%s: %s is an object behind others", v->syntax, field);
			n++;
		}
		i++;
	}
	return n;
}

static void check_role(const struct role *role)
{
	size_t f = 0;

	while (f < ELEMENTSOF(families) && strcmp(families[f].role, role->name) != 0)
		f++;
	ck_assert_msg(f < ELEMENTSOF(families), "%s is a role without classes of access", role->name);
	for (size_t i = 0; i < role->n_verbs; i++) {
		const struct verb *v = &role->verbs[i].verb;

		ck_assert_msg(v->access >= families[f].first && v->access <= families[f].last,
			      "%s needs %d, which is not of %s", v->name, v->access, role->name);
		ck_assert_msg(v->n_objects <= v->max, "%s has %u objects and %u fields", v->name, v->n_objects, v->max);
		ck_assert_msg(v->n_objects == count_objects(v, families[f].objects), "%s has %u objects, by its syntax %u",
			      v->name, v->n_objects, count_objects(v, families[f].objects));
	}
}

START_TEST(access_of_a_verb_is_of_its_role)
{
	for (const struct role *const *r = ioed_roles; *r; r++)
		check_role(*r);
	check_role(&builtin_role);
}
END_TEST

START_TEST(every_class_is_needed_by_a_verb)
{
	bool needed[ACCESS_MAX] = { [ACCESS_NONE] = true };

	for (const struct role *const *r = ioed_roles; *r; r++)
		for (size_t i = 0; i < (*r)->n_verbs; i++)
			needed[(*r)->verbs[i].verb.access] = true;
	for (size_t i = 0; i < ACCESS_MAX; i++)
		ck_assert_msg(needed[i], "no verb needs class %zu", i);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("roles");
	TCase *tc = tcase_create("rows");

	tcase_add_test(tc, access_of_a_verb_is_of_its_role);
	tcase_add_test(tc, every_class_is_needed_by_a_verb);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
