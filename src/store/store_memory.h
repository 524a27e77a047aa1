/* SPDX-License-Identifier: Apache-2.0 */
/* The engine in memory, for the simulator: it knows what is durable and what is only committed. */
#ifndef STORE_STORE_MEMORY_H
#define STORE_STORE_MEMORY_H

#include "store/store.h"

extern const struct store_driver store_memory_driver;

/* The "disk": outlives the stores opened on it (store_options.memory), one at a time. */
struct store_memory *store_memory_new(void);
void store_memory_free(struct store_memory *m);
/* Commits since the last sync, still in doubt. */
size_t store_memory_unsynced(const struct store_memory *m);
/* The power fails: of the unsynced commits only the `keep` oldest survive.  A store open on it must
 * be closed before or after, and is not to be used in between. */
void store_memory_crash(struct store_memory *m, size_t keep);
/* A disk of its own with what is durable on this one: a backup.  NULL: no memory. */
struct store_memory *store_memory_copy(const struct store_memory *m);
/* A backup: what is durable now, to be put back in the place of what is then.  No store may be open on
 * it while it is put back; false when there is none. */
void store_memory_keep(struct store_memory *m);
bool store_memory_put_back(struct store_memory *m);
/* The record at this place, in order, cannot be read any more: UC_E_CORRUPT, as from an engine that
 * checks what it reads.  Until store_memory_heal.  False when there is no such place. */
bool store_memory_rot(struct store_memory *m, size_t place);
/* The same of all from that place to this one, as they lie in one block: whoever comes to it on the way
 * reads nothing, whatever the range it wants. */
bool store_memory_rot_block(struct store_memory *m, size_t place, size_t last);
void store_memory_heal(struct store_memory *m);
size_t store_memory_records(const struct store_memory *m);
/* Further writes fail with UC_E_FULL once keys and values exceed so many bytes; 0: never. */
void store_memory_set_capacity(struct store_memory *m, size_t bytes);

#endif
