/* SPDX-License-Identifier: Apache-2.0 */
/* Where the nodes of a tree and of all its copies live: on the heap, counted, up to a limit; and
 * what leaves say they can do, each such set once.  For the files tree*.c alone.
 *
 * Members' capabilities are nearly always the same.  So leaves share them, and each node points at
 * what all leaves below it can do, which a change brings up to date along one path. */
#ifndef MLS_TREE_POOL_H
#define MLS_TREE_POOL_H

#include "base/heap_account.h"
#include "mls/credential.h"

struct tree_index;
struct tree_kind;
struct tree_pool {
	uint32_t refs;    /* trees that stand on it */
	uint32_t charged; /* of these, those of the account's owner */
	size_t used_bytes, limit_bytes;
	struct heap_account *memory; /* NULL: nobody is charged, or no longer */
	bool limited;                /* the latest refusal was the limit's, not the machine's */
	uint64_t key[2];             /* of hashes of what comes from outside */
	struct tree_kind *kinds;     /* the root of a tree by the bits of their hashes */
	size_t kind_count;
	struct tree_index *index; /* of the keys (tree_index.h); NULL: empty */
};
/* With one reference; NULL without memory. */
struct tree_pool *tree_pool_new(size_t limit_bytes);
void tree_pool_drop(struct tree_pool *p);
/* One more tree of the account's owner, and one less: with the last of them the charge goes, while
 * copies elsewhere may go on. */
uc_err UC_MUST_USE tree_pool_charge(struct tree_pool *p, struct heap_account *memory);
void tree_pool_discharge(struct tree_pool *p);
/* Why pool_take gave nothing: UC_E_LIMIT or UC_E_MEMORY. */
uc_err UC_MUST_USE pool_error(const struct tree_pool *p);
/* Zeroed; NULL past the limit or without memory. */
void *pool_take(struct tree_pool *p, size_t n);
/* n: as it was taken.  what may be NULL. */
void pool_give(struct tree_pool *p, void *what, size_t n);

/* Capabilities that some leaf has, or what several have in common. */
struct tree_kind {
	struct tree_kind *child[2]; /* by the bit of the hash that is as far in as this is deep */
	struct tree_kind *support;  /* what it can do, as sorted sets; itself, where it is one */
	uint64_t hash;
	uint32_t refs;
	uint32_t values; /* in all lists */
	struct capabilities lists;
	uint16_t v[];
};
/* The one kind with these lists, as they are. */
uc_err UC_MUST_USE tree_kind_of(struct tree_pool *p, const struct capabilities *c,
				struct tree_kind **out);
/* Of two kinds' supports: what is in both.  NULL is that of no leaves. */
uc_err UC_MUST_USE tree_kind_meet(struct tree_pool *p, struct tree_kind *a, struct tree_kind *b,
				  struct tree_kind **out);
struct tree_kind *tree_kind_share(struct tree_kind *k);
void tree_kind_drop(struct tree_pool *p, struct tree_kind *k);

#endif
