/* SPDX-License-Identifier: MIT */
/* LIST, READ and WRITE as they should be used. What they refuse is test_file_bad.c's. */

#include "client.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Asks for WRITE of all of @data in one go, and for the answer. */
static void file_write(struct client *c, const char *name, const void *data, size_t n)
{
	g_autofree char *ok = g_strdup_printf("OK,received,%zu", n);

	client_printf(c, "WRITE,%s,%zu\n", name, n);
	client_write(c, data, n);
	client_expect(c, ok);
}

static void file_expect(struct client *c, const char *name, const void *data, size_t n)
{
	client_printf(c, "READ,%s\n", name);
	client_expect_sized(c, data, n);
}

static void file_expect_list(struct client *c, const char *request, const char *names)
{
	client_printf(c, "%s\n", request);
	client_expect_sized(c, names, strlen(names));
}

static void file_put(struct daemon *d, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(d->files, name, NULL);
	g_autofree char *dir = g_path_get_dirname(path);

	g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
	harness_write_file(path, text, strlen(text));
}

static void file_round_trips(struct daemon *d)
{
	static const size_t sizes[] = { 0, 1, 2, 100, 4095, 4096, 65535, 65536, 65537, 262144, 262145, 5 << 20 };

	for (int ioe1 = 0; ioe1 < 2; ioe1++) {
		struct client *c = ioe1 ? client_new_ioe1(d, 0) : client_new(d, 0), *other = client_new(d, 0);

		for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
			g_autofree char *data = harness_noise(sizes[i], (unsigned)(2 * i) + ioe1), *on_disk = NULL;
			g_autofree char *name = g_strdup_printf("f%zu", sizes[i]);
			g_autofree char *path = g_build_filename(d->files, name, NULL);
			gsize n;

			file_write(c, name, data, sizes[i]);
			file_expect(c, name, data, sizes[i]);
			file_expect(other, name, data, sizes[i]);
			g_assert_true(g_file_get_contents(path, &on_disk, &n, NULL));
			g_assert_cmpmem(on_disk, n, data, sizes[i]);
		}
		client_free(c);
		client_free(other);
	}
}

/* Bodies that look like requests, and end within them. */
static void file_any_bytes(struct client *c)
{
	static const char *const bodies[] = {
		"\n", "\r\n", "\n\n\n", "BYE\n", "12\nab", "PING\nPING\n", "WRITE,other,3\nabc", "GET / HTTP/1.1\r\n\r\n",
		"\xff\xf4\xff\xfd\x06", "%41,%2C", "ERROR: not-found: no",
	};
	struct daemon *d = c->daemon;
	struct client *ioe1 = client_new_ioe1(d, 0);
	char all[256];

	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
		file_write(c, "body", bodies[i], strlen(bodies[i]));
		file_expect(ioe1, "body", bodies[i], strlen(bodies[i]));
		file_write(ioe1, "body", bodies[i], strlen(bodies[i]));
		file_expect(c, "body", bodies[i], strlen(bodies[i]));
	}
	file_write(c, "body", all, sizeof(all));
	file_expect(c, "body", all, sizeof(all));
	file_expect_list(c, "LIST", "body\n");
	client_free(ioe1);
}

/* In any pieces, right behind other requests and right before others. */
static void file_pipelined(struct client *c)
{
	g_autoptr(GString) requests = g_string_new(NULL), answers = g_string_new(NULL);
	g_autofree char *seen = NULL;

	client_puts(c, "PING,1\nWRITE,f,5\nhelloPING,2\nREAD,f\nLIST\nWRITE,f,0\nWRITE,g,1\nxREAD,f\nREAD,g\nLIST\n");
	seen = client_bytes(c, strlen("PONG,1\nOK,received,5\nPONG,2\n5\nhello2\nf\nOK,received,0\nOK,received,1\n"
				      "0\n1\nx4\nf\ng\n"));
	g_assert_cmpstr(seen, ==, "PONG,1\nOK,received,5\nPONG,2\n5\nhello2\nf\nOK,received,0\nOK,received,1\n"
				  "0\n1\nx4\nf\ng\n");
	g_free(g_steal_pointer(&seen));

	for (unsigned i = 0; i < 150; i++) {
		size_t n = (size_t)g_test_rand_int_range(0, 5000);
		g_autofree char *data = harness_noise(n, i);

		g_string_append_printf(requests, "WRITE,p%u,%zu\n", i % 20, n);
		g_string_append_len(requests, data, (gssize)n);
		g_string_append_printf(requests, "READ,p%u\nPING,%u\n", i % 20, i);
		g_string_append_printf(answers, "OK,received,%zu\n%zu\n", n, n);
		g_string_append_len(answers, data, (gssize)n);
		g_string_append_printf(answers, "PONG,%u\n", i);
	}
	client_write_pieces(c, requests->str, requests->len, 3000);
	seen = client_bytes(c, answers->len);
	g_assert_cmpmem(seen, answers->len, answers->str, answers->len);
	client_ask(c, "PING", "PONG");
}

