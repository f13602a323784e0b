/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include "base/macro.h"
#include "config/fault.h"
#include "config/value.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/fixture/config_values.h"
#include "unit/fixture/run.h"

/* Must be refused with exactly these sentences. */
static void refuse(const char *text, unsigned instance, const char *want)
{
	struct settings *s = NULL;
	struct buf why = {};
	int r;

	r = config_parse(text, strlen(text), "f", instance, &schema, &s, &why);
	ck_assert_ptr_null(s);
	ck_assert_str_eq(buf_str(&why), want);
	ck_assert_int_eq(r, -EINVAL);
	buf_done(&why);
}

/* One text, one sentence. */
static const struct {
	const char *text, *want;
} faults[] = {
	/* keys */
	{ "lmits = { };", "f:1: lmits is no option; there are reactors, workers, state_dir, runtime_dir, stop_timeout, "
			  "legacy_wait, limits, file, log, listeners, instances\n" },
	{ "\nlimits = {\n lin = 5; };", "f:3: limits.lin is no option; limits has connections, per_address, line, output, "
					"pipeline, idle, line_time, memory\n" },
	{ "line = 100;", "f:1: line is no option; there are reactors, workers, state_dir, runtime_dir, stop_timeout, "
			 "legacy_wait, limits, file, log, listeners, instances\n" },
	{ "id = 1;", "f:1: id is no option; there are reactors, workers, state_dir, runtime_dir, stop_timeout, legacy_wait, "
		     "limits, file, log, listeners, instances\n" },
	{ "log = 5;", "f:1: log = 5 is no group: log = { ... };\n" },
	{ "log = ( { level = \"err\"; } );", "f:1: log = ( ... ) is no group: log = { ... };\n" },
	{ "workers = { };", "f:1: workers = { ... } is no whole decimal number from 1 to 64\n" },

	/* whole numbers */
	{ "reactors = 0;", "f:1: reactors = 0 is outside 1 to 64\n" },
	{ "reactors = 65;", "f:1: reactors = 65 is outside 1 to 64\n" },
	{ "reactors = -1;", "f:1: reactors = -1 is outside 1 to 64\n" },
	{ "reactors = 4294967297;", "f:1: reactors = 4294967297 is outside 1 to 64\n" },
	{ "reactors = 18446744073709551617;", "f:1: reactors = 18446744073709551617 is outside 1 to 64\n" },
	{ "reactors = -4294967295;", "f:1: reactors = -4294967295 is outside 1 to 64\n" },
	{ "reactors = 0x01;", "f:1: reactors = 0x01 is no whole decimal number from 1 to 64\n" },
	{ "reactors = 4L;", "f:1: reactors = 4L is no whole decimal number from 1 to 64\n" },
	{ "reactors = 1.0;", "f:1: reactors = 1.0 is no whole decimal number from 1 to 64\n" },
	{ "reactors = 1e1;", "f:1: reactors = 1e1 is no whole decimal number from 1 to 64\n" },
	{ "reactors = -;", "f:1: reactors = - is no whole decimal number from 1 to 64\n" },
	{ "reactors = \"4\";", "f:1: reactors = \"4\" is no whole decimal number from 1 to 64\n" },
	{ "reactors = true;", "f:1: reactors = true is no whole decimal number from 1 to 64\n" },
	{ "reactors = ( 4 );", "f:1: reactors = ( ... ) is no whole decimal number from 1 to 64\n" },

	/* sizes */
	{ "limits = { line = \"2\"; };", "f:1: limits.line = \"2\" is outside 64 to 16M\n" },
	{ "limits = { line = 2; };", "f:1: limits.line = 2 is outside 64 to 16M\n" },
	{ "limits = { line = \"17M\"; };", "f:1: limits.line = \"17M\" is outside 64 to 16M\n" },
	{ "limits = { line = \"99999999999999999999\"; };", "f:1: limits.line = \"99999999999999999999\" is outside 64 to 16M\n" },
	{ "limits = { line = \"64Q\"; };", "f:1: limits.line = \"64Q\" is no size, which is a string such as \"64K\" or a small "
					   "whole number, from 64 to 16M\n" },
	{ "limits = { line = 8589934592; };", "f:1: limits.line = 8589934592 is no size, which is a string such as \"64K\" or a "
					      "small whole number, from 64 to 16M\n" },
	{ "file = { max_size = true; };", "f:1: file.max_size = true is no size, which is a string such as \"64K\" or a small "
					  "whole number, from 0 or more\n" },
	{ "limits = { memory = \"1K\"; };", "f:1: limits.memory = \"1K\" is outside 1M to 1T\n" },

	/* times */
	{ "legacy_wait = \"50\";", "f:1: legacy_wait = \"50\" is no time, which is a string such as \"50ms\" or \"2h\", from 1ms "
				   "to 10s\n" },
	{ "legacy_wait = 50;", "f:1: legacy_wait = 50 is no time, which is a string such as \"50ms\" or \"2h\", from 1ms to 10s\n" },
	{ "legacy_wait = \"1h\";", "f:1: legacy_wait = \"1h\" is outside 1ms to 10s\n" },

	/* strings */
	{ "state_dir = 5;", "f:1: state_dir = 5 is no string in double quotes of 1 to 100 bytes\n" },
	{ "state_dir = \"\";", "f:1: state_dir = \"\" is outside 1 to 100 bytes\n" },
	{ "state_dir = \"a\\nb\";", "f:1: state_dir = \"a\\x0ab\" has control characters or is not UTF-8\n" },
	{ "state_dir = \"\\xff\";", "f:1: state_dir = \"\\xff\" has control characters or is not UTF-8\n" },
	{ "state_dir = \"\\x0199\";", "f:1: state_dir = 99 is no string in double quotes of 1 to 100 bytes\n" },

	/* modes, words, bools */
	{ "file = { mode = \"0999\"; };", "f:1: file.mode = \"0999\" is no mode, which is a string of octal digits such as "
					  "\"0640\", from 0400 to 0777\n" },
	{ "file = { mode = 640; };", "f:1: file.mode = 640 is no mode, which is a string of octal digits such as \"0640\", from "
				     "0400 to 0777\n" },
	{ "file = { mode = \"\"; };", "f:1: file.mode = \"\" is no mode, which is a string of octal digits such as \"0640\", from "
				      "0400 to 0777\n" },
	{ "file = { mode = \"4755\"; };", "f:1: file.mode = \"4755\" is outside 0400 to 0777\n" },
	{ "log = { level = \"loud\"; };", "f:1: log.level = \"loud\" is none of \"err\", \"warning\", \"notice\", \"info\" or "
					  "\"debug\"\n" },
	{ "log = { level = 3; };", "f:1: log.level = 3 is none of \"err\", \"warning\", \"notice\", \"info\" or \"debug\"\n" },
	{ "file = { sync = \"yes\"; };", "f:1: file.sync = \"yes\" is not true or false\n" },
	{ "file = { sync = 1; };", "f:1: file.sync = 1 is not true or false\n" },

	/* listeners */
	{ "listeners = 5;", "f:1: listeners = 5 is no list of groups: ( { ... }, { ... } )\n" },
	{ "listeners = { };", "f:1: listeners = { ... } is no list of groups: ( { ... }, { ... } )\n" },
	{ "listeners = ( );", "f:1: listeners has 0 listeners, outside 1 to 64\n" },
	{ "listeners = ( 5 );", "f:1: listeners: 5 is no listener, which is a group: { port = 9000; ... }\n" },
	{ "listeners = ( { roles = [ \"file\" ]; } );", "f:1: a listener must have one of port and port_base\n" },
	{ "listeners = ( { port = 1; port_base = 2; roles = [ \"file\" ]; } );",
	  "f:1: a listener must have one of port and port_base, and has both\n" },
	{ "listeners = ( { port = 1; } );", "f:1: a listener must have roles, such as roles = ( \"file\" )\n" },
	{ "listeners = ( { port = 1; roles = [ ]; } );",
	  "f:1: listeners.roles = ( ... ) is no list of one or more of \"file\", \"chat\", \"relay\" or \"compute\"\n" },
	{ "listeners = ( { port = 1; roles = \"file\"; } );",
	  "f:1: listeners.roles = \"file\" is no list of one or more of \"file\", \"chat\", \"relay\" or \"compute\"\n" },
	{ "listeners = ( { port = 1; roles = [ \"fax\" ]; } );",
	  "f:1: listeners.roles: \"fax\" is no role; there are \"file\", \"chat\", \"relay\" or \"compute\"\n" },
	{ "listeners = ( { port = 1; roles = [ \"file\", 5 ]; } );",
	  "f:1: listeners.roles: 5 is no role; there are \"file\", \"chat\", \"relay\" or \"compute\"\n" },
	{ "listeners = ( { port = 1; roles = [ \"chat\",\n\"chat\" ]; } );",
	  "f:2: listeners.roles: the role \"chat\" is given twice\n" },
	{ "listeners = ( { port = 65536; roles = [ \"file\" ]; } );", "f:1: listeners.port = 65536 is outside 0 to 65535\n" },
	{ "listeners = ( { port_base = 65534; roles = [ \"file\" ]; } );",
	  "f:1: listeners.port_base = 65534 is for instance 2 port 65536, outside 1 to 65535\n" },
	{ "listeners = ( { port = 1; roles = [ \"file\" ]; address = \"localhost\"; } );",
	  "f:1: listeners.address = \"localhost\" is no IPv4 or IPv6 address, such as \"127.0.0.1\" or \"::1\"\n" },
	{ "listeners = ( { port = 1; roles = [ \"file\" ]; ports = 5; } );",
	  "f:1: listeners.ports is no option; a listener has address, port, port_base, roles, raw\n" },
	{ "listeners = ( { port = 9; roles = [ \"file\" ]; },\n{ port_base = 7; roles = [ \"chat\" ]; } );",
	  "f:2: the listener of line 1 has the same address and port 9\n" },
	{ "listeners = ( { port = 9; address = \"::1\"; roles = [ \"file\" ]; },\n"
	  "{ port = 9; address = \"0:0::1\"; roles = [ \"chat\" ]; } );",
	  "f:2: the listener of line 1 has the same address and port 9\n" },
	{ "listeners = ( { port = 9; address = \"0.0.0.0\"; roles = [ \"file\" ]; },\n{ port = 9; roles = [ \"chat\" ]; } );",
	  "f:2: the listener of line 1 has the same port 9, and one of the two is for all addresses of IPv4: leave the other "
	  "one out\n" },
	{ "listeners = ( { port = 9; address = \"::1\"; roles = [ \"file\" ]; },\n"
	  "{ port_base = 7; address = \"::\"; roles = [ \"chat\" ]; } );",
	  "f:2: the listener of line 1 has the same port 9, and one of the two is for all addresses of IPv6: leave the other "
	  "one out\n" },
	{ "listeners = ( { port = 9; address = \"::ffff:127.0.0.1\"; roles = [ \"file\" ]; } );",
	  "f:1: listeners.address = \"::ffff:127.0.0.1\" is an IPv4 address; write it as one, such as \"127.0.0.1\", or \"::\" "
	  "for all of IPv6 and IPv4\n" },
	{ "listeners = (\n{ port = 80; roles = [ \"file\" ]; } );", "f:2: listeners.port = 80 is not for us\n" },

	/* instances */
	{ "instances = 5;", "f:1: instances = 5 is no list of groups: ( { id = 1; ... }, { id = 2; ... } )\n" },
	{ "instances = ( 5 );", "f:1: instances: 5 is no group: { id = 2; ... }\n" },
	{ "instances = ( { } );", "f:1: instances: a group must have the id of its instance: { id = 2; ... }\n" },
	{ "instances = ( { id = 0; } );", "f:1: instances.id = 0 is no instance number of 1 to 9999\n" },
	{ "instances = ( { id = 10000; } );", "f:1: instances.id = 10000 is no instance number of 1 to 9999\n" },
	{ "instances = ( { id = 4294967298; } );", "f:1: instances.id = 4294967298 is no instance number of 1 to 9999\n" },
	{ "instances = ( { id = \"2\"; } );", "f:1: instances.id = \"2\" is no instance number of 1 to 9999\n" },
	{ "instances = ( { id = 3; },\n{ id = 4; },\n{ id = 3; } );", "f:3: instance 3 has a group already, in line 1\n" },
	{ "instances = ( { id = 3; instances = ( ); } );", "f:1: instances cannot be inside instances\n" },
	{ "instances = ( { id = 3; workers = 0; } );", "f:1: workers = 0 is outside 1 to 64\n" },
	{ "instances = ( { id = 2; workers = 0; } );", "f:1: workers = 0 is outside 1 to 64\n" },
	{ "instances = ( { workers = 1; },\n{ id = 7;\nworkers = 0; } );",
	  "f:1: instances: a group must have the id of its instance: { id = 2; ... }\nf:3: workers = 0 is outside 1 to 64\n" },
	{ "listeners = ( { port_base = 65000; roles = [ \"file\" ]; } ); instances = ( { id = 9999; } );",
	  "f:1: listeners.port_base = 65000 is for instance 9999 port 74999, outside 1 to 65535\n" },

	/* what spans values */
	{ "limits = { line = \"1M\"; };", "f: for instance 2: limits.output is smaller than limits.line\n" },
	{ "instances = ( { id = 7; limits = { line = \"1M\"; }; } );",
	  "f: for instance 7: limits.output is smaller than limits.line\n" },

	/* the text */
	{ "limits = {\n line; };", "f:2: syntax error before or in \"line; };\": a setting is NAME = VALUE; and a list is "
				     "( A, B ) without a comma behind the last\n" },
	{ "workers = 1;\nworkers = 1;", "f:2: a setting is given twice in one group: \"workers = 1;\"\n" },
	{ "workers =\n", "f:3: syntax error: the text ends, or goes on, where a setting is not finished\n" },
	{ "@include \"/etc/passwd\"", "f:1: @include is not supported: put the file into the folder of drop-ins (ioe.conf.d, see "
				      "ioe.conf(5))\n" },
	{ "workers = 1 workers : 2; /*", "f:1: the comment that begins here with /* has no end\n" },
};

