/* SPDX-License-Identifier: Apache-2.0 */
#include "client/words.h"

#include "base/secret.h"
#include "crypto/crypto.h"

/* A word is consonant, vowel, consonant, vowel, and a check letter: 4 + 2 + 3 + 2 bits.  The
 * weights are odd, so that any one letter changed changes the check letter too. */
static const char first[16] = { 'b', 'd', 'f', 'g', 'h', 'j', 'k', 'l',
				'm', 'n', 'p', 'r', 's', 't', 'v', 'z' };
static const char vowel[4] = { 'a', 'i', 'o', 'u' };
static const char second[8] = { 'd', 'k', 'l', 'm', 'n', 'r', 's', 't' };

void word_make(unsigned index, char out[WORD_LETTERS + 1])
{
	unsigned a = index >> 7 & 15, b = index >> 5 & 3, c = index >> 2 & 7, d = index & 3;
	out[0] = first[a];
	out[1] = vowel[b];
	out[2] = second[c];
	out[3] = vowel[d];
	out[4] = first[(a + 5 * b + 3 * c + 7 * d) & 15];
	out[5] = 0;
}

static int place_of(char letter, const char *letters, int n)
{
	for (int i = 0; i < n; i++)
		if (letters[i] == letter)
			return i;
	return -1;
}

/* The index of a word in lower case; -1 when it is none. */
static int word_read(const char word[WORD_LETTERS + 1])
{
	int a = place_of(word[0], first, 16), b = place_of(word[1], vowel, 4);
	int c = place_of(word[2], second, 8), d = place_of(word[3], vowel, 4);
	if (a < 0 || b < 0 || c < 0 || d < 0)
		return -1;
	int index = a << 7 | b << 5 | c << 2 | d;
	char right[WORD_LETTERS + 1];
	word_make((unsigned)index, right);
	return right[4] == word[4] ? index : -1;
}

uc_err words_encode(const uint8_t entropy[WORDS_ENTROPY], char out[WORDS_TEXT])
{
	uint8_t bits[WORDS_ENTROPY + 1], hash[SHA256_BYTES];
	TRY(sha256((struct view){ entropy, WORDS_ENTROPY }, hash));
	memcpy(bits, entropy, WORDS_ENTROPY);
	bits[WORDS_ENTROPY] = hash[0];
	char *p = out;
	for (unsigned i = 0; i < WORDS_COUNT; i++) {
		unsigned index = 0;
		for (unsigned bit = i * 11; bit < i * 11 + 11; bit++)
			index = index << 1 | (bits[bit / 8] >> (7 - bit % 8) & 1u);
		word_make(index, p);
		p += WORD_LETTERS;
		*p++ = i + 1 < WORDS_COUNT ? ' ' : '\0';
	}
	wipe(bits, sizeof bits);
	return UC_OK;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word of *text in lower case; false at the end.  A longer one is cut to be wrong. */
static bool next_word(struct view *text, char out[WORD_LETTERS + 1])
{
	while (text->n && is_space(*text->p))
		*text = view_slice(*text, 1, text->n);
	if (!text->n)
		return false;
	size_t n = 0;
	memset(out, 0, WORD_LETTERS + 1);
	for (; text->n && !is_space(*text->p); *text = view_slice(*text, 1, text->n)) {
		uint8_t c = *text->p;
		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		if (n < WORD_LETTERS)
			out[n] = (char)c;
		n++;
	}
	if (n != WORD_LETTERS)
		out[0] = 0;
	return true;
}

static uc_err read_bits(struct view text, uint8_t bits[WORDS_ENTROPY + 1], int *bad_word)
{
	char word[WORD_LETTERS + 1];
	memset(bits, 0, WORDS_ENTROPY + 1);
	for (unsigned i = 0; i < WORDS_COUNT; i++) {
		int index = next_word(&text, word) ? word_read(word) : -1;
		if (index < 0) {
			*bad_word = (int)i + 1;
			return UC_E_MALFORMED;
		}
		for (unsigned k = 0; k < 11; k++) {
			unsigned bit = i * 11 + k;
			if ((unsigned)index >> (10 - k) & 1u)
				bits[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
		}
	}
	*bad_word = 0;
	return next_word(&text, word) ? UC_E_MALFORMED : UC_OK;
}

uc_err words_decode(struct view text, uint8_t entropy[WORDS_ENTROPY], int *bad_word)
{
	uint8_t bits[WORDS_ENTROPY + 1], hash[SHA256_BYTES];
	int bad = 0;
	uc_err err = read_bits(text, bits, &bad);
	if (!err)
		err = sha256((struct view){ bits, WORDS_ENTROPY }, hash);
	if (!err &&
	    !view_equal_ct((struct view){ hash, 1 }, (struct view){ bits + WORDS_ENTROPY, 1 }))
		err = UC_E_MAC;
	if (!err)
		memcpy(entropy, bits, WORDS_ENTROPY);
	wipe(bits, sizeof bits);
	if (err && bad_word)
		*bad_word = bad;
	return err;
}
