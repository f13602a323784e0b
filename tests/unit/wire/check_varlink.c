/* SPDX-License-Identifier: MIT */
#include "wire/varlink.h"

#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "unit/fixture/run.h"

#define FEED(r, literal) ck_assert_int_eq(varlink_feed((r), (literal), sizeof(literal) - 1), 0)

/* One message, whole: what comes of it. */
static enum varlink_result one(const char *text)
{
	struct varlink_reader r = { 0 };
	struct json_object *o = NULL;
	enum varlink_result result;

	ck_assert_int_eq(varlink_feed(&r, text, strlen(text) + 1), 0);
	result = varlink_next(&r, VARLINK_MESSAGE_MAX, &o);
	ck_assert_int_eq(result == VARLINK_MESSAGE, o != NULL);
	(void)json_object_put(o);
	varlink_reader_done(&r);
	return result;
}

START_TEST(test_whole)
{
	struct varlink_reader r = { 0 };
	struct json_object *o;

	FEED(&r, "{\"method\":\"a.b\"}\0{\"method\":\"c.d\"}\0{\"me");
	ck_assert_int_eq(varlink_next(&r, 64, &o), VARLINK_MESSAGE);
	ck_assert_str_eq(json_object_get_string(json_object_object_get(o, "method")), "a.b");
	(void)json_object_put(o);
	ck_assert_int_eq(varlink_next(&r, 64, &o), VARLINK_MESSAGE);
	ck_assert_str_eq(json_object_get_string(json_object_object_get(o, "method")), "c.d");
	(void)json_object_put(o);
	ck_assert_int_eq(varlink_next(&r, 64, &o), VARLINK_NONE);
	ck_assert_uint_eq(varlink_kept(&r), 4);
	FEED(&r, "thod\":1}\0");
	ck_assert_int_eq(varlink_next(&r, 64, &o), VARLINK_MESSAGE);
	ck_assert_int_eq(json_object_get_int(json_object_object_get(o, "method")), 1);
	(void)json_object_put(o);
	ck_assert_int_eq(varlink_next(&r, 64, &o), VARLINK_NONE);
	ck_assert_uint_eq(varlink_kept(&r), 0);
	varlink_reader_done(&r);
}
END_TEST

/* The same stream in pieces of every size gives the same messages. */
START_TEST(test_pieces)
{
	static const char stream[] = "{\"n\":1}\0{\"n\":2,\"s\":\"\xc3\xa4\"}\0  {\"n\":3}\n\0{\"n\":4}";

	for (size_t piece = 1; piece <= sizeof(stream); piece++) {
		struct varlink_reader r = { .in.max = sizeof(stream) + piece };
		struct json_object *o;
		int n = 0;

		for (size_t at = 0; at < sizeof(stream); at += piece) {
			ck_assert_int_eq(varlink_feed(&r, stream + at, MIN(piece, sizeof(stream) - at)), 0);
			while (varlink_next(&r, 64, &o) == VARLINK_MESSAGE) {
				ck_assert_int_eq(json_object_get_int(json_object_object_get(o, "n")), ++n);
				(void)json_object_put(o);
			}
		}
		ck_assert_int_eq(n, 4);
		ck_assert_uint_eq(varlink_kept(&r), 0);
		varlink_reader_done(&r);
	}
}
END_TEST

/* Byte by byte, what was looked at is not looked at again. */
START_TEST(test_scanned_once)
{
	struct varlink_reader r = { 0 };
	struct json_object *o;

	for (size_t i = 1; i <= 1000; i++) {
		FEED(&r, " ");
		ck_assert_uint_eq(r.scanned - r.begin, i - 1);
		ck_assert_int_eq(varlink_next(&r, 2000, &o), VARLINK_NONE);
		ck_assert_uint_eq(r.scanned - r.begin, i);
	}
	FEED(&r, "{}\0 ");
	ck_assert_int_eq(varlink_next(&r, 2000, &o), VARLINK_MESSAGE);
	(void)json_object_put(o);
	ck_assert_uint_eq(r.scanned, r.begin);
	varlink_reader_done(&r);
}
END_TEST

