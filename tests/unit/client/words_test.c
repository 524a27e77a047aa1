/* SPDX-License-Identifier: Apache-2.0 */
#include "client/words.h"

#include "tests/unit/harness.h"

TEST(all_words_are_distinct_and_read_back)
{
	static char words[2048][WORD_LETTERS + 1];
	for (unsigned i = 0; i < 2048; i++)
		word_make(i, words[i]);
	for (unsigned i = 0; i < 2048; i++)
		for (unsigned k = i + 1; k < 2048; k++)
			expect(strcmp(words[i], words[k]) != 0);
}

TEST(any_two_words_differ_in_two_letters)
{
	static char words[2048][WORD_LETTERS + 1];
	for (unsigned i = 0; i < 2048; i++)
		word_make(i, words[i]);
	unsigned close = 0;
	for (unsigned i = 0; i < 2048; i++)
		for (unsigned k = i + 1; k < 2048; k++) {
			int different = 0;
			for (int l = 0; l < WORD_LETTERS; l++)
				different += words[i][l] != words[k][l];
			close += different < 2;
		}
	expect_eq(close, 0);
}

TEST(entropy_goes_round)
{
	uint8_t entropy[WORDS_ENTROPY], back[WORDS_ENTROPY];
	char text[WORDS_TEXT];
	for (int round = 0; round < 50; round++) {
		expect_ok(env_random(test_env(), entropy, sizeof entropy));
		expect_ok(words_encode(entropy, text));
		expect_eq(strlen(text), WORDS_TEXT - 1);
		expect_ok(words_decode(view_str(text), back, NULL));
		expect_bytes(VIEW_OF(back), VIEW_OF(entropy));
	}
}

TEST(spaces_and_capitals_do_not_matter)
{
	uint8_t entropy[WORDS_ENTROPY] = { 1, 2, 3 }, back[WORDS_ENTROPY];
	char text[WORDS_TEXT], loose[2 * WORDS_TEXT];
	size_t n = 0;
	expect_ok(words_encode(entropy, text));
	loose[n++] = '\n';
	for (size_t i = 0; text[i]; i++) {
		bool is_letter = text[i] >= 'a' && text[i] <= 'z';
		loose[n++] = is_letter && i % 3 == 0 ? (char)(text[i] - 'a' + 'A') : text[i];
		if (text[i] == ' ')
			loose[n++] = '\t';
	}
	loose[n] = 0;
	expect_ok(words_decode(view_str(loose), back, NULL));
	expect_bytes(VIEW_OF(back), VIEW_OF(entropy));
}

TEST(a_wrong_letter_is_found_at_its_word)
{
	uint8_t entropy[WORDS_ENTROPY] = { 9, 8, 7 }, back[WORDS_ENTROPY];
	char text[WORDS_TEXT];
	int bad = -1;
	expect_ok(words_encode(entropy, text));
	for (size_t i = 0; text[i]; i++) {
		char right = text[i];
		if (right == ' ')
			continue;
		text[i] = right == 'x' ? 'q' : 'x';
		expect_err(words_decode(view_str(text), back, &bad), UC_E_MALFORMED);
		expect_eq(bad, (int)(i / (WORD_LETTERS + 1)) + 1);
		text[i] = right;
	}
}

TEST(wrong_count_and_wrong_order_are_refused)
{
	uint8_t entropy[WORDS_ENTROPY], back[WORDS_ENTROPY];
	char text[WORDS_TEXT], swapped[WORDS_TEXT];
	unsigned passed = 0;
	expect_err(words_decode(VIEW_LIT(""), back, NULL), UC_E_MALFORMED);
	for (int round = 0; round < 64; round++) {
		expect_ok(env_random(test_env(), entropy, sizeof entropy));
		expect_ok(words_encode(entropy, text));
		expect_err(words_decode(view_slice(view_str(text), 0, WORDS_TEXT - 7), back, NULL),
			   UC_E_MALFORMED);
		memcpy(swapped, text, sizeof text);
		memcpy(swapped, text + 6, 5);
		memcpy(swapped + 6, text, 5);
		passed += !words_decode(view_str(swapped), back, NULL);
	}
	expect(passed < 8); /* one in 256, and pairs of one word */
}
