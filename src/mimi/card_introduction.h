/* SPDX-License-Identifier: Apache-2.0 */
/* An introduction as it stands in a card: a card has one length, and a list of devices only grows.  What follows
 * from the rest is left out: versions, places, hashes, and the keys that stood there before.  An entry that adds a
 * device takes 106 bytes in place of 184, one that ends it 75. */
#ifndef MIMI_CARD_INTRODUCTION_H
#define MIMI_CARD_INTRODUCTION_H

#include "mimi/introduction.h"

/* encoded: struct introduction, whose list is whole and begins a generation.  UC_E_TOO_LARGE: of more devices than
 * a card has room for; UC_E_CHAIN: of no such list. */
uc_err UC_MUST_USE card_introduction_pack(struct view encoded, struct arena *a,
					  struct view *packed);
/* The same bytes again, with that leaf key, which a card does not carry.  Nothing is verified.  UC_E_MALFORMED,
 * UC_E_LIMIT, UC_E_TOO_LARGE. */
uc_err UC_MUST_USE card_introduction_unpack(struct view packed, struct view leaf_key,
					    struct arena *a, struct view *encoded);

#endif
