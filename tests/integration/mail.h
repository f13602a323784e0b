#pragma once
/* SPDX-License-Identifier: MIT */
/* Clients of the relay role: what they send, and the mail that comes to them. */

#include "client.h"

/* As client_add(), with two: those who write to each other. */
typedef void (*mail_fn)(struct client *alice, struct client *bob);
void mail_add_pair(const char *path, const char *config, mail_fn fn);

/* A session in ioe/1, with a nick (NULL: none), which is asked for until the session that had it before is gone. */
struct client *mail_client(struct daemon *d, const char *nick);
/* One that is known by its address, of loopback's. */
struct client *mail_client_from(struct daemon *d, const char *address);

/* The text as it stands in the request. Returns the message's ID. */
uint64_t mail_send(struct client *c, const char *to, const char *text);
uint64_t mail_send_key(struct client *c, const char *to, const char *text, const char *key);
uint64_t mail_take_id(struct client *c); /* of the "OK,ID" that is to come */

/* The next line is this mail, as it stands in the event. Returns its ID. */
uint64_t mail_expect(struct client *c, const char *from, const char *text);
void mail_ack(struct client *c, uint64_t id, unsigned count); /* is answered by that count */
void mail_expect_box(struct client *c, unsigned count);       /* that many are held for it */
void mail_wait_box(struct client *c, unsigned count);         /* asked until it is so */
void mail_expect_status(struct client *c, uint64_t id, const char *status);
void mail_wait_status(struct client *c, uint64_t id, const char *status);
