/* SPDX-License-Identifier: MIT */
/* Clocks that are wrong, jump, or stand still: nothing is dropped for that, and what is old all the same goes. */

#include "unit/fixture/run.h"
#include "unit/fixture/store.h"

#include "base/log.h"

#include <stdatomic.h>

#define HOUR (3600ULL)
#define DAY  (24 * HOUR)
#define YEAR (365 * DAY)
#define NOW  (20000 * DAY) /* in 2024 */

#define MAIL 1
/* Kinds that have one channel each, the first and the last that the walk comes to; what these hold is always too
 * old. */
#define FIRST 2
#define LAST  3

static atomic_uint_fast64_t real_seconds, boot_seconds;
static atomic_uint boot_number;
static atomic_uint reported_clock, reported_expired;
static char reported_text[256];

static uint64_t fake_real(void)
{
	return atomic_load(&real_seconds) * USEC_PER_SEC;
}

static uint64_t fake_boot(void)
{
	return atomic_load(&boot_seconds) * USEC_PER_SEC;
}

static void fake_boot_id(char ret[STORE_BOOT_ID_MAX + 1])
{
	(void)snprintf(ret, STORE_BOOT_ID_MAX + 1, "boot %u", atomic_load(&boot_number));
}

static const struct store_clock fake_clock = { fake_real, fake_boot, fake_boot_id };

static void receive(enum log_level level, const struct log_field *fields, size_t n_fields, const char *text)
{
	(void)level;
	(void)fields;
	(void)n_fields;
	if (strstr(text, "than expected"))
		(void)atomic_fetch_add(&reported_clock, 1);
	if (strstr(text, "were dropped") && strstr(text, "mailboxes")) {
		(void)snprintf(reported_text, sizeof(reported_text), "%s", text);
		(void)atomic_fetch_add(&reported_expired, 1);
	}
}

/* Time goes by, and the clock is right. */
static void pass(uint64_t seconds)
{
	(void)atomic_fetch_add(&real_seconds, seconds);
	(void)atomic_fetch_add(&boot_seconds, seconds);
}

/* The clock alone. */
static void jump(int64_t seconds)
{
	(void)atomic_fetch_add(&real_seconds, (uint64_t)seconds);
}

/* The machine is started anew, and has been off for so long by its clock. */
static void reboot(int64_t by_clock)
{
	jump(by_clock);
	atomic_store(&boot_seconds, 20);
	(void)atomic_fetch_add(&boot_number, 1);
}

static void setup(void)
{
	folder_make();
	log_set_sink(receive);
	atomic_store(&real_seconds, NOW);
	atomic_store(&boot_seconds, 1000);
	atomic_store(&boot_number, 1);
	atomic_store(&reported_clock, 0);
	atomic_store(&reported_expired, 0);
}

static void teardown(void)
{
	if (store)
		store_end();
	log_set_sink(NULL);
	folder_remove();
}

static uint64_t count(unsigned kind, const char *name)
{
	struct store_page q;

	int r;

	store_page_of(&q, kind, name, 0, 1000);
	r = STORE_CALL(store_page, &q);
	ck_assert(r == 0 || r == STORE_E_NOT_FOUND); /* it has given its name back */
	store_page_done(&q);
	return r != 0 ? 0 : q.n_rows;
}

static uint64_t said(const char *name, const char *text)
{
	struct store_channel *c = store_opened(MAIL, name, NULL);
	uint64_t number = store_said(c, text);

	store_close(store, c);
	return number;
}

static void end_said(unsigned kind)
{
	struct store_channel *c = store_opened(kind, "end", NULL);

	(void)store_said(c, "goes");
	store_close(store, c);
}

static void begin(void)
{
	store_rules[MAIL] = (struct store_rule){ .max_age_usec = 30 * DAY * USEC_PER_SEC, .receipts = true,
						 .where = "mailboxes", .option = "relay.retention" };
	store_rules[FIRST] = store_rules[LAST] = (struct store_rule){ .max_age_usec = 5 * USEC_PER_SEC };
	store_clock = &fake_clock;
	store_begin();
	end_said(FIRST);
}

static void again(void)
{
	store_end();
	begin();
}

static void walk_to(unsigned kind)
{
	uint64_t until = clock_usec() + 60 * USEC_PER_SEC;

	end_said(kind);
	pass(10);
	/* Each time that puts it off a little, and is for nothing where one is under way. */
	for (unsigned i = 0; count(kind, "end") > 0; i++) {
		ck_assert(clock_usec() < until);
		if (i % 4096 == 0)
			ck_assert_int_eq(store_set_rule(store, kind, &store_rules[kind]), 0);
	}
}

/* The walk goes once through all there is. */
static void walk(void)
{
	walk_to(FIRST);
	walk_to(LAST);
}

