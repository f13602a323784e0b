/* SPDX-License-Identifier: MIT */
#include "config/scan.h"
#include "base/macro.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "unit/fixture/run.h"

/* What libconfig gets. */
static const struct {
	const char *text, *want;
} texts[] = {
	{ "", "\n" },
	{ "a = 5;", "a = 5;\n" },
	{ "a=1 # b\n// c\nd=2 /* e\nf */ g=3", "a=1 \n\nd=2 \n  g=3\n" },
	{ "a = \"# no // comment /* here\";", "a = \"# no // comment /* here\";\n" },
	{ "a = \"\\\"\"; # b", "a = \"\\\"\"; \n" },
	{ "a = \"\\\\\"; # b", "a = \"\\\\\"; \n" },
	{ "a = \"\\x41\\q\";", "a = \"\\x41\\q\";\n" },
	{ "a = [ 1, 2 ]; b = ( [ ] );", "a = ( 1, 2 ); b = ( ( ) );\n" },
	{ "a = \"[ { (\";", "a = \"[ { (\";\n" },
	{ "a = 2147483647; b = -2147483648;", "a = 2147483647; b = -2147483648;\n" },
	{ "a = +7;", "a = +7;\n" },
	{ "a = 2147483648;", "a = \"\0012147483648\";\n" },
	{ "a = -2147483649;", "a = \"\001-2147483649\";\n" },
	{ "a = 99999999999b = 2;", "a = \"\00199999999999b\" = 2;\n" },
	{ "a = 0x10;", "a = \"\0010x10\";\n" },
	{ "a = 5L;", "a = \"\0015L\";\n" },
	{ "a = 1.5;", "a = \"\0011.5\";\n" },
	{ "a = .5e-3;", "a = \"\001.5e-3\";\n" },
	{ "a = -;", "a = \"\001-\";\n" },
	{ "a = 18446744073709551617;", "a = \"\00118446744073709551617\";\n" },
	{ "b2-c_*d : 2", "b2-c_*d : 2\n" },
	{ "a = \"x\" /* */ \"y\";", "a = \"x\"   \"y\";\n" },
	{ "a = ( \"x\", 1, 99999999999 );", "a = ( \"x\", 1, \"\00199999999999\" );\n" },
	{ "a = \"\n\" \r\t\f;", "a = \"\n\" \r\t\f;\n" },
};

START_TEST(text)
{
	struct buf out = {}, why = {};
	struct faults faults;

	fault_init(&faults, &why);
	ck_assert_int_eq(scan_text(texts[_i].text, strlen(texts[_i].text), "f", &out, &faults), 0);
	ck_assert_str_eq(buf_str(&out), texts[_i].want);
	ck_assert_uint_eq(why.len, 0);
	buf_done(&out);
	buf_done(&why);
}
END_TEST

static const struct {
	const char *text, *want;
} bad[] = {
	{ "\n\na = \"x", "f:3: the string that begins here has no closing \"\n" },
	{ "a = \"x\\", "f:1: the string that begins here has no closing \"\n" },
	{ "\n/* x\n*", "f:2: the comment that begins here with /* has no end\n" },
	{ "a = \"\n\\x00\";", "f:2: a string cannot hold the character NUL (\\x00)\n" },
	{ "a = \"\\X00\";", "f:1: a string cannot hold the character NUL (\\x00)\n" },
	{ "a = \"\n\" $", "f:2: \"$\" has no meaning outside a string\n" },
	{ "\n@include \"x\"", "f:2: @include is not supported: put the file into the folder of drop-ins (ioe.conf.d, see "
			      "ioe.conf(5))\n" },
	{ "a = \x01;", "f:1: \"\\x01\" has no meaning outside a string\n" },
	{ "/", "f:1: \"/\" has no meaning outside a string\n" },
	{ "a = (\n1", "f:1: the \"(\" that is opened here is never closed\n" },
	{ "a = (\n1]", "f:2: \"]\" does not close the \"(\" of line 1\n" },
	{ "}", "f:1: \"}\" closes a bracket that nothing opened\n" },
	{ "a = ((((((((((((((((1))))))))))))))));", NULL },
	{ "a = (((((((((((((((((1)))))))))))))))));", "f:1: more than 16 brackets are open inside one another\n" },
	{ "\"x\"", "f:1: a string stands where none can be: a setting is NAME = VALUE;\n" },
	{ "a = 1 \"x\"", "f:1: a string stands where none can be: a setting is NAME = VALUE;\n" },
	{ "a = { b = 1, \"x\" }", "f:1: a string stands where none can be: a setting is NAME = VALUE;\n" },
	{ "a = \"x\" 5", "f:1: a number stands where none can be: a setting is NAME = VALUE;\n" },
	{ "5 = 5", "f:1: a number stands where none can be: a setting is NAME = VALUE;\n" },
};

