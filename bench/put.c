/* SPDX-License-Identifier: MIT */
/*
 * Uploads: @connections clients, each a thread, store @count files of @size bytes in all, each file confirmed before
 * its client begins the next. Afterwards every file is compared with what was sent, where the server keeps it, and
 * deleted.
 *
 * All of it is done twice, and the second time counts. A virtual machine may get each page of memory from its host when
 * it is first written, which costs ten times what the upload does: the second time there is what the first gave back.
 */
#include "base/clock.h"
#include "hist.h"
#include "load.h"
#include "mark.h"
#include "proc.h"
#include "target.h"
#include "transfer.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct put_client {
	const struct load_args *args;
	uint64_t index;
	int fd;
	bool started;
	pthread_t thread;
	int error;
	struct hist hist; /* of confirmations, from the first byte of the request on */
};

struct put {
	const struct load_args *args;
	struct put_client *clients;
	uint64_t n_clients;
};

static void put_done(struct put *p)
{
	uint64_t i;

	for (i = 0; i < p->n_clients; i++)
		closep(&p->clients[i].fd);
	free(p->clients);
}

/* File @i is client @i % n's. */
static void put_name(char name[32], uint64_t i)
{
	(void)snprintf(name, 32, "w%llu", (unsigned long long)i);
}

static void *put_client_main(void *arg)
{
	struct put_client *c = arg;
	uint64_t i, began_usec;
	char name[32];

	for (i = c->index; i < c->args->count && c->error >= 0; i += c->args->connections) {
		put_name(name, i);
		began_usec = clock_usec();
		c->error = transfer_put(c->args->target, c->fd, name, c->args->size);
		hist_add(&c->hist, clock_usec() - began_usec);
	}

	return NULL;
}

static int put_connect(struct put *p, const struct load_args *args)
{
	struct put_client *c;
	int r;

	*p = (struct put){ .args = args, .clients = calloc(args->connections, sizeof(*p->clients)) };
	if (!p->clients)
		return load_fail(ENOMEM, "Cannot prepare %zu clients", (size_t)args->connections);

	for (; p->n_clients < args->connections; p->n_clients++) {
		c = &p->clients[p->n_clients];
		*c = (struct put_client){ .args = args, .index = p->n_clients, .fd = -1 };
		r = transfer_open(args->target, (uint16_t)args->port, &c->fd);
		if (r < 0)
			return load_fail(-r, "Cannot connect to %s", args->target->name);
	}

	return 0;
}

/* All at once; whoever was started is waited for. */
static int put_all(struct put *p)
{
	int r = 0, error = 0;
	uint64_t i;

	for (i = 0; i < p->n_clients && r == 0; i++) {
		r = pthread_create(&p->clients[i].thread, NULL, put_client_main, &p->clients[i]);
		p->clients[i].started = r == 0;
	}

	for (i = 0; i < p->n_clients; i++)
		if (p->clients[i].started) {
			(void)pthread_join(p->clients[i].thread, NULL);
			error = error < 0 ? error : p->clients[i].error;
		}

	if (r != 0)
		return load_fail(r, "Cannot start a thread for each client");
	if (error < 0)
		return load_fail(-error, "Could not store a file at %s", p->args->target->name);
	return 0;
}

static int put_check(const struct load_args *args)
{
	char name[32], path[4096];
	uint64_t i;
	int r;

	for (i = 0; i < args->count; i++) {
		put_name(name, i);
		r = transfer_check(args->dir, name, args->size);
		if (r < 0)
			return load_fail(-r, "%s confirmed %s, which is not what was sent", args->target->name, name);

		(void)snprintf(path, sizeof(path), "%s/%s", args->dir, name);
		if (unlink(path) < 0)
			return load_fail(errno, "Cannot delete %s", path);
	}

	return 0;
}

/* Once, with nothing counted. */
static int put_warm_up(struct put *p)
{
	uint64_t i;
	int r;

	r = put_all(p);
	if (r < 0)
		return r;

	for (i = 0; i < p->n_clients; i++)
		p->clients[i].hist = (struct hist){};
	return put_check(p->args);
}

static void put_print(const struct put *p, const struct mark *from, const struct mark *to)
{
	struct mark_figures figures;
	static struct hist all;
	uint64_t i;

	for (i = 0; i < p->n_clients; i++)
		hist_merge(&all, &p->clients[i].hist);

	mark_compare(from, to, (double)p->args->count, &all, &figures);
	mark_print(&figures);
}

int put_scenario(const struct load_args *args)
{
	_cleanup_(put_done) struct put p = {};
	struct proc_tree server;
	struct mark from, to;
	int r;

	if (!args->dir || (!args->target->files && !args->target->ftp))
		return load_fail(0, "put needs a server of files, and with --dir where it keeps them");

	r = put_connect(&p, args);
	if (r < 0)
		return r;
	r = put_warm_up(&p);
	if (r < 0)
		return r;

	/* some have forked for each of us */
	r = proc_tree_find_server((pid_t)args->pid, &server);
	if (r < 0)
		return r;

	r = mark_take(args, &server, &from);
	if (r < 0)
		return r;
	r = put_all(&p);
	if (r < 0)
		return r;
	r = mark_take(args, &server, &to);
	if (r < 0)
		return r;

	r = put_check(args);
	if (r < 0)
		return r;

	put_print(&p, &from, &to);
	return 0;
}
