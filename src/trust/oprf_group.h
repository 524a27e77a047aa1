/* SPDX-License-Identifier: Apache-2.0 */
/* The group of ristretto255-SHA512 as RFC 9497 (4.1) names it: for the files of the OPRF alone. */
#ifndef TRUST_OPRF_GROUP_H
#define TRUST_OPRF_GROUP_H

#include "trust/oprf.h"

/* HashToScalar over parts in a row; dst without the contextString, as "HashToScalar-". */
uc_err UC_MUST_USE oprf_hash_to_scalar(enum oprf_mode mode, const char *dst,
				       const struct view *parts, size_t n,
				       uint8_t out[OPRF_SCALAR]);
/* DeserializeScalar and DeserializeElement (4.1): canonical, an element not the identity. */
bool oprf_scalar_is_good(const uint8_t s[OPRF_SCALAR]);
bool oprf_element_is_good(const struct oprf_element *e);
/* A random scalar that is not zero. */
uc_err UC_MUST_USE oprf_scalar_random(const struct env *env, uint8_t out[OPRF_SCALAR]);
/* "OPRFV1-" || I2OSP(mode, 1) || "-ristretto255-SHA512" (3.1), behind `head`, in a buffer. */
enum { OPRF_DST_MAX = 64 };
size_t oprf_dst(enum oprf_mode mode, const char *head, uint8_t out[OPRF_DST_MAX]);

#endif
