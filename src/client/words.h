/* SPDX-License-Identifier: Apache-2.0 */
/* The recovery key as 24 words: 32 bytes and one byte of their SHA-256 (264 bits, 11 a word).  The
 * 2,048 words are made by rule, not taken from a list; docs/decisions/0030-recovery-words.md. */
#ifndef CLIENT_WORDS_H
#define CLIENT_WORDS_H

#include "base/error.h"
#include "base/view.h"

enum {
	WORDS_ENTROPY = 32, /* bytes */
	WORDS_COUNT = 24,
	WORD_LETTERS = 5,
	WORDS_TEXT = WORDS_COUNT * (WORD_LETTERS + 1), /* with spaces and the closing zero */
};

/* The word of an index below 2,048, zero-terminated. */
void word_make(unsigned index, char out[WORD_LETTERS + 1]);

uc_err UC_MUST_USE words_encode(const uint8_t entropy[WORDS_ENTROPY], char out[WORDS_TEXT]);

/* Reads words between any white space, in either case.  UC_E_MALFORMED for a wrong count or a
 * wrong word, whose place (from 1) is *bad_word when that is not NULL (0: none of them alone);
 * UC_E_MAC when every word is one but the whole does not fit together. */
uc_err UC_MUST_USE words_decode(struct view text, uint8_t entropy[WORDS_ENTROPY], int *bad_word);

#endif
