/* SPDX-License-Identifier: MIT */
#include "room.h"

#include <stdarg.h>
#include <string.h>

struct client *room_client(struct daemon *d, const char *name)
{
	return client_new_named(d, ROOM_ALL, name);
}

void room_expect_all(struct client *c, ...)
{
	g_autoptr(GPtrArray) want = g_ptr_array_new();
	va_list ap;

	va_start(ap, c);
	for (const char *line; (line = va_arg(ap, const char *));)
		g_ptr_array_add(want, (gpointer)(uintptr_t)line);
	va_end(ap);
	while (want->len > 0) {
		g_autofree char *line = client_line(c);
		guint at;

		if (!g_ptr_array_find_with_equal_func(want, line, g_str_equal, &at))
			harness_fail("Not one of those %u: %s", want->len, line);
		(void)g_ptr_array_remove_index(want, at);
	}
}

void room_join(struct client *c, const char *room, const char *name, const char *answer)
{
	g_autofree char *joined = g_strdup_printf("JOINED,%s,%s", room, name);

	client_printf(c, "JOIN,%s\n", room);
	client_expect(c, answer);
	client_expect(c, joined);
}

void room_meet(struct daemon *d, const char *room, struct client **ret_a, struct client **ret_b)
{
	g_autofree char *first = g_strdup_printf("OK,%s,0,1,1", room), *second = g_strdup_printf("OK,%s,0,2,1", room);
	g_autofree char *joined = g_strdup_printf("JOINED,%s,Bert", room);

	*ret_a = room_client(d, "Anna");
	*ret_b = room_client(d, "Bert");
	room_join(*ret_a, room, "Anna", first);
	room_join(*ret_b, room, "Bert", second);
	client_expect(*ret_a, joined);
}

void room_part(struct client *c, const char *room, const char *name)
{
	g_autofree char *left = g_strdup_printf("LEFT,%s,%s,parted", room, name);

	client_printf(c, "PART,%s\n", room);
	client_expect(c, left);
	client_expect(c, "OK");
}

bool room_parse(const char *line, const char *room, struct room_said *ret)
{
	g_auto(GStrv) f = g_strsplit(line, ",", 0);

	if (g_strv_length(f) != 6 || strcmp(f[0], "SAID") != 0 || strcmp(f[1], room) != 0)
		return false;
	g_assert_true(g_ascii_string_to_unsigned(f[2], 10, 1, G_MAXUINT64, &ret->seq, NULL));
	g_assert_true(g_ascii_string_to_unsigned(f[3], 10, 1, G_MAXUINT64, &ret->time, NULL));
	ret->from = g_strdup(f[4]);
	ret->text = g_strdup(f[5]);
	return true;
}

void room_said_clear(struct room_said *s)
{
	g_clear_pointer(&s->from, g_free);
	g_clear_pointer(&s->text, g_free);
}

void room_received(struct client *c, const char *room, guint64 seq, const char *from, const char *text)
{
	g_autofree char *line = client_line(c);
	struct room_said s;

	if (!room_parse(line, room, &s) || s.seq != seq || strcmp(s.from, from) != 0 || strcmp(s.text, text) != 0)
		harness_fail("Not in %s %u %s: %s, but: %s", room, (unsigned)seq, from, text, line);
	/* In milliseconds since 1970, and now. */
	g_assert_cmpint(ABS(g_get_real_time() / 1000 - (gint64)s.time), <, HARNESS_DEADLINE_USEC / 1000);
	room_said_clear(&s);
}

char *room_until(struct client *c, const char *start)
{
	for (;;) {
		g_autofree char *line = client_line(c);

		if (g_str_has_prefix(line, start))
			return g_steal_pointer(&line);
	}
}

char *room_history(struct client *c, const char *room, guint64 after, unsigned count)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	size_t n;

	client_printf(c, "HISTORY,%s,%" G_GUINT64_FORMAT ",%u\n", room, after, count);
	text = client_sized(c, &n);
	lines = g_strsplit(text, "\n", 0);
	for (size_t i = 0; lines[i] && lines[i + 1]; i++) {
		g_auto(GStrv) f = g_strsplit(lines[i], ",", 0);

		g_assert_cmpuint(g_strv_length(f), ==, 4);
		g_string_append_printf(out, "%s %s\n", f[0], f[3]);
	}
	return g_strdup(out->str);
}