START_TEST(test_bad)
{
	static const char *const bad[] = {
		"", " ", "x", "{", "}", "{\"a\":1", "{\"a\":", "{\"a", "{} x", "{}{}", "{},", "[]", "[{}]", "null", "1", "\"s\"",
		"true", "{a:1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":[1,]}", "{\"a\":01}", "{\"a\":-}",
		"{\"a\":TRUE}", "{\"a\":tru}", "{\"a\":1e}", "/**/{}", "{}//", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}",
		"{\"a\":1 \"b\":2}", "{\"a\":\"\xff\"}", "{\"a\":\"\xc3\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xc0\x80\"}",
		"{\"a\":\"\xf4\x90\x80\x80\"}", "\xef\xbb\xbf{}", "{\"a\":\"",
		"{'a':1}", "{\"a\":'b'}", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":-Infinity}", "{\"a\":\"\n\"}",
		"{\"a\":\"\t\"}", "{\"a\":\"\\\n\"}", "{\"a\":\"\x01\"}", "{\v}", "{\f}", "{\"a\":\"\\", "{\"a\":\"\\\"}",
	};

	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		ck_assert_msg(one(bad[i]) == VARLINK_BAD, "not refused: %s", bad[i]);
	ck_assert_int_eq(one("{}"), VARLINK_MESSAGE);
	ck_assert_int_eq(one(" {} \n"), VARLINK_MESSAGE);
	ck_assert_int_eq(one("{\"a\":\"\\u0000\"}"), VARLINK_MESSAGE);
	ck_assert_int_eq(one("{\"a'\\\"NaN\\\\\":\"'\\n\x7f/*\",\t\"b\":[-1.5E+3,true,false,null]}\r\n"), VARLINK_MESSAGE);
}
END_TEST

/* The last one holds: written down so that nobody is surprised by another json-c. */
START_TEST(test_key_twice)
{
	struct varlink_reader r = { 0 };
	struct varlink_call call;
	struct json_object *o;

	FEED(&r, "{\"method\":\"a.b\",\"method\":\"c.d\"}\0");
	ck_assert_int_eq(varlink_next(&r, 64, &o), VARLINK_MESSAGE);
	ck_assert_int_eq(varlink_parse_call(o, &call), 0);
	ck_assert_str_eq(call.method, "c.d");
	(void)json_object_put(o);
	varlink_reader_done(&r);
}
END_TEST

/* An array of arrays as a parameter, @depth brackets in all. */
static enum varlink_result nested(size_t depth)
{
	struct varlink_reader r = { 0 };
	struct json_object *o = NULL;
	enum varlink_result result;

	FEED(&r, "{\"a\":");
	for (size_t i = 1; i < depth; i++)
		FEED(&r, "[");
	for (size_t i = 1; i < depth; i++)
		FEED(&r, "]");
	FEED(&r, "}\0");
	result = varlink_next(&r, SIZE_MAX, &o);
	(void)json_object_put(o);
	varlink_reader_done(&r);
	return result;
}

START_TEST(test_depth)
{
	ck_assert_int_eq(nested(1 + VARLINK_DEPTH_MAX - 2), VARLINK_MESSAGE);
	ck_assert_int_eq(nested(1 + VARLINK_DEPTH_MAX + 1), VARLINK_BAD);
	ck_assert_int_eq(nested(1000000), VARLINK_BAD);
}
END_TEST