static void file_reads_pipelined(struct client *c)
{
	g_autofree char *large = harness_noise(300000, 1), *medium = harness_noise(65536, 2);

	file_write(c, "large", large, 300000);
	file_write(c, "medium", medium, 65536);
	file_write(c, "small", "s", 1);
	for (unsigned i = 0; i < 200; i++)
		client_puts(c, "READ,medium\nREAD,large\nREAD,none\nREAD,small\n");
	for (unsigned i = 0; i < 200; i++) {
		client_expect_sized(c, medium, 65536);
		client_expect_sized(c, large, 300000);
		client_expect_error(c, "not-found");
		client_expect_sized(c, "s", 1);
	}
	client_ask(c, "PING", "PONG");
}

static void file_list(struct client *c)
{
	struct daemon *d = c->daemon;
	g_autofree char *empty = g_build_filename(d->files, "empty", NULL);

	file_expect_list(c, "LIST", "");
	file_put(d, "b", "");
	file_put(d, "B", "");
	file_put(d, "a", "");
	file_put(d, "10", "");
	file_put(d, "9", "");
	file_put(d, "with space", "");
	file_put(d, "caf\xc3\xa9", "");
	file_put(d, "folder/in it", "");
	file_put(d, "folder/deeper/x", "");
	file_put(d, "folder/.hidden", "");
	g_assert_cmpint(mkdir(empty, 0755), ==, 0);
	file_put(d, ".hidden", "");
	file_put(d, ".dir/x", "");
	file_put(d, "broken\xff", "");
	file_put(d, "half\xc3", "");
	file_put(d, "line\nend", "");
	file_put(d, "esc\x1b[2J", "");
	file_put(d, "del\x7f", "");
	file_put(d, "c1\xc2\x9b", "");
	file_expect_list(c, "LIST", "10\n9\nB\na\nb\ncaf\xc3\xa9\nempty/\nfolder/\nwith space\n");
	file_expect_list(c, "list,folder", "deeper/\nin it\n");
	file_expect_list(c, "LIST,folder/deeper", "x\n");
	file_expect_list(c, "LIST,empty", "");
	client_refused(c, "LIST,nowhere", "not-found");
	client_refused(c, "LIST,..", "denied");
	client_refused(c, "LIST,/", "denied");
	client_refused(c, "LIST,.dir", "denied");
	client_ask(c, "PING", "PONG");
}

static void file_list_many(struct client *c)
{
	struct daemon *d = c->daemon;
	g_autoptr(GString) names = g_string_new(NULL);

	for (unsigned i = 10000; i < 13000; i++) {
		g_autofree char *name = g_strdup_printf("a file with a rather long name, number %u", i);

		file_put(d, name, "");
		g_string_append_printf(names, "%s\n", name);
	}
	client_puts(c, "LIST\nPING,behind\nLIST\n");
	client_expect_sized(c, names->str, names->len);
	client_expect(c, "PONG,behind");
	client_expect_sized(c, names->str, names->len);
}

/* In ioe/1 the lines of a listing are encoded as its fields are; in line a name may hold a comma all the same. */
static void file_names(struct daemon *d)
{
	struct client *line = client_new(d, 0), *ioe1 = client_new_ioe1(d, 0);

	file_write(line, "a,b", "comma", 5);
	file_write(line, "100%", "percent", 7);
	file_write(ioe1, "x%2Cy%20z%25", "encoded", 7);
	file_expect_list(line, "LIST", "100%\na,b\nx,y z%\n");
	file_expect_list(ioe1, "LIST", "100%25\na%2Cb\nx%2Cy z%25\n");
	file_expect(line, "a,b", "comma", 5);
	file_expect(ioe1, "a%2Cb", "comma", 5);
	file_expect(ioe1, "100%25", "percent", 7);
	file_expect(line, "x,y z%", "encoded", 7);
	client_refused(ioe1, "READ,a,b", "bad-argument|bad-command");
	client_refused(line, "READ,a%2Cb", "not-found");
	/* What would turn round the line it stands in is shown so only where a program asks; the file is what it
	 * was. */
	file_write(line, "x\342\200\256gpj.exe", "turned", 6);
	file_expect_list(line, "LIST", "100%\na,b\nx,y z%\nx?gpj.exe\n");
	file_expect_list(ioe1, "LIST", "100%25\na%2Cb\nx%2Cy z%25\nx\342\200\256gpj.exe\n");
	file_expect(line, "x\342\200\256gpj.exe", "turned", 6);
	client_free(line);
	client_free(ioe1);
}

