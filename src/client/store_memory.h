/* SPDX-License-Identifier: Apache-2.0 */
/* A client store in memory, for tests and the simulator: what was committed survives the client, a
 * commit can be made to fail before or after it took effect, as a kill would. */
#ifndef CLIENT_STORE_MEMORY_H
#define CLIENT_STORE_MEMORY_H

#include "base/view.h"
#include "undercroft/undercroft.h"

enum store_fault {
	STORE_FAULT_NONE,
	STORE_FAULT_BEFORE, /* the batch is lost */
	STORE_FAULT_AFTER,  /* the batch is kept, and the caller doesn't live to know */
};

struct client_memory;
/* NULL without memory.  Closing it through its ops keeps the contents; this alone frees it. */
struct client_memory *client_memory_new(void);
void client_memory_free(struct client_memory *m);
/* What was committed so far, as a store of its own; NULL without memory. */
struct client_memory *client_memory_copy(const struct client_memory *m);
const struct uc_store_ops *client_memory_ops(void);

uint64_t client_memory_commits(const struct client_memory *m);
/* The commit of that number (from 1, counted over the store's life) fails; 0: none does.  After a
 * fault every call fails until the store is closed. */
void client_memory_fail_at(struct client_memory *m, uint64_t commit, enum store_fault fault);
/* Is the text anywhere in the stored bytes? */
bool client_memory_has(const struct client_memory *m, struct view needle);

#endif
