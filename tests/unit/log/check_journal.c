/* SPDX-License-Identifier: MIT */
/*
 * The log thread from both ends: threads that log, and a pipe as stderr with a reader that reads, or does not. The
 * journal is this file's own sd_journal_sendv(), which comes before the library's.
 */

#include "log/journal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "log/event.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "unit/fixture/run.h"

/* What stderr was, and the pipe that it is now. */
static int real_stderr, pipe_out;

static pthread_t reader_thread;
static char *read_text;
static size_t read_n;

static char journal_entry[8192]; /* the last one, a line a field; the log thread's until it has ended */
/* All entries; fields of the last one; bytes in all of them that are no plain ASCII. */
static unsigned journal_entries, journal_fields, journal_raw;
static int journal_answer;

int sd_journal_sendv(const struct iovec *iov, int n)
{
	size_t len = 0;

	journal_fields = (unsigned)n;
	for (int i = 0; i < n; i++)
		for (size_t k = 0; k < iov[i].iov_len; k++)
			journal_raw += ((const char *)iov[i].iov_base)[k] < 0x20 || ((const char *)iov[i].iov_base)[k] > 0x7e;
	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(journal_entry + len, sizeof(journal_entry) - len, "%.*s\n", (int)iov[i].iov_len,
					(const char *)iov[i].iov_base);
	journal_entries++;
	return journal_answer;
}

static void setup(void)
{
	static char program[] = "ioed";
	int fds[2];

	program_invocation_short_name = program;
	(void)unsetenv("JOURNAL_STREAM");
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	(void)fcntl(fds[1], F_SETPIPE_SZ, 4096);
	real_stderr = dup(STDERR_FILENO);
	ck_assert_int_ge(real_stderr, 0);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	(void)close(fds[1]);
	pipe_out = fds[0];
}

static void *reader(void *arg _unused_)
{
	size_t size = 0;
	ssize_t k;

	do {
		if (size - read_n < 4096) {
			size = 2 * size + 65536;
			read_text = realloc(read_text, size);
		}
		k = read(pipe_out, read_text + read_n, size - read_n - 1);
		read_n += k > 0 ? (size_t)k : 0;
	} while (k > 0);
	read_text[read_n] = '\0';
	return NULL;
}

static void reader_start(void)
{
	ck_assert_int_eq(pthread_create(&reader_thread, NULL, reader, NULL), 0);
}

/* Closes the pipe; all that came is in read_text. */
static void reader_join(void)
{
	(void)dup2(real_stderr, STDERR_FILENO);
	(void)pthread_join(reader_thread, NULL);
}

static void start(void)
{
	ck_assert_int_eq(journal_start(JOURNAL_SINK_STDERR, 7), 0);
}

static void stop_and_read(void)
{
	journal_stop(USEC_NEVER);
	reader_join();
}

/* The next line of read_text without its LF, or NULL. */
static char *next_line(char **pos)
{
	char *line = *pos, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*pos = end + 1;
	return line;
}

START_TEST(events_arrive_in_order)
{
	const struct log_field fields[] = { { "IOE_PEER", "127.0.0.1:5" }, { "IOE_NICK", "ann" } };

	reader_start();
	log_info("before");
	start();
	log_warning("one");
	log_full(LOG_LEVEL_INFO, fields, 2, "two");
	log_err("three");
	journal_stop(USEC_NEVER);
	log_info("after");
	reader_join();
	ck_assert_str_eq(read_text, "ioed: info: before\n"
				    "ioed: warning: one\n"
				    "ioed: info: two [IOE_PEER=127.0.0.1:5 IOE_NICK=ann]\n"
				    "ioed: err: three\n"
				    "ioed: info: after\n");
}
END_TEST