START_TEST(fault)
{
	refuse(faults[_i].text, 2, faults[_i].want);
}
END_TEST

START_TEST(ten_faults)
{
	refuse("reactors = 1000;\n"
	       "limits = {\n"
	       "	line = \"2\";\n"
	       "	lin = 5;\n"
	       "	connections = 99999999999;\n"
	       "	idle = 5;\n"
	       "};\n"
	       "file = { mode = \"abc\"; };\n"
	       "log = { level = \"loud\"; };\n"
	       "listeners = (\n"
	       "	{ port = 1; port_base = 2; roles = [ \"file\" ]; },\n"
	       "	{ port = 1; roles = [ \"file\", \"file\" ]; }\n"
	       ");\n"
	       "instances = ( { id = 7; workers = 65; } );\n",
	       1,
	       "f:1: reactors = 1000 is outside 1 to 64\n"
	       "f:3: limits.line = \"2\" is outside 64 to 16M\n"
	       "f:4: limits.lin is no option; limits has connections, per_address, line, output, pipeline, idle, line_time, "
	       "memory\n"
	       "f:5: limits.connections = 99999999999 is outside 1 to 1000000\n"
	       "f:6: limits.idle = 5 is no time, which is a string such as \"50ms\" or \"2h\", from 1s to 365d\n"
	       "f:8: file.mode = \"abc\" is no mode, which is a string of octal digits such as \"0640\", from 0400 to 0777\n"
	       "f:9: log.level = \"loud\" is none of \"err\", \"warning\", \"notice\", \"info\" or \"debug\"\n"
	       "f:11: a listener must have one of port and port_base, and has both\n"
	       "f:12: listeners.roles: the role \"file\" is given twice\n"
	       "f:14: workers = 65 is outside 1 to 64\n");
}
END_TEST

