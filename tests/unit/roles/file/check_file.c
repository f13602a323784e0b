/* SPDX-License-Identifier: MIT */
/* LIST, READ and WRITE through sessions: with what the kernel has in memory, without, and by each way to a file. */

#include "base/macro.h"
#include "ioed/roles.h"
#include "session/session.h"

#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "unit/fixture/files.h"
#include "unit/fixture/folder.h"
#include "unit/fixture/forbid.h"
#include "unit/fixture/run.h"
#include "unit/fixture/serve.h"
#include "unit/session/session_inspect.h"

/* Bits of the loop tests' _i. */
enum {
	WAY_MANY = 1, /* reactors */
	WAY_WALK = 2, /* no openat2(): each open is a worker's */
	WAY_COLD = 4, /* a file system that cannot tell what is in memory: each byte is a worker's, too */
	WAYS = 8,
};

static char root[64];
static char *bytes;
#define BYTES (4U << 20)

static void start(int way, const char *more)
{
	static char config[2048];

	bytes = malloc(BYTES);
	for (size_t i = 0; i < BYTES; i++)
		bytes[i] = (char)(i * 2654435761U >> 9);
	(void)snprintf(root, sizeof(root), "%s", way & WAY_COLD ? "/dev/shm/ioe-check.XXXXXX" : "/tmp/ioe-check.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	(void)snprintf(folder_path, sizeof(folder_path), "%s", root);
	folder_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (way & WAY_WALK)
		forbid(SYS_openat2, 0, 0, ENOSYS);
	(void)snprintf(config, sizeof(config),
		       "listeners = ( { port = 0; roles = [ \"file\", \"compute\" ]; } );\n"
		       "state_dir = \"%%s/state\"; runtime_dir = \"%%s/run\"; reactors = %d;\n"
		       "file : { root = \"%s\"; mode = \"0644\"; };\n%s",
		       way & WAY_MANY ? 4 : 1, root, more);
	serve_start(&ioed_schema, ioed_roles, config);
}

static void stop(void)
{
	serve_stop();
	ck_assert_uint_eq(folder_count(".ioe"), 0);
	folder_remove();
	free(bytes);
}

static void say(int c, const char *fmt, ...) _printf_(2, 3);
static void say(int c, const char *fmt, ...)
{
	char text[8192];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	serve_say(c, text);
}

static void expect(int c, const char *fmt, ...) _printf_(2, 3);
static void expect(int c, const char *fmt, ...)
{
	char text[8192];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	serve_expect(c, text);
}

static const size_t sizes[] = { 0, 1, 63, 4095, 4096, 65535, 65536, 65537, 262143, 262144, 262145, 524288, 1048577, BYTES };

START_TEST(what_was_written_is_read)
{
	int c;

	start(_i, "");
	c = serve_connect();
	for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
		say(c, "WRITE,f%zu,%zu\n", i, sizes[i]);
		serve_say_n(c, bytes + i, sizes[i] - (sizes[i] ? i % sizes[i] : 0));
		serve_say_n(c, bytes, sizes[i] ? i % sizes[i] : 0);
		expect(c, "OK,received,%zu\n", sizes[i]);
		say(c, "READ,f%zu\nPING\n", i);
		expect(c, "%zu\n", sizes[i]);
		serve_expect_n(c, bytes + i, sizes[i] - (sizes[i] ? i % sizes[i] : 0));
		serve_expect_n(c, bytes, sizes[i] ? i % sizes[i] : 0);
		expect(c, "PONG\n");
	}
	serve_close(c);
	stop();
}
END_TEST

/* Writes and reads one behind the other, without waiting for an answer. */
START_TEST(pipelined)
{
	int c;

	start(_i, "");
	c = serve_connect();
	for (unsigned i = 0; i < 30; i++) {
		say(c, "WRITE,f,%u\n", 1000 * i);
		serve_say_n(c, bytes, 1000 * i);
		say(c, "READ,f\nREAD,none\nREAD,f\nDOUBLE,%u\n", i);
	}
	for (unsigned i = 0; i < 30; i++) {
		expect(c, "OK,received,%u\n%u\n", 1000 * i, 1000 * i);
		serve_expect_n(c, bytes, 1000 * i);
		serve_expect_error(c, "not-found");
		expect(c, "%u\n", 1000 * i);
		serve_expect_n(c, bytes, 1000 * i);
		expect(c, "%u\n", 2 * i);
	}
	serve_close(c);
	stop();
}
END_TEST

