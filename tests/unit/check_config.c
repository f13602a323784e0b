/* SPDX-License-Identifier: MIT */
#include "config/config.h"
#include "base/io.h"
#include "base/macro.h"
#include "config/fault.h"
#include "config/value.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "unit/config_schema.h"
#include "unit/run.h"

static const struct top_values *top(const struct settings *s)
{
	return settings_get(s, &top_section);
}

static const struct limits_values *limits(const struct settings *s)
{
	return settings_get(s, &limits_section);
}

static const struct file_values *file(const struct settings *s)
{
	return settings_get(s, &file_section);
}

/* Must load. */
static struct settings *parse_as(const char *text, unsigned instance)
{
	struct settings *s = NULL;
	struct buf why = {};
	int r;

	r = config_parse(text, strlen(text), "f", instance, &schema, &s, &why);
	ck_assert_msg(r == 0, "%s: %s", text, buf_str(&why));
	ck_assert_uint_eq(why.len, 0);
	ck_assert_ptr_nonnull(s);
	buf_done(&why);
	return s;
}

static struct settings *parse(const char *text)
{
	return parse_as(text, 1);
}

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
	{ "state_dir = \"a\\nb\";", "f:1: state_dir = \"a\\x0ab\" holds control characters or is not UTF-8\n" },
	{ "state_dir = \"\\xff\";", "f:1: state_dir = \"\\xff\" holds control characters or is not UTF-8\n" },
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
	{ "@include \"/etc/passwd\"", "f:1: @include is not taken: put the file into the folder of drop-ins (ioe.conf.d, see "
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
	ck_assert_ptr_nonnull(strstr(buf_str(&why), "\nMore is wrong than is told here.\n"));

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
			s = parse(buf_str(&good));
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
		ck_assert_ptr_nonnull(strstr(buf_str(&why), "1048577 bytes are more than the 1M"));
		why.len = 0;
		ck_assert_int_eq(config_parse(text, 1024 * 1024, "f", 1, &schema, &s, &why), -EINVAL);
		ck_assert_uint_gt(why.len, 0);
		ck_assert_uint_lt(why.len, 1000);
		why.len = 0;
	}
	buf_done(&why);
}
END_TEST

static void is_default(const struct settings *s, unsigned instance)
{
	char dir[64];

	(void)snprintf(dir, sizeof(dir), "/var/lib/ioe/%u", instance);
	ck_assert_uint_eq(s->instance, instance);
	ck_assert_uint_eq(top(s)->reactors, 1);
	ck_assert_uint_eq(top(s)->stop_timeout_usec, 10 * USEC_PER_SEC);
	ck_assert_str_eq(top(s)->state_dir, dir);
	ck_assert_uint_eq(limits(s)->connections, 16384);
	ck_assert_uint_eq(limits(s)->line, 65536);
	ck_assert_uint_eq(limits(s)->idle_usec, 86400 * USEC_PER_SEC);
	ck_assert_uint_eq(((const struct limits_values *)settings_get(s, &memory_section))->memory, 256 << 20);
	ck_assert_ptr_null(file(s)->root);
	ck_assert_uint_eq(file(s)->max_size, 1 << 30);
	ck_assert_uint_eq(file(s)->overwrite, 1);
	ck_assert_uint_eq(file(s)->mode, 0640);
	ck_assert(file(s)->sync);
	ck_assert_uint_eq(((const struct log_values *)settings_get(s, &log_section))->level, 3);
	ck_assert_uint_eq(s->n_listeners, 2);
	ck_assert_uint_eq(((struct listener_values *)s->listeners[0])->port_base, 9000);
	ck_assert_uint_eq(((struct listener_values *)s->listeners[0])->roles, 15);
	ck_assert_str_eq(((struct listener_values *)s->listeners[0])->address, "127.0.0.1");
	ck_assert(((struct listener_values *)s->listeners[0])->raw);
	ck_assert_uint_eq(((struct listener_values *)s->listeners[1])->port_base, 11825);
	ck_assert_uint_eq(((struct listener_values *)s->listeners[1])->roles, 2);
}

START_TEST(defaults)
{
	_cleanup_(settings_unrefp) struct settings *s = parse_as("", 7), *t = parse_as("# nothing", 9999);

	is_default(s, 7);
	is_default(t, 9999);
	ck_assert_str_eq(s->source, "f");
}
END_TEST