START_TEST(starts_and_stops_again)
{
	reader_start();
	journal_stop(0);
	start();
	ck_assert_int_eq(journal_start(JOURNAL_SINK_STDERR, 7), -EBUSY);
	log_info("one");
	journal_stop(USEC_NEVER);
	journal_stop(USEC_NEVER);
	start();
	log_info("two");
	stop_and_read();
	ck_assert_str_eq(read_text, "ioed: info: one\nioed: info: two\n");
}
END_TEST

START_TEST(stderr_of_the_journal_has_levels)
{
	char stream[64];
	struct stat st;

	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	ck_assert_int_eq(journal_sink_pick(), JOURNAL_SINK_STDERR);
	(void)setenv("JOURNAL_STREAM", "1:1", 1);
	ck_assert_int_eq(journal_sink_pick(), JOURNAL_SINK_STDERR);
	(void)setenv("JOURNAL_STREAM", stream, 1);
	ck_assert_int_eq(journal_sink_pick(), access("/run/systemd/journal/socket", W_OK) == 0 ?
						      JOURNAL_SINK_JOURNAL :
						      JOURNAL_SINK_STDERR);

	reader_start();
	start();
	log_notice("text");
	stop_and_read();
	ck_assert_str_eq(read_text, "<5>text\n");
}
END_TEST

/* @s as it must look. */
static void escape(char *dst, const char *s)
{
	for (; *s; s++)
		if (*s >= 0x20 && *s <= 0x7e && *s != '\\')
			*dst++ = *s;
		else
			dst += snprintf(dst, 5, "\\x%02x", (unsigned char)*s);
	*dst = '\0';
}

/* All values but NUL in text and in a field's value, few enough at a time that nothing is cut. */
START_TEST(all_bytes_are_harmless)
{
	char expected[8192], s[17], escaped[4 * 16 + 1];
	size_t len = 0;

	reader_start();
	start();
	for (int first = 0; first < 256; first += 16) {
		const struct log_field field = { "IOE_PEER", s };
		size_t n = 0;

		for (int c = first; c < first + 16; c++)
			if (c > 0)
				s[n++] = (char)c;
		s[n] = '\0';
		log_full(LOG_LEVEL_INFO, &field, 1, "%s", s);

		escape(escaped, s);
		len += (size_t)snprintf(expected + len, sizeof(expected) - len, "ioed: info: %s [IOE_PEER=%s]\n",
					escaped, escaped);
	}
	stop_and_read();
	ck_assert_str_eq(read_text, expected);
}
END_TEST

START_TEST(what_is_too_long_is_cut)
{
	struct log_field fields[LOG_FIELDS_MAX];
	char value[300], text[1024], *pos, *line;

	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	memset(text, 't', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < LOG_FIELDS_MAX; i++)
		fields[i] = (struct log_field){ "NAME", value };
	fields[LOG_FIELDS_MAX - 1] = (struct log_field){ "LAST", "short" };

	reader_start();
	start();
	log_full(LOG_LEVEL_INFO, fields, LOG_FIELDS_MAX, "%s", text);
	log_info("%s", text);
	log_info("%.1021s", text);
	log_info("%.1022s", text);
	stop_and_read();
	pos = read_text;

	/* One value of 255 fits, then the short one; the text has the rest of the record. */
	line = next_line(&pos);
	ck_assert_ptr_nonnull(strstr(line, "tttt... [NAME=vvvv"));
	ck_assert_ptr_null(strstr(line, "vvvv... NAME=vvvv"));
	ck_assert_ptr_nonnull(strstr(line, "vvvv... LAST=short]"));
	ck_assert_uint_gt(strlen(line), 960);
	ck_assert_uint_lt(strlen(line), 1024 + 12 + 3);

	line = next_line(&pos);
	ck_assert_uint_eq(strlen(line), 12 + 1021);
	ck_assert_str_eq(line + 12 + 1017, "t...");
	line = next_line(&pos);
	ck_assert_uint_eq(strlen(line), 12 + 1021);
	ck_assert_str_eq(line + 12 + 1017, "tttt");
	line = next_line(&pos);
	ck_assert_uint_eq(strlen(line), 12 + 1021);
	ck_assert_str_eq(line + 12 + 1017, "t...");
}
END_TEST

