/* SPDX-License-Identifier: MIT */
/* The words of rooms, in each dialect. */
#include "roles/chat/event.h"

#include "base/macro.h"

#include <check.h>
#include <string.h>

#include "unit/fixture/run.h"

static const struct {
	unsigned type;
	const char *from, *text, *ioe1, *line;
} events[] = {
	{ CHAT_EVENT_SAID, "Anna", "hello", "SAID,lobby,7,1234,Anna,hello\n", "Anna: hello\n" },
	{ CHAT_EVENT_SAID, "Anna", "a, b: 50%", "SAID,lobby,7,1234,Anna,a%2C b: 50%25\n", "Anna: a, b: 50%\n" },
	{ CHAT_EVENT_SAID, "Anna", "\t\303\244\342\202\254", "SAID,lobby,7,1234,Anna,%09\303\244\342\202\254\n",
	  "Anna: \t\303\244\342\202\254\n" },
	/* What would clear a screen, end a line, or is no UTF-8. */
	{ CHAT_EVENT_SAID, "Anna", "\033[2J", "SAID,lobby,7,1234,Anna,%1B[2J\n", "Anna: ?[2J\n" },
	{ CHAT_EVENT_SAID, "Anna", "x\nBert: y\r\n", "SAID,lobby,7,1234,Anna,x%0ABert: y%0D%0A\n", "Anna: x?Bert: y??\n" },
	{ CHAT_EVENT_SAID, "Anna", "\302\233\177\377\303", "SAID,lobby,7,1234,Anna,%C2%9B%7F%FF%C3\n", "Anna: ????\n" },
	{ CHAT_EVENT_SAID, "Anna", "\342\200\256x", "SAID,lobby,7,1234,Anna,%E2%80%AEx\n", "Anna: ?x\n" },
	{ CHAT_EVENT_SAID, "A\033", "x", "SAID,lobby,7,1234,A%1B,x\n", "A?: x\n" },
	{ CHAT_EVENT_JOINED, "Anna", "", "JOINED,lobby,Anna\n", "Anna joined!\n" },
	{ CHAT_EVENT_LEFT, "Anna", "slow", "LEFT,lobby,Anna,slow\n", "Anna left!\n" },
	{ CHAT_EVENT_LEFT, "Anna", "kicked: \033, no", "LEFT,lobby,Anna,kicked: %1B%2C no\n", "Anna left!\n" },
	{ CHAT_EVENT_TOPIC, "Anna", "t,u", "TOPIC,lobby,Anna,t%2Cu\n", "" },
	{ CHAT_EVENT_TOPIC, "", "", "TOPIC,lobby,,\n", "" },
};

static void format(size_t i, enum dialect d, struct buf *to)
{
	struct channel_event e = {
		.type = events[i].type,
		.channel = "lobby",
		.channel_len = 5,
		.from = events[i].from,
		.from_len = strlen(events[i].from),
		.text = events[i].text,
		.text_len = strlen(events[i].text),
		.number = 7,
		.time_msec = 1234,
	};

	ck_assert_int_eq(chat_event_format(&e, d, to), 0);
}

/* Behind what is in the buffer already. */
static void expect(size_t i, enum dialect d, const char *want, size_t len)
{
	struct buf b = {};

	ck_assert_int_eq(buf_append(&b, "before", 6), 0);
	format(i, d, &b);
	ck_assert_msg(b.len == 6 + len && memcmp(b.data + 6, want, len) == 0, "%.*s not %.*s", (int)b.len - 6, b.data + 6,
		      (int)len, want);
	buf_done(&b);
}

START_TEST(each_dialect)
{
	size_t len;

	for (size_t i = 0; i < ELEMENTSOF(events); i++) {
		expect(i, DIALECT_IOE1, events[i].ioe1, strlen(events[i].ioe1));
		len = strlen(events[i].line);
		expect(i, DIALECT_LINE, events[i].line, len);
		/* What an old client prints has no line's end of its own. */
		expect(i, DIALECT_RAW, events[i].line, len ? len - 1 : 0);
	}
}
END_TEST

START_TEST(rows_of_the_history)
{
	struct channel_event row = { .number = 3, .time_msec = 5, .from = "A", .from_len = 1, .text = "b,\n", .text_len = 3 };
	struct buf b = {};

	ck_assert_int_eq(chat_event_line(&row, DIALECT_LINE, &b), 0);
	ck_assert_int_eq(chat_event_line(&row, DIALECT_IOE1, &b), 0);
	ck_assert_str_eq(buf_str(&b), "3,5,A,b,?\n3,5,A,b%2C%0A\n");
	buf_done(&b);
}
END_TEST

/* All bytes need three, and there is not one too many. */
START_TEST(the_longest)
{
	static char text[65536];
	struct channel_event e = { .channel = "lobby", .channel_len = 5, .from = "A", .from_len = 1, .text = text,
				   .text_len = sizeof(text), .number = UINT64_MAX, .time_msec = UINT64_MAX };
	struct buf b = {};

	memset(text, 1, sizeof(text));
	ck_assert_int_eq(chat_event_format(&e, DIALECT_IOE1, &b), 0);
	ck_assert_uint_eq(b.len, strlen("SAID,lobby,18446744073709551615,18446744073709551615,A,\n") + 3 * sizeof(text));
	buf_done(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("chat_event");
	TCase *t = tcase_create("chat_event");

	tcase_add_test(t, each_dialect);
	tcase_add_test(t, rows_of_the_history);
	tcase_add_test(t, the_longest);
	suite_add_tcase(s, t);
	return run_suite(s);
}
