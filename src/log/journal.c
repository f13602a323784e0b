/* SPDX-License-Identifier: MIT */
/*
 * A thread that logs packs its event into its own ring and goes on: it never waits, and makes no system call but the
 * one that wakes the log thread where that sleeps. Escaping, formatting and sending are the log thread's.
 *
 * Queues are made for threads, never freed, and used again once their thread has ended; so their number is that of
 * the threads that ever ran at the same time, and the log thread may walk them without a lock.
 *
 * The state is the process's, as stderr and the journal are.
 */

#include "log/journal.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/ring.h"
#include "base/str.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define JOURNAL_RECORD_SIZE 1024
#define JOURNAL_RECORDS_MAX 256

/* Of a record: what the fields may take together, and one value of it: the longest name of a file. The text has the
 * rest. */
#define JOURNAL_FIELDS_SIZE 512
#define JOURNAL_VALUE_SIZE  256

#define JOURNAL_SOCKET      "/run/systemd/journal/socket"

struct journal_record {
	uint8_t level;
	uint8_t n_fields;
	char data[JOURNAL_RECORD_SIZE - 2]; /* a name and a value for each field, then the text; NUL behind each */
};

struct journal_queue {
	struct journal_queue *next;
	struct ring *ring;
	atomic_bool taken; /* by a thread that lives */
};

static struct {
	_Atomic(struct journal_queue *) queues;
	atomic_uint_fast64_t dropped;
	uint64_t reported; /* of those; the log thread's */

	enum journal_sink sink;
	bool stderr_is_journal;
	char instance[sizeof("IOE_INSTANCE=") + 10];

	bool running; /* or left behind; for the thread that starts and stops */
	pthread_t thread;
	sem_t wake;
	sem_t ended;
	atomic_bool asleep; /* whoever takes it back to false posts `wake` */
	atomic_bool stopping;
} journal;

static _Thread_local struct journal_queue *journal_mine;
static pthread_once_t journal_key_once = PTHREAD_ONCE_INIT;
static pthread_key_t journal_key;
static bool journal_key_made;

static const char *const journal_level_words[] = { "err", "warning", "notice", "info", "debug", NULL };

static const struct option journal_rows[] = {
	{
		.path = "level",
		.type = OPTION_WORD,
		.offset = OPTION_FIELD(struct log_options, level, uint64_t),
		.value = "info",
		.apply = OPTION_APPLY_NOW,
		.words = journal_level_words,
		.doc = "The least important level that is logged.",
	},
	{
		.path = "burst",
		.type = OPTION_INT,
		.offset = OPTION_FIELD(struct log_options, burst, uint64_t),
		.min = 1,
		.max = 1000000,
		.value = "10",
		.apply = OPTION_APPLY_NOW,
		.doc = "How often one event (see ioed(8)) is logged in log.interval; of an event about a peer, for each "
		       "address. Further ones are counted.",
	},
	{
		.path = "interval",
		.type = OPTION_TIME,
		.offset = OPTION_FIELD(struct log_options, interval_usec, uint64_t),
		.min = USEC_PER_SEC / 10,
		.max = 86400 * USEC_PER_SEC,
		.value = "1m",
		.apply = OPTION_APPLY_NOW,
		.doc = "The time to which log.burst applies.",
	},
};

const struct option_section log_section = {
	.name = "log",
	.rows = journal_rows,
	.n_rows = ELEMENTSOF(journal_rows),
	.size = sizeof(struct log_options),
};

enum log_level journal_level(const struct log_options *options)
{
	return (enum log_level)(LOG_LEVEL_ERR + options->level);
}

enum journal_sink journal_sink_pick(void)
{
	/* libsystemd calls it a success where there is no journal to send to, as in a root directory without it. */
	if (log_stderr_is_journal() && access(JOURNAL_SOCKET, W_OK) == 0)
		return JOURNAL_SINK_JOURNAL;
	return JOURNAL_SINK_STDERR;
}

static void journal_wake(void)
{
	if (atomic_load(&journal.asleep) && atomic_exchange(&journal.asleep, false))
		(void)sem_post(&journal.wake);
}

static void journal_thread_gone(void *arg)
{
	struct journal_queue *q = arg;

	/* What is in it is still sent. A thread that logs even later takes a queue anew. */
	journal_mine = NULL;
	atomic_store_explicit(&q->taken, false, memory_order_release);
}

static void journal_make_key(void)
{
	journal_key_made = pthread_key_create(&journal_key, journal_thread_gone) == 0;
}

/* A queue whose thread has ended, or NULL. */
static struct journal_queue *journal_queue_take(void)
{
	for (struct journal_queue *q = atomic_load(&journal.queues); q; q = q->next) {
		bool taken = false;

		if (atomic_compare_exchange_strong(&q->taken, &taken, true))
			return q;
	}
	return NULL;
}