START_TEST(many_faults)
{
	struct buf text = {}, why = {}, small = { .max = 200 }, none = { .max = 10 };
	struct settings *s = NULL;
	size_t lines = 0;

	for (int i = 0; i < 300; i++)
		ck_assert_int_eq(buf_printf(&text, "x%d = 5;\n", i), 0);
	ck_assert_int_eq(config_parse(text.data, text.len, "f", 1, &schema, &s, &why), -EINVAL);
	for (size_t i = 0; i < why.len; i++)
		lines += why.data[i] == '\n';
	ck_assert_uint_eq(lines, FAULT_MAX + 1);
	ck_assert_ptr_nonnull(strstr(buf_str(&why), "\nThere are more errors than are shown here.\n"));

	/* A caller with less room gets whole sentences, and the refusal. */
	ck_assert_int_eq(config_parse(text.data, text.len, "f", 1, &schema, &s, &small), -EINVAL);
	ck_assert_uint_le(small.len, 200);
	ck_assert(small.len == 0 || small.data[small.len - 1] == '\n');
	ck_assert_int_eq(config_parse(text.data, text.len, "f", 1, &schema, &s, &none), -EINVAL);
	ck_assert_uint_eq(none.len, 0);
	ck_assert_ptr_null(s);
	buf_done(&text);
	buf_done(&why);
	buf_done(&small);
	buf_done(&none);
}
END_TEST