START_TEST(journal_gets_fields)
{
	const struct log_field fields[] = { { "IOE_PEER", "127.0.0.1:5\nPRIORITY=0" }, { "BAD\nNAME", "x" } };

	ck_assert_int_eq(journal_start(JOURNAL_SINK_JOURNAL, 7), 0);
	log_full(LOG_LEVEL_WARNING, fields, 2, "a\\b\n<0>c");
	journal_stop(USEC_NEVER);
	ck_assert_uint_eq(journal_entries, 1);
	ck_assert_str_eq(journal_entry, "MESSAGE=a\\x5cb\\x0a<0>c\n"
					"PRIORITY=4\n"
					"SYSLOG_IDENTIFIER=ioed\n"
					"IOE_INSTANCE=7\n"
					"IOE_PEER=127.0.0.1:5\\x0aPRIORITY=0\n"
					"BAD\\x0aNAME=x\n");
}
END_TEST

/* Each byte value but NUL, in the text and in every field at once: one record of so many fields, of plain ASCII. */
START_TEST(journal_gets_no_raw_byte)
{
	static const char *const names[] = { "IOE_SESSION", "IOE_PEER", "IOE_NAME", "IOE_VERB", "IOE_FILE", "IOE_BYTES" };
	char expected[32];

	ck_assert_int_eq(journal_start(JOURNAL_SINK_JOURNAL, 7), 0);
	for (int c = 1; c < 256; c++) {
		const char value[] = { 'x', (char)c, 'y', '\0' };
		struct log_field fields[ELEMENTSOF(names)];

		for (size_t i = 0; i < ELEMENTSOF(names); i++)
			fields[i] = (struct log_field){ names[i], value };
		log_event(LOG_EVENT_DISK_FAILED, fields, ELEMENTSOF(names), "%s", value);
	}
	journal_stop(USEC_NEVER);
	ck_assert_uint_eq(journal_entries, 255);
	ck_assert_uint_eq(journal_fields, 4 + 1 + ELEMENTSOF(names));
	ck_assert_uint_eq(journal_raw, 0);
	(void)snprintf(expected, sizeof(expected), "\nMESSAGE_ID=%.12s", log_event_rows[LOG_EVENT_DISK_FAILED].id);
	ck_assert_ptr_nonnull(strstr(journal_entry, expected));
	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		(void)snprintf(expected, sizeof(expected), "\n%s=x\\xffy\n", names[i]);
		ck_assert_ptr_nonnull(strstr(journal_entry, expected));
	}
}
END_TEST

START_TEST(journal_holds_the_worst)
{
	struct log_field fields[LOG_FIELDS_MAX];
	char worst[1100];

	memset(worst, 1, sizeof(worst) - 1);
	worst[sizeof(worst) - 1] = '\0';
	for (size_t i = 0; i < LOG_FIELDS_MAX; i++)
		fields[i] = (struct log_field){ "\1", worst + sizeof(worst) - 1 - 60 - i };

	ck_assert_int_eq(journal_start(JOURNAL_SINK_JOURNAL, UINT32_MAX), 0);
	log_full(LOG_LEVEL_WARNING, fields, LOG_FIELDS_MAX, "%s", worst);
	journal_stop(USEC_NEVER);
	ck_assert_uint_eq(journal_entries, 1);
	ck_assert_ptr_nonnull(strstr(journal_entry, "\nIOE_INSTANCE=4294967295\n\\x01=\\x01\\x01"));
	ck_assert_ptr_nonnull(strstr(journal_entry, "\\x01...\nPRIORITY=4\n"));
}
END_TEST