START_TEST(what_cannot_be_read_or_written)
{
	static const struct {
		const char *name, *read, *write;
	} rows[] = {
		{ "none", "not-found", NULL },
		{ "none/x", "not-found", "not-found" },
		{ "file/x", "not-found", "not-found" },
		{ "folder", "denied", "denied" },
		{ "link", "denied", "denied" },
		{ "linked/x", "denied", "denied" },
		{ "fifo", "denied", "denied" },
		{ "socket", "denied", "denied" },
		{ "", "denied", "denied" },
		{ "/", "denied", "denied" },
		{ "/etc/passwd", "denied", "denied" },
		{ "..", "denied", "denied" },
		{ "../x", "denied", "denied" },
		{ "folder/../../x", "denied", "denied" },
		{ ".ioe/0", "denied", "denied" },
		{ "folder/", "denied", "denied" },
		{ "folder//x", "denied", "denied" },
		{ "a\001b", "denied", "denied" },
		{ "\303(", "denied", "denied" },
	};
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char long_name[301];
	int c, fd;

	start(_i, "");
	folder_mkdir("folder");
	folder_put("file", "file");
	ck_assert_int_eq(symlinkat("file", folder_fd, "link"), 0);
	ck_assert_int_eq(symlinkat("folder", folder_fd, "linked"), 0);
	ck_assert_int_eq(mkfifoat(folder_fd, "fifo", 0644), 0);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/socket", root);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	(void)close(fd);

	c = serve_connect();
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		say(c, "READ,%s\nPING,%zu\n", rows[i].name, i);
		serve_expect_error(c, rows[i].read);
		expect(c, "PONG,%zu\n", i);
		if (!rows[i].write)
			continue;
		say(c, "WRITE,%s,10\nPING\nPING\nPING,%zu\n", rows[i].name, i);
		serve_expect_error(c, rows[i].write);
		expect(c, "PONG,%zu\n", i);
	}
	memset(long_name, 'x', 300);
	long_name[300] = '\0';
	say(c, "READ,%s\nWRITE,%s,5\nPING\nPING,x\n", long_name, long_name);
	serve_expect_error(c, "bad-argument");
	serve_expect_error(c, "bad-argument");
	expect(c, "PONG,x\n");
	folder_expect("file", "file");
	serve_close(c);
	stop();
}
END_TEST

START_TEST(listings)
{
	int c;

	start(_i, "");
	folder_mkdir("sub");
	folder_mkdir("sub/deeper");
	folder_put("sub/b", "");
	folder_put("sub/B", "");
	folder_put("sub/a,b", "");
	folder_put("sub/a%", "");
	folder_put("sub/\303\244", "");
	folder_put("sub/.hidden", "");
	folder_put("sub/bad\377", "");
	folder_put("sub/bad\001", "");
	ck_assert_int_eq(symlinkat("sub", folder_fd, "link"), 0);
	c = serve_connect();
	say(c, "LIST,sub\nLIST,sub/deeper\nLIST,none\nLIST,link\nLIST,sub/b\nLIST,..\nLIST\n");
	expect(c, "22\nB\na%%\na,b\nb\ndeeper/\n\303\244\n0\n");
	serve_expect_error(c, "not-found");
	serve_expect_error(c, "denied");
	serve_expect_error(c, "not-found");
	serve_expect_error(c, "denied");
	expect(c, "10\nlink\nsub/\n");
	say(c, "HELLO,ioe/1\n");
	(void)serve_line(c, (char[200]){}, 200);
	say(c, "LIST,sub\n");
	expect(c, "26\nB\na%%25\na%%2Cb\nb\ndeeper/\n\303\244\n");
	serve_close(c);
	stop();
}
END_TEST

static void nothing(_unused_ struct reactor *r, _unused_ void *arg)
{
}

static bool is_stuck(struct reactor *r, _unused_ void *arg)
{
	const struct session *s = session_inspect_first(r);

	return s && session_inspect_is_paused(s);
}

/* Each large answer holds a descriptor: one client may not have all there are. */
START_TEST(a_client_cannot_hold_all_descriptors)
{
	unsigned before;
	int c;

	start(_i, "limits = { pipeline = 10; };");
	c = serve_connect_small();
	say(c, "WRITE,f,%u\n", BYTES);
	serve_say_n(c, bytes, BYTES);
	expect(c, "OK,received,%u\n", BYTES);
	before = files_open();
	for (unsigned i = 0; i < 2000; i++)
		say(c, "READ,f\n");
	serve_until(is_stuck, NULL);
	for (unsigned i = 0; i < 4; i++)
		serve_call(i % serve_server()->reactors.n, nothing, NULL);
	ck_assert_uint_le(files_open(), before + 12);
	expect(c, "%u\n", BYTES);
	serve_expect_n(c, bytes, BYTES);
	serve_reset(c);
	serve_until_sessions(0);
	stop();
}
END_TEST