START_TEST(too_many_listeners)
{
	struct buf text = {};

	ck_assert_int_eq(buf_append_str(&text, "listeners = ( "), 0);
	for (int i = 1; i <= 65; i++) {
		if (i == 65) {
			_cleanup_(settings_unrefp) struct settings *s = NULL;
			struct buf good = {};

			ck_assert_int_eq(buf_printf(&good, "%s );", buf_str(&text)), 0);
			s = config_parsed(buf_str(&good));
			ck_assert_uint_eq(s->n_listeners, 64);
			buf_done(&good);
		}
		ck_assert_int_eq(buf_printf(&text, "%s{ port = %d; roles = [ \"file\" ]; }", i > 1 ? ", " : "", 1000 + i), 0);
	}
	ck_assert_int_eq(buf_append_str(&text, " );"), 0);
	refuse(buf_str(&text), 1, "f:1: listeners has 65 listeners, outside 1 to 64\n");
	buf_done(&text);
}
END_TEST

START_TEST(worst_texts)
{
	static const char parts[] = "({[=,;\"#/*@\\ \nax0-.";
	struct buf why = {};
	struct settings *s = NULL;

	for (size_t i = 0; i < sizeof(parts); i++) {
		_cleanup_(freep) char *text = malloc(1024 * 1024 + 1);

		ck_assert_ptr_nonnull(text);
		memset(text, parts[i], 1024 * 1024 + 1);
		memcpy(text, "a = ", 4);
		ck_assert_int_eq(config_parse(text, 1024 * 1024 + 1, "f", 1, &schema, &s, &why), -EINVAL);
		ck_assert_ptr_nonnull(strstr(buf_str(&why), "1048577 bytes are more than 1M"));
		why.len = 0;
		ck_assert_int_eq(config_parse(text, 1024 * 1024, "f", 1, &schema, &s, &why), -EINVAL);
		ck_assert_uint_gt(why.len, 0);
		ck_assert_uint_lt(why.len, 1000);
		why.len = 0;
	}
	buf_done(&why);
}
END_TEST

