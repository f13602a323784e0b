/* SPDX-License-Identifier: MIT */
/* How mail reads, and the ids it is acknowledged by. */
#include "roles/relay/words.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit/fixture/run.h"

static const struct {
	const char *text;
	size_t len;
	const char *ioe1, *line;
} texts[] = {
	{ "hello", 5, "MAIL,1099511627783,Bob,1700000000123,hello\n", "Bob: hello" },
	{ "", 0, "MAIL,1099511627783,Bob,1700000000123,\n", "Bob: " },
	{ "a,b 100%", 8, "MAIL,1099511627783,Bob,1700000000123,a%2Cb 100%25\n", "Bob: a,b 100%" },
	{ "one\ntwo\r\n", 9, "MAIL,1099511627783,Bob,1700000000123,one%0Atwo%0D%0A\n", "Bob: one?two??" },
	{ "\x1b[2J\x9b\xc2\x9b", 7, "MAIL,1099511627783,Bob,1700000000123,%1B[2J%9B%C2%9B\n", "Bob: ?[2J??" },
	{ "a\xe2\x80\xae", 4, "MAIL,1099511627783,Bob,1700000000123,a%E2%80%AE\n", "Bob: a?" },
	{ "nul\0\t", 5, "MAIL,1099511627783,Bob,1700000000123,nul%00%09\n", "Bob: nul?\t" },
	{ "\xc3\xbc\xff", 3, "MAIL,1099511627783,Bob,1700000000123,\xc3\xbc%FF\n", "Bob: \xc3\xbc?" },
};

static void format(const struct channel_event *e, enum dialect d, const char *want)
{
	struct buf b = {};

	ck_assert_int_eq(relay_words_format(e, d, &b), 0);
	ck_assert_str_eq(buf_str(&b), want);
	buf_done(&b);
}

START_TEST(mail)
{
	struct channel_event e = {
		.from = "Bob",
		.from_len = 3,
		.text = texts[_i].text,
		.text_len = texts[_i].len,
		.number = 7,
		.id = store_id(1, 7),
		.time_msec = 1700000000123,
	};
	char line[64];

	format(&e, DIALECT_IOE1, texts[_i].ioe1);
	format(&e, DIALECT_RAW, texts[_i].line);
	(void)snprintf(line, sizeof(line), "%s\n", texts[_i].line);
	format(&e, DIALECT_LINE, line);
}
END_TEST

/* At its ceiling it says so, whatever is in it already, and nobody takes that for a whole event. */
START_TEST(no_room)
{
	struct channel_event e = { .from = "Bob", .from_len = 3, .text = "hello", .text_len = 5, .number = 7, .id = 7 };

	for (size_t max = 1; max < 13; max++) {
		struct buf b = { .max = max };

		ck_assert_int_lt(relay_words_format(&e, DIALECT_IOE1, &b), 0);
		buf_done(&b);
	}
}
END_TEST

START_TEST(receipt)
{
	char text[RELAY_WORDS_RECEIPT_MAX], name[CHANNEL_NAME_MAX];
	struct channel_event e = { .type = RELAY_EVENT_DELIVERED, .text = text };

	e.text_len = relay_words_put_receipt(text, store_id(1, 7), "192.0.2.1", 9, 1700000000123);
	format(&e, DIALECT_IOE1, "DELIVERED,1099511627783,192.0.2.1,1700000000123\n");
	format(&e, DIALECT_LINE, "");
	format(&e, DIALECT_RAW, "");

	memset(name, '%', sizeof(name));
	ck_assert_uint_eq(relay_words_put_receipt(text, UINT64_MAX, name, sizeof(name), UINT64_MAX),
			  RELAY_WORDS_RECEIPT_MAX);
}
END_TEST

static const struct {
	const char *text;
	uint64_t id; /* 0: none */
} ids[] = {
	{ "1", 1 },
	{ "1099511627783", 1099511627783 },
	{ "9223372036854775807", INT64_MAX },
	{ "9223372036854775808", 0 },
	{ "99999999999999999999999999", 0 },
	{ "0", 0 },
	{ "", 0 },
	{ "-1", 0 },
	{ "+1", 0 },
	{ " 1", 0 },
	{ "1 ", 0 },
	{ "0x1", 0 },
	{ "1,2", 0 },
};

START_TEST(id)
{
	char text[32];
	struct field f = { text, strlen(ids[_i].text) };
	uint64_t got = 0;

	memcpy(text, ids[_i].text, f.len);
	ck_assert_int_eq(relay_words_parse_id(&f, &got), ids[_i].id ? 0 : -EINVAL);
	ck_assert_uint_eq(got, ids[_i].id);
}
END_TEST

static const struct {
	const char *rest, *text, *key; /* key: NULL for none */
	enum dialect d;
} sends[] = {
	{ "bob,hello", "hello", NULL, DIALECT_LINE },
	{ "bob,hello", "hello", NULL, DIALECT_IOE1 },
	{ "bob,hello,you", "hello,you", NULL, DIALECT_LINE },
	{ "bob,hello,you", "hello,you", NULL, DIALECT_RAW },
	{ "bob,hello,you", "hello", "you", DIALECT_IOE1 },
	{ "bob,,,a,,b,", ",,a,,b,", NULL, DIALECT_LINE },
	{ "bob,", "", NULL, DIALECT_LINE },
	{ "bob,,", ",", NULL, DIALECT_RAW },
	{ "bob,,", "", "", DIALECT_IOE1 },
};

START_TEST(text_of_send)
{
	char rest[64];
	struct fields f;

	(void)snprintf(rest, sizeof(rest), "%s", sends[_i].rest);
	ck_assert_int_eq(field_split(rest, strlen(rest), sends[_i].d, FIELD_RULE_REST, 3, &f), FIELD_OK);
	relay_words_join_text(&f, sends[_i].d);
	ck_assert_uint_eq(f.at[1].len, strlen(sends[_i].text));
	ck_assert_mem_eq(f.at[1].data, sends[_i].text, f.at[1].len);
	ck_assert_uint_eq(f.n, sends[_i].key ? 3 : 2);
	if (sends[_i].key)
		ck_assert_uint_eq(f.at[2].len, strlen(sends[_i].key));
}
END_TEST

START_TEST(fates)
{
	ck_assert_str_eq(relay_words_disposition(CHANNEL_HELD), "held");
	ck_assert_str_eq(relay_words_disposition(CHANNEL_TAKEN), "delivered");
	ck_assert_str_eq(relay_words_disposition(CHANNEL_EXPIRED), "expired");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("relay_words");
	TCase *t = tcase_create("relay_words");

	tcase_add_loop_test(t, mail, 0, ELEMENTSOF(texts));
	tcase_add_test(t, no_room);
	tcase_add_test(t, receipt);
	tcase_add_loop_test(t, id, 0, ELEMENTSOF(ids));
	tcase_add_loop_test(t, text_of_send, 0, ELEMENTSOF(sends));
	tcase_add_test(t, fates);
	suite_add_tcase(s, t);
	return run_suite(s);
}