static void file_folders(struct client *c)
{
	struct daemon *d = c->daemon;

	file_put(d, "one/two/there", "x");
	file_write(c, "one/two/new", "abc", 3);
	file_expect(c, "one/two/new", "abc", 3);
	file_write(c, "one/two/there", "replaced", 8);
	file_expect(c, "one/two/there", "replaced", 8);
	client_puts(c, "WRITE,one/none/f,3\nabc");
	client_expect_error(c, "not-found");
	client_refused(c, "READ,one/none/f", "not-found");
	client_ask(c, "PING", "PONG");
}

/* Until it is whole nobody sees it; from then on everybody. */
static void file_visible_when_whole(struct daemon *d)
{
	struct client *writer = client_new(d, 0), *reader = client_new(d, 0);
	g_autofree char *data = harness_noise(1 << 20, 1);

	client_printf(writer, "PING\nWRITE,new,%u\n", 1U << 20);
	client_write(writer, data, (1 << 20) - 1);
	client_expect(writer, "PONG");
	client_refused(reader, "READ,new", "not-found");
	file_expect_list(reader, "LIST", "");
	client_write(writer, data + (1 << 20) - 1, 1);
	client_expect(writer, "OK,received,1048576");
	file_expect(reader, "new", data, 1 << 20);

	client_puts(writer, "PING\nWRITE,new,10\n01234");
	client_expect(writer, "PONG");
	file_expect(reader, "new", data, 1 << 20);
	file_expect_list(reader, "LIST", "new\n");
	client_puts(writer, "56789");
	client_expect(writer, "OK,received,10");
	file_expect(reader, "new", "0123456789", 10);
	client_free(writer);
	client_free(reader);
}

/* A file that is being read when it is replaced is read on as it was. */
static void file_replaced_while_read(struct daemon *d)
{
	const size_t n = 32 << 20; /* more than the kernel holds between the two */
	struct client *reader = client_new(d, 0), *writer = client_new(d, 0);
	g_autofree char *old = harness_noise(n, 1), *size = NULL, *seen = NULL;

	file_write(writer, "f", old, n);
	client_puts(reader, "READ,f\nREAD,f\n");
	size = client_line(reader);
	g_assert_cmpstr(size, ==, "33554432");
	file_write(writer, "f", "new", 3);
	file_expect(writer, "f", "new", 3);
	seen = client_bytes(reader, n);
	g_assert_true(memcmp(seen, old, n) == 0);
	/* The second request was made before the replacement; either file is right, a mixture is not. */
	g_free(g_steal_pointer(&size));
	size = client_line(reader);
	g_assert_true(strcmp(size, "3") == 0 || strcmp(size, "33554432") == 0);
	client_free(reader);
	client_free(writer);
}

static void file_two_writers(struct daemon *d)
{
	const size_t n = 200000;
	struct client *c[6], *reader = client_new(d, 0);
	g_autofree char *seen = NULL;
	char *data[G_N_ELEMENTS(c)];
	bool found = false;
	size_t seen_n;

	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		data[i] = harness_noise(n, i);
		c[i] = client_new(d, 0);
		client_printf(c[i], "WRITE,same,%zu\n", n);
	}
	for (size_t at = 0; at < n; at += n / 10)
		for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
			client_write(c[i], data[i] + at, n / 10);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++)
		client_expect(c[i], "OK,received,200000");
	client_puts(reader, "READ,same\n");
	seen = client_sized(reader, &seen_n);
	g_assert_cmpuint(seen_n, ==, n);
	for (unsigned i = 0; i < G_N_ELEMENTS(c); i++) {
		found |= memcmp(seen, data[i], n) == 0;
		g_free(data[i]);
		client_free(c[i]);
	}
	g_assert_true(found);
	file_expect_list(reader, "LIST", "same\n");
	client_free(reader);
}

/* OK means on disk: a kill right behind it loses nothing, one before it leaves nothing, and .ioe/ is swept at start. */
static void file_killed(unsigned reactors)
{
	struct daemon *d = daemon_start(reactors, DAEMON_LISTENER);
	struct client *c = client_new(d, 0), *half = client_new(d, 0);
	g_autofree char *data = harness_noise(1 << 20, 9), *tree = NULL;

	file_write(c, "old", "old", 3);
	client_puts(half, "PING\nWRITE,old,2000000\n");
	client_write(half, data, 1 << 20);
	client_expect(half, "PONG");
	file_write(c, "kept", data, 1 << 20);
	daemon_kill(d);
	client_free(c);
	client_free(half);
	file_put(d, ".ioe/left by a crash", "rubbish");

	daemon_spawn(d);
	daemon_wait_ready(d);
	c = client_new(d, 0);
	file_expect(c, "kept", data, 1 << 20);
	file_expect(c, "old", "old", 3);
	file_expect_list(c, "LIST", "kept\nold\n");
	client_free(c);
	daemon_stop(d);
	tree = harness_tree(d->files);
	g_assert_null(strstr(tree, "left by a crash"));
	g_assert_true(strcmp(tree, "kept\nold") == 0 || strcmp(tree, ".ioe/\nkept\nold") == 0);
	(void)daemon_free(d);
}