START_TEST(defaults)
{
	_cleanup_(settings_unrefp) struct settings *s = config_parsed_as("", 7), *t = config_parsed_as("# nothing", 9999);

	config_expect_default(s, 7);
	config_expect_default(t, 9999);
	ck_assert_str_eq(s->source, "f");
}
END_TEST

START_TEST(values)
{
	_cleanup_(settings_unrefp) struct settings *s = config_parsed(
		"reactors = 4\n"
		"state_dir : \"/a/%i/%i%/%d\";\n"
		"stop_timeout = \"0\"; // no unit is needed for nothing\n"
		"limits = { line = 128, output = \"8k\"; idle = \"7d\"; memory = \"2G\" };\n"
		"file = { root = \"/srv/\" \"share\"; max_size = 0; sync = False; mode = \"0777\"; overwrite = \"owner\"; };\n"
		"/* listeners = 5; */\n"
		"listeners = [ { port = 0; roles = ( \"compute\", \"file\" ); address = \"::\"; raw = false; },\n"
		"	{ port = 0; address = \"::\"; roles = [ \"chat\" ]; } ];\n");
	const struct listener_values *l = s->listeners[0];

	ck_assert_uint_eq(config_top(s)->reactors, 4);
	ck_assert_str_eq(config_top(s)->state_dir, "/a/1/1%/%d");
	ck_assert_uint_eq(config_top(s)->stop_timeout_usec, 0);
	ck_assert_uint_eq(config_limits(s)->line, 128);
	ck_assert_uint_eq(config_limits(s)->output, 8192);
	ck_assert_uint_eq(config_limits(s)->idle_usec, 7 * 86400 * USEC_PER_SEC);
	ck_assert_uint_eq(((const struct limits_values *)settings_get(s, &memory_section))->memory, 2ULL << 30);
	ck_assert_str_eq(config_file(s)->root, "/srv/share");
	ck_assert_uint_eq(config_file(s)->max_size, 0);
	ck_assert(!config_file(s)->sync);
	ck_assert_uint_eq(config_file(s)->mode, 0777);
	ck_assert_uint_eq(config_file(s)->overwrite, 2);
	ck_assert_uint_eq(s->n_listeners, 2);
	ck_assert_uint_eq(l->port, 0);
	ck_assert_uint_eq(l->roles, 1 << 3 | 1);
	ck_assert_str_eq(l->address, "::");
	ck_assert(!l->raw);
}
END_TEST