static int unsent;

static bool is_full(struct reactor *r, _unused_ void *arg)
{
	const struct session *s = session_inspect_first(r);

	return s && session_inspect_is_full(s, &unsent);
}

/* Nor may many of those who never read have all of the kernel's memory: the last segment may be over. */
START_TEST(little_waits_in_the_kernel_for_who_does_not_read)
{
	int c;

	start(_i, "");
	c = serve_connect_small();
	say(c, "WRITE,f,%u\n", BYTES);
	serve_say_n(c, bytes, BYTES);
	expect(c, "OK,received,%u\n", BYTES);
	say(c, "READ,f\n");
	serve_until(is_full, NULL);
	ck_assert_int_le(unsent, (256 << 10) + (64 << 10));
	expect(c, "%u\n", BYTES);
	serve_expect_n(c, bytes, BYTES);
	serve_close(c);
	stop();
}
END_TEST

START_TEST(many_answers_in_a_row_all_come)
{
	int c;

	start(_i, "limits = { pipeline = 3; };");
	c = serve_connect_small();
	say(c, "WRITE,f,100000\n");
	serve_say_n(c, bytes, 100000);
	expect(c, "OK,received,100000\n");
	for (unsigned i = 0; i < 50; i++)
		say(c, "READ,f\nPING,%u\n", i);
	for (unsigned i = 0; i < 50; i++) {
		expect(c, "100000\n");
		serve_expect_n(c, bytes, 100000);
		expect(c, "PONG,%u\n", i);
	}
	serve_close(c);
	stop();
}
END_TEST

/* What was promised cannot be kept: the connection ends, and no byte stands for one that is not there. */
START_TEST(a_file_that_shrinks_while_it_is_sent)
{
	size_t got = 0;
	ssize_t n;
	char *in;
	int c, fd;

	start(_i, "");
	c = serve_connect_small();
	say(c, "WRITE,f,%u\n", BYTES);
	serve_say_n(c, bytes, BYTES);
	expect(c, "OK,received,%u\n", BYTES);
	say(c, "READ,f\nPING\n");
	expect(c, "%u\n", BYTES);
	fd = openat(folder_fd, "f", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(ftruncate(fd, 1000), 0);
	(void)close(fd);
	in = malloc(BYTES);
	while ((n = recv(c, in + got, BYTES - got, 0)) > 0)
		got += (size_t)n;
	ck_assert_msg(n == 0 || errno == ECONNRESET, "%s", strerror(errno));
	ck_assert_uint_lt(got, BYTES);
	/* What is between the old end and the new one may be zeros in the page that was cut, as for any reader. */
	ck_assert_int_eq(memcmp(in, bytes, MIN(got, (size_t)1000)), 0);
	free(in);
	serve_close(c);
	stop();
}
END_TEST

static atomic_uint closed_late, closed_in_loop;
static _Thread_local bool in_loop;

/* Of everybody here: who closes a file that has no name any more? The next close() is ThreadSanitizer's, if it is
 * there, which has to know that the number is free. */
int close(int fd)
{
	int (*next)(int fd) = (int (*)(int))dlsym(RTLD_NEXT, "close");
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0)
		atomic_fetch_add(in_loop ? &closed_in_loop : &closed_late, 1);
	return next(fd);
}

static void note_loop(_unused_ struct reactor *r, _unused_ void *arg)
{
	in_loop = true;
}

static bool is_all_closed(_unused_ struct reactor *r, _unused_ void *arg)
{
	return atomic_load(&closed_late) >= *(unsigned *)arg;
}

/* All that was sent of a body has been read. */
static bool is_body_left(struct reactor *r, void *arg)
{
	return session_inspect_any_body_left(r, *(const uint64_t *)arg);
}