/* So much mail is left after a walk. */
static void expect(uint64_t n)
{
	walk();
	ck_assert_uint_eq(count(MAIL, "ann"), n);
}

START_TEST(what_is_old_goes_and_is_reported)
{
	struct store_state state;

	begin();
	(void)said("ann", "one");
	pass(29 * DAY);
	expect(1);
	(void)said("cid", "two");
	pass(DAY + HOUR);
	expect(0);
	ck_assert_uint_eq(count(MAIL, "cid"), 1);
	store_get_state(store, clock_usec(), &state);
	ck_assert_uint_eq(state.expired[MAIL], 1);
	store_end();
	ck_assert_uint_eq(atomic_load(&reported_expired), 1);
	ck_assert_str_eq(reported_text,
			 "1 messages in mailboxes were dropped: they were older than relay.retention allows");
	ck_assert_uint_eq(atomic_load(&reported_clock), 0);
}
END_TEST

/* It is in the order in which that came to pass that each row has to hold. */
START_TEST(the_clock_jumps)
{
	static const int64_t by[] = { 40 * DAY, 10 * YEAR, -(int64_t)HOUR, -40 * (int64_t)DAY, -10 * (int64_t)YEAR, 61, -61, 3 };
	uint64_t until = 0;

	begin();
	for (size_t i = 0; i < ELEMENTSOF(by); i++) {
		(void)said("ann", "before");
		jump(by[i]);
		(void)said("ann", "behind");
		expect(2 * i + 2);
		/* And as it comes back from there. */
		jump(-by[i]);
		expect(2 * i + 2);
		until = i;
	}
	ck_assert_uint_eq(atomic_load(&reported_clock), 2 * 7); /* not of the 3 seconds */
	again();
	expect(2 * until + 2);
	pass(29 * DAY);
	expect(2 * until + 2);
	/* In its time all of it goes, whatever it is stamped with. */
	pass(2 * DAY);
	expect(0);
}
END_TEST

START_TEST(it_jumps_while_nobody_runs)
{
	static const int64_t by[] = { 40 * DAY, 10 * YEAR, -40 * (int64_t)DAY, -10 * (int64_t)YEAR };
	uint64_t n = 0;

	begin();
	for (size_t i = 0; i < ELEMENTSOF(by); i++) {
		for (unsigned way = 0; way < 2; way++) {
			(void)said("ann", "before");
			store_end();
			if (way)
				reboot(by[i]);
			else
				jump(by[i]);
			begin();
			expect(++n);
		}
	}
	pass(31 * DAY);
	expect(0);
}
END_TEST

/* No battery: each boot begins in 1970, and a minute later the right time comes. More boots than are kept one by
 * one. */
START_TEST(a_machine_without_a_clock)
{
	uint64_t n = 0, left;

	atomic_store(&real_seconds, 5);
	begin();
	for (unsigned i = 0; i < 60; i++) {
		(void)said("ann", "in 1970");
		(void)said("eve", "in 1970");
		pass(60);
		atomic_store(&real_seconds, NOW + i * DAY);
		(void)said("ann", "in time");
		n += 2;
		pass(HOUR);
		if (i % 20 == 0)
			expect(n);
		store_end();
		reboot(0);
		atomic_store(&real_seconds, 5);
		begin();
	}
	expect(n);
	/* Sixty hours of them have been counted, so one half goes before the other one. Of what is stamped in 1970
	 * nobody knows in which boot, but for what it came before. */
	pass(30 * DAY - 62 * HOUR);
	expect(n);
	pass(32 * HOUR);
	walk();
	left = count(MAIL, "ann");
	ck_assert_uint_ge(left, n / 2 - 6);
	ck_assert_uint_le(left, n / 2 + 6);
	ck_assert_uint_eq(count(MAIL, "eve"), n / 2);
	pass(40 * HOUR);
	expect(0);
	ck_assert_uint_eq(count(MAIL, "eve"), 0);
}
END_TEST

START_TEST(a_machine_that_was_off_or_asleep)
{
	begin();
	(void)said("ann", "one");
	/* Off: nobody knows whether it is the clock that is wrong. */
	store_end();
	reboot(40 * DAY);
	begin();
	expect(1);
	/* Asleep: that is known. */
	pass(31 * DAY);
	expect(0);
	/* The daemon alone did not run. */
	(void)said("ann", "two");
	store_end();
	pass(29 * DAY);
	begin();
	expect(1);
	store_end();
	pass(2 * DAY);
	begin();
	expect(0);
}
END_TEST

/* A machine that is started each day for three hours, and loses power. What it has run since it was last written down
 * is lost to the count, an hour at most. */
