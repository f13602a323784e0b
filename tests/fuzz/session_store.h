#pragma once
/* SPDX-License-Identifier: MIT */
/*
 * A store without threads and without a disk: store/store.h's functions on one that was made with session_store_ops.
 * Requests wait until the target has them carried out, in an order that the store's threads could have come to, and
 * fails what it likes.
 */

#include "store/store.h"

extern const struct store_ops session_store_ops;

size_t session_store_waiting(const struct store *s); /* requests that are not answered */

/* The writer's turn: all that waits for it in one transaction. */
void session_store_commit(struct store *s);
/* The reader answers one. Harmless where none waits. */
void session_store_read(struct store *s);
/* What is too old goes. */
void session_store_sweep(struct store *s);

/* enum store_outcome: how the next transaction or the next answer of the reader's ends. STORE_E_IO closes the store for
 * good. */
void session_store_fail_commit(struct store *s, int error);
void session_store_fail_read(struct store *s, int error);
/* As if too much waited to be written: STORE_E_BUSY. */
void session_store_set_busy(struct store *s, bool busy);
