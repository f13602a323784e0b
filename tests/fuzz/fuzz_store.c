/* SPDX-License-Identifier: MIT */
/*
 * The store with its threads, its database and its files, against store_model.c: whatever is asked of it one after the
 * other, both give the same answers, also after it has been closed and opened again, or has been killed. Each answer is
 * waited for, so it does not matter which thread is how fast; and time stands still but where the input lets it go on.
 *
 * The first byte chooses the rules. The rest are requests: a byte for the kind, and some for what is in it.
 */
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/macro.h"
#include "fuzz/fuzz.h"
#include "fuzz/store_model.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>

#define INPUT_MAX 2048
#define NAMES     5
#define OPEN_MAX  (2 * NAMES) /* of two kinds */

struct place {
	struct store_channel *real;
	struct model_channel *model;
};

struct play {
	const uint8_t *data, *end;
	struct store_args args;
	struct store *store;
	struct store_model *model;
	struct place open[OPEN_MAX];
	uint64_t max_age_usec;
};

static char store_dir[64];
static int store_dirfd = -1;
static struct loop store_home;
static unsigned store_answers;

/* As in session_house.c; read by the store's threads, too. */
#define REAL_USEC 1700000000000000ULL
static atomic_uint_fast64_t store_now_usec = 1ULL << 40;

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	uint64_t now = atomic_load(&store_now_usec);

	if (clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_REALTIME)
		return __real_clock_gettime(clock, ts);
	if (clock == CLOCK_REALTIME)
		now += REAL_USEC;
	ts->tv_sec = (time_t)(now / USEC_PER_SEC);
	ts->tv_nsec = (long)(now % USEC_PER_SEC) * 1000;
	return 0;
}

/* How many of the store's threads wait. One that has answered may still be on its way there. */
#define STORE_THREADS 3
static atomic_uint store_waiting;
static _Thread_local bool store_is_player;

int __real_epoll_wait(int fd, struct epoll_event *events, int n, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int n, int timeout);

int __wrap_epoll_wait(int fd, struct epoll_event *events, int n, int timeout)
{
	int r;

	if (store_is_player)
		return __real_epoll_wait(fd, events, n, timeout);
	(void)atomic_fetch_add(&store_waiting, 1);
	r = __real_epoll_wait(fd, events, n, timeout);
	(void)atomic_fetch_sub(&store_waiting, 1);
	return r;
}

/* The next that any of them hears of the time is with what it is asked next. */
static void store_let_time_go(uint64_t usec)
{
	while (atomic_load(&store_waiting) < STORE_THREADS)
		(void)sched_yield();
	(void)atomic_fetch_add(&store_now_usec, usec);
}

static const char *const store_files[] = { "store.db", "store.db-wal", "store.db-shm" };

static void store_unlink(void)
{
	for (unsigned i = 0; i < ELEMENTSOF(store_files); i++)
		(void)unlinkat(store_dirfd, store_files[i], 0);
}

static void store_tear_down(void)
{
	store_unlink();
	(void)rmdir(store_dir);
	closep(&store_dirfd);
	loop_done(&store_home);
}

static void store_no_log(_unused_ enum log_level level, _unused_ const struct log_field *fields, _unused_ size_t n,
			 _unused_ const char *text)
{
}

