/* SPDX-License-Identifier: MIT */
#include "store/store-private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define STORE_FILE "store.db"

int store_outcome(int error)
{
	static const struct {
		int error;
		enum store_outcome outcome;
	} rows[] = {
		{ -EBUSY, STORE_E_BUSY }, { -ENOSPC, STORE_E_NO_SPACE }, { -ENOMEM, STORE_E_NO_MEMORY },
		{ -EIO, STORE_E_IO },     { -EBADMSG, STORE_E_DAMAGED },
	};

	for (size_t i = 0; i < ELEMENTSOF(rows); i++)
		if (rows[i].error == error)
			return rows[i].outcome;
	return error;
}

void store_answer(struct store_request *q, int result)
{
	struct store_sqlite *s = store_of(q->store);

	q->result = result;
	if (q->queued_bytes > 0)
		(void)atomic_fetch_sub_explicit(&s->queued, q->queued_bytes, memory_order_relaxed);
	inbox_push(&q->loop->inbox, &q->msg);
}

static void store_return(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);

	q->on_complete(q);
}

/* In the thread of the store. From here on the message carries the answer back. */
static void store_arrive(struct msg *m)
{
	struct store_request *q = container_of(m, struct store_request, msg);
	void (*on_arrival)(struct msg * m) = q->on_arrival;

	m->act = store_return;
	on_arrival(m);
}

void store_push(struct store_sqlite *s, struct store_thread *t, struct store_request *q,
		void (*on_arrival)(struct msg *m), int (*run)(struct store_request *q))
{
	q->store = &s->store;
	q->on_arrival = on_arrival;
	q->run = run;
	q->result = 0;
	q->msg.act = store_arrive;
	inbox_push(&t->loop.inbox, &q->msg);
}

void store_fail(struct store_sqlite *s, const char *what, const struct db *d)
{
	(void)pthread_mutex_lock(&s->lock);
	(void)snprintf(s->why, sizeof(s->why),
		       "%.200s: %s failed: %.160s; the store writes nothing until ioed is started again: check the "
		       "disk first",
		       s->path, what, d->text);
	(void)pthread_mutex_unlock(&s->lock);
	atomic_store_explicit(&s->closed, true, memory_order_release);
	log_event(LOG_EVENT_STORE_CLOSED, NULL, 0, "%s", s->why);
}

static enum log_event store_trouble_kind(int error)
{
	switch (error) {
	case -ENOSPC:
		return LOG_EVENT_DISK_FULL;
	case -ENOMEM:
		return LOG_EVENT_OUT_OF_RESOURCES;
	default:
		return LOG_EVENT_DISK_FAILED;
	}
}

/* Damage does not pass by itself, even if other data can be read. */
static void store_damaged(struct store_sqlite *s, const char *what, const char *text)
{
	(void)pthread_mutex_lock(&s->lock);
	if (!atomic_load_explicit(&s->closed, memory_order_relaxed) && !s->why[0])
		(void)snprintf(s->why, sizeof(s->why),
			       "%.200s is damaged: %s failed: %.100s; put a backup in its place (ioectl(1), restore)", s->path,
			       what, text);
	(void)pthread_mutex_unlock(&s->lock);
	atomic_store_explicit(&s->damaged, true, memory_order_release);
}

void store_trouble(struct store_thread *t, const char *what, int error)
{
	enum log_event trouble = store_trouble_kind(error);

	if (error == -EBADMSG)
		store_damaged(t->store, what, t->db.text);
	if (error == -ENOSPC && t == &t->store->writer)
		atomic_store_explicit(&t->store->was_full, true, memory_order_relaxed);

	if (error != -EBUSY && log_ratelimit_pass(&t->ratelimit, trouble, NULL))
		log_event(trouble, NULL, 0, "%s: %s failed for now: %s", t->store->path, what,
			  error == -ENOMEM ? strerror(ENOMEM) : t->db.text);
}

static bool store_is_file(const struct store_sqlite *s, const char *suffix, int fd)
{
	char path[PATH_MAX + 32];
	struct stat there, here;

	(void)snprintf(path, sizeof(path), "%s%s", s->path, suffix);
	if (stat(path, &there) < 0)
		return errno != ENOENT && errno != ENOTDIR; /* any other error proves nothing */
	return fd < 0 || fstat(fd, &here) < 0 || (there.st_dev == here.st_dev && there.st_ino == here.st_ino);
}

/* In the maintenance thread. */
static void store_check_file_arrived(struct msg *m)
{
	static const struct db gone = { .text = "it, or its -wal, was moved away or removed while ioed ran" };
	struct store_sqlite *s = container_of(m, struct store_sqlite, check);

	atomic_store_explicit(&s->checking, false, memory_order_release);
	if (!atomic_load_explicit(&s->closed, memory_order_relaxed) &&
	    !(store_is_file(s, "", s->db_fd) && (!s->has_wal || store_is_file(s, "-wal", -1))))
		store_fail(s, "keeping it", &gone);
}