START_TEST(journal_that_fails_is_stderr)
{
	reader_start();
	journal_answer = -ECONNREFUSED;
	ck_assert_int_eq(journal_start(JOURNAL_SINK_JOURNAL, 7), 0);
	log_warning("text");
	stop_and_read();
	ck_assert_uint_eq(journal_entries, 1);
	ck_assert_str_eq(read_text, "ioed: warning: text\n");
}
END_TEST

#define MANY 100000

/* The lines of events and, in them, the number that were told as dropped. */
static uint64_t count_lines(uint64_t *ret_dropped, unsigned *ret_reported)
{
	char *pos = read_text, *line, *field;
	uint64_t lines = 0;

	*ret_dropped = 0;
	*ret_reported = 0;
	while ((line = next_line(&pos))) {
		field = strstr(line, " [IOE_DROPPED=");
		if (field) {
			*ret_dropped += strtoull(field + strlen(" [IOE_DROPPED="), NULL, 10);
			++*ret_reported;
		} else {
			lines++;
		}
	}
	ck_assert_ptr_eq(pos, read_text + read_n);
	return lines;
}

START_TEST(reader_that_stopped_holds_up_nobody)
{
	uint64_t until, reported_dropped, lines;
	unsigned reported;

	start();
	for (unsigned i = 0; i < MANY; i++)
		log_info("event %u", i);
	/* The pipe holds 4096 bytes, the ring 256 records. */
	ck_assert_uint_gt(journal_dropped(), MANY - 256 - 4096);

	until = clock_usec() + 20 * USEC_PER_MSEC;
	journal_stop(until);
	ck_assert_uint_ge(clock_usec(), until);
	ck_assert_int_eq(journal_start(JOURNAL_SINK_STDERR, 7), -EBUSY);

	/* The log thread is left behind, and who still logs must not take its place. */
	log_info("nobody hears this");

	/* It ends by itself when the reader comes back, and then has told what it did not bring. */
	reader_start();
	stop_and_read();
	lines = count_lines(&reported_dropped, &reported);
	ck_assert_uint_ge(reported, 1);
	ck_assert_uint_eq(lines + reported_dropped, MANY + 1);
	ck_assert_uint_eq(reported_dropped, journal_dropped());
}
END_TEST

START_TEST(reader_that_is_gone_kills_nobody)
{
	(void)close(pipe_out);
	start();
	log_info("one");
	log_info("two");
	journal_stop(USEC_NEVER);
	(void)dup2(real_stderr, STDERR_FILENO);
}
END_TEST

START_TEST(one_that_is_dropped_is_notified)
{
	static const char reported[] = "ioed: warning: 1 log event was dropped because the log's reader was too slow "
				   "[IOE_DROPPED=1]\n";
	const char *first;

	start();
	while (journal_dropped() == 0)
		log_info("event");
	reader_start();
	stop_and_read();
	/* Once, and between two events or behind the last. */
	first = strstr(read_text, "ioed: warning: ");
	ck_assert_ptr_nonnull(first);
	ck_assert_int_eq(strncmp(first, reported, strlen(reported)), 0);
	ck_assert_ptr_null(strstr(first + 1, "ioed: warning: "));
}
END_TEST

/* How many drops @text tells, in its whole lines. */
static uint64_t drops_reported(const char *text)
{
	static const char field[] = "[IOE_DROPPED=";
	uint64_t n = 0;

	for (const char *p = text; (p = strstr(p, field)) && strchr(p, '\n'); p++)
		n += strtoull(p + strlen(field), NULL, 10);
	return n;
}

