/* SPDX-License-Identifier: MIT */
/* ioed(8): arguments and signals; starts the parts of the daemon and stops them in order. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/stdfd.h"
#include "channel/engine.h"
#include "config/config.h"
#include "control/control.h"
#include "ioed/arguments.h"
#include "ioed/backup.h"
#include "ioed/engine.h"
#include "ioed/restore.h"
#include "ioed/roles.h"
#include "log/event.h"
#include "log/journal.h"
#include "log/ratelimit.h"
#include "log/service_manager.h"
#include "log/warning.h"
#include "server/exposure.h"
#include "server/reload.h"
#include "server/server.h"
#include "session/frontend.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#define EXIT_CONFIG 78 /* sysexits.h: EX_CONFIG */

/* The time for the last lines of the log, whose reader can hang. */
#define MAIN_LOG_USEC (USEC_PER_SEC / 2)

#define MAIN_SENTENCES_MAX (64U << 10) /* bytes of sentences about a configuration */

#define MAIN_NOTIFY_RETRY_USEC (100 * USEC_PER_MSEC)

/*
 * The interval in which main looks for warnings. While there is one, it looks more often, to see it end. The checks of
 * the workers take a moment, so their results are read a little later.
 */
#define MAIN_LOOK_USEC       (60 * USEC_PER_SEC)
#define MAIN_LOOK_AGAIN_USEC (5 * USEC_PER_SEC)
#define MAIN_LOOK_READ_USEC   USEC_PER_SEC

#define MAIN_STATUS_MAX  400
#define MAIN_SERVING_MAX (MAIN_STATUS_MAX - 100) /* leaves room for the warnings */

struct main {
	struct loop loop;
	struct watch signals;
	struct timer watchdog, service_manager_timer, look;
	uint64_t looked_usec; /* when the roles were last asked to look */
	bool looked;          /* the results of that are still to be read */
	uint64_t watchdog_usec;
	struct arguments args;
	struct settings *settings; /* those of the start */
	struct settings *reloaded; /* those of the last reload, which are in force; NULL: there was none */
	struct server *server;
	struct control *control;
	struct service_manager *notify;
	unsigned n_inherited; /* sockets from the service manager */
	char status[MAIN_STATUS_MAX]; /* for the service manager */
};

