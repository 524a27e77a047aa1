/* SPDX-License-Identifier: Apache-2.0 */
/* The engines under test, one after the other, each with an empty place of its own. */
#ifndef TESTS_UNIT_STORE_ENGINES_H
#define TESTS_UNIT_STORE_ENGINES_H

#include "store/store.h"
#include "store/store_memory.h"
#include "tests/unit/harness.h"

enum { ENGINE_MEMORY, ENGINE_ROCKSDB, ENGINE_COUNT };

/* A place for a store, and what to open it with. */
struct place {
	struct store_options options;
	struct store_memory *memory;
	char dir[64];
	int engine;
};

void place_init(struct place *p, int engine);
/* Deletes it all. */
void place_done(struct place *p);
struct store *place_open(struct place *p);
/* Bytes occur in a file of the place (memory: never). */
bool place_contains(const struct place *p, struct view bytes);

/* TEST for every engine: the body sees `struct place *p`. */
#define ENGINE_TEST(name)                                \
	static void each_##name(struct place *p);        \
	TEST(name)                                       \
	{                                                \
		for (int e = 0; e < ENGINE_COUNT; e++) { \
			struct place p;                  \
			place_init(&p, e);               \
			each_##name(&p);                 \
			place_done(&p);                  \
		}                                        \
	}                                                \
	static void each_##name(struct place *p)

#endif