/* One file is read on as it was while another takes its place, one is never read to its end, one upload is given up. */
START_TEST(what_has_no_name_is_closed_by_a_worker)
{
	int c[3], writer;

	start(_i, "");
	for (unsigned i = 0; i < serve_server()->reactors.n; i++)
		serve_call(i, note_loop, NULL);
	writer = serve_connect();
	for (unsigned i = 0; i < 2; i++) {
		say(writer, "WRITE,f%u,%u\n", i, BYTES);
		serve_say_n(writer, bytes, BYTES);
		expect(writer, "OK,received,%u\n", BYTES);
		c[i] = serve_connect_small();
		say(c[i], "READ,f%u\n", i);
		expect(c[i], "%u\n", BYTES);
		say(writer, "WRITE,f%u,1\nx", i);
		expect(writer, "OK,received,1\n");
	}
	serve_expect_n(c[0], bytes, BYTES);
	serve_reset(c[1]);
	c[2] = serve_connect();
	say(c[2], "PING\nWRITE,f2,%u\n", BYTES);
	expect(c[2], "PONG\n");
	serve_say_n(c[2], bytes, BYTES - 1);
	serve_until(is_body_left, &(uint64_t){ 1 });
	serve_reset(c[2]);
	serve_until(is_all_closed, &(unsigned){ 3 });
	ck_assert_uint_eq(atomic_load(&closed_in_loop), 0);
	serve_close(c[0]);
	serve_close(writer);
	stop();
}
END_TEST

START_TEST(an_upload_that_breaks_off_leaves_nothing)
{
	int c;

	start(_i, "");
	folder_put("old", "old");
	for (size_t n = 0; n < 1000000; n = n * 3 + 100000) {
		for (unsigned how = 0; how < 2; how++) {
			c = serve_connect();
			say(c, "WRITE,%s,1000000\n", how ? "old" : "new");
			serve_say_n(c, bytes, n);
			if (how) {
				serve_end(c);
				serve_expect_error(c, "bad-argument");
				serve_expect_end(c);
			} else {
				serve_until(is_body_left, &(uint64_t){ 1000000 - n });
				serve_reset(c);
			}
		}
	}
	serve_until_sessions(0);
	serve_stop();
	folder_expect("old", "old");
	folder_expect("new", NULL);
	ck_assert_uint_eq(folder_count(".ioe"), 0);
	folder_remove();
	free(bytes);
}
END_TEST

/* More uploads at once than there is memory for: each is stored, or refused in step. */
START_TEST(uploads_without_memory)
{
	unsigned stored = 0, refused = 0;
	char line[300];
	int c[12];

	start(_i & ~WAY_MANY, "limits = { memory = \"1M\"; };");
	for (unsigned i = 0; i < ELEMENTSOF(c); i++) {
		c[i] = serve_connect();
		say(c[i], "PING\n");
		expect(c[i], "PONG\n");
	}
	/* All begin before one of them may end. */
	for (unsigned i = 0; i < ELEMENTSOF(c); i++) {
		say(c[i], "WRITE,f%u,300000\n", i);
		serve_say_n(c[i], bytes, 100000);
		serve_call(0, nothing, NULL);
	}
	for (unsigned i = 0; i < ELEMENTSOF(c); i++) {
		serve_say_n(c[i], bytes + 100000, 200000);
		say(c[i], "PING,%u\n", i);
	}
	for (unsigned i = 0; i < ELEMENTSOF(c); i++) {
		(void)serve_line(c[i], line, sizeof(line));
		if (strcmp(line, "OK,received,300000") == 0)
			stored++;
		else if (strncmp(line, "ERROR: busy: ", 13) == 0)
			refused++;
		else
			ck_abort_msg("%s", line);
		expect(c[i], "PONG,%u\n", i);
		serve_close(c[i]);
	}
	ck_assert_uint_ge(stored, 1);
	ck_assert_uint_ge(refused, 1);
	stop();
}
END_TEST

/* In step, whatever is wrong with the line, as long as it tells how many bytes follow. */
START_TEST(a_write_that_cannot_be_read)
{
	char line[300];
	int c;

	start(_i, "");
	c = serve_connect();
	serve_say(c, "HELLO,ioe/1\n");
	(void)serve_line(c, line, sizeof(line));
	serve_say(c, "WRITE,a%zz,5\nPING\nPING,1\n");
	serve_expect_error(c, "bad-argument");
	expect(c, "PONG,1\n");
	serve_say(c, "WRITE,a,b,5\nPING\nPING,2\n");
	serve_expect_error(c, "bad-argument");
	expect(c, "PONG,2\n");
	/* Without a name it may be the name. */
	serve_say(c, "WRITE,5\nPING,3\n");
	serve_expect_error(c, "bad-argument");
	expect(c, "PONG,3\n");
	serve_close(c);
	stop();
}
END_TEST

START_TEST(without_unnamed_files)
{
	int c;

	forbid(SYS_openat, 2, O_TMPFILE, EOPNOTSUPP);
	start(_i, "");
	c = serve_connect();
	for (unsigned i = 0; i < 3; i++) {
		say(c, "WRITE,f,500000\n");
		serve_say_n(c, bytes + i, 500000);
		say(c, "READ,f\nLIST\n");
		expect(c, "OK,received,500000\n500000\n");
		serve_expect_n(c, bytes + i, 500000);
		expect(c, "2\nf\n");
	}
	serve_close(c);
	stop();
}
END_TEST

