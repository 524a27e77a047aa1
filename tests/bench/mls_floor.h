/* SPDX-License-Identifier: Apache-2.0 */
/* What an MLS operation cannot cost less than: its primitives, counted, at the price they have in
 * this run.
 *
 * Counted is what RFC 9420 makes every implementation compute: key pairs, HPKE, signatures, the
 * KDF calls of key schedule and ratchets, and the hashing of what changed in the tree.  Not counted
 * are encoding, copying, comparing, memory, and checks of keys that signatures or HPKE make again.
 * So a ratio of 1 cannot be reached, and what lies above it is ours. */
#ifndef TESTS_BENCH_MLS_FLOOR_H
#define TESTS_BENCH_MLS_FLOOR_H

#include "tests/bench/mls_crowd.h"

/* Microseconds of CPU, the best of many. */
struct prices {
	double dh_base, dh;           /* key pair; shared secret */
	double sign, verify;          /* of a short message */
	double sign_kib, verify_kib;  /* and of each further KiB */
	double hpke_seal, hpke_open;  /* of 32 bytes, with their key schedules */
	double hash, hash_block;      /* of a block; of each further one */
	double hmac;                  /* a short one, as Expand with one output block */
	double aead_short, aead_1kib; /* of the suite */
};
/* All zero before the first time; each further one keeps what was cheaper. */
void prices_measure(const struct suite *s, struct prices *p);
void prices_print(const struct suite *s, const struct prices *p);
/* What the names of a suite's figures have behind "mls.": nothing for suite 1, else "suite7.". */
enum { FIGURE_SUITE = 16 };
const char *figure_suite(const struct suite *s, char name[FIGURE_SUITE]);

/* How often each primitive is needed. */
struct count {
	double bases, seals, opens;
	double signs, verifies;
	double signed_kib, verified_kib; /* beyond the short */
	double hashes, blocks;           /* blocks beyond the first of each */
	double hmacs;
	double shorts, kibs; /* AEAD calls */
};
double count_price(const struct count *c, const struct prices *p);

/* The shape of a group that the counts depend on. */
struct shape {
	double n;           /* members */
	double proofs;      /* 1: each leaf carries its participant's proof, a further signature */
	double depth;       /* nodes of a leaf's filtered direct path */
	double shared;      /* of those, from the receiver's entry up */
	double leaf_blocks; /* the hash's blocks of a leaf's TreeHashInput */
	double context_kib; /* encoded GroupContext: hashed into each member's signature */
	double blocks_in_kib;
};
void shape_of(const struct crowd *c, struct shape *s);

struct count count_key_package(void);
struct count count_create(const struct shape *s);
struct count count_add_commit(const struct shape *s);
struct count count_update_commit(const struct shape *s);
struct count count_process_add(const struct shape *s);
struct count count_process_update(const struct shape *s);
struct count count_hub_update(const struct shape *s);
struct count count_protect(const struct shape *s); /* 100 bytes */
struct count count_unprotect(const struct shape *s);
struct count count_encrypt(const struct shape *s);
struct count count_decrypt(const struct shape *s);
struct count count_join(const struct shape *s);
struct count count_external_join(const struct shape *s);

#endif
