/* SPDX-License-Identifier: Apache-2.0 */
/* How a group's journal is sealed, whatever its records mean: the root with the keys, transactions
 * that follow one another, and parts inside them under keys that are thrown away.
 *
 *	root:    uint16 version = 1; uint16 suite; opaque name[16]; uint64 member_at;
 *	         opaque secret<V>; opaque member_key<V>; opaque sum[16] of what is before it.
 *	journal: opaque magic[4] = "UCMJ"; uint16 version = 1; opaque name[16]; transactions.
 *	a transaction: uint32 n; uint64 number; opaque check[8]; opaque sealed[n].
 *
 * Numbers go up by one from 1.  check is a MAC of name, the tag of the transaction before, n and
 * number: a length that is damaged is known for what it is, and is not taken for the end.  sealed is
 * opaque salt[16] and a ciphertext of the suite's AEAD, with the same as associated data; so
 * transactions are found in their places alone.  Key and nonce are expanded from a key and the salt;
 * that key and the MAC's come from `secret`. */
#ifndef MLS_JOURNAL_SEAL_H
#define MLS_JOURNAL_SEAL_H

#include "crypto/crypto.h"
#include "wire/wire.h"

enum {
	JOURNAL_NAME = 16,
	JOURNAL_TAG = AEAD_TAG,
	JOURNAL_HEAD = 4 + 2 + JOURNAL_NAME,
	JOURNAL_FRAME = 4 + 8 + 8,
};

struct journal_keys {
	const struct suite *suite;
	uint8_t name[JOURNAL_NAME];
	struct secret secret;      /* for as long as the journal is */
	struct secret key, mac;    /* from it */
	struct secret member_key;  /* of the latest member record */
	uint64_t member_at;        /* the number of the transaction that holds it */
	uint64_t number;           /* of the last transaction; 0: none yet */
	uint8_t last[JOURNAL_TAG]; /* its tag */
};

/* A new journal: random name and secret. */
uc_err UC_MUST_USE journal_keys_new(struct journal_keys *k, const struct suite *s,
				    const struct env *env);
void journal_keys_wipe(struct journal_keys *k);
uc_err UC_MUST_USE journal_root_write(const struct journal_keys *k, struct buf *out);
/* Stands before the first transaction.  UC_E_VERSION, UC_E_CORRUPT. */
uc_err UC_MUST_USE journal_root_read(struct journal_keys *k, const struct crypto *crypto,
				     struct view root);
/* Without looking at anything else: whose root is this?  UC_E_VERSION, UC_E_CORRUPT. */
uc_err UC_MUST_USE journal_root_name(struct view root, uint8_t out[JOURNAL_NAME]);

uc_err UC_MUST_USE journal_head_write(const struct journal_keys *k, struct buf *out);
uc_err UC_MUST_USE journal_head_check(const struct journal_keys *k, struct view journal);

/* The next transaction; k is as it will be afterwards. */
uc_err UC_MUST_USE journal_add(struct journal_keys *k, const struct env *env, struct view body,
			       struct buf *out);
/* Reads the next one from what is left: its body into the arena, k moved on, and *taken bytes of
 * `rest` are used.  *taken == 0: there is no more that was finished.  UC_E_CORRUPT. */
uc_err UC_MUST_USE journal_next(struct journal_keys *k, struct view rest, struct arena *a,
				struct view *body, size_t *taken);

/* A part of its own key, in the transaction that follows k's last; `of` is which. */
uc_err UC_MUST_USE journal_part_key(const struct suite *s, const struct env *env,
				    struct secret *out);
uc_err UC_MUST_USE journal_part_seal(const struct journal_keys *k, const struct env *env,
				     const struct secret *key, uint32_t of, struct view plain,
				     struct buf *out);
/* The same of transaction `number`.  UC_E_CORRUPT. */
uc_err UC_MUST_USE journal_part_open(const struct journal_keys *k, uint64_t number,
				     const struct secret *key, uint32_t of, struct view sealed,
				     struct arena *a, struct view *plain);

#endif