START_TEST(instances)
{
	static const char text[] =
		"workers = 3; reactors = 5;\n"
		"limits = { line = 100; pipeline = 5; };\n"
		"instances = (\n"
		"	{ id = 2; workers = 7; limits = { line = 200; };\n"
		"	  listeners = ( { port_base = 5000; roles = [ \"chat\" ]; } ); },\n"
		"	{ id = 3; state_dir = \"/three\"; }\n"
		");\n";
	_cleanup_(settings_unrefp) struct settings *one = config_parsed_as(text, 1), *two = config_parsed_as(text, 2), *three = config_parsed_as(text, 3);

	ck_assert_uint_eq(config_top(one)->workers, 3);
	ck_assert_uint_eq(config_limits(one)->line, 100);
	ck_assert_uint_eq(one->n_listeners, 2);

	ck_assert_uint_eq(config_top(two)->workers, 7);
	ck_assert_uint_eq(config_top(two)->reactors, 5);
	ck_assert_uint_eq(config_limits(two)->line, 200);
	ck_assert_uint_eq(config_limits(two)->pipeline, 5);
	ck_assert_uint_eq(two->n_listeners, 1);

	ck_assert_uint_eq(config_top(three)->workers, 3);
	ck_assert_str_eq(config_top(three)->state_dir, "/three");
}
END_TEST

START_TEST(no_such_instance)
{
	refuse("", 0, "The instance number 0 is outside 1 to 9999.\n");
	refuse("", 10000, "The instance number 10000 is outside 1 to 9999.\n");
}
END_TEST

START_TEST(restart_needed)
{
	_cleanup_(settings_unrefp) struct settings *a = config_parsed(""), *b = config_parsed(""), *c = NULL, *d = NULL;
	struct buf said = {};

	ck_assert_int_eq(config_restart_needed(a, b, &said), 0);
	ck_assert_uint_eq(said.len, 0);

	c = config_parsed("reactors = 4; state_dir = \"/x\"; limits = { line = 100; }; file = { root = \"/y\"; };\n"
		  "listeners = ( { port_base = 9000; roles = [ \"file\" ]; } );");
	ck_assert_int_eq(config_restart_needed(a, c, &said), 4);
	ck_assert_str_eq(buf_str(&said), "reactors = 4 applies after a restart; until then it is 1\n"
					 "state_dir = \"/x\" applies after a restart; until then it is \"/var/lib/ioe/1\"\n"
					 "file.root = \"/y\" applies after a restart; until then it is (not set)\n"
					 "listeners: the changes apply after a restart\n");
	buf_done(&said);

	d = config_parsed("listeners = ( { port_base = 9000; roles = [ \"file\", \"chat\", \"relay\", \"compute\" ]; },\n"
		  "	{ port_base = 11825; raw = false; roles = [ \"chat\" ]; } );");
	ck_assert_int_eq(config_restart_needed(a, d, &said), 1);
	ck_assert_str_eq(buf_str(&said), "listeners: the changes apply after a restart\n");
	buf_done(&said);
}
END_TEST

