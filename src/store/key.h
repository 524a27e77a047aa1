/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: tuples as bytes, so that bytewise order is the tuples' order, element by element, and no
 * tuple is a prefix of another with different elements.
 *
 *	key     = tag element*                tag: one byte, the table
 *	element = 0x01 bytes' 0x00 0x01       bytes, each 0x00 in them as 0x00 0xff
 *	        | 0x02 uint64                 big-endian
 *
 * The tags of all tables stand in one closed list of the provider's schema. */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include "base/arena.h"

#define STORE_KEY_MAX ((size_t)1024) /* bytes of an encoded key */

struct store_key {
	uint8_t b[STORE_KEY_MAX];
	size_t n;
	bool failed; /* it did not fit */
};

void store_key_start(struct store_key *k, uint8_t tag);
void store_key_add(struct store_key *k, struct view bytes);
void store_key_add_u64(struct store_key *k, uint64_t v);
/* Of a key that did not fit, a view that every call of the store refuses (UC_E_TOO_LARGE).  The
 * first elements of a tuple, viewed, are the prefix of all tuples that start with them. */
struct view store_key_view(const struct store_key *k);

/* Taking a key apart again; sticky failure, checked with store_key_read_done. */
struct store_key_reader {
	struct view rest;
	bool failed;
};
uint8_t store_key_read(struct store_key_reader *r, struct view key);
/* Bytes without 0x00 are borrowed from the key, others copied into the arena. */
struct view store_key_read_bytes(struct store_key_reader *r, struct arena *mem);
uint64_t store_key_read_u64(struct store_key_reader *r);
/* UC_E_CORRUPT when an element was not as asked or elements are left. */
uc_err UC_MUST_USE store_key_read_done(const struct store_key_reader *r);

#endif
