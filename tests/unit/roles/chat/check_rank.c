/* SPDX-License-Identifier: MIT */
#include "roles/chat/rank.h"

#include "base/macro.h"

#include <check.h>
#include <string.h>

#include "unit/fixture/run.h"

#define M CHAT_RANK_MEMBER
#define P CHAT_RANK_OPERATOR
#define W CHAT_RANK_OWNER

START_TEST(names)
{
	static const char *const words[] = { "member", "operator", "owner" };
	static const char *const none[] = { "", "own", "owners", "op", "operator ", "root" };

	ck_assert_uint_eq(ELEMENTSOF(words), CHAT_RANK_MAX);
	for (unsigned i = 0; i < CHAT_RANK_MAX; i++) {
		ck_assert_str_eq(chat_rank_name((enum chat_rank)i), words[i]);
		ck_assert_int_eq(chat_rank_from_name(words[i], strlen(words[i])), (int)i);
	}
	ck_assert_int_eq(chat_rank_from_name("OPERATOR", 8), P);
	for (size_t i = 0; i < ELEMENTSOF(none); i++)
		ck_assert_int_eq(chat_rank_from_name(none[i], strlen(none[i])), CHAT_RANK_MAX);
}
END_TEST

START_TEST(who_may_anything)
{
	ck_assert(!chat_rank_may(M));
	ck_assert(chat_rank_may(P));
	ck_assert(chat_rank_may(W));
}
END_TEST

START_TEST(who_may_act_on_whom)
{
	static const bool may[CHAT_RANK_MAX][CHAT_RANK_MAX] = {
		[P] = { [M] = true },
		[W] = { [M] = true, [P] = true, [W] = true },
	};

	for (unsigned actor = 0; actor < CHAT_RANK_MAX; actor++)
		for (unsigned target = 0; target < CHAT_RANK_MAX; target++)
			ck_assert_int_eq(chat_rank_may_act((enum chat_rank)actor, (enum chat_rank)target), may[actor][target]);
}
END_TEST

/* Nobody makes more of another than he is, and operators cannot unmake each other. */
START_TEST(who_may_make_whom_what)
{
	for (unsigned target = 0; target < CHAT_RANK_MAX; target++)
		for (unsigned to = 0; to < CHAT_RANK_MAX; to++) {
			ck_assert(!chat_rank_may_make(M, (enum chat_rank)target, (enum chat_rank)to));
			ck_assert(chat_rank_may_make(W, (enum chat_rank)target, (enum chat_rank)to));
			ck_assert_int_eq(chat_rank_may_make(P, (enum chat_rank)target, (enum chat_rank)to),
					 target == M && to != W);
		}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("chat_rank");
	TCase *t = tcase_create("chat_rank");

	tcase_add_test(t, names);
	tcase_add_test(t, who_may_anything);
	tcase_add_test(t, who_may_act_on_whom);
	tcase_add_test(t, who_may_make_whom_what);
	suite_add_tcase(s, t);
	return run_suite(s);
}
