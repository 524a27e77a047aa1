/* SPDX-License-Identifier: Apache-2.0 */
/* What the store's own files share: the object, a batch's operations, and how keys lie in the
 * engine.  The first byte of an engine's key is its space. */
#ifndef STORE_INNER_H
#define STORE_INNER_H

#include "store/driver.h"
#include "store/heads.h"
#include "wire/wire.h"

#define SPACE_ENTRY  'e' /* uint16 length, log name, uint64 number -> entry */
#define SPACE_HEAD   'h' /* log name -> struct log_head */
#define SPACE_META   'm' /* "meta" -> struct store_meta */
#define SPACE_RECORD 'r' /* key -> value */

/* How the store itself lays things out.  2: a head's record is written with a log's first entry, when
 * entries are dropped and when the incarnation is another; the last entry says the rest.  The meta
 * record has life and last_ms; from 3 on is_copy. */
#define STORE_FORMAT 3

/* The first record of every store; never changes its place or its first two fields. */
struct store_meta {
	uint8_t magic[4];
	uint16_t format;
	uint16_t schema;
	uint8_t incarnation[STORE_INCARNATION_BYTES];
	struct view domain, kind;
	/* From format 2 on. */
	uint64_t life;    /* of the process that wrote last: one up at each start */
	uint64_t last_ms; /* the clock then */
	uint8_t is_copy;  /* a checkpoint, not renewed yet; from format 3 on */
};

struct store {
	const struct store_driver *driver;
	struct store_engine *engine;
	struct store_faults faults;
	struct metrics *metrics;
	bool check_shards;
	uint64_t life; /* the caller's; store_options */
	void (*corrupt)(void *ctx, uint8_t table);
	void *corrupt_ctx;
	uc_err refuses; /* writes, after the engine failed */
	uc_err dead;    /* everything, after a fault struck */
	struct store_meta meta;
	struct heads heads;
	struct arena mem;     /* meta's views */
	struct arena scratch; /* of one call; reset to `clean` */
	struct arena_mark clean;
};

enum store_op_kind {
	OP_PUT,
	OP_DELETE,
	OP_DELETE_PREFIX,
	OP_PUT_IF_ABSENT,
	OP_EXPECT,
	OP_EXPECT_ABSENT,
	OP_LOG_APPEND,
	OP_LOG_START,
	OP_LOG_TRIM,
	OP_LOG_DELETE,
	OP_COUNT,
};

struct store_op {
	enum store_op_kind kind;
	struct view key, value;
	uint64_t seq;
	struct store_op *next;
};

void wire_store_meta(struct wire *w, void *store_meta);
void wire_log_head(struct wire *w, void *log_head);

/* Engine keys, in the arena. */
uc_err UC_MUST_USE space_key(struct arena *mem, char space, struct view key, struct view *out);
uc_err UC_MUST_USE space_entry(struct arena *mem, struct view log, uint64_t seq, struct view *out);
/* The number at the end of an entry's key. */
uint64_t space_entry_seq(struct view key);
/* The first key after all that start with the prefix, whose first byte isn't 0xff. */
uc_err UC_MUST_USE space_end(struct arena *mem, struct view prefix, struct view *out);
/* Length limits of keys and values from callers. */
static inline bool key_fits(struct view key)
{
	return key.n <= STORE_KEY_MAX;
}

uc_err UC_MUST_USE log_head_decode(struct view in, struct log_head *out);
/* A log's head as its record says: where it begins, and what number comes next at least;
 * UC_E_NOT_FOUND. */
uc_err UC_MUST_USE log_head_stored(struct store *s, struct view log, struct log_head *out);
/* As it is, with what the entries say.  Both need scratch, which the caller resets. */
uc_err UC_MUST_USE log_head_get(struct store *s, struct view log, struct log_head *out);

/* Writes raw changes through faults and refusal. */
uc_err UC_MUST_USE store_write(struct store *s, const struct store_change *first);
uc_err UC_MUST_USE store_usable(const struct store *s);
/* Passes an error of reading on; says whose it is when bytes did not check. */
uc_err UC_MUST_USE store_read_error(const struct store *s, uc_err err, struct view key);
void store_scratch_reset(struct store *s);

/* Reads the meta record, or makes one in an empty engine. */
uc_err UC_MUST_USE meta_open(struct store *s, const struct store_options *o);
uc_err UC_MUST_USE meta_put(struct store *s, const struct store_meta *m);
/* Its change for the engine, in the arena. */
uc_err UC_MUST_USE meta_change(struct arena *mem, const struct store_meta *m,
			       struct store_change *out);

#endif