START_TEST(days_add_up)
{
	const char *path = folder_path;
	char command[512];
	unsigned days = 0;

	begin();
	store_rules[MAIL].max_age_usec = DAY * USEC_PER_SEC;
	ck_assert_int_eq(store_set_rule(store, MAIL, &store_rules[MAIL]), 0);
	(void)said("ann", "one");
	while (count(MAIL, "ann") > 0) {
		ck_assert_uint_lt(days, 12 + 1);
		for (unsigned hour = 0; hour < 3; hour++) {
			pass(HOUR);
			walk();
		}
		/* As it lies on the disk at this moment. */
		(void)snprintf(command, sizeof(command), "mkdir %s/cut && cp %s/store.db* %s/cut", path, path, path);
		ck_assert_int_eq(system(command), 0);
		store_end();
		(void)snprintf(command, sizeof(command), "rm %s/store.db*; mv %s/cut/* %s && rmdir %s/cut", path, path, path, path);
		ck_assert_int_eq(system(command), 0);
		reboot(21 * HOUR);
		begin();
		store_rules[MAIL].max_age_usec = DAY * USEC_PER_SEC;
		ck_assert_int_eq(store_set_rule(store, MAIL, &store_rules[MAIL]), 0);
		days++;
	}
	ck_assert_uint_ge(days, 8);
}
END_TEST

/* Very many jumps: what is kept of them is bounded, and nothing is dropped too early, nor kept for ever. */
#define N_JUMPS 300
START_TEST(it_jumps_all_the_time)
{
	struct store_channel *c;

	begin();
	c = store_opened(MAIL, "ann", NULL);
	for (unsigned i = 0; i < N_JUMPS; i++) {
		struct store_append q = store_text(c, "bob", "text", NULL);

		jump(i % 3 == 2 ? -(int64_t)(40 * DAY) : i % 3 ? (int64_t)(40 * DAY + i) : 5);
		ck_assert_int_eq(STORE_CALL(store_append, &q), 0);
		pass(10);
	}
	again();
	expect(N_JUMPS);
	/* Where the clock is 3 seconds slow an hour, and is set by them each time. */
	for (unsigned i = 0; i < 28 * 24; i++) {
		jump(3);
		pass(HOUR);
		if (i % 24 == 0)
			(void)said("cid", "and it is seen");
	}
	expect(N_JUMPS);
	pass(2 * DAY + HOUR);
	expect(0);
}
END_TEST

/* A clock that is an hour off twice a day, more often than is kept one by one: nothing becomes older by what is not. */
START_TEST(it_jumps_twice_a_day)
{
	begin();
	for (unsigned i = 0; i < 58; i++) {
		jump(_i ? -(int64_t)HOUR : (int64_t)HOUR);
		pass(6 * HOUR);
		(void)said("ann", "text");
		pass(6 * HOUR);
	}
	/* Half an hour before each is 30 days old. */
	pass(DAY + 6 * HOUR - HOUR / 2);
	for (unsigned i = 0; i < 20; i++) {
		walk();
		ck_assert_uint_ge(count(MAIL, "ann"), 58 - i);
		pass(12 * HOUR - 20);
	}
	walk();
	ck_assert_uint_lt(count(MAIL, "ann"), 58);
	pass(31 * DAY);
	expect(0);
}
END_TEST

/* How many there are. */
static unsigned count_attributes(struct store_channel **ret_channel)
{
	struct store_open open = { .kind = 0, .name_len = 4, .name = "room" };
	unsigned n = 0;

	ck_assert_int_eq(STORE_CALL(store_open, &open), 0);
	for (const struct store_attribute *attribute = open.attributes; attribute; attribute = attribute->next)
		n++;
	store_open_done(&open);
	*ret_channel = open.channel;
	return n;
}

/* Ends are counted in the same time. */
START_TEST(what_has_an_end)
{
	struct store_set q = { .name = "a", .name_len = 1, .value = "x", .value_len = 1 }, over = q;
	struct store_channel *c;
	unsigned n;

	begin();
	c = store_opened(0, "room", NULL);
	q.channel = over.channel = c;
	q.until_msec = store_age_msec(store) + HOUR * 1000;
	ck_assert_int_eq(STORE_CALL(store_set, &q), 0);
	for (unsigned i = 0; i < 2; i++) {
		jump(i ? -20 * (int64_t)YEAR : 10 * (int64_t)YEAR);
		over.name = i ? "c" : "b";
		over.until_msec = store_age_msec(store) + 2 * HOUR * 1000;
		ck_assert_int_eq(STORE_CALL(store_set, &over), 0);
	}
	store_close(store, c);
	n = count_attributes(&over.channel);
	ck_assert_uint_eq(n, 3);
	pass(HOUR + 60);
	over.name = "d";
	ck_assert_int_eq(STORE_CALL(store_set, &over), 0); /* takes along what is over */
	store_close(store, over.channel);
	again();
	n = count_attributes(&over.channel);
	ck_assert_uint_eq(n, 3);
}
END_TEST