START_TEST(test_too_long)
{
	struct varlink_reader r = { .in.max = 100 };
	struct json_object *o;

	/* Exactly the limit is taken, NUL not counted. */
	FEED(&r, "{\"a\":123}\0");
	ck_assert_int_eq(varlink_next(&r, 9, &o), VARLINK_MESSAGE);
	(void)json_object_put(o);
	/* One more is not, whether the NUL is there or not. */
	FEED(&r, "{\"a\":1234}");
	ck_assert_int_eq(varlink_next(&r, 9, &o), VARLINK_TOO_LONG);
	varlink_reader_done(&r);
	FEED(&r, "{\"a\":1234}\0");
	ck_assert_int_eq(varlink_next(&r, 9, &o), VARLINK_TOO_LONG);
	varlink_reader_done(&r);
	FEED(&r, "{\"a\":123}");
	ck_assert_int_eq(varlink_next(&r, 9, &o), VARLINK_NONE);
	varlink_reader_done(&r);
	FEED(&r, "{}\0{\"a\":1234}\0");
	ck_assert_int_eq(varlink_next(&r, 9, &o), VARLINK_MESSAGE);
	(void)json_object_put(o);
	ck_assert_int_eq(varlink_next(&r, 9, &o), VARLINK_TOO_LONG);
	varlink_reader_done(&r);
}
END_TEST

/* 100 MB without a NUL: never more memory than the ceiling. */
START_TEST(test_endless)
{
	static char piece[16384];
	struct varlink_reader r = { .in.max = VARLINK_MESSAGE_MAX + 1 + sizeof(piece) };
	enum varlink_result result = VARLINK_NONE;
	struct json_object *o;
	size_t fed = 0;

	memset(piece, ' ', sizeof(piece));
	while (fed < 100000000 && result == VARLINK_NONE) {
		ck_assert_int_eq(varlink_feed(&r, piece, sizeof(piece)), 0);
		fed += sizeof(piece);
		result = varlink_next(&r, VARLINK_MESSAGE_MAX, &o);
	}
	ck_assert_int_eq(result, VARLINK_TOO_LONG);
	ck_assert_uint_le(fed, VARLINK_MESSAGE_MAX + sizeof(piece));
	/* And an owner who goes on in spite of that is stopped by the buffer. */
	ck_assert_int_eq(varlink_feed(&r, piece, sizeof(piece)), -ENOBUFS);
	varlink_reader_done(&r);
}
END_TEST

static int call_of(const char *text, struct varlink_call *ret, struct json_object **ret_message)
{
	struct varlink_reader r = { 0 };

	ck_assert_int_eq(varlink_feed(&r, text, strlen(text) + 1), 0);
	ck_assert_int_eq(varlink_next(&r, 4096, ret_message), VARLINK_MESSAGE);
	varlink_reader_done(&r);
	return varlink_parse_call(*ret_message, ret);
}

START_TEST(test_call)
{
	struct varlink_call call;
	struct json_object *o;

	ck_assert_int_eq(call_of("{\"method\":\"a.b\",\"parameters\":{\"x\":1},\"more\":true,\"oneway\":false,\"else\":[]}",
				 &call, &o), 0);
	ck_assert_str_eq(call.method, "a.b");
	ck_assert_int_eq(json_object_get_int(json_object_object_get(call.parameters, "x")), 1);
	ck_assert(call.more && !call.oneway && !call.upgrade);
	(void)json_object_put(o);

	ck_assert_int_eq(call_of("{\"method\":\"\",\"parameters\":null,\"oneway\":true}", &call, &o), 0);
	ck_assert_ptr_null(call.parameters);
	ck_assert(call.oneway && !call.more);
	(void)json_object_put(o);
}
END_TEST

START_TEST(test_call_types)
{
	static const char *const bad[] = {
		"{}", "{\"method\":null}", "{\"method\":1}", "{\"method\":{}}", "{\"method\":[\"a.b\"]}", "{\"method\":true}",
		"{\"method\":\"a.b\\u0000c\"}", "{\"method\":\"a.b\",\"parameters\":[]}",
		"{\"method\":\"a.b\",\"parameters\":\"x\"}", "{\"method\":\"a.b\",\"parameters\":1}",
		"{\"method\":\"a.b\",\"oneway\":1}", "{\"method\":\"a.b\",\"more\":\"true\"}", "{\"method\":\"a.b\",\"upgrade\":{}}",
		"{\"method\":\"a.b\",\"oneway\":true,\"more\":true}", "{\"Method\":\"a.b\"}",
	};
	struct varlink_call call = { .method = "untouched" };
	struct json_object *o;

	for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
		ck_assert_msg(call_of(bad[i], &call, &o) == -EBADMSG, "not refused: %s", bad[i]);
		ck_assert_str_eq(call.method, "untouched");
		(void)json_object_put(o);
	}
}
END_TEST