/* Two daemons on one folder: neither takes the other's half-way files for rubbish, nor their names. */
static void file_shared(unsigned reactors)
{
	struct daemon *a = daemon_start(reactors, DAEMON_LISTENER), *b;
	g_autofree char *config = g_strdup_printf(DAEMON_LISTENER "file = { root = \"%s\"; };\n", a->files);
	g_autofree char *theirs = g_build_filename(a->files, ".ioe", "theirs", NULL);
	struct client *c[2];

	file_put(a, ".ioe/theirs", "on its way");
	b = daemon_start(reactors, config);
	g_assert_true(g_file_test(theirs, G_FILE_TEST_EXISTS));
	c[0] = client_new(a, 0);
	c[1] = client_new(b, 0);
	for (unsigned i = 0; i < 50; i++)
		for (unsigned k = 0; k < 2; k++)
			client_puts(c[k], "WRITE,f,5\nhello");
	for (unsigned i = 0; i < 50; i++)
		for (unsigned k = 0; k < 2; k++)
			client_expect(c[k], "OK,received,5");
	client_free(c[0]);
	client_free(c[1]);
	daemon_finish(b);
	daemon_stop(a);
	daemon_spawn(a);
	daemon_wait_ready(a);
	g_assert_false(g_file_test(theirs, G_FILE_TEST_EXISTS));
	daemon_finish(a);
}

static void file_options(unsigned reactors)
{
	struct daemon *d = daemon_new(reactors, DAEMON_LISTENER
				      "file = { root = \"@DIR@/share\"; mode = \"0600\"; sync = false; };\n");
	g_autofree char *root = g_build_filename(d->dir, "share", NULL), *path = g_build_filename(root, "f", NULL);
	struct client *c;
	struct stat st;

	g_assert_cmpint(mkdir(root, 0755), ==, 0);
	daemon_spawn(d);
	daemon_wait_ready(d);
	c = client_new(d, 0);
	file_write(c, "f", "abc", 3);
	g_assert_cmpint(stat(path, &st), ==, 0);
	g_assert_cmpuint(st.st_size, ==, 3);
	g_assert_cmpuint(st.st_mode & 07777, ==, 0600);
	client_free(c);
	daemon_finish(d);
}

static void file_no_overwrite(struct client *c)
{
	struct daemon *d = c->daemon;
	struct client *other = client_new(d, 0);

	file_write(c, "f", "abc", 3);
	client_puts(c, "WRITE,f,3\nxyzPING,1\n");
	client_expect_error(c, "exists");
	client_expect(c, "PONG,1");
	file_expect(c, "f", "abc", 3);

	/* Two at once: one of them has it. */
	client_puts(c, "WRITE,g,4\n11");
	client_puts(other, "WRITE,g,4\n2222");
	client_expect(other, "OK,received,4");
	client_puts(c, "11");
	client_expect_error(c, "exists");
	file_expect(c, "g", "2222", 4);
	client_free(other);
}

static void file_add(void)
{
	daemon_add("file/round-trips", DAEMON_LISTENER, file_round_trips);
	client_add("file/any-bytes", DAEMON_LISTENER, file_any_bytes);
	client_add("file/pipelined", DAEMON_LISTENER, file_pipelined);
	client_add("file/reads-pipelined", DAEMON_LISTENER, file_reads_pipelined);
	client_add("file/list", DAEMON_LISTENER, file_list);
	client_add("file/list-many", DAEMON_LISTENER, file_list_many);
	daemon_add("file/names", DAEMON_LISTENER, file_names);
	client_add("file/folders", DAEMON_LISTENER, file_folders);
	daemon_add("file/visible-when-whole", DAEMON_LISTENER, file_visible_when_whole);
	daemon_add("file/replaced-while-read", DAEMON_LISTENER, file_replaced_while_read);
	daemon_add("file/two-writers", DAEMON_LISTENER, file_two_writers);
	harness_add("file/killed", file_killed);
	harness_add("file/shared", file_shared);
	harness_add("file/options", file_options);
	client_add("file/no-overwrite", DAEMON_LISTENER "file = { overwrite = false; };\n", file_no_overwrite);
}

int main(int argc, char **argv)
{
	return harness_main(argc, argv, file_add);
}
