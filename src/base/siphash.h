/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash-2-4: a short keyed hash for tables, which nobody can make collide without the key. */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include "base/view.h"

uint64_t siphash(const uint64_t key[2], struct view in);
/* The same of 128 bits, which is long enough to prove something. */
void siphash_wide(const uint64_t key[2], struct view in, uint64_t out[2]);

#endif