/* Logs each line of @text, which is a sentence, as an entry of its own. */
static void main_log_lines(enum log_level level, const char *text)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		log_full(level, NULL, 0, "%.*s", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static int main_load(const struct arguments *args, struct settings **ret)
{
	struct buf why = { .max = MAIN_SENTENCES_MAX };
	int r;

	r = config_load(args->config, args->instance, &ioed_schema, ret, &why);
	if (r < 0) {
		const char *text = buf_str(&why);

		main_log_lines(LOG_LEVEL_ERR, text && *text ? text : strerror(-r));
	}
	buf_done(&why);
	return r;
}

/* Logs missing parts of the system without which the daemon works, but less well. */
static void main_warn(void)
{
	if (access("/proc/self/fd", F_OK) < 0)
		log_warning("/proc is not mounted: uploads go through the folder .ioe, and if ioed is killed, an "
			    "unfinished file stays there until the next start; mount it (mount -t proc proc /proc)");
}

static void main_use_log_options(const struct settings *s)
{
	const struct log_options *o = settings_get(s, &log_section);

	log_set_level(journal_level(o));
	log_ratelimit_set_limits((unsigned)o->burst, o->interval_usec);
}

static void main_notify_later(struct main *m)
{
	if (service_manager_is_pending(m->notify))
		loop_timer(&m->loop, &m->service_manager_timer, clock_usec() + MAIN_NOTIFY_RETRY_USEC);
}

static void main_use_status(struct main *m)
{
	size_t len = (size_t)snprintf(m->status, MAIN_SERVING_MAX, "Serving on");

	for (size_t i = 0; i < m->server->n_listeners && len < MAIN_SERVING_MAX; i++)
		len += (size_t)snprintf(m->status + len, MAIN_SERVING_MAX - len, "%s %s (%s)", i ? "," : "",
					m->server->listeners[i]->address, frontend_of(m->server->listeners[i])->roles);
}

/* Appends the names of the warnings to the status; `ioectl status` has the sentences. True: there are warnings. */
static bool main_use_warnings(struct main *m)
{
	struct warnings w = { 0 };
	size_t len = strlen(m->status), n = 0;
	bool wrong;

	server_warn(m->server, &w);
	for (unsigned i = 0; i < WARNING_MAX && len < sizeof(m->status); i++)
		if (warning_rows[i].degrades && warnings_has(&w, (enum warning)i))
			len += (size_t)snprintf(m->status + len, sizeof(m->status) - len, "%s %s", n++ ? "," : "; degraded:",
						warning_rows[i].name);
	wrong = warnings_degrade(&w);
	warnings_done(&w);
	return wrong;
}

/* An event for each listener that others than this machine can reach. */
static void main_log_exposure(const struct main *m)
{
	char text[EXPOSURE_MAX];

	for (size_t i = 0; i < m->server->n_listeners; i++)
		if (exposure_of_listener(m->server->listeners[i], ioed_roles, text))
			log_event(LOG_EVENT_OPEN_TO_NETWORK, NULL, 0, "%s", text);
}

/* SIGTERM and SIGINT: begins to stop. main_stopped() is called at the end of that. */
static void main_stop(struct main *m, const char *signal)
{
	log_event(LOG_EVENT_STOPPING, NULL, 0, "stopping: %s", signal);
	service_manager_stopping(m->notify, "Stopping: answering the open requests",
				 server_stop_usec(m->server) + MAIN_LOG_USEC);
	main_notify_later(m);
	server_stop(m->server, "stopping");
}

static void main_stopped(_unused_ struct server *s, void *userdata)
{
	struct main *m = userdata;

	loop_stop(&m->loop);
}

/* Loads the settings for a reload. 0, or negative errno with the reasons in @sentences. */
static int main_load_fresh(struct main *m, config_change_fn change, void *change_data, struct settings **ret,
			   struct buf *sentences)
{
	struct settings *fresh;
	int r;

	r = config_load(m->args.config, m->args.instance, &ioed_schema, &fresh, sentences);
	if (r < 0)
		return r;
	if (change)
		r = config_changes(m->settings, m->server->settings, fresh, change, change_data);
	if (r >= 0)
		(void)config_restart_needed(m->settings, fresh, sentences);
	if (r < 0)
		fresh = settings_unref(fresh);
	*ret = fresh;
	return r;
}

/* Logs a refused reload: the event has the first reason, and each further reason is an entry of its own. */
static void main_log_refused(const char *text)
{
	size_t n = strcspn(text, "\n");

	log_event(LOG_EVENT_RELOAD_REFUSED, NULL, 0,
		  "the reload was refused, and the old configuration stays in force: %.*s", (int)n, text);
	main_log_lines(LOG_LEVEL_ERR, text + n + (text[n] == '\n'));
}

/* Parses and checks all before anything changes. 0, with remarks in @sentences; or negative errno, with the reasons. */
static int main_reload(struct main *m, config_change_fn change, void *change_data, struct buf *sentences)
{
	struct settings *fresh = NULL;
	char refused[512] = "";
	const char *text;
	int r;

	service_manager_reloading(m->notify);
	r = main_load_fresh(m, change, change_data, &fresh, sentences);
	text = buf_str(sentences);
	if (r >= 0)
		r = server_reload(m->server, fresh, text ? text : "", refused, sizeof(refused));
	if (r < 0 && *refused) {
		buf_done(sentences); /* remarks about settings that were refused */
		(void)buf_append_str(sentences, refused);
		text = buf_str(sentences);
	}
	if (r >= 0) {
		main_use_log_options(fresh);
		main_use_status(m);
		(void)main_use_warnings(m);
		log_event(LOG_EVENT_RELOADED, NULL, 0, "reloaded the configuration from %s", fresh->source);
		main_log_lines(LOG_LEVEL_WARNING, text);
		main_log_exposure(m);
		/* What takes a restart is compared with what runs, so what runs stays the base of the next
		 * comparison. */
		(void)settings_unref(m->reloaded);
		m->reloaded = STEAL_PTR(fresh);
	} else {
		if (!text || !*text)
			text = strerror(-r);
		main_log_refused(text);
		server_reload_failed(m->server, text);
	}
	service_manager_ready(m->notify, m->status);
	main_notify_later(m);
	(void)settings_unref(fresh);
	return r;
}

/* SIGHUP. */
static void main_hangup(struct main *m)
{
	struct buf sentences = { .max = MAIN_SENTENCES_MAX };

	(void)main_reload(m, NULL, NULL, &sentences);
	buf_done(&sentences);
}

/* The acts for the control socket (control_acts). */
static int main_control_reload(void *userdata, bool check, config_change_fn change, void *change_data,
			       struct buf *sentences)
{
	struct main *m = userdata;
	struct settings *fresh = NULL;
	int r;

	if (m->server->stopping) {
		(void)buf_append_str(sentences, "ioed is stopping");
		return -ESHUTDOWN;
	}
	if (!check)
		return main_reload(m, change, change_data, sentences);
	r = main_load_fresh(m, change, change_data, &fresh, sentences);
	(void)settings_unref(fresh);
	return r;
}

static enum log_level main_control_log_level(void *userdata)
{
	const struct main *m = userdata;

	return journal_level(settings_get(m->server->settings, &log_section));
}

static struct control_backup *main_control_backup(void *userdata, const char *dir,
						  void (*on_arrival)(struct server_task *e), void *on_arrival_data)
{
	const struct main *m = userdata;

	return backup_start(m->server, dir, on_arrival, on_arrival_data);
}

static void main_signal(struct watch *w, _unused_ uint32_t events)
{
	struct main *m = container_of(w, struct main, signals);
	struct signalfd_siginfo si;

	while (read(w->fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGHUP && m->server->stopping)
			log_notice("the reload is skipped: ioed is stopping");
		else if (si.ssi_signo == SIGHUP)
			main_hangup(m);
		else
			main_stop(m, si.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
	}
}

/* Sends the messages again that the service manager's socket could not take at once. */
static void main_notify_again(struct timer *t)
{
	struct main *m = container_of(t, struct main, service_manager_timer);

	service_manager_retry(m->notify);
	main_notify_later(m);
}

/* Works in two turns: the first asks the roles to check, the second reads the results. */
static void main_look(struct timer *t)
{
	struct main *m = container_of(t, struct main, look);
	char before[sizeof(m->status)];

	if (m->server->stopping)
		return;
	m->looked = !m->looked;
	if (m->looked) {
		m->looked_usec = m->loop.now_usec;
		server_check(m->server);
		loop_timer(&m->loop, t, m->loop.now_usec + MAIN_LOOK_READ_USEC);
		return;
	}
	memcpy(before, m->status, sizeof(before));
	main_use_status(m);
	if (main_use_warnings(m))
		loop_timer(&m->loop, t, m->loop.now_usec + MAIN_LOOK_AGAIN_USEC);
	if (strcmp(before, m->status) != 0) {
		service_manager_status(m->notify, m->status);
		main_notify_later(m);
	}
}

/* Feeds the watchdog only if every reactor has finished a round since the last time. */
static void main_watchdog(struct timer *t)
{
	struct main *m = container_of(t, struct main, watchdog);

	if (server_poke(m->server)) {
		service_manager_watchdog(m->notify);
		loop_timer(&m->loop, t, m->loop.now_usec + m->watchdog_usec / 2);
	} else {
		/* If the whole process was stopped, the other threads need a moment, too: look again soon. */
		loop_timer(&m->loop, t, m->loop.now_usec + m->watchdog_usec / 16);
	}
	if (m->loop.now_usec > m->looked_usec + MAIN_LOOK_USEC && !timer_is_armed(&m->look))
		main_look(&m->look);
}

static int main_block_signals(struct main *m)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	/* Before the first thread starts, as threads inherit the mask. */
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return -errno;
	(void)signal(SIGPIPE, SIG_IGN);
	m->signals = (struct watch){ .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), .ready = main_signal };
	return m->signals.fd < 0 ? -errno : loop_watch(&m->loop, &m->signals, EPOLLIN);
}

