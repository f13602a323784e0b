/* SPDX-License-Identifier: MIT */
#include "roles/chat/name.h"

#include "base/macro.h"

#include <arpa/inet.h>
#include <check.h>
#include <string.h>

#include "unit/fixture/run.h"

#define LONG64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

START_TEST(rooms)
{
	static const char *const good[] = { "lobby", "a", "0", ".", "-", "_", "..", "a.b_c-9", LONG64 };
	static const char *const bad[] = { "", "Lobby", "a b", "a,b", "a/b", "a:b", "\303\244", "a\n", "#a", LONG64 "x" };

	for (size_t i = 0; i < ELEMENTSOF(good); i++)
		ck_assert_msg(chat_name_is_room(good[i], strlen(good[i])), "%s", good[i]);
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		ck_assert_msg(!chat_name_is_room(bad[i], strlen(bad[i])), "%s", bad[i]);
	ck_assert(!chat_name_is_room("a\0b", 3));
}
END_TEST

START_TEST(members)
{
	static const char *const good[] = { "Anna", "a.b_c-9", "127.0.0.1", "2001:db8::1" };
	static const char *const bad[] = { "", "a b", "a,b", "a@b", "\033[2J", LONG64 };

	for (size_t i = 0; i < ELEMENTSOF(good); i++)
		ck_assert_msg(chat_name_is_member(good[i], strlen(good[i])), "%s", good[i]);
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		ck_assert_msg(!chat_name_is_member(bad[i], strlen(bad[i])), "%s", bad[i]);
}
END_TEST

START_TEST(addresses)
{
	static const char *const good[] = { "127.0.0.1", "192.0.2.7", "::1", "2001:db8::1" };
	static const char *const bad[] = { "", "Anna", "127.1", "1", "::1 ", "192.0.2.256", LONG64 };
	struct address a;
	char text[ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < ELEMENTSOF(good); i++) {
		ck_assert_msg(chat_name_is_address(good[i], strlen(good[i]), &a), "%s", good[i]);
		ck_assert_str_eq(address_text(&a, text), good[i]);
	}
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		ck_assert_msg(!chat_name_is_address(bad[i], strlen(bad[i]), NULL), "%s", bad[i]);
}
END_TEST

static void key_is(const char *want, const char *key, size_t len)
{
	ck_assert_uint_eq(len, strlen(want));
	ck_assert_int_eq(memcmp(key, want, len), 0);
}

START_TEST(keys_of_names)
{
	char key[CHAT_KEY_MAX];

	key_is("ban:anna", key, chat_name_key(key, "ban", "AnnA", 4));
	key_is("mute:2001:db8::1", key, chat_name_key(key, "mute", "2001:DB8::1", 11));
	key_is("role:" LONG64, key, chat_name_key(key, "role", LONG64, 64));
}
END_TEST

static size_t address_key(char key[CHAT_KEY_MAX], const char *text)
{
	struct address a;

	ck_assert(chat_name_is_address(text, strlen(text), &a));
	return chat_name_address_key(key, "ban", &a);
}

START_TEST(keys_of_addresses)
{
	char key[CHAT_KEY_MAX];

	key_is("ban@192.0.2.7", key, address_key(key, "192.0.2.7"));
	key_is("ban@2001:db8:1:2::", key, address_key(key, "2001:db8:1:2:3:4:5:6"));
	key_is("ban@2001:db8:1:2::", key, address_key(key, "2001:db8:1:2::1"));
	/* Who is on the machine itself is everybody there. */
	ck_assert_uint_eq(address_key(key, "127.0.0.1"), 0);
	ck_assert_uint_eq(address_key(key, "127.9.9.9"), 0);
	ck_assert_uint_eq(address_key(key, "::1"), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("chat_name");
	TCase *t = tcase_create("chat_name");

	tcase_add_test(t, rooms);
	tcase_add_test(t, members);
	tcase_add_test(t, addresses);
	tcase_add_test(t, keys_of_names);
	tcase_add_test(t, keys_of_addresses);
	suite_add_tcase(s, t);
	return run_suite(s);
}
