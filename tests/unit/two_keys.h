/* SPDX-License-Identifier: Apache-2.0 */
/* A ciphertext of AES-128-GCM that opens under two keys, to two texts: what whoever attacks reports
 * of files would make.  Nothing of it is secret or fast. */
#ifndef TESTS_UNIT_TWO_KEYS_H
#define TESTS_UNIT_TWO_KEYS_H

#include "base/view.h"

#include <stdint.h>

struct two_keys {
	uint8_t key[2][16], nonce[12], aad[2][32];
};
/* n bytes, a multiple of 16, then the tag.  Its third block is what makes it fit. */
void two_keys_make(const struct two_keys *k, uint8_t *ct, size_t n);

#endif