static void store_set_up(void)
{
	const char *tmp = getenv("TMPDIR"), *at = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : tmp ? tmp : "/tmp";

	if (store_dirfd >= 0)
		return;
	log_set_sink(store_no_log);
	FUZZ_CHECK(snprintf(store_dir, sizeof(store_dir), "%s/ioe-fuzz-XXXXXX", at) < (int)sizeof(store_dir));
	FUZZ_CHECK(mkdtemp(store_dir));
	store_dirfd = open(store_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(store_dirfd >= 0 && loop_init(&store_home) == 0);
	(void)atexit(store_tear_down);
}

static void store_answered(_unused_ struct store_request *q)
{
	store_answers++;
}

/* Makes one request and waits for its answer. */
#define STORE_CALL(p, fn, q)                                         \
	({                                                           \
		unsigned n_ = store_answers;                         \
		(q)->request.loop = &store_home;                     \
		(q)->request.on_complete = store_answered;           \
		FUZZ_CHECK(fn((p)->store, (q)) == 0);                \
		while (store_answers == n_)                          \
			FUZZ_CHECK(loop_pass(&store_home, -1) == 0); \
		(q)->request.result;                                 \
	})

static void play_begin(struct play *p)
{
	char why[1024] = "";

	if (store_new(&p->store, &p->args, why, sizeof(why)) == 0)
		return;
	(void)fprintf(stderr, "%s\n", why);
	abort();
}

static void play_end(struct play *p)
{
	FUZZ_CHECK(store_free(p->store, USEC_NEVER) == 0);
	for (unsigned i = 0; i < OPEN_MAX; i++)
		if (p->open[i].model)
			store_model_close(p->model, p->open[i].model);
	memset(p->open, 0, sizeof(p->open));
}

/* What is in the files now is what they are after the end: all that has been answered must be in there. */
static void play_kill(struct play *p)
{
	struct buf kept[2] = { { 0 }, { 0 } };

	for (unsigned i = 0; i < ELEMENTSOF(kept); i++)
		FUZZ_CHECK(io_read_file(store_dirfd, store_files[i], &kept[i]) == 0);
	play_end(p);
	store_unlink();
	for (unsigned i = 0; i < ELEMENTSOF(kept); i++) {
		int fd = openat(store_dirfd, store_files[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		FUZZ_CHECK(fd >= 0 && io_pwrite_all(fd, kept[i].data, kept[i].len, 0) == 0);
		closep(&fd);
		buf_done(&kept[i]);
	}
}

static uint8_t play_take(struct play *p)
{
	return p->data < p->end ? *p->data++ : 0;
}

/* Names that begin with one another, and some that only bytes tell apart. */
static size_t play_name(uint8_t x, char name[STORE_NAME_MAX])
{
	static const char *const names[NAMES] = { "a", "aa", "b", "\377", NULL };

	if (!names[x % NAMES]) {
		memset(name, 'n', STORE_NAME_MAX);
		return STORE_NAME_MAX;
	}
	memcpy(name, names[x % NAMES], strlen(names[x % NAMES]));
	return strlen(names[x % NAMES]);
}

static void check_counts(const struct store_counts *a, const struct store_counts *b)
{
	FUZZ_CHECK(a->id == b->id && a->first == b->first && a->last == b->last);
	FUZZ_CHECK(a->count == b->count && a->bytes == b->bytes);
}

static void check_bytes(const char *a, size_t n, const char *b, size_t m)
{
	FUZZ_CHECK(n == m && (n == 0 || memcmp(a, b, n) == 0));
}

static void check_attributes(const struct store_attribute *a, const struct store_attribute *b)
{
	for (; a && b; a = a->next, b = b->next) {
		FUZZ_CHECK(a->until_msec == b->until_msec);
		check_bytes(a->name, a->name_len, b->name, b->name_len);
		check_bytes(a->value, a->value_len, b->value, b->value_len);
	}
	FUZZ_CHECK(!a && !b);
}

/* The channel of that number, opened where it is not. */
static struct place *play_place(struct play *p, uint8_t x)
{
	struct place *at = &p->open[x % OPEN_MAX];
	struct store_open a = { .kind = x % OPEN_MAX / NAMES }, b;

	if (at->model)
		return at;
	a.name_len = (uint8_t)play_name(x % OPEN_MAX, a.name);
	b = a;
	FUZZ_CHECK(STORE_CALL(p, store_open, &a) == 0);
	at->real = a.channel;
	at->model = store_model_open(p->model, &b);
	check_counts(&a.counts, &b.counts);
	check_attributes(a.attributes, b.attributes);
	store_open_done(&a);
	store_open_done(&b);
	return at;
}

/* A sender, or a key. */
static const char *play_word(uint8_t x)
{
	static const char *const words[] = { "bob", "eve", "b", "bo", "BOB" };

	return words[x % ELEMENTSOF(words)];
}

static void play_append(struct play *p)
{
	static const char text[20 * UINT8_MAX] = "what is said";
	struct place *at = play_place(p, play_take(p));
	uint8_t who = play_take(p), size = play_take(p), how = play_take(p);
	struct store_append a = { .from = play_word(who), .text = text, .text_len = size < 250 ? size : 20U * size }, b;

	a.from_len = strlen(a.from);
	if (how & 1) {
		a.key = play_word(how / 16);
		a.key_len = strlen(a.key);
	}
	a.max_messages = how & 2 ? how / 16 : 0;
	a.max_bytes = how & 4 ? how : 0;
	a.after = how & 8 ? how / 16 : 0;
	b = a;
	a.channel = at->real;
	FUZZ_CHECK(STORE_CALL(p, store_append, &a) == store_model_append(p->model, at->model, &b));
	store_model_commit(p->model);
	if (a.request.result != 0)
		return;
	FUZZ_CHECK(a.repeated == b.repeated && a.message_id == b.message_id && a.time_msec == b.time_msec);
	check_counts(&a.counts, &b.counts);
}

static void play_remove(struct play *p, bool listed)
{
	struct place *at = play_place(p, play_take(p));
	struct store_remove a = { .disposition = play_take(p) & 1 ? STORE_TAKEN : STORE_EXPIRED }, b;
	struct store_removed gone[2][8];
	uint64_t numbers[8];

	memset(gone, 0, sizeof(gone));
	a.upto = play_take(p);
	if (listed) {
		a.n_numbers = 1 + a.upto % ELEMENTSOF(numbers);
		for (size_t i = 0; i < a.n_numbers; i++)
			numbers[i] = play_take(p);
		a.numbers = numbers;
		a.removed = gone[0];
	}
	b = a;
	a.channel = at->real;
	if (listed)
		b.removed = gone[1];
	FUZZ_CHECK(STORE_CALL(p, store_remove, &a) == store_model_remove(p->model, at->model, &b));
	store_model_commit(p->model);
	FUZZ_CHECK(a.n_removed == b.n_removed && a.time_msec == b.time_msec);
	check_counts(&a.counts, &b.counts);
	for (size_t i = 0; listed && i < a.n_removed; i++) {
		FUZZ_CHECK(gone[0][i].number == gone[1][i].number);
		check_bytes(gone[0][i].from, gone[0][i].from_len, gone[1][i].from, gone[1][i].from_len);
	}
}

static void play_set(struct play *p)
{
	static const char value[STORE_VALUE_MAX] = "a value";
	struct place *at = play_place(p, play_take(p));
	uint8_t name = play_take(p), size = play_take(p), until = play_take(p);
	struct store_set a = { .name = play_word(name), .value = value, .value_len = size < 255 ? size : STORE_VALUE_MAX }, b;

	a.name_len = strlen(a.name);
	if (until > 0)
		a.until_msec = clock_real_usec() / 1000 + 3600000ULL * until - 3600000;
	b = a;
	a.channel = at->real;
	FUZZ_CHECK(STORE_CALL(p, store_set, &a) == store_model_set(p->model, at->model, &b));
	store_model_commit(p->model);
}

static void play_reserve(struct play *p)
{
	struct place *at = play_place(p, play_take(p));
	uint8_t n = play_take(p);
	struct store_reserve a = { .n = n < 250 ? n + 1U : 1ULL << (n - 250 + 35), .after = n % 8 ? 0 : n }, b = a;

	a.channel = at->real;
	FUZZ_CHECK(STORE_CALL(p, store_reserve, &a) == store_model_reserve(p->model, at->model, &b));
	store_model_commit(p->model);
	FUZZ_CHECK(a.request.result != 0 || a.until == b.until);
}

static void play_page(struct play *p, bool by_id)
{
	uint8_t x = play_take(p), after = play_take(p), upto = play_take(p), how = play_take(p);
	struct store_page a = { .kind = x % OPEN_MAX / NAMES, .after = after, .upto = upto < 200 ? upto : STORE_NUMBER_MAX }, b;
	struct store_row r, s;
	size_t i = 0, k = 0;

	a.name_len = (uint8_t)play_name(x % OPEN_MAX, a.name);
	a.channel_id = by_id ? 1 + x % 8U : 0;
	a.max_rows = 1 + how % 8U;
	a.max_bytes = how & 8 ? 100 : 1 << 20;
	a.count_left = how & 16;
	a.count_all = !by_id && (how & 32);
	b = a;
	FUZZ_CHECK(STORE_CALL(p, store_page, &a) == store_model_page(p->model, &b));
	FUZZ_CHECK(a.n_rows == b.n_rows && a.last == b.last && a.more == b.more && a.left == b.left);
	FUZZ_CHECK(a.channel_id == b.channel_id);
	if (a.count_all && a.request.result == 0)
		check_counts(&a.counts, &b.counts);
	while (store_page_next(&a, &i, &r)) {
		FUZZ_CHECK(store_page_next(&b, &k, &s));
		FUZZ_CHECK(r.number == s.number && r.time_msec == s.time_msec);
		check_bytes(r.from, r.from_len, s.from, s.from_len);
		check_bytes(r.text, r.text_len, s.text, s.text_len);
	}
	FUZZ_CHECK(!store_page_next(&b, &k, &s));
	store_page_done(&a);
	store_page_done(&b);
}

static void play_ask(struct play *p)
{
	uint64_t channel = 1 + play_take(p) % 8U, number = play_take(p);
	struct store_lookup a = { .message_id = store_id(channel, number) }, b;
	const char *who = play_word(play_take(p));

	a.from_len = (uint8_t)strlen(who);
	memcpy(a.from, who, a.from_len);
	b = a;
	FUZZ_CHECK(STORE_CALL(p, store_lookup, &a) == store_model_lookup(p->model, &b));
	FUZZ_CHECK(a.request.result != 0 || (a.disposition == b.disposition && a.time_msec == b.time_msec));
}

static void play_list(struct play *p)
{
	uint8_t x = play_take(p), how = play_take(p);
	struct store_list a = { .kind = x % OPEN_MAX / NAMES, .max_rows = 1 + how % 4U }, b;
	struct store_listed r, s;
	size_t i = 0, k = 0;

	if (how & 4)
		a.after_len = (uint8_t)play_name(x % OPEN_MAX, a.after);
	a.attribute = how & 8 ? play_word(how / 16) : NULL;
	b = a;
	FUZZ_CHECK(STORE_CALL(p, store_list, &a) == store_model_list(p->model, &b));
	FUZZ_CHECK(a.n_rows == b.n_rows && a.more == b.more);
	while (store_list_next(&a, &i, &r)) {
		FUZZ_CHECK(store_list_next(&b, &k, &s));
		check_counts(&r.counts, &s.counts);
		check_bytes(r.name, r.name_len, s.name, s.name_len);
		check_bytes(r.value, r.value_len, s.value, s.value_len);
	}
	FUZZ_CHECK(!store_list_next(&b, &k, &s));
	store_list_done(&a);
	store_list_done(&b);
}

static void play_close(struct play *p)
{
	struct place *at = &p->open[play_take(p) % OPEN_MAX];

	if (!at->model)
		return;
	store_close(p->store, at->real);
	store_model_close(p->model, at->model);
	*at = (struct place){};
}

/*
 * So much time goes by that a step of the walk through all channels is due. The writer hears of the time with what it
 * is asked next, and its timers go behind what it is asked then, so it is done when the one after that is answered.
 * Both change nothing here.
 */
static bool play_walk(struct play *p, struct place *at, uint64_t usec, bool may_drop)
{
	struct store_set nothing = { .channel = at->real, .name = "none" };
	bool more;

	store_let_time_go(usec);
	store_model_set_time(p->model, clock_real_usec() / 1000);
	nothing.name_len = strlen(nothing.name);
	for (unsigned i = 0; i < 2; i++)
		FUZZ_CHECK(STORE_CALL(p, store_set, &nothing) == store_model_set(p->model, at->model, &nothing));
	more = store_model_sweep(p->model, may_drop);
	store_model_commit(p->model);
	return more;
}

/* Until the walk has been through. Names are given back in the step after the one that says so. */
static void play_sleep(struct play *p)
{
	struct place *at = play_place(p, play_take(p));
	uint64_t usec = (1 + play_take(p) % 64U) * 3600 * USEC_PER_SEC;

	if (play_walk(p, at, usec + USEC_PER_SEC, false))
		FUZZ_CHECK(!play_walk(p, at, 50 * USEC_PER_MSEC, true));
}

static void play_step(struct play *p)
{
	switch (play_take(p) % 14) {
	case 0:
	case 1:
	case 2:
		play_append(p);
		break;
	case 3:
		play_remove(p, true);
		break;
	case 4:
		play_remove(p, false);
		break;
	case 5:
		play_set(p);
		break;
	case 6:
		play_reserve(p);
		break;
	case 7:
		play_page(p, false);
		break;
	case 8:
		play_page(p, true);
		break;
	case 9:
		play_ask(p);
		break;
	case 10:
		play_list(p);
		break;
	case 11:
		play_close(p);
		break;
	case 12:
		play_sleep(p);
		break;
	default:
		if (play_take(p) & 1)
			play_kill(p);
		else
			play_end(p);
		play_begin(p);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play p = { .data = data, .end = data + size };
	uint8_t how;

	if (size < 1 || size > INPUT_MAX)
		return 0;
	store_is_player = true;
	store_set_up();
	atomic_store(&store_now_usec, 1ULL << 40);
	how = play_take(&p);
	p.args = (struct store_args){ .ops = &store_sqlite_ops, .dir = store_dir, .max_queued_bytes = 1 << 20, .max_channels = how & 1 ? 3 : 100 };
	p.args.rules[0] = (struct store_rule){ .max_messages = how & 2 ? 1 + how / 32 : 0, .max_age_usec = 2 * 3600 * USEC_PER_SEC };
	p.args.rules[1] = (struct store_rule){ .max_age_usec = how & 4 ? 16 * 3600 * USEC_PER_SEC : 0, .receipts = how & 8 };
	p.model = store_model_new(p.args.max_channels);
	store_model_set_rule(p.model, 0, &p.args.rules[0]);
	store_model_set_rule(p.model, 1, &p.args.rules[1]);
	store_model_set_time(p.model, clock_real_usec() / 1000);
	play_begin(&p);
	while (p.data < p.end)
		play_step(&p);
	play_end(&p);
	store_model_free(p.model);
	store_unlink();
	return 0;
}
