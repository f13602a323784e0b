/* SPDX-License-Identifier: MIT */
/* The rows of events, and what a sink gets of one. */

#include "log/event.h"

#include "base/macro.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

static struct {
	unsigned n;
	enum log_level level;
	char text[4096]; /* all fields, then the text */
} seen;

static void seen_sink(enum log_level level, const struct log_field *fields, size_t n_fields, const char *text)
{
	size_t len = 0;

	seen.n++;
	seen.level = level;
	for (size_t i = 0; i < n_fields; i++)
		len += (size_t)snprintf(seen.text + len, sizeof(seen.text) - len, "%s=%s ", fields[i].name, fields[i].value);
	(void)snprintf(seen.text + len, sizeof(seen.text) - len, "%s", text);
}

static void setup(void)
{
	memset(&seen, 0, sizeof(seen));
	log_set_sink(seen_sink);
	log_set_level(LOG_LEVEL_DEBUG);
}

START_TEST(every_row_is_whole)
{
	for (unsigned e = 0; e < LOG_EVENT_MAX; e++) {
		const struct log_event_row *row = &log_event_rows[e];

		ck_assert_ptr_nonnull(row->name);
		ck_assert_uint_eq(strspn(row->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(row->name));
		ck_assert_uint_eq(strlen(row->id), 32);
		ck_assert_uint_eq(strspn(row->id, "0123456789abcdef"), 32);
		ck_assert_uint_ge(row->level, LOG_LEVEL_ERR);
		ck_assert_uint_le(row->level, LOG_LEVEL_INFO);
		ck_assert_uint_gt(strlen(row->doc), 10);
		for (unsigned i = 0; i < e; i++) {
			ck_assert_str_ne(row->name, log_event_rows[i].name);
			ck_assert_str_ne(row->id, log_event_rows[i].id);
		}
	}
}
END_TEST

/* What others look for must never change. */
START_TEST(ids_stay)
{
	ck_assert_str_eq(log_event_rows[LOG_EVENT_STARTED].id, "120882982408483c9e4186c8a7f7553a");
	ck_assert_str_eq(log_event_rows[LOG_EVENT_DISK_FULL].id, "6d9dfe1199d845d199142095929b8be6");
	ck_assert_str_eq(log_event_rows[LOG_EVENT_CONTROL_REFUSED].id, "8a3f3ad47ed9418d9ba994506cfdc9c7");
}
END_TEST

START_TEST(sink_gets_id_fields_and_text)
{
	const struct log_field fields[] = { { "IOE_PEER", "192.0.2.1" }, { "IOE_FILE", "a" } };

	log_event(LOG_EVENT_DISK_FULL, fields, 2, "%s is full", "it");
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_int_eq(seen.level, LOG_LEVEL_ERR);
	ck_assert_str_eq(seen.text, "MESSAGE_ID=6d9dfe1199d845d199142095929b8be6 IOE_PEER=192.0.2.1 IOE_FILE=a it is full");
	log_event(LOG_EVENT_STARTED, NULL, 0, "text");
	ck_assert_str_eq(seen.text, "MESSAGE_ID=120882982408483c9e4186c8a7f7553a text");
}
END_TEST

START_TEST(fields_beyond_the_most_are_left_out)
{
	struct log_field fields[LOG_FIELDS_MAX + 1];

	for (size_t i = 0; i < ELEMENTSOF(fields); i++)
		fields[i] = (struct log_field){ i == LOG_FIELDS_MAX - 2 ? "LAST" : "A", "b" };
	log_event(LOG_EVENT_DISK_FULL, fields, ELEMENTSOF(fields), "text");
	ck_assert_str_eq(seen.text + strlen(seen.text) - strlen("A=b LAST=b text"), "A=b LAST=b text");
}
END_TEST

START_TEST(unwanted_levels_are_silent)
{
	log_set_level(LOG_LEVEL_ERR);
	log_event(LOG_EVENT_SLOW_SESSION, NULL, 0, "text");
	ck_assert_uint_eq(seen.n, 0);
	log_event(LOG_EVENT_DISK_FAILED, NULL, 0, "text");
	ck_assert_uint_eq(seen.n, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("event");
	TCase *tc = tcase_create("event");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, every_row_is_whole);
	tcase_add_test(tc, ids_stay);
	tcase_add_test(tc, sink_gets_id_fields_and_text);
	tcase_add_test(tc, fields_beyond_the_most_are_left_out);
	tcase_add_test(tc, unwanted_levels_are_silent);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