static struct journal_queue *journal_queue_new(void)
{
	struct journal_queue *q;

	q = calloc(1, sizeof(*q));
	if (!q)
		return NULL;
	if (ring_new(&q->ring, JOURNAL_RECORDS_MAX, sizeof(struct journal_record)) < 0) {
		free(q);
		return NULL;
	}
	atomic_store(&q->taken, true);

	q->next = atomic_load(&journal.queues);
	while (!atomic_compare_exchange_weak(&journal.queues, &q->next, q))
		;
	return q;
}

int journal_thread_init(void)
{
	struct journal_queue *q;

	if (journal_mine)
		return 0;

	(void)pthread_once(&journal_key_once, journal_make_key);
	q = journal_queue_take();
	if (!q)
		q = journal_queue_new();
	if (!q)
		return -ENOMEM;

	/* Without the key's destructor a queue would be this thread's for ever. */
	if (!journal_key_made || pthread_setspecific(journal_key, q) != 0) {
		atomic_store(&q->taken, false);
		return -ENOMEM;
	}
	journal_mine = q;
	return 0;
}

/* Copies @s and its NUL below @end, cut with "..." where that is too near. Returns what is behind it. */
static char *journal_pack_string(char *dst, const char *end, const char *s)
{
	size_t space = (size_t)(end - dst) - 1;
	size_t n = strnlen(s, space + 1);

	if (n > space) {
		n = space;
		(void)memcpy(dst, s, n - 3);
		(void)memcpy(dst + n - 3, "...", 3);
	} else {
		(void)memcpy(dst, s, n);
	}
	dst[n] = '\0';
	return dst + n + 1;
}

static void journal_pack(struct journal_record *rec, enum log_level level, const struct log_field *fields,
			 size_t n_fields, const char *text)
{
	const char *fields_end = rec->data + JOURNAL_FIELDS_SIZE;
	char *p = rec->data;

	rec->level = (uint8_t)level;
	rec->n_fields = 0;
	for (size_t i = 0; i < n_fields; i++) {
		size_t name_size = strlen(fields[i].name) + 1;
		size_t value_size;

		/* A field that would be hardly there is left out. */
		value_size = strnlen(fields[i].value, JOURNAL_VALUE_SIZE - 1) + 1;
		if (name_size + value_size > (size_t)(fields_end - p))
			continue;
		(void)memcpy(p, fields[i].name, name_size);
		p += name_size;
		p = journal_pack_string(p, p + value_size, fields[i].value);
		rec->n_fields++;
	}
	(void)journal_pack_string(p, rec->data + sizeof(rec->data), text);
}

/* log.h's sink while the log thread runs. */
static void journal_put(enum log_level level, const struct log_field *fields, size_t n_fields, const char *text)
{
	struct journal_record *rec = NULL;

	if (journal_thread_init() == 0)
		rec = ring_reserve(journal_mine->ring);
	if (rec) {
		journal_pack(rec, level, fields, n_fields, text);
		ring_put(journal_mine->ring);
	} else {
		(void)atomic_fetch_add(&journal.dropped, 1);
	}
	journal_wake();
}

/* log.h's sink once the log thread was left behind: what hangs it would hang everyone. */
static void journal_put_nowhere(enum log_level level _unused_, const struct log_field *fields _unused_,
				size_t n_fields _unused_, const char *text _unused_)
{
	(void)atomic_fetch_add(&journal.dropped, 1);
}

/* "NAME=value" at *p, which goes behind it. */
static struct iovec journal_iovec(char **p, const char *end, const char *name, const char *value)
{
	char *begin = *p;

	/* A name that is none would let its value become a field of its own; escaped, the journal refuses it. */
	*p += strlen(str_escape(*p, (size_t)(end - *p), name, strlen(name)));
	*(*p)++ = '=';
	*p += strlen(str_escape(*p, (size_t)(end - *p), value, strlen(value)));
	return (struct iovec){ begin, (size_t)(*p - begin) };
}

static int journal_send_to_journal(enum log_level level, const struct log_field *fields, size_t n_fields,
				   const char *text)
{
	/* Four for each byte of the record, where NULs outweigh the '=', and the words that are put here. */
	char scratch[4 * JOURNAL_RECORD_SIZE + 64];
	const char *end = scratch + sizeof(scratch);
	struct iovec v[LOG_FIELDS_MAX + 4];
	char *p = scratch;
	int n = 0;

	v[n++] = journal_iovec(&p, end, "MESSAGE", text);
	v[n++] = journal_iovec(&p, end, "PRIORITY", (const char[]){ (char)('0' + level), '\0' });
	v[n++] = journal_iovec(&p, end, "SYSLOG_IDENTIFIER", "ioed");
	v[n++] = (struct iovec){ journal.instance, strlen(journal.instance) };
	for (size_t i = 0; i < n_fields; i++)
		v[n++] = journal_iovec(&p, end, fields[i].name, fields[i].value);
	return sd_journal_sendv(v, n);
}

