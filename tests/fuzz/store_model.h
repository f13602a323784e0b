#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * What store/store.h promises, done in the plainest way: arrays in memory, no threads, no transactions, no disk. The
 * sessions' store (session_store.h) is made of it, and fuzz_store holds the real one against it.
 *
 * The functions take the store's own requests, of which they fill in the answer but the result, which they return; the
 * channel is said apart.
 */

#include "store/store.h"

struct store_model;
struct model_channel;

struct store_model *store_model_new(uint64_t max_channels);
void store_model_free(struct store_model *m);
void store_model_set_rule(struct store_model *m, unsigned kind, const struct store_rule *rule);
void store_model_set_time(struct store_model *m, uint64_t now_msec);

struct model_channel *store_model_open(struct store_model *m, struct store_open *q);
void store_model_close(struct store_model *m, struct model_channel *c);

int store_model_append(struct store_model *m, struct model_channel *c, struct store_append *q);
int store_model_remove(struct store_model *m, struct model_channel *c, struct store_remove *q);
int store_model_set(struct store_model *m, struct model_channel *c, const struct store_set *q);
int store_model_reserve(struct store_model *m, struct model_channel *c, struct store_reserve *q);
void store_model_commit(struct store_model *m); /* what they have made too many of goes */

int store_model_page(struct store_model *m, struct store_page *q);
int store_model_lookup(struct store_model *m, struct store_lookup *q);
int store_model_list(struct store_model *m, struct store_list *q);

/* What is too old goes; and the name of what has been empty for an hour. True: it has come to such a name, and goes on
 * from there once it @may_drop it. */
bool store_model_sweep(struct store_model *m, bool may_drop);