static void note_change(void *userdata, const char *option, const char *from, const char *to, bool restart)
{
	ck_assert_int_eq(buf_printf(userdata, "%s: %s -> %s%s\n", option, from, to, restart ? " (restart)" : ""), 0);
}

START_TEST(changes)
{
	_cleanup_(settings_unrefp) struct settings *a = config_parsed(""), *b = config_parsed("limits = { line = 100; }; reactors = 2;"),
						   *c = config_parsed("reactors = 2; listeners = ( { port_base = 9000; roles = [ \"file\" ]; } );");
	struct buf said = {};

	ck_assert_int_eq(config_changes(a, a, a, note_change, &said), 0);
	ck_assert_uint_eq(said.len, 0);
	ck_assert_int_eq(config_changes(a, a, b, note_change, &said), 0);
	ck_assert_str_eq(buf_str(&said), "reactors: 1 -> 2 (restart)\nlimits.line: \"64K\" -> \"100\"\n");
	said.len = 0;
	/* After a reload of @b: what it changed at once is the base, what waits for a restart still waits. */
	ck_assert_int_eq(config_changes(a, b, b, note_change, &said), 0);
	ck_assert_str_eq(buf_str(&said), "reactors: 1 -> 2 (restart)\n");
	said.len = 0;
	/* A listener's values stand for themselves; one that goes has nothing behind the arrow. */
	ck_assert_int_eq(config_changes(c, c, a, note_change, &said), 0);
	ck_assert_ptr_nonnull(strstr(buf_str(&said), "reactors: 2 -> 1 (restart)\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&said), "listeners[0].roles: ( \"file\" ) -> ( \"file\", \"chat\", \"relay\", \"compute\" )"));
	ck_assert_ptr_nonnull(strstr(buf_str(&said), "listeners[1].port_base:  -> 11825"));
	said.len = 0;
	ck_assert_int_eq(config_changes(a, a, c, note_change, &said), 0);
	ck_assert_ptr_nonnull(strstr(buf_str(&said), "listeners[1].port_base: 11825 -> "));
	buf_done(&said);
}
END_TEST

/* What a reload applies at once, of every type, as it would be written. */
START_TEST(print)
{
	_cleanup_(settings_unrefp) struct settings *s = config_parsed("");
	struct buf b = {};

	for (size_t i = 0; i < top_section.n_rows; i++) {
		ck_assert_int_eq(value_print(&schema, &top_rows[i], config_top(s), &b), 0);
		ck_assert_int_eq(buf_append_str(&b, " "), 0);
	}
	for (size_t i = 0; i < file_section.n_rows; i++) {
		ck_assert_int_eq(value_print(&schema, &file_rows[i], config_file(s), &b), 0);
		ck_assert_int_eq(buf_append_str(&b, " "), 0);
	}
	ck_assert_int_eq(value_print(&schema, &listener_rows[3], s->listeners[0], &b), 0);
	ck_assert_str_eq(buf_str(&b), "1 2 \"/var/lib/ioe/1\" \"/run/ioe/1\" \"10s\" \"50ms\" (not set) \"1G\" true \"yes\" "
				      "\"0640\" ( \"file\", \"chat\", \"relay\", \"compute\" )");
	buf_done(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *text = tcase_create("text");

	tcase_add_loop_test(text, fault, 0, ELEMENTSOF(faults));
	tcase_add_test(text, ten_faults);
	tcase_add_test(text, many_faults);
	tcase_add_test(text, too_many_listeners);
	tcase_add_test(text, worst_texts);
	tcase_add_test(text, defaults);
	tcase_add_test(text, values);
	tcase_add_test(text, instances);
	tcase_add_test(text, no_such_instance);
	tcase_add_test(text, restart_needed);
	tcase_add_test(text, changes);
	tcase_add_test(text, print);
	tcase_set_timeout(text, 60);
	suite_add_tcase(suite, text);
	return run_suite(suite);
}