static void store_sqlite_check_file(struct store *store)
{
	struct store_sqlite *s = store_of(store);

	if (atomic_exchange_explicit(&s->checking, true, memory_order_acquire))
		return;
	s->check.act = store_check_file_arrived;
	inbox_push(&s->maintenance.loop.inbox, &s->check);
}

static void store_sqlite_get_state(struct store *store, uint64_t now_usec, struct store_state *ret)
{
	struct store_sqlite *s = store_of(store);
	uint64_t since = atomic_load_explicit(&s->busy_since, memory_order_relaxed);

	*ret = (struct store_state){
		.closed = atomic_load_explicit(&s->closed, memory_order_acquire),
		.damaged = atomic_load_explicit(&s->damaged, memory_order_acquire),
		.full = atomic_load_explicit(&s->was_full, memory_order_relaxed),
		.commits = atomic_load_explicit(&s->commits, memory_order_relaxed),
		.written = atomic_load_explicit(&s->written, memory_order_relaxed),
		.queued_bytes = atomic_load_explicit(&s->queued, memory_order_relaxed),
		.wal_pages = atomic_load_explicit(&s->wal_pages, memory_order_relaxed),
		.busy_usec = since > 0 && now_usec > since ? now_usec - since : 0,
	};
	for (unsigned i = 0; i < STORE_KINDS_MAX; i++)
		ret->expired[i] = atomic_load_explicit(&s->n_expired[i], memory_order_relaxed);
	(void)pthread_mutex_lock(&s->lock);
	memcpy(ret->why, s->why, sizeof(ret->why));
	(void)pthread_mutex_unlock(&s->lock);
}

static void store_writer_turn(struct thread *t)
{
	batch_turn(container_of(t, struct store_thread, thread)->store);
}

static void store_thread_ended(_unused_ struct thread *t, int error)
{
	if (error < 0)
		log_err("a thread of the store ended: %s", strerror(-error));
}

static const struct thread_ops store_thread_ops = { .done = store_thread_ended };
/* A stop comes behind the messages before it, and the writer takes one more turn after that pass. */
static const struct thread_ops store_writer_ops = { .turn = store_writer_turn, .done = store_thread_ended };

/* Joins the thread. False: it is stuck in the kernel. */
static bool store_thread_end(struct store_thread *t, uint64_t until_usec)
{
	if (t->thread.started)
		thread_stop(&t->thread);
	return thread_join(&t->thread, until_usec);
}

static void store_thread_done(struct store_thread *t)
{
	db_close(&t->db);
	log_ratelimit_done(&t->ratelimit);
	loop_done(&t->loop);
}

static int store_thread_init(struct store_sqlite *s, struct store_thread *t, bool writer, char *why, size_t why_size)
{
	int r;

	t->store = s;
	r = loop_init(&t->loop);
	if (r < 0)
		return r;
	thread_init(&t->thread, &t->loop, writer ? &store_writer_ops : &store_thread_ops, NULL);
	log_ratelimit_init(&t->ratelimit, &t->loop);
	return db_open(&t->db, s->path, writer, why, why_size);
}

/* Syncs the folder: a new file is lost if its entry there is not on disk. */
static int store_sync_dir(const struct store_sqlite *s)
{
	int fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 || fsync(fd) < 0 ? -errno : 0;

	closep(&fd);
	return r;
}

/* Before the database is opened. */
static int store_finish_restore(struct store_sqlite *s, char *why, size_t why_size)
{
	_cleanup_(closep) int fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char kept[RESTORE_KEPT_MAX];
	bool done = false;
	int r = fd < 0 ? 0 : restore_finish(fd, &done, kept);

	if (r < 0)
		(void)snprintf(why, why_size, "the restored copy in %s cannot be used: %s", s->dir, strerror(-r));
	else if (done)
		log_notice("the restored copy in %s is used from now on; the old files are kept beside it", s->dir);
	return r;
}

/* The order matters if the daemon is killed between the two: a second new store id does no harm, a missing one
 * would. */
static int store_adopt(struct store_sqlite *s, const struct store_args *args, char *why, size_t why_size)
{
	int r = args->renew ? args->renew(args->userdata) : 0;

	if (r >= 0)
		r = db_adopt(&s->writer.db);
	if (r < 0)
		(void)snprintf(why, why_size, "%s is a restored copy and cannot be used: %s; free some space, and "
					      "start again", s->path,
			       strerror(-r));
	return r;
}