static void journal_send(enum log_level level, const struct log_field *fields, size_t n_fields, const char *text)
{
	char line[LOG_LINE_MAX];
	size_t n;

	if (journal.sink == JOURNAL_SINK_JOURNAL && journal_send_to_journal(level, fields, n_fields, text) == 0)
		return;
	n = log_line(line, journal.stderr_is_journal, level, fields, n_fields, text);
	/* There is nobody left to tell. */
	(void)io_write_all(STDERR_FILENO, line, n);
}

static void journal_send_record(const struct journal_record *rec)
{
	struct log_field fields[LOG_FIELDS_MAX];
	const char *p = rec->data;

	for (size_t i = 0; i < rec->n_fields; i++) {
		fields[i].name = p;
		p += strlen(p) + 1;
		fields[i].value = p;
		p += strlen(p) + 1;
	}
	journal_send((enum log_level)rec->level, fields, rec->n_fields, p);
}

static void journal_report_dropped(void)
{
	uint64_t dropped = atomic_load(&journal.dropped);
	uint64_t n = dropped - journal.reported;
	char count[STR_NUMBER_MAX], text[128];
	struct log_field field = { "IOE_DROPPED", count };

	if (n == 0)
		return;
	(void)snprintf(count, sizeof(count), "%llu", (unsigned long long)n);
	(void)snprintf(text, sizeof(text), "%s log %s dropped because the log's reader was too slow", count,
		       n == 1 ? "event was" : "events were");
	journal_send(LOG_LEVEL_WARNING, &field, 1, text);
	journal.reported = dropped;
}

/* One round over the queues, each as far as it was filled when its turn came: nobody can keep it from ending. */
static void journal_drain(void)
{
	for (struct journal_queue *q = atomic_load(&journal.queues); q; q = q->next)
		for (size_t n = ring_count(q->ring); n > 0; n--) {
			journal_send_record(ring_peek(q->ring));
			ring_drop(q->ring);
		}
	journal_report_dropped();
}

static bool journal_has_work(void)
{
	if (atomic_load(&journal.stopping) || atomic_load(&journal.dropped) != journal.reported)
		return true;
	for (struct journal_queue *q = atomic_load(&journal.queues); q; q = q->next)
		if (ring_count(q->ring) > 0)
			return true;
	return false;
}

/* First say so, then look again, so that whoever puts something meanwhile either is seen or posts. */
static void journal_sleep(void)
{
	atomic_store(&journal.asleep, true);
	if (journal_has_work() && atomic_exchange(&journal.asleep, false))
		return;
	while (sem_wait(&journal.wake) < 0)
		;
}

static void *journal_main(void *arg _unused_)
{
	bool stopping;

	(void)pthread_setname_np(pthread_self(), "ioed-log");
	do {
		/* Before the round, which then holds all that was logged before the stop. */
		stopping = atomic_load(&journal.stopping);
		journal_drain();
		if (!stopping)
			journal_sleep();
	} while (!stopping);

	(void)sem_post(&journal.ended);
	return NULL;
}

/* Signals are main's, and a closed pipe is EPIPE here. */
static int journal_start_thread(void)
{
	sigset_t all, before;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&journal.thread, NULL, journal_main, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

int journal_start(enum journal_sink sink, unsigned instance)
{
	int r;

	if (journal.running)
		return -EBUSY;
	r = journal_thread_init();
	if (r < 0)
		return r;

	journal.sink = sink;
	journal.stderr_is_journal = log_stderr_is_journal();
	(void)snprintf(journal.instance, sizeof(journal.instance), "IOE_INSTANCE=%u", instance);
	atomic_store(&journal.asleep, false);
	atomic_store(&journal.stopping, false);
	(void)sem_init(&journal.wake, 0, 0);
	(void)sem_init(&journal.ended, 0, 0);

	r = journal_start_thread();
	if (r < 0)
		return r;
	journal.running = true;
	log_set_sink(journal_put);
	return 0;
}

void journal_stop(uint64_t until_usec)
{
	struct timespec until = { .tv_sec = (time_t)(until_usec / USEC_PER_SEC),
				  .tv_nsec = (long)(until_usec % USEC_PER_SEC) * 1000 };

	if (!journal.running)
		return;
	atomic_store(&journal.stopping, true);
	journal_wake();

	while (sem_clockwait(&journal.ended, CLOCK_MONOTONIC, &until) < 0)
		if (errno != EINTR) {
			log_set_sink(journal_put_nowhere);
			return;
		}
	(void)pthread_join(journal.thread, NULL);
	journal.running = false;
	log_set_sink(NULL);
}

uint64_t journal_dropped(void)
{
	return atomic_load(&journal.dropped);
}