START_TEST(values)
{
	_cleanup_(settings_unrefp) struct settings *s = parse(
		"reactors = 4\n"
		"state_dir : \"/a/%i/%i%/%d\";\n"
		"stop_timeout = \"0\"; // no unit is needed for nothing\n"
		"limits = { line = 128, output = \"8k\"; idle = \"7d\"; memory = \"2G\" };\n"
		"file = { root = \"/srv/\" \"share\"; max_size = 0; sync = False; mode = \"0777\"; overwrite = \"owner\"; };\n"
		"/* listeners = 5; */\n"
		"listeners = [ { port = 0; roles = ( \"compute\", \"file\" ); address = \"::\"; raw = false; },\n"
		"	{ port = 0; address = \"::\"; roles = [ \"chat\" ]; } ];\n");
	const struct listener_values *l = s->listeners[0];

	ck_assert_uint_eq(top(s)->reactors, 4);
	ck_assert_str_eq(top(s)->state_dir, "/a/1/1%/%d");
	ck_assert_uint_eq(top(s)->stop_timeout_usec, 0);
	ck_assert_uint_eq(limits(s)->line, 128);
	ck_assert_uint_eq(limits(s)->output, 8192);
	ck_assert_uint_eq(limits(s)->idle_usec, 7 * 86400 * USEC_PER_SEC);
	ck_assert_uint_eq(((const struct limits_values *)settings_get(s, &memory_section))->memory, 2ULL << 30);
	ck_assert_str_eq(file(s)->root, "/srv/share");
	ck_assert_uint_eq(file(s)->max_size, 0);
	ck_assert(!file(s)->sync);
	ck_assert_uint_eq(file(s)->mode, 0777);
	ck_assert_uint_eq(file(s)->overwrite, 2);
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
	_cleanup_(settings_unrefp) struct settings *one = parse_as(text, 1), *two = parse_as(text, 2), *three = parse_as(text, 3);

	ck_assert_uint_eq(top(one)->workers, 3);
	ck_assert_uint_eq(limits(one)->line, 100);
	ck_assert_uint_eq(one->n_listeners, 2);

	ck_assert_uint_eq(top(two)->workers, 7);
	ck_assert_uint_eq(top(two)->reactors, 5);
	ck_assert_uint_eq(limits(two)->line, 200);
	ck_assert_uint_eq(limits(two)->pipeline, 5);
	ck_assert_uint_eq(two->n_listeners, 1);

	ck_assert_uint_eq(top(three)->workers, 3);
	ck_assert_str_eq(top(three)->state_dir, "/three");
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
	_cleanup_(settings_unrefp) struct settings *a = parse(""), *b = parse(""), *c = NULL, *d = NULL;
	struct buf said = {};

	ck_assert_int_eq(config_restart_needed(a, b, &said), 0);
	ck_assert_uint_eq(said.len, 0);

	c = parse("reactors = 4; state_dir = \"/x\"; limits = { line = 100; }; file = { root = \"/y\"; };\n"
		  "listeners = ( { port_base = 9000; roles = [ \"file\" ]; } );");
	ck_assert_int_eq(config_restart_needed(a, c, &said), 4);
	ck_assert_str_eq(buf_str(&said), "reactors = 4 applies after a restart; until then it is 1\n"
					 "state_dir = \"/x\" applies after a restart; until then it is \"/var/lib/ioe/1\"\n"
					 "file.root = \"/y\" applies after a restart; until then it is (not set)\n"
					 "listeners: the changes apply after a restart\n");
	buf_done(&said);

	d = parse("listeners = ( { port_base = 9000; roles = [ \"file\", \"chat\", \"relay\", \"compute\" ]; },\n"
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
	_cleanup_(settings_unrefp) struct settings *a = parse(""), *b = parse("limits = { line = 100; }; reactors = 2;"),
						   *c = parse("reactors = 2; listeners = ( { port_base = 9000; roles = [ \"file\" ]; } );");
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
	_cleanup_(settings_unrefp) struct settings *s = parse("");
	struct buf b = {};

	for (size_t i = 0; i < top_section.n_rows; i++) {
		ck_assert_int_eq(value_print(&schema, &top_rows[i], top(s), &b), 0);
		ck_assert_int_eq(buf_append_str(&b, " "), 0);
	}
	for (size_t i = 0; i < file_section.n_rows; i++) {
		ck_assert_int_eq(value_print(&schema, &file_rows[i], file(s), &b), 0);
		ck_assert_int_eq(buf_append_str(&b, " "), 0);
	}
	ck_assert_int_eq(value_print(&schema, &listener_rows[3], s->listeners[0], &b), 0);
	ck_assert_str_eq(buf_str(&b), "1 2 \"/var/lib/ioe/1\" \"/run/ioe/1\" \"10s\" \"50ms\" (not set) \"1G\" true \"yes\" "
				      "\"0640\" ( \"file\", \"chat\", \"relay\", \"compute\" )");
	buf_done(&b);
}
END_TEST

/* A folder of its own for a test, and files in it. */
static char folder[] = "/tmp/check_config.XXXXXX";

static void folder_begin(void)
{
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void folder_end(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static const char *put(const char *name, const char *text, mode_t mode)
{
	static char path[128];
	_cleanup_(closep) int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_write_all(fd, text, strlen(text)), 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	return path;
}

static void put_folder(const char *name, mode_t mode)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

/* Loads FOLDER/ioe.conf; @want: the sentences, "@" in them is the folder; NULL: it must load. */
static struct settings *load(unsigned instance, int error, const char *want)
{
	struct settings *s = NULL;
	struct buf why = {}, wanted = {};
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/ioe.conf", folder);
	for (; want && *want; want++)
		ck_assert_int_eq(*want == '@' ? buf_append_str(&wanted, folder) : buf_append(&wanted, want, 1), 0);
	ck_assert_int_eq(config_load(path, instance, &schema, &s, &why), error);
	ck_assert_str_eq(buf_str(&why), buf_str(&wanted));
	ck_assert(!s == (error < 0));
	if (s)
		ck_assert_str_eq(s->source, path);
	buf_done(&why);
	buf_done(&wanted);
	return s;
}

START_TEST(drop_ins)
{
	_cleanup_(settings_unrefp) struct settings *one = NULL, *two = NULL;

	(void)put("ioe.conf", "workers = 2; reactors = 2; state_dir = \"/base\"; limits = { line = 100; pipeline = 2; };\n"
			      "listeners = ( { port = 1; roles = [ \"file\" ]; }, { port = 2; roles = [ \"file\" ]; } );\n"
			      "instances = ( { id = 2; workers = 22; limits = { line = 222; }; }, { id = 3; workers = 33; } );", 0644);
	put_folder("ioe.conf.d", 0755);
	(void)put("ioe.conf.d/10-b.conf", "workers = 10; limits = { line = 1010; };", 0640);
	(void)put("ioe.conf.d/9-a.conf", "workers = 9; reactors = 9;", 0600);
	(void)put("ioe.conf.d/Z.conf", "stop_timeout = \"26s\"; legacy_wait = \"1s\";", 0600);
	(void)put("ioe.conf.d/a.conf", "stop_timeout = \"1s\"; listeners = ( { port = 3; roles = [ \"chat\" ]; } );", 0600);
	(void)put("ioe.conf.d/.hidden.conf", "workers = 55;", 0600);
	(void)put("ioe.conf.d/z.conf~", "workers = 56;", 0600);
	(void)put("ioe.conf.d/README", "this is no configuration", 0600);
	(void)put("ioe.conf.d/.conf", "workers = 57;", 0600);

	one = load(1, 0, NULL);
	ck_assert_uint_eq(top(one)->workers, 9); /* "9-a" is behind "10-b" */
	ck_assert_uint_eq(top(one)->reactors, 9);
	ck_assert_uint_eq(top(one)->stop_timeout_usec, USEC_PER_SEC); /* "a" is behind "Z" */
	ck_assert_uint_eq(top(one)->legacy_wait_usec, USEC_PER_SEC);
	ck_assert_str_eq(top(one)->state_dir, "/base");
	ck_assert_uint_eq(limits(one)->line, 1010);
	ck_assert_uint_eq(limits(one)->pipeline, 2);
	ck_assert_uint_eq(one->n_listeners, 1);

	/* The instance's own group is over all files, wherever it stands. */
	two = load(2, 0, NULL);
	ck_assert_uint_eq(top(two)->workers, 22);
	ck_assert_uint_eq(limits(two)->line, 222);

	/* A list replaces a list; what is replaced is checked all the same. */
	two = settings_unref(two);
	(void)put("ioe.conf.d/b.conf", "instances = ( { id = 3; } );", 0600);
	two = load(2, 0, NULL);
	ck_assert_uint_eq(top(two)->workers, 9);
	(void)put("ioe.conf.d/c.conf", "instances = ( { id = 3; workers = 0; } );", 0600);
	(void)put("ioe.conf.d/d.conf", "instances = ( );", 0600);
	(void)load(3, -EINVAL, "@/ioe.conf.d/c.conf:1: workers = 0 is outside 1 to 64\n");
}
END_TEST

/* The first error of syntax of each file, and all others of all files, in one go. */
START_TEST(faults_of_all_files)
{
	(void)put("ioe.conf", "workers = 0;\nlimits = { lin = 5; };\n", 0644);
	put_folder("ioe.conf.d", 0755);
	(void)put("ioe.conf.d/a.conf", "workers;\nreactors;", 0640);
	(void)put("ioe.conf.d/b.conf", "\n\"", 0640);
	(void)put("ioe.conf.d/c.conf", "reactors = 0; instances = ( { id = 9; workers = 99; } );", 0640);
	(void)load(1, -EINVAL,
		   "@/ioe.conf.d/a.conf:1: syntax error before or in \"workers;\": a setting is NAME = VALUE; and a list is "
		   "( A, B ) without a comma behind the last\n"
		   "@/ioe.conf.d/b.conf:2: a string stands where none can be: a setting is NAME = VALUE;\n"
		   "@/ioe.conf:1: workers = 0 is outside 1 to 64\n"
		   "@/ioe.conf:2: limits.lin is no option; limits has connections, per_address, line, output, pipeline, idle, "
		   "line_time, memory\n"
		   "@/ioe.conf.d/c.conf:1: reactors = 0 is outside 1 to 64\n"
		   "@/ioe.conf.d/c.conf:1: workers = 99 is outside 1 to 64\n");
}
END_TEST

START_TEST(files_that_cannot_be)
{
	const char *path;

	(void)load(1, -ENOENT, "@/ioe.conf: cannot be opened: No such file or directory\n");

	path = put("ioe.conf", "", 0646);
	(void)load(1, -EPERM, "@/ioe.conf: everybody may write it, so it is not used; to change that: chmod o-w @/ioe.conf\n");
	ck_assert_int_eq(chmod(path, 0664), 0);
	(void)settings_unref(load(1, 0, NULL));

	ck_assert_int_eq(truncate(path, 1024 * 1024 + 1), 0);
	(void)load(1, -EFBIG, "@/ioe.conf: 1048577 bytes are more than the 1M a configuration may have\n");
	ck_assert_int_eq(truncate(path, 1), 0);
	(void)load(1, -EINVAL, "@/ioe.conf:1: the file holds a NUL byte, so it is no text\n");

	ck_assert_int_eq(unlink(path), 0);
	put_folder("ioe.conf", 0755);
	(void)load(1, -EISDIR, "@/ioe.conf: this is no regular file\n");
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	(void)load(1, -EINVAL, "@/ioe.conf: this is no regular file\n");
	ck_assert_int_eq(unlink(path), 0);

	(void)put("ioe.conf", "", 0644);
	put_folder("ioe.conf.d", 0757);
	(void)load(1, -EPERM, "@/ioe.conf.d: everybody may write it, so it is not used; to change that: chmod o-w "
			      "@/ioe.conf.d\n");
	(void)put("ioe.conf.d/x.conf", "workers = 0;", 0602);
	(void)load(1, -EPERM, "@/ioe.conf.d: everybody may write it, so it is not used; to change that: chmod o-w "
			      "@/ioe.conf.d\n"
			      "@/ioe.conf.d/x.conf: everybody may write it, so it is not used; to change that: chmod o-w "
			      "@/ioe.conf.d/x.conf\n");
}
END_TEST

/* The folder of drop-ins is a file; a drop-in is a link to nothing. */
START_TEST(drop_ins_that_cannot_be)
{
	const char *path;

	(void)put("ioe.conf", "", 0644);
	path = put("ioe.conf.d", "", 0644);
	(void)load(1, -ENOTDIR, "@/ioe.conf.d: the folder of drop-ins cannot be read: Not a directory\n");
	ck_assert_int_eq(unlink(path), 0);
	put_folder("ioe.conf.d", 0755);
	path = put("ioe.conf.d/x.conf", "", 0644);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("nowhere", path), 0);
	(void)load(1, -ENOENT, "@/ioe.conf.d/x.conf: cannot be opened: No such file or directory\n");
}
END_TEST

START_TEST(default_file)
{
	_cleanup_(settings_unrefp) struct settings *s = NULL;
	struct buf why = {};

	if (access(CONFIG_PATH, F_OK) == 0 || access(CONFIG_PATH ".d", F_OK) == 0)
		return; /* what is in it is not this test's affair */
	ck_assert_int_eq(config_load(NULL, 4, &schema, &s, &why), 0);
	is_default(s, 4);
	ck_assert_str_eq(s->source, "built-in defaults");
	buf_done(&why);
}
END_TEST

/* The example sets nothing, and says everything. */
START_TEST(example)
{
	_cleanup_(settings_unrefp) struct settings *s = NULL;
	struct buf text = {};

	ck_assert_int_eq(config_write_example(&schema, &text), 0);
	s = parse_as(buf_str(&text), 3);
	is_default(s, 3);
	for (size_t i = 0; schema_sections[i]; i++) {
		for (size_t j = 0; j < schema_sections[i]->n_rows; j++) {
			char line[64];

			(void)snprintf(line, sizeof(line), "%s# %s = ", schema_sections[i]->name[0] ? "\t" : "\n",
				       schema_sections[i]->rows[j].path);
			ck_assert_msg(strstr(text.data, line) != NULL, "%s is not in the example", line);
		}
	}
	ck_assert_ptr_null(strstr(strstr(text.data, "\nlimits = {") + 1, "\nlimits = {"));
	for (char *line = text.data; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		ck_assert_uint_le(strcspn(line, "\n"), 110);
	buf_done(&text);
}
END_TEST

/* Where "# name = " begins a setting that is commented out, NULL: not in this line. */
static char *commented(char *line)
{
	char *p = line + strspn(line, "\t");
	size_t n;

	if (strncmp(p, "# ", 2) != 0)
		return NULL;
	n = strspn(p + 2, "abcdefghijklmnopqrstuvwxyz_");
	return n > 0 && strncmp(p + 2 + n, " = ", 3) == 0 ? p : NULL;
}

/* Takes the comment off a setting, which may go on until the line that ends it. */
static void uncomment(char *p)
{
	bool is_list = strncmp(p + strcspn(p, "\n") - 1, "(", 1) == 0;

	for (;;) {
		bool is_last = !is_list || strncmp(p, "# );", 4) == 0;

		memset(p, ' ', 2);
		if (is_last)
			return;
		p = strchr(p, '\n') + 1;
	}
}

START_TEST(example_uncommented)
{
	struct buf text = {};
	int n = 0;

	ck_assert_int_eq(config_write_example(&schema, &text), 0);
	for (char *line = buf_str(&text); line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		_cleanup_(settings_unrefp) struct settings *s = NULL;
		_cleanup_(freep) char *copy = strdup(text.data);
		char *p;

		ck_assert_ptr_nonnull(copy);
		p = commented(copy + (line - text.data));
		if (!p)
			continue;
		uncomment(p);
		s = parse_as(copy, 3);
		if (strstr(copy, "\n  root = ") || strstr(copy, "\t  root = "))
			ck_assert_str_eq(file(s)->root, "/srv/ioe");
		else
			is_default(s, 3);
		n++;
	}
	ck_assert_int_eq(n, 6 + 8 + 5 + 1 + 2); /* the rows, listeners, instances */
	buf_done(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *text = tcase_create("text"), *files = tcase_create("files");

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
	tcase_add_test(text, example);
	tcase_add_test(text, example_uncommented);
	tcase_set_timeout(text, 60);
	suite_add_tcase(suite, text);

	tcase_add_checked_fixture(files, folder_begin, folder_end);
	tcase_add_test(files, drop_ins);
	tcase_add_test(files, faults_of_all_files);
	tcase_add_test(files, files_that_cannot_be);
	tcase_add_test(files, drop_ins_that_cannot_be);
	tcase_add_test(files, default_file);
	suite_add_tcase(suite, files);

	return run_suite(suite);
}