static int store_open_all(struct store_sqlite *s, const struct store_args *args, char *why, size_t why_size)
{
	int r;

	r = store_finish_restore(s, why, why_size);
	if (r >= 0)
		r = store_thread_init(s, &s->writer, true, why, why_size);
	if (r >= 0 && s->writer.db.is_copy)
		r = store_adopt(s, args, why, why_size);
	if (r >= 0)
		r = diskspace_open(s);
	if (r >= 0)
		r = age_open(s, args->clock);
	if (r >= 0)
		r = write_count(s);
	if (r >= 0)
		r = write_load_id_block(s);
	if (r >= 0)
		r = store_thread_init(s, &s->reader, false, why, why_size);
	if (r >= 0)
		r = store_thread_init(s, &s->maintenance, false, why, why_size);
	if (r >= 0)
		r = store_sync_dir(s);
	s->has_wal = r >= 0 && store_is_file(s, "-wal", -1);
	if (r >= 0)
		r = map_init(&s->open);
	return r;
}

static int store_start_all(struct store_sqlite *s)
{
	int r;

	expire_start(s);
	checkpoint_start(s);
	r = thread_start(&s->reader.thread);
	if (r >= 0)
		r = thread_start(&s->maintenance.thread);
	if (r >= 0)
		r = thread_start(&s->writer.thread);
	return r;
}

static unsigned store_sqlite_free(struct store *store, uint64_t until_usec)
{
	struct store_sqlite *s = store_of(store);
	struct map_node *n;
	unsigned left;

	atomic_store_explicit(&s->ending, true, memory_order_relaxed);
	/* The maintenance thread can still send a message to the writer. */
	left = !store_thread_end(&s->maintenance, until_usec);
	left += !store_thread_end(&s->reader, until_usec);
	left += !store_thread_end(&s->writer, until_usec);
	if (left > 0)
		return left; /* it still uses all this */
	expire_stop(s);
	while ((n = map_next(&s->open, NULL))) {
		map_remove(&s->open, n);
		free(container_of(n, struct store_channel, node));
	}
	map_done(&s->open);
	store_thread_done(&s->maintenance);
	store_thread_done(&s->reader);
	age_close(s);
	expire_log(s, true);
	/* The last one moves the log into the database. */
	store_thread_done(&s->writer);
	diskspace_close(s);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return 0;
}

static int store_sqlite_new(struct store **ret, const struct store_args *args, char *why, size_t why_size)
{
	struct store_sqlite *s = calloc(1, sizeof(*s));
	int r = 0;

	*why = '\0';
	if (!s)
		return -ENOMEM;
	s->writer.loop.epoll_fd = s->writer.loop.inbox.fd = -1;
	s->reader.loop.epoll_fd = s->reader.loop.inbox.fd = -1;
	s->maintenance.loop.epoll_fd = s->maintenance.loop.inbox.fd = -1;
	s->store.ops = &store_sqlite_ops;
	(void)pthread_mutex_init(&s->lock, NULL);
	s->db_fd = -1;
	list_init(&s->touched);
	s->last = &s->first;
	s->max_queued_bytes = args->max_queued_bytes;
	s->max_channels = MIN(args->max_channels, UINT64_MAX >> (STORE_NUMBER_BITS + 1));
	memcpy(s->rules, args->rules, sizeof(s->rules));
	/* SQLite would read a relative path such as "file:x" as a URI. */
	if ((size_t)snprintf(s->dir, sizeof(s->dir), "%s%s", args->dir[0] == '/' ? "" : "./", args->dir) >= sizeof(s->dir))
		r = -ENAMETOOLONG;
	(void)snprintf(s->path, sizeof(s->path), "%s/" STORE_FILE, s->dir);
	if (r >= 0)
		r = store_open_all(s, args, why, why_size);
	if (r >= 0)
		r = store_start_all(s);
	if (r < 0) {
		if (!*why)
			(void)snprintf(why, why_size, "the store %s cannot be opened: %s", s->path, strerror(-r));
		(void)store_sqlite_free(&s->store, USEC_NEVER);
		return r;
	}
	*ret = &s->store;
	return 0;
}

const struct store_ops store_sqlite_ops = {
	.new = store_sqlite_new,
	.free = store_sqlite_free,
	.get_state = store_sqlite_get_state,
	.check_file = store_sqlite_check_file,
	.age_msec = age_msec,
	.set_rule = expire_set_rule,
	.low_water_mark = write_low_water_mark,
	.id_block = write_id_block,
	.open = open_submit,
	.close = open_close,
	.append = write_submit_append,
	.remove = write_submit_remove,
	.set = write_submit_set,
	.reserve = write_submit_reserve,
	.page = read_submit_page,
	.lookup = read_submit_lookup,
	.list = read_submit_list,
	.backup = backup_submit,
};
