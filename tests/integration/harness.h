#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What the integration tests share. daemon.h: a real ioed in a folder of its own; client.h: a client that waits for
 * bytes with a deadline; tool.h: ioectl and ioe-client. A failure aborts the test program, which first shows what its
 * daemons said.
 *
 * $IOED, $IOECTL and $IOE_CLIENT name the programs. Nothing here sleeps to let something happen: what is waited for
 * is an event with a deadline, or an answer that is asked for again until it is the one that must come.
 */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HARNESS_DEADLINE_USEC (30 * G_USEC_PER_SEC)

/* A test is run with one reactor and with four. */
typedef void (*harness_fn)(unsigned reactors);

/* In a child, between fork and exec: only what may be done there. Ends the child where it fails. */
typedef void (*harness_setup_fn)(void *data);

#define harness_fail(...) harness_fail_at(__FILE__, __LINE__, G_STRFUNC, __VA_ARGS__)
void harness_fail_at(const char *file, int line, const char *function, const char *fmt, ...)
	G_GNUC_PRINTF(4, 5) G_GNUC_NORETURN;

int harness_main(int argc, char **argv, void (*add)(void));
void harness_add(const char *path, harness_fn fn);
/* The same with what a test is told, @n bytes, which are copied. */
typedef void (*harness_data_fn)(unsigned reactors, const void *data);
void harness_add_data(const char *path, harness_data_fn fn, const void *data, size_t n);
/* $IOE_LONG: as much as can be, however long it takes. */
bool harness_is_long(void);
/* Whose text is shown when a test fails. */
void harness_show(GString *text);
void harness_hide(GString *text);
gint64 harness_deadline(void);
/* Waits for @events on @fd; false at the deadline. */
bool harness_poll(int fd, short events, gint64 deadline);
const char *harness_program(const char *variable);
void harness_write_file(const char *path, const void *data, size_t n);
/* The names below @dir, sorted, joined by LF, folders with a final '/'; hidden ones too. */
char *harness_tree(const char *dir);
/* @n bytes that are different for each @seed and hold every byte value. */
char *harness_noise(size_t n, unsigned seed);
/*
 * Runs @fn in a child with a network of its own, where 192.0.2.1 and 192.0.2.2 are this machine's and not loopback;
 * skips the test where that may not be.
 */
void harness_run_in_network(harness_fn fn, unsigned reactors);
/* The same where file systems may be mounted that nobody else sees. */
void harness_run_in_mounts(harness_fn fn, unsigned reactors);
/* In that network: 192.0.2.2 is nobody's any more. Who is there has vanished, and nothing that is sent there is
 * answered. */
void harness_lose_address(void);