/* Raises the soft limit of descriptors to the hard limit, for sessions. */
static void main_raise_nofile(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0 || rl.rlim_cur == rl.rlim_max)
		return;
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl);
}

/*
 * glibc returns memory to the kernel whenever 128K at the end of an arena are free, and the next answer of 16K gets it
 * again, page by page. That is more work than the answer itself. The memory that is kept instead is little compared to
 * limits.memory.
 */
static void main_tune_malloc(void)
{
	(void)mallopt(M_TRIM_THRESHOLD, 8 << 20);
	(void)mallopt(M_TOP_PAD, 256 << 10);
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

static int main_start(struct main *m)
{
	struct server_args args = {
		.instance = m->args.instance,
		.roles = ioed_roles,
		.settings = m->settings,
		.loop = &m->loop,
		.n_inherited = m->n_inherited,
		.engine_new = engine_new,
		.engine_free = channel_engine_free,
		.stopped = main_stopped,
		.userdata = m,
	};
	struct control_acts acts = {
		.reload = main_control_reload,
		.log_level = main_control_log_level,
		.backup = main_control_backup,
		.userdata = m,
	};
	char why[1024] = "";
	int r;

	r = server_start(&m->server, &args, why, sizeof(why));
	if (r >= 0)
		r = control_new(&m->control, &m->loop, m->server->runtime_dir, m->settings, m->server, &acts, why,
				sizeof(why));
	if (r < 0)
		log_err("%s", *why ? why : strerror(-r));
	return r;
}

static void main_ready(struct main *m)
{
	main_use_status(m);
	if (main_use_warnings(m))
		loop_timer(&m->loop, &m->look, clock_usec() + MAIN_LOOK_AGAIN_USEC);
	log_event(LOG_EVENT_STARTED, NULL, 0, "ioed " PACKAGE_VERSION " instance %u started; %s", m->args.instance,
		  m->status);
	main_log_exposure(m);
	service_manager_ready(m->notify, m->status);
	main_notify_later(m);
	m->watchdog_usec = service_manager_watchdog_usec();
	if (m->watchdog_usec > 0)
		loop_timer(&m->loop, &m->watchdog, clock_usec() + m->watchdog_usec / 4);
}

/* Warns if ioed runs as root, unless a service manager has started it so. */
static void main_look_at_user(const struct main *m)
{
	if (geteuid() == 0 && !m->notify)
		log_warning("ioed runs as root and need not: run it as a user of its own, so that an error in it has "
			    "only the rights of that user (the unit ioe@.service runs it as ioe)");
}

/* Runs the daemon from the start of the first thread to the end of the last one. Returns the exit status. */
static int main_serve(struct main *m)
{
	unsigned left = 0;
	int r;

	r = service_manager_listen_fds();
	m->n_inherited = r > 0 ? (unsigned)r : 0;
	if (r >= 0)
		r = loop_init(&m->loop);
	if (r >= 0)
		r = main_block_signals(m);
	if (r >= 0)
		r = service_manager_new(&m->notify);
	if (r >= 0)
		r = journal_start(journal_sink_pick(), m->args.instance);
	if (r < 0) {
		log_err("cannot start: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	(void)journal_thread_init();
	main_look_at_user(m);
	r = main_start(m);
	if (r >= 0) {
		main_ready(m);
		r = loop_run(&m->loop);
		if (r < 0)
			log_err("main's loop ended: %s", strerror(-r));
	}
	m->control = control_free(m->control);
	if (m->server)
		left = server_free(m->server);
	if (r >= 0)
		log_notice("stopped");
	journal_stop(clock_usec() + MAIN_LOG_USEC);
	/* A thread that hangs in the kernel cannot be joined. It can come back, so nothing is freed: _exit(). */
	if (left > 0)
		_exit(EXIT_FAILURE);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Flushes the output of --help, --version and --test. A daemon prints nothing. */
static int main_flush(void)
{
	int r = stdfd_flush();

	if (r == 0)
		return EXIT_SUCCESS;
	(void)fprintf(stderr, "ioed: cannot write to standard output: %s\n", strerror(-r));
	return EXIT_FAILURE;
}

/* The output of `ioed -t` if there is no fault. */
static void main_check(const struct main *m)
{
	char text[EXPOSURE_MAX];

	for (size_t i = 0; i < m->settings->n_listeners; i++)
		if (exposure_of_options(m->settings->listeners[i], ioed_roles, m->args.instance, text))
			log_warning("%s", text);
	(void)printf("ioed: the configuration of instance %u is in order (%s)\n", m->args.instance, m->settings->source);
}

int main(int argc, char **argv)
{
	struct main m = {
		.watchdog.fire = main_watchdog,
		.service_manager_timer.fire = main_notify_again,
		.look.fire = main_look,
	};
	int r;

	if (stdfd_open() < 0)
		return EXIT_FAILURE;
	(void)signal(SIGXFSZ, SIG_IGN); /* a write above a size limit fails, and does not kill the daemon */
	r = arguments_parse(&m.args, argc, argv);
	if (r >= 0)
		return r == EXIT_SUCCESS ? main_flush() : r;
	r = main_load(&m.args, &m.settings);
	if (r < 0)
		return EXIT_CONFIG;
	main_warn();
	if (m.args.test) {
		main_check(&m);
		(void)settings_unref(m.settings);
		return main_flush();
	}
	main_use_log_options(m.settings);
	if (m.args.restore) {
		r = restore_copy(m.settings, m.args.instance, m.args.restore);
		(void)settings_unref(m.settings);
		return r == EXIT_SUCCESS ? main_flush() : r;
	}
	main_raise_nofile();
	main_tune_malloc();
	r = main_serve(&m);
	m.notify = service_manager_free(m.notify);
	(void)settings_unref(m.reloaded);
	(void)settings_unref(m.settings);
	closep(&m.signals.fd);
	loop_done(&m.loop);
	return r;
}
