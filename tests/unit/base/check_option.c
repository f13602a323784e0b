/* SPDX-License-Identifier: MIT */
#include "base/option.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture/config_schema.h"
#include "unit/fixture/run.h"

static struct settings *make(void)
{
	struct settings *s = calloc(1, sizeof(*s));
	struct listener_values *l = calloc(1, sizeof(*l));
	struct top_values *top = calloc(1, sizeof(*top));

	ck_assert(s && l && top);
	atomic_init(&s->refs, 1);
	s->schema = &schema;
	s->values = calloc(ELEMENTSOF(schema_sections), sizeof(void *));
	s->listeners = calloc(1, sizeof(void *));
	ck_assert(s->values && s->listeners);
	top->state_dir = strdup("/somewhere");
	l->address = strdup("::1");
	s->values[0] = top;
	s->listeners[0] = l;
	s->n_listeners = 1;
	return s;
}

START_TEST(get)
{
	struct settings *s = make();
	static const struct option_section stranger = { .name = "limits" };

	ck_assert_ptr_eq(settings_get(s, &top_section), s->values[0]);
	ck_assert_ptr_null(settings_get(s, &log_section));
	ck_assert_ptr_null(settings_get(s, &stranger));
	ck_assert_str_eq(((const struct top_values *)settings_get(s, &top_section))->state_dir, "/somewhere");
	ck_assert_ptr_null(settings_unref(s));
}
END_TEST

START_TEST(counted)
{
	_cleanup_(settings_unrefp) struct settings *s = make();
	struct settings *other = settings_ref(s);

	ck_assert_ptr_eq(other, s);
	ck_assert_uint_eq(atomic_load(&s->refs), 2);
	ck_assert_ptr_null(settings_unref(other));
	ck_assert_uint_eq(atomic_load(&s->refs), 1);
	ck_assert_ptr_null(settings_unref(NULL));
}
END_TEST

START_TEST(half_built)
{
	struct settings *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	s->schema = &schema;
	atomic_init(&s->refs, 1);
	ck_assert_ptr_null(settings_unref(s));
	ck_assert_ptr_null(option_values_free(&top_section, NULL));
}
END_TEST

static void *user(void *arg)
{
	for (int i = 0; i < 10000; i++) {
		struct settings *s = settings_ref(arg);

		if (((const struct top_values *)settings_get(s, &top_section))->state_dir[0] != '/')
			return NULL;
		(void)settings_unref(s);
	}
	return settings_unref(arg) ? NULL : arg;
}

/* Whoever is last frees it; a leak or a use after that is the sanitizers' to tell. */
START_TEST(shared)
{
	struct settings *s = make();
	pthread_t threads[4];
	void *ret;

	for (size_t i = 0; i < ELEMENTSOF(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, user, settings_ref(s)), 0);
	ck_assert_ptr_null(settings_unref(s));
	for (size_t i = 0; i < ELEMENTSOF(threads); i++) {
		ck_assert_int_eq(pthread_join(threads[i], &ret), 0);
		ck_assert_ptr_nonnull(ret);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("option");
	TCase *tc = tcase_create("settings");

	tcase_add_test(tc, get);
	tcase_add_test(tc, counted);
	tcase_add_test(tc, half_built);
	tcase_add_test(tc, shared);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