/* Without another event, and without a stop; in one line or, where the log thread came between, in more. */
START_TEST(drops_are_reported_once_there_is_room)
{
	char buf[4096], *text = NULL;
	size_t n = 0;
	ssize_t k;

	start();
	while (journal_dropped() < 3)
		log_info("event");
	do {
		k = read(pipe_out, buf, sizeof(buf));
		ck_assert_int_gt(k, 0);
		text = realloc(text, n + (size_t)k + 1);
		memcpy(text + n, buf, (size_t)k);
		n += (size_t)k;
		text[n] = '\0';
	} while (drops_reported(text) < 3);
	ck_assert_uint_eq(drops_reported(text), 3);
	ck_assert_ptr_nonnull(strstr(text, " dropped because "));
	free(text);
	/* They may have been told between two events, and the rest may be more than the pipe holds. */
	reader_start();
	stop_and_read();
	ck_assert_uint_eq(drops_reported(read_text), 0);
}
END_TEST

#define THREADS       4
#define THREAD_EVENTS 5000

static void *log_much(void *arg)
{
	char name[] = { *(const char *)arg, '\0' };
	const struct log_field field = { "IOE_THREAD", name };

	for (unsigned i = 1; i <= THREAD_EVENTS; i++)
		log_full(LOG_LEVEL_INFO, &field, 1, "event %u", i);
	return NULL;
}

START_TEST(threads_at_once_keep_their_order)
{
	pthread_t threads[THREADS];
	unsigned last[THREADS] = { 0 }, i, reported;
	uint64_t lines = 0, reported_dropped = 0, n;
	char *pos, *line, name;

	reader_start();
	start();
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, log_much, (void *)&"abcd"[i]), 0);
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	stop_and_read();

	for (pos = read_text; (line = next_line(&pos)); pos[-1] = '\n')
		if (sscanf(line, "ioed: info: event %u [IOE_THREAD=%c]", &i, &name) == 2) {
			ck_assert_uint_gt(i, last[name - 'a']);
			last[name - 'a'] = i;
			n = ++lines;
		}
	n = count_lines(&reported_dropped, &reported);
	ck_assert_uint_eq(n, lines);
	ck_assert_uint_eq(lines + reported_dropped, THREADS * THREAD_EVENTS);
	ck_assert_uint_ge(lines, THREADS);
}
END_TEST

static uint64_t address_space_kib(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long long kib = 0;
	char line[256];

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmSize: %llu kB", &kib) == 1)
			break;
	(void)fclose(f);
	ck_assert_uint_gt(kib, 0);
	return kib;
}

static void *log_one(void *arg _unused_)
{
	log_info("event");
	return NULL;
}

static void run_threads(unsigned n)
{
	pthread_t thread;

	while (n-- > 0) {
		ck_assert_int_eq(pthread_create(&thread, NULL, log_one, NULL), 0);
		(void)pthread_join(thread, NULL);
	}
}

START_TEST(rings_of_threads_that_ended_are_used_again)
{
	uint64_t before;

	reader_start();
	start();
	run_threads(20);
	before = address_space_kib();
	run_threads(500);
	/* 500 rings would be 128 MiB. */
	ck_assert_uint_lt(address_space_kib(), before + 16 * 1024);
	stop_and_read();
}
END_TEST

/* The sanitizers need memory themselves, and clang does not say in gcc's words whether they are there. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
static void *log_without_memory(void *arg _unused_)
{
	struct rlimit before, none;

	(void)getrlimit(RLIMIT_AS, &before);
	none = before;
	none.rlim_cur = 4096;
	(void)setrlimit(RLIMIT_AS, &none);
	log_info("lost");
	log_info("lost");
	if (journal_thread_init() != -ENOMEM)
		log_err("there was memory");
	(void)setrlimit(RLIMIT_AS, &before);
	log_info("not lost");
	return NULL;
}

START_TEST(event_without_memory_for_a_ring_is_dropped)
{
	pthread_t thread;

	start();
	ck_assert_int_eq(pthread_create(&thread, NULL, log_without_memory, NULL), 0);
	(void)pthread_join(thread, NULL);
	ck_assert_uint_eq(journal_dropped(), 2);
	reader_start(); /* not before: it needs memory, too */
	stop_and_read();
	ck_assert_ptr_nonnull(strstr(read_text, "ioed: info: not lost\n"));
	ck_assert_ptr_nonnull(strstr(read_text, "dropped because"));
	ck_assert_ptr_null(strstr(read_text, "info: lost"));
	ck_assert_ptr_null(strstr(read_text, "there was memory"));
}
END_TEST
#define HAVE_MEMORY_TEST 1
#endif

