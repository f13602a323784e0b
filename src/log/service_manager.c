/* SPDX-License-Identifier: MIT */
/*
 * Pending messages keep their order, and later ones wait behind them: if READY=1 overtook its RELOADING=1, the manager
 * would wait for ever. Only the newest message of each kind is pending, so their memory is fixed, and queueing cannot
 * fail.
 */

#include "log/service_manager.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#define SERVICE_MANAGER_TEXT_MAX 512

enum service_manager_kind {
	SERVICE_MANAGER_KIND_READY,
	SERVICE_MANAGER_KIND_STATUS,
	SERVICE_MANAGER_KIND_RELOADING,
	SERVICE_MANAGER_KIND_STOPPING,
	SERVICE_MANAGER_KIND_MAX,
};

struct service_manager_message {
	enum service_manager_kind kind;
	char text[SERVICE_MANAGER_TEXT_MAX];
};

struct service_manager {
	int fd;
	struct sockaddr_un addr;
	socklen_t addr_size;
	bool failed; /* a send has failed, and that was logged */
	size_t n_pending;
	struct service_manager_message pending[SERVICE_MANAGER_KIND_MAX];
};

static int service_manager_address(const char *path, struct sockaddr_un *ret, socklen_t *ret_size)
{
	size_t n = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || n < 2)
		return -EINVAL;
	/* A path wants its NUL, an abstract name ends where the address does. */
	if (n + (path[0] == '/') > sizeof(ret->sun_path))
		return -ENAMETOOLONG;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	(void)memcpy(ret->sun_path, path, n);
	if (path[0] == '@')
		ret->sun_path[0] = '\0';
	*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (path[0] == '/'));
	return 0;
}

int service_manager_new(struct service_manager **ret)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct service_manager *sm;
	int r;

	if (!path) {
		*ret = NULL;
		return 0;
	}
	sm = calloc(1, sizeof(*sm));
	if (!sm)
		return -ENOMEM;

	sm->fd = -1;
	r = service_manager_address(path, &sm->addr, &sm->addr_size);
	(void)unsetenv("NOTIFY_SOCKET");
	if (r == 0)
		sm->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r == 0 && sm->fd < 0)
		r = -errno;
	if (r < 0) {
		(void)service_manager_free(sm);
		return r;
	}
	*ret = sm;
	return 0;
}

struct service_manager *service_manager_free(struct service_manager *sm)
{
	if (sm && sm->fd >= 0)
		(void)close(sm->fd);
	free(sm);
	return NULL;
}

/* False: the socket cannot take the message now. */
static bool service_manager_send(struct service_manager *sm, const char *text)
{
	ssize_t k;

	do
		k = sendto(sm->fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&sm->addr, sm->addr_size);
	while (k < 0 && errno == EINTR);

	if (k < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM))
		return false;
	if (k < 0 && !sm->failed) {
		sm->failed = true;
		log_warning("Messages to the service manager cannot be sent (%m), so it can kill the daemon as hung. "
			    "Does %s exist?",
			    sm->addr.sun_path[0] ? sm->addr.sun_path : "its abstract socket");
	}
	return true;
}

static void service_manager_drop(struct service_manager *sm, size_t i)
{
	sm->n_pending--;
	(void)memmove(&sm->pending[i], &sm->pending[i + 1], (sm->n_pending - i) * sizeof(sm->pending[0]));
}

static void service_manager_queue(struct service_manager *sm, enum service_manager_kind kind, const char *text)
{
	struct service_manager_message *m;

	for (size_t i = 0; i < sm->n_pending; i++)
		if (sm->pending[i].kind == kind) {
			service_manager_drop(sm, i);
			break;
		}
	m = &sm->pending[sm->n_pending++];
	m->kind = kind;
	(void)snprintf(m->text, sizeof(m->text), "%s", text);
}

void service_manager_retry(struct service_manager *sm)
{
	if (!sm)
		return;
	while (sm->n_pending > 0 && service_manager_send(sm, sm->pending[0].text))
		service_manager_drop(sm, 0);
}

bool service_manager_is_pending(const struct service_manager *sm)
{
	return sm && sm->n_pending > 0;
}

/* @assignments, and @status (which may be NULL) as one more; a line break in it would begin another. */
static void service_manager_notify(struct service_manager *sm, enum service_manager_kind kind, const char *assignments,
				   const char *status)
{
	char text[SERVICE_MANAGER_TEXT_MAX];
	size_t len;

	if (!sm)
		return;
	len = (size_t)snprintf(text, sizeof(text) / 2, "%s", assignments);
	if (status) {
		len += (size_t)snprintf(text + len, sizeof(text) / 2, "%sSTATUS=", len > 0 ? "\n" : "");
		(void)str_escape(text + len, sizeof(text) - len, status, strlen(status));
	}

	service_manager_retry(sm);
	if (service_manager_is_pending(sm) || !service_manager_send(sm, text))
		service_manager_queue(sm, kind, text);
}

void service_manager_ready(struct service_manager *sm, const char *status)
{
	service_manager_notify(sm, SERVICE_MANAGER_KIND_READY, "READY=1", status);
}

void service_manager_status(struct service_manager *sm, const char *status)
{
	service_manager_notify(sm, SERVICE_MANAGER_KIND_STATUS, "", status ? status : "");
}

void service_manager_reloading(struct service_manager *sm)
{
	char text[64];

	/* The time is Type=notify-reload's; others skip it. */
	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_usec());
	service_manager_notify(sm, SERVICE_MANAGER_KIND_RELOADING, text, NULL);
}

void service_manager_stopping(struct service_manager *sm, const char *status, uint64_t usec)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64, usec);
	service_manager_notify(sm, SERVICE_MANAGER_KIND_STOPPING, text, status);
}

void service_manager_watchdog(struct service_manager *sm)
{
	if (!sm)
		return;
	service_manager_retry(sm);
	(void)service_manager_send(sm, "WATCHDOG=1");
}

uint64_t service_manager_watchdog_usec(void)
{
	const char *usec_text = getenv("WATCHDOG_USEC"), *pid_text = getenv("WATCHDOG_PID");
	uint64_t usec = 0, pid = (uint64_t)getpid();

	if (usec_text && str_to_u64(usec_text, strlen(usec_text), 1, UINT64_MAX - 1, &usec) < 0)
		usec = 0;
	/* An environment that was passed on speaks of someone else. */
	if (pid_text && (str_to_u64(pid_text, strlen(pid_text), 1, INT32_MAX, &pid) < 0 || pid != (uint64_t)getpid()))
		usec = 0;
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	return usec;
}

int service_manager_listen_fds(void)
{
	return sd_listen_fds(1);
}
