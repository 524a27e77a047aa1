/* SPDX-License-Identifier: Apache-2.0 */
/* A set that can be asked and not listed: a binary fuse filter (Graf and Lemire 2022) of three places
 * and 16 bits each.  What was put in is always found; what was not, once in 2^16.  Some 18 bits for
 * each key.
 *
 * The keys are 64 bits of values that look random (of a pseudorandom function).  The encoding is
 * one for a set of keys, a seed and a head, whatever order the keys came in, so that nothing tells
 * when who was added:
 *
 *	uint8 version = 1; uint32 day; opaque key[32]; uint64 seed; uint32 count;
 *	uint16 fingerprints[as many as follow from count] */
#ifndef TRUST_FUSE_FILTER_H
#define TRUST_FUSE_FILTER_H

#include "base/arena.h"

enum {
	FUSE_VERSION = 1,
	FUSE_KEYS_MAX = 10000000, /* 22.5 MB */
	FUSE_PRF_KEY = 32,
	FUSE_HEAD = 1 + 4 + FUSE_PRF_KEY + 8 + 4,
	FUSE_TRIES_MAX = 100, /* of a seed; each fails less than once in ten */
};

struct fuse_head {
	uint32_t day;                  /* since 1970, that it was made on */
	uint8_t prf_key[FUSE_PRF_KEY]; /* public key of the function whose values are in it */
	uint64_t seed;                 /* in a filter: the one that did */
	uint32_t count;                /* different keys */
};

/* Borrows the encoding. */
struct fuse_filter {
	struct fuse_head head;
	const uint8_t *prints;
	uint32_t segment, segments; /* slots of a segment; segments where a first place may lie */
};

/* Bytes of the encoding of `count` keys. */
size_t fuse_filter_size(uint32_t count);
/* From `n` keys, which are sorted in place, each counted once, and head->day, prf_key and seed (the
 * first that is tried); *out lies in the arena, which is also worked in: some 30 bytes a key.
 * UC_E_TOO_LARGE past FUSE_KEYS_MAX; UC_E_LIMIT when no seed did, which is never met with keys that
 * look random, or past the arena's limit. */
uc_err UC_MUST_USE fuse_filter_build(const struct fuse_head *head, uint64_t *keys, size_t n,
				     struct arena *a, struct view *out);
/* The same in parts, for who has other things to do meanwhile, from keys that ascend, each once: they
 * stay where they are, as do `out`, of fuse_filter_size(n) bytes, and the arena that is worked in. */
struct fuse_build {
	struct fuse_head head;
	const uint64_t *keys;
	uint8_t *out;
	struct arena *work;
	uint32_t segment, segments, slots;
	uint64_t *sum;   /* slot: the hashes that fall on it, exclusive-or */
	uint8_t *load;   /* slot: how many they are */
	uint32_t *alone; /* slots that had one, to be looked at */
	uint64_t *order; /* hashes as they were taken out */
	uint8_t *which;  /* of their places, the one that was theirs alone */
	uint8_t phase;
	uint32_t at, waiting, taken;
	unsigned tries;
};
uc_err UC_MUST_USE fuse_build_begin(struct fuse_build *b, const struct fuse_head *head,
				    const uint64_t *keys, size_t n, uint8_t *out, struct arena *a);
/* So many slots or keys, some 40 ns each where there are many; some six for each key in all.  UC_E_PENDING
 * while there is more to do; UC_OK when `out` holds the filter; UC_E_ARGUMENT for keys that do not
 * ascend, UC_E_LIMIT as above. */
uc_err UC_MUST_USE fuse_build_go_on(struct fuse_build *b, uint32_t steps);
/* UC_E_VERSION; UC_E_MALFORMED for a head that is cut and a count past FUSE_KEYS_MAX, or with fewer
 * fingerprints than it says; UC_E_TRAILING with more. */
uc_err UC_MUST_USE fuse_filter_read(struct view in, struct fuse_filter *out);
/* Takes as long whether it is there or not. */
bool fuse_filter_has(const struct fuse_filter *f, uint64_t key);

#endif
