/* SPDX-License-Identifier: MIT */
#include "base/list.h"

#include "base/macro.h"

#include <check.h>

#include "unit/fixture/run.h"

struct item {
	int value;
	struct list link;
};

/* The values from first to last, and the same backwards. */
static void check_order(struct list *head, const int *values, size_t n)
{
	struct list *l = head;
	size_t i;

	ck_assert_int_eq(list_is_empty(head), n == 0);
	for (i = 0; i < n; i++) {
		l = l->next;
		ck_assert_int_eq(container_of(l, struct item, link)->value, values[i]);
	}
	ck_assert_ptr_eq(l->next, head);
	for (i = n; i > 0; i--) {
		ck_assert_int_eq(container_of(l, struct item, link)->value, values[i - 1]);
		l = l->prev;
	}
	ck_assert_ptr_eq(l, head);
}

START_TEST(add_and_remove)
{
	struct item a = { .value = 1 }, b = { .value = 2 }, c = { .value = 3 };
	struct list head;

	list_init(&head);
	ck_assert(!list_is_linked(&a.link));
	list_remove(&a.link); /* all zero: harmless */
	ck_assert_ptr_null(list_first(&head));
	list_add_tail(&head, &a.link);
	list_add_tail(&head, &b.link);
	list_add_tail(&head, &c.link);
	ck_assert(list_is_linked(&b.link));
	check_order(&head, (int[]){ 1, 2, 3 }, 3);
	list_remove(&b.link);
	ck_assert(!list_is_linked(&b.link));
	list_remove(&b.link);
	check_order(&head, (int[]){ 1, 3 }, 2);
	ck_assert_ptr_eq(list_first(&head), &a.link);
	list_remove(&c.link);
	list_remove(&a.link);
	check_order(&head, NULL, 0);
}
END_TEST

START_TEST(pop)
{
	struct item a = { .value = 1 }, b = { .value = 2 };
	struct list head;

	list_init(&head);
	list_add_tail(&head, &a.link);
	list_add_tail(&head, &b.link);
	ck_assert_ptr_eq(list_pop(&head), &a.link);
	ck_assert(!list_is_linked(&a.link));
	ck_assert_ptr_eq(list_pop(&head), &b.link);
	ck_assert_ptr_null(list_pop(&head));
	list_add_tail(&head, &a.link);
	check_order(&head, (int[]){ 1 }, 1);
}
END_TEST

START_TEST(splice)
{
	struct item items[4] = { { .value = 1 }, { .value = 2 }, { .value = 3 }, { .value = 4 } };
	struct list to, from;

	list_init(&to);
	list_init(&from);
	list_splice(&to, &from);
	check_order(&to, NULL, 0);
	list_add_tail(&from, &items[0].link);
	list_add_tail(&from, &items[1].link);
	list_splice(&to, &from);
	check_order(&from, NULL, 0);
	check_order(&to, (int[]){ 1, 2 }, 2);
	list_add_tail(&from, &items[2].link);
	list_add_tail(&from, &items[3].link);
	list_splice(&to, &from);
	check_order(&to, (int[]){ 1, 2, 3, 4 }, 4);
	list_splice(&to, &from);
	check_order(&to, (int[]){ 1, 2, 3, 4 }, 4);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("list");
	TCase *t = tcase_create("list");

	tcase_add_test(t, add_and_remove);
	tcase_add_test(t, pop);
	tcase_add_test(t, splice);
	suite_add_tcase(s, t);
	return run_suite(s);
}