/* How often the log thread went to sleep. */
static unsigned long long log_thread_sleeps(void)
{
	unsigned long long n = 0;
	char path[300], line[256];
	struct dirent *e;
	DIR *dir = opendir("/proc/self/task");
	bool is_it, found = false;
	FILE *f;

	ck_assert_ptr_nonnull(dir);
	while ((e = readdir(dir))) {
		(void)snprintf(path, sizeof(path), "/proc/self/task/%s/status", e->d_name);
		f = e->d_name[0] != '.' ? fopen(path, "re") : NULL;
		if (!f)
			continue;
		is_it = fgets(line, sizeof(line), f) && strcmp(line, "Name:\tioed-log\n") == 0;
		found |= is_it;
		while (is_it && fgets(line, sizeof(line), f))
			if (sscanf(line, "voluntary_ctxt_switches: %llu", &n) == 1)
				break;
		(void)fclose(f);
	}
	(void)closedir(dir);
	ck_assert(found);
	return n;
}

START_TEST(idle_log_thread_sleeps)
{
	unsigned long long before;
	char buf[64];

	start();
	log_info("event");
	ck_assert_int_gt(read(pipe_out, buf, sizeof(buf)), 0);
	/* It may still be on its way to sleep now; the wait is what is measured. */
	before = log_thread_sleeps();
	(void)poll(NULL, 0, 200);
	ck_assert_uint_le(log_thread_sleeps() - before, 2);
	journal_stop(USEC_NEVER);
}
END_TEST

START_TEST(level_row_fits_the_levels)
{
	const struct option *row = &log_section.rows[0];
	struct log_options options;

	ck_assert_uint_eq(log_section.size, sizeof(options));
	ck_assert_str_eq(row->path, "level");
	for (options.level = 0; row->words[options.level]; options.level++)
		ck_assert_str_eq(log_level_name(journal_level(&options)), row->words[options.level]);
	ck_assert_uint_eq(options.level, LOG_LEVEL_MAX - LOG_LEVEL_ERR);
	ck_assert_str_eq(row->value, "info");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("journal");
	TCase *tc = tcase_create("journal");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, events_arrive_in_order);
	tcase_add_test(tc, starts_and_stops_again);
	tcase_add_test(tc, stderr_of_the_journal_has_levels);
	tcase_add_test(tc, all_bytes_are_harmless);
	tcase_add_test(tc, what_is_too_long_is_cut);
	tcase_add_test(tc, journal_gets_fields);
	tcase_add_test(tc, journal_gets_no_raw_byte);
	tcase_add_test(tc, journal_holds_the_worst);
	tcase_add_test(tc, journal_that_fails_is_stderr);
	tcase_add_test(tc, reader_that_stopped_holds_up_nobody);
	tcase_add_test(tc, reader_that_is_gone_kills_nobody);
	tcase_add_test(tc, one_that_is_dropped_is_notified);
	tcase_add_test(tc, drops_are_reported_once_there_is_room);
	tcase_add_test(tc, threads_at_once_keep_their_order);
	tcase_add_test(tc, rings_of_threads_that_ended_are_used_again);
#ifdef HAVE_MEMORY_TEST
	tcase_add_test(tc, event_without_memory_for_a_ring_is_dropped);
#endif
	tcase_add_test(tc, idle_log_thread_sleeps);
	tcase_add_test(tc, level_row_fits_the_levels);
	suite_add_tcase(s, tc);

	return run_suite(s);
}