START_TEST(fault)
{
	struct buf out = {}, why = {};
	struct faults faults;

	fault_init(&faults, &why);
	ck_assert_int_eq(scan_text(bad[_i].text, strlen(bad[_i].text), "f", &out, &faults), bad[_i].want ? -EINVAL : 0);
	ck_assert_str_eq(buf_str(&why), bad[_i].want ? bad[_i].want : "");
	buf_done(&out);
	buf_done(&why);
}
END_TEST

START_TEST(nul)
{
	static const char in[] = "a = 1;\n\nb = \"x\0y\";";
	struct buf out = {}, why = {};
	struct faults faults;

	fault_init(&faults, &why);
	ck_assert_int_eq(scan_text(in, sizeof(in) - 1, "f", &out, &faults), -EINVAL);
	ck_assert_str_eq(buf_str(&why), "f:3: the file has a NUL byte, so it is not text\n");
	buf_done(&out);
	buf_done(&why);
}
END_TEST

/* Every beginning of a text is either taken or told of in one sentence. */
START_TEST(cut_anywhere)
{
	static const char in[] = "a = { b = \"c\\\\\\\"\"; d = [ 1, 0x5 ]; /* e */ }; # f\n// g\n@";

	for (size_t n = 0; n < sizeof(in); n++) {
		struct buf out = {}, why = {};
		struct faults faults;
		int r;

		fault_init(&faults, &why);
		r = scan_text(in, n, "f", &out, &faults);
		ck_assert(r == 0 || r == -EINVAL);
		ck_assert_uint_eq(faults.n, r < 0 ? 1 : 0);
		ck_assert_int_eq(fault_result(&faults), r);
		buf_done(&out);
		buf_done(&why);
	}
}
END_TEST

START_TEST(too_many)
{
	struct buf in = {}, out = {}, why = {};
	struct faults faults;

	for (int i = 0; i < SCAN_SETTINGS_MAX; i++)
		ck_assert_int_eq(buf_append_str(&in, "a=1;"), 0);
	fault_init(&faults, &why);
	ck_assert_int_eq(scan_text(in.data, in.len, "f", &out, &faults), 0);
	ck_assert_int_eq(buf_append_str(&in, "b={a=1;};"), 0);
	ck_assert_int_eq(scan_text(in.data, in.len, "f", &out, &faults), -EINVAL);
	ck_assert_str_eq(buf_str(&why), "f:1: more than 1000 settings are in one group\n");
	buf_done(&in);
	buf_done(&out);
	buf_done(&why);
}
END_TEST

/* What has no room is an error, and nothing is made up. */
START_TEST(no_room)
{
	struct buf out = { .max = 4 }, why = {};
	struct faults faults;

	fault_init(&faults, &why);
	ck_assert_int_eq(scan_text("a = 5;", 6, "f", &out, &faults), -ENOBUFS);
	ck_assert_uint_eq(why.len, 0);
	buf_done(&out);
	buf_done(&why);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scan");
	TCase *tc = tcase_create("scan");

	tcase_add_loop_test(tc, text, 0, ELEMENTSOF(texts));
	tcase_add_loop_test(tc, fault, 0, ELEMENTSOF(bad));
	tcase_add_test(tc, nul);
	tcase_add_test(tc, cut_anywhere);
	tcase_add_test(tc, too_many);
	tcase_add_test(tc, no_room);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