static void put_is(struct buf *out, const char *expected)
{
	ck_assert_uint_eq(out->len, strlen(expected) + 1);
	ck_assert_str_eq(out->data, expected);
	out->len = 0;
}

START_TEST(test_put)
{
	struct json_object *p = json_object_new_object();
	struct buf out = { 0 }, small = { .max = 8 };

	(void)json_object_object_add(p, "s", json_object_new_string_len("a/\0\n\"", 5));
	ck_assert_int_eq(varlink_put_call(&out, "a.b", NULL, false), 0);
	put_is(&out, "{\"method\":\"a.b\"}");
	ck_assert_int_eq(varlink_put_call(&out, "a.b", p, true), 0);
	put_is(&out, "{\"method\":\"a.b\",\"parameters\":{\"s\":\"a/\\u0000\\n\\\"\"},\"more\":true}");
	ck_assert_int_eq(varlink_put_reply(&out, NULL, false), 0);
	put_is(&out, "{}");
	ck_assert_int_eq(varlink_put_reply(&out, p, true), 0);
	put_is(&out, "{\"parameters\":{\"s\":\"a/\\u0000\\n\\\"\"},\"continues\":true}");
	ck_assert_int_eq(varlink_put_error(&out, "a.E", NULL), 0);
	put_is(&out, "{\"error\":\"a.E\"}");

	/* Not consumed, and at the ceiling nothing is half there. */
	ck_assert_int_eq(json_object_put(p), 1);
	ck_assert_int_eq(varlink_put_error(&small, "a.E", NULL), -ENOBUFS);
	ck_assert_uint_eq(small.len, 0);
	buf_done(&small);
	buf_done(&out);
}
END_TEST

START_TEST(test_reply)
{
	struct varlink_reader r = { 0 };
	struct varlink_reply reply;
	struct json_object *o;

	FEED(&r, "{\"parameters\":{\"x\":1},\"continues\":true}\0{\"error\":\"a.E\"}\0{\"error\":7}\0{}\0");
	ck_assert_int_eq(varlink_next(&r, 64, &o), VARLINK_MESSAGE);
	ck_assert_int_eq(varlink_parse_reply(o, &reply), 0);
	ck_assert(!reply.error && reply.parameters && reply.continues);
	(void)json_object_put(o);
	ck_assert_int_eq(varlink_next(&r, 64, &o), VARLINK_MESSAGE);
	ck_assert_int_eq(varlink_parse_reply(o, &reply), 0);
	ck_assert_str_eq(reply.error, "a.E");
	ck_assert(!reply.parameters && !reply.continues);
	(void)json_object_put(o);
	ck_assert_int_eq(varlink_next(&r, 64, &o), VARLINK_MESSAGE);
	ck_assert_int_eq(varlink_parse_reply(o, &reply), -EBADMSG);
	(void)json_object_put(o);
	ck_assert_int_eq(varlink_next(&r, 64, &o), VARLINK_MESSAGE);
	ck_assert_int_eq(varlink_parse_reply(o, &reply), 0);
	ck_assert(!reply.error && !reply.parameters);
	(void)json_object_put(o);
	varlink_reader_done(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("varlink");
	TCase *t = tcase_create("varlink");

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, test_whole);
	tcase_add_test(t, test_pieces);
	tcase_add_test(t, test_scanned_once);
	tcase_add_test(t, test_bad);
	tcase_add_test(t, test_key_twice);
	tcase_add_test(t, test_depth);
	tcase_add_test(t, test_too_long);
	tcase_add_test(t, test_endless);
	tcase_add_test(t, test_call);
	tcase_add_test(t, test_call_types);
	tcase_add_test(t, test_put);
	tcase_add_test(t, test_reply);
	return run_suite(s);
}