/*
 * An old client's upload is in doubt until silence ends it, and is on its way to the disk meanwhile. Where it is
 * refused before that, the doubt is settled for a request that is gone.
 */
START_TEST(an_old_upload_that_was_refused_long_before_its_end)
{
	static const char *const names[] = { "../x", "none/x", "folder", "good" };
	bool good;
	int c;

	start(_i, "");
	folder_mkdir("folder");
	for (size_t i = 0; i < ELEMENTSOF(names); i++)
		for (unsigned end = 0; end < 3; end++) {
			c = serve_connect();
			say(c, "WRITE,%s,600000", names[i]);
			serve_call(0, nothing, NULL);
			serve_say_n(c, bytes, 600000 - (end == 1));
			if (end > 0)
				serve_end(c); /* a byte too early, or where silence would do as well */
			/* Without a line's end, to an old client; a bad name is told before it is known to be one. */
			good = strcmp(names[i], "good") == 0 && end != 1;
			serve_expect(c, good ? "OK,received,600000" : "ERROR: ");
			serve_reset(c);
			serve_until_sessions(0);
		}
	stop();
}
END_TEST

/* Longer than a line may take, and each time longer than the silence that ends a command. */
START_TEST(an_old_upload_may_take_its_time)
{
	struct pollfd p = { .events = POLLIN };

	start(0, "limits = { line_time = \"300ms\"; }; legacy_wait = \"10ms\";");
	p.fd = serve_connect();
	say(p.fd, "WRITE,f,600000");
	for (unsigned i = 0; i < 6; i++) {
		serve_say_n(p.fd, bytes + 100000 * i, 100000);
		if (i < 5)
			ck_assert_msg(poll(&p, 1, 120) == 0, "an answer, or the end, after %u pieces", i + 1);
	}
	expect(p.fd, "OK,received,600000");
	serve_close(p.fd);
	stop();
}
END_TEST

static atomic_uint asked_for_round_trip;

int getsockopt(int fd, int level, int name, void *restrict to, socklen_t *restrict len)
{
	if (level == IPPROTO_TCP && name == TCP_INFO)
		atomic_fetch_add(&asked_for_round_trip, 1);
	return (int)syscall(SYS_getsockopt, fd, level, name, to, len);
}

/* While bytes come one behind the other nobody asks how long the way is: there are at least 64 pieces. */
START_TEST(the_way_is_asked_for_only_in_silence)
{
	int c;

	start(0, "");
	c = serve_connect();
	say(c, "WRITE,f,%u", BYTES);
	serve_say_n(c, bytes, BYTES);
	expect(c, "OK,received,%u", BYTES);
	ck_assert_uint_ge(atomic_load(&asked_for_round_trip), 1);
	ck_assert_uint_le(atomic_load(&asked_for_round_trip), 20);
	serve_close(c);
	stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("file");
	TCase *tc = tcase_create("file");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, what_was_written_is_read, 0, WAYS);
	tcase_add_loop_test(tc, pipelined, 0, WAYS);
	tcase_add_loop_test(tc, what_cannot_be_read_or_written, 0, WAYS);
	tcase_add_loop_test(tc, listings, 0, WAYS);
	tcase_add_loop_test(tc, a_client_cannot_hold_all_descriptors, 0, WAYS);
	tcase_add_loop_test(tc, little_waits_in_the_kernel_for_who_does_not_read, 0, WAYS);
	tcase_add_loop_test(tc, many_answers_in_a_row_all_come, 0, WAYS);
	tcase_add_loop_test(tc, a_file_that_shrinks_while_it_is_sent, 0, WAYS);
	tcase_add_loop_test(tc, what_has_no_name_is_closed_by_a_worker, 0, WAYS);
	tcase_add_loop_test(tc, an_upload_that_breaks_off_leaves_nothing, 0, WAYS);
	tcase_add_loop_test(tc, uploads_without_memory, 0, WAYS);
	tcase_add_loop_test(tc, a_write_that_cannot_be_read, 0, WAYS);
	tcase_add_loop_test(tc, without_unnamed_files, 0, WAYS);
	tcase_add_loop_test(tc, an_old_upload_that_was_refused_long_before_its_end, 0, WAYS);
	tcase_add_test(tc, an_old_upload_may_take_its_time);
	tcase_add_test(tc, the_way_is_asked_for_only_in_silence);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