/* A name that has been empty for a moment is not given back because the clock jumps. */
START_TEST(an_empty_room_stays)
{
	struct store_set q = { .name = "a", .name_len = 1, .value = "x", .value_len = 1 };
	struct store_list list = { .kind = 0, .max_rows = 10 };

	begin();
	q.channel = store_opened(0, "room", NULL);
	ck_assert_int_eq(STORE_CALL(store_set, &q), 0);
	store_close(store, q.channel);
	jump(10 * YEAR);
	walk();
	walk();
	ck_assert_int_eq(STORE_CALL(store_list, &list), 0);
	store_list_done(&list);
	ck_assert_uint_eq(list.n_rows, 1);
}
END_TEST

/* A database as the version before made it. Mail for ann: 40, 29 and 1 days old, and one from an hour to come. */
static void put_old_database(void)
{
	static const char schema[] =
		"PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; BEGIN EXCLUSIVE;"
		"CREATE TABLE channel (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name BLOB, last INTEGER NOT NULL,"
		" count INTEGER NOT NULL, bytes INTEGER NOT NULL, touched INTEGER NOT NULL) STRICT;"
		"CREATE UNIQUE INDEX channel_name ON channel (kind, name);"
		"CREATE TABLE message (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, sender BLOB NOT NULL, text BLOB NOT NULL)"
		" STRICT;"
		"CREATE TABLE receipt (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, fate INTEGER NOT NULL, sender BLOB NOT NULL)"
		" STRICT;"
		"CREATE TABLE sent (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, sender BLOB NOT NULL, key BLOB NOT NULL) STRICT;"
		"CREATE UNIQUE INDEX sent_key ON sent (sender, key);"
		"CREATE TABLE note (channel INTEGER NOT NULL, name BLOB NOT NULL, until INTEGER NOT NULL, value BLOB NOT NULL,"
		" PRIMARY KEY (channel, name)) STRICT, WITHOUT ROWID;"
		"PRAGMA application_id = 1768908147; PRAGMA user_version = 1;"
		"INSERT INTO channel VALUES (1, 2, CAST('end' AS BLOB), 0, 0, 0, 0);"
		"INSERT INTO channel VALUES (2, 1, CAST('ann' AS BLOB), 4, 4, 28, %llu);";
	char sql[4096];
	size_t n = (size_t)snprintf(sql, sizeof(sql), schema, (unsigned long long)(NOW - HOUR));
	const uint64_t times[] = { NOW - 40 * DAY, NOW - 29 * DAY, NOW - DAY, NOW + HOUR };

	for (unsigned i = 0; i < ELEMENTSOF(times); i++)
		n += (size_t)snprintf(sql + n, sizeof(sql) - n,
				      "INSERT INTO message VALUES (%llu, %llu, CAST('bob' AS BLOB), CAST('text' AS BLOB));",
				      (unsigned long long)store_id(2, i + 1), (unsigned long long)times[i] * 1000);
	(void)snprintf(sql + n, sizeof(sql) - n, "COMMIT");
	store_tamper(sql);
}

START_TEST(a_database_of_before)
{
	static const struct {
		int64_t by;
		uint64_t left;
	} rows[] = { { 0, 3 }, { 10 * YEAR, 3 }, { -40 * (int64_t)DAY, 4 }, { -10 * (int64_t)YEAR, 4 } };
	char path[96];
	struct timespec mtime[2] = { { 0 } };

	put_old_database();
	(void)snprintf(path, sizeof(path), "%s/store.db", folder_path);
	mtime[0].tv_sec = mtime[1].tv_sec = (time_t)(NOW - HOUR);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, mtime, 0), 0);
	jump(rows[_i].by);
	begin();
	expect(rows[_i].left);
	(void)said("ann", "new");
	again();
	jump(-rows[_i].by);
	expect(rows[_i].left + 1);
	pass(31 * DAY);
	expect(0);
	ck_assert_uint_eq(said("ann", "goes on"), 6);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("age");
	TCase *tc = tcase_create("age");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_old_goes_and_is_reported);
	tcase_add_test(tc, the_clock_jumps);
	tcase_add_test(tc, it_jumps_while_nobody_runs);
	tcase_add_test(tc, a_machine_without_a_clock);
	tcase_add_test(tc, a_machine_that_was_off_or_asleep);
	tcase_add_test(tc, days_add_up);
	tcase_add_test(tc, it_jumps_all_the_time);
	tcase_add_loop_test(tc, it_jumps_twice_a_day, 0, 2);
	tcase_add_test(tc, what_has_an_end);
	tcase_add_test(tc, an_empty_room_stays);
	tcase_add_loop_test(tc, a_database_of_before, 0, 4);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
